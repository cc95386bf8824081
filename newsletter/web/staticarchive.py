"""The archive as files, for any host that serves files."""

from collections.abc import Iterator
from urllib.parse import quote

from newsletter.content.feeds import atom, json_feed
from newsletter.models import IssueId
from newsletter.web.archivepages import ATOM, JSON_FEED, ArchivePages
from newsletter.web.phrases import spoken
from newsletter.wiring import App

INDEX = "index.html"


class FilePlaces:
    """Where the files are. Signing up needs the server, and so does searching: pages offer no search."""

    index, search = f"archive/{INDEX}", ""

    def __init__(self, public_url: str) -> None:
        self.subscribe = f"{public_url.rstrip('/')}/subscribe"

    def issue(self, issue_id: IssueId) -> str:
        return f"a/{quote(issue_id, safe='')}/{INDEX}"

    def year(self, year: int) -> str:
        return f"archive/{year}/{INDEX}"


def static_files(app: App) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of every file, one letter in memory at a time. The paths are those of the server's
    pages with `index.html` in a folder, so that the addresses in letters lead to them; links are relative
    and name the file, so that they also work without a server."""
    places = FilePlaces(app.settings.newsletter.public_url)
    pages = ArchivePages(app, places)
    language = spoken(app.settings.newsletter.language)
    issues = app.archive.list()
    yield INDEX, pages.index(issues, language=language, up="").encode()
    yield places.index, pages.index(issues, language=language, up="../").encode()
    for year, some in pages.years(issues).items():
        yield places.year(year), pages.index(some, language=language, up="../../", year=year).encode()
    for letter in app.archive.letters([issue.id for issue in issues]):
        path = f"a/{letter.issue.id}/{INDEX}"
        yield path, pages.issue(letter, issues, up="../../").encode()
    feed = pages.feed(issues)
    yield ATOM, atom(feed).encode()
    yield JSON_FEED, json_feed(feed).encode()
    if app.settings.archive.indexed:
        yield "sitemap.xml", pages.sitemap(issues).encode()
