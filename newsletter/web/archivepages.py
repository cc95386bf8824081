"""The archive's pages and feeds as text, the same whether a server answers with them or files hold them.

All links between them are relative, so that they hold below any address and in any folder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo

from newsletter.content.addresses import parse_address
from newsletter.content.feeds import Feed, FeedEntry, lasting_id, sitemap
from newsletter.content.links import archive_url
from newsletter.content.phrases import direction_of, phrases_for
from newsletter.content.publicpage import Around, Link, feed_body, language_of, public_page
from newsletter.models import IssueId
from newsletter.models.archives import ArchivedIssue, ArchivedLetter
from newsletter.web.pages import render_page
from newsletter.web.phrases import in_language, spoken
from newsletter.web.phrases.archive import ARCHIVE
from newsletter.web.search import Found
from newsletter.wiring import App

ATOM, JSON_FEED = "feed.xml", "feed.json"


class Places(Protocol):
    """Where things are, seen from the archive's root; empty: nowhere."""

    def issue(self, issue_id: IssueId) -> str: ...
    def year(self, year: int) -> str: ...
    @property
    def index(self) -> str: ...
    @property
    def search(self) -> str: ...
    @property
    def subscribe(self) -> str: ...


class ServerPlaces:
    """Where the server has them."""

    index, search, subscribe = "archive", "archive/search", "subscribe"

    def issue(self, issue_id: IssueId) -> str:
        return f"a/{quote(issue_id, safe='')}"

    def year(self, year: int) -> str:
        return f"archive/{year}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One issue in a list."""

    url: str
    title: str
    preheader: str
    day: str
    instant: str


class ArchivePages:
    """The pages of one newsletter's archive; `up` leads from a page to the archive's root."""

    def __init__(self, app: App, places: Places) -> None:
        self._app = app
        self._newsletter = app.settings.newsletter
        self._places = places
        self._zone = ZoneInfo(self._newsletter.timezone)

    def index(
        self, issues: Sequence[ArchivedIssue], *, language: str, up: str, year: int | None = None
    ) -> str:
        """The list of these issues by year, newest first; of one year when it is named."""
        words = in_language(ARCHIVE, language)
        years = [
            {"year": number, "url": up + self._places.year(number), "issues": self._lines(some, language, up)}
            for number, some in self.years(issues).items()
        ]
        return self._page(
            "archive.html.j2",
            language=language,
            up=up,
            title=words.all_letters,
            canonical=self._public(
                self._places_of_server.year(year) if year else self._places_of_server.index
            ),
            years=years,
            year=year,
            robots="" if self._app.settings.archive.indexed else "noindex",
        )

    def results(self, found: Found, query: str, *, language: str, up: str) -> str:
        """What was found, newest first; the empty form when nothing was asked."""
        lines = self._lines([hit.issue for hit in found.hits], language, up)
        words = in_language(ARCHIVE, language)
        return self._page(
            "archive_search.html.j2",
            language=language,
            up=up,
            title=words.results.format(query=query) if query else words.search,
            query=query,
            hits=[
                {"line": line, "snippet": hit.snippet} for line, hit in zip(lines, found.hits, strict=True)
            ],
            more=words.more.format(count=phrases_for(language).number(len(found.hits))) if found.more else "",
            robots="noindex",
        )

    def issue(self, letter: ArchivedLetter, issues: Sequence[ArchivedIssue], *, up: str) -> str:
        """The letter with the archive around it, in the letter's language."""
        language = spoken(language_of(letter.html), self._newsletter.language)
        words = in_language(ARCHIVE, language)
        later, earlier = _neighbours(letter.issue.id, issues)
        values: Mapping[str, object] = {
            "language": language,
            "direction": direction_of(language),
            "name": self._newsletter.name,
            "words": words,
            "up": up,
            "places": self._places,
            "joining": self._joining(up),
            "feeds": (ATOM, JSON_FEED),
            "robots": "" if self._app.settings.archive.indexed else "noindex",
            "canonical": self.canonical(letter.issue.id),
            "preheader": letter.issue.preheader,
            "later": later and self._line(later, language, up),
            "earlier": earlier and self._line(earlier, language, up),
        }
        head, top, bottom = (
            render_page(f"issue_{part}.html.j2", **values) for part in ("head", "top", "bottom")
        )
        joining = self._joining(up)
        instead = (
            Link(url=joining, words=words.subscribe)
            if joining
            else Link(url=up + self._places.index, words=words.all_letters)
        )
        around = Around(head=head, top=top, bottom=bottom)
        return public_page(letter.html, letter.placeholders, instead=instead, around=around)

    def feed(self, issues: Sequence[ArchivedIssue]) -> Feed:
        """The newest of these issues for the feeds, as many as the settings say."""
        newest = [issue.id for issue in issues[: self._app.settings.archive.feed_issues]]
        sender = parse_address(self._newsletter.sender)
        key = self._app.keys.first
        return Feed(
            id=lasting_id(key, "archive"),
            title=self._newsletter.name,
            author=sender.display_name or self._newsletter.name,
            language=self._newsletter.language,
            home_url=self._public(self._places_of_server.index),
            atom_url=self._public(ATOM),
            json_url=self._public(JSON_FEED),
            born=self._app.issues.created_at(),
            entries=tuple(self._entry(letter, key) for letter in self._app.archive.letters(newest)),
        )

    def sitemap(self, issues: Sequence[ArchivedIssue]) -> str:
        """The index and every issue."""
        newest = max((issue.changed for issue in issues), default=None)
        index = self._public(self._places_of_server.index)
        return sitemap([(index, newest), *((self.canonical(issue.id), issue.published) for issue in issues)])

    def years(self, issues: Sequence[ArchivedIssue]) -> Mapping[int, Sequence[ArchivedIssue]]:
        """The issues of each year in the newsletter's time zone, newest first."""
        by_year = groupby(issues, key=lambda issue: self._local(issue.published).year)
        return {year: list(some) for year, some in by_year}

    def canonical(self, issue_id: IssueId) -> str:
        return archive_url(self._newsletter.public_url, issue_id)

    # --- parts ------------------------------------------------------------------------------------

    _places_of_server = ServerPlaces()
    """What canonical addresses are made of, wherever the page stands."""

    def _page(self, template: str, *, language: str, up: str, **values: object) -> str:
        return render_page(
            template,
            language=language,
            direction=direction_of(language),
            name=self._newsletter.name,
            home=up + self._places.index,
            postal_address=" ".join(self._newsletter.postal_address.split()),
            words=in_language(ARCHIVE, language),
            up=up,
            places=self._places,
            joining=self._joining(up),
            feeds=(ATOM, JSON_FEED),
            **values,
        )

    def _lines(self, issues: Sequence[ArchivedIssue], language: str, up: str) -> list[Line]:
        return [self._line(issue, language, up) for issue in issues]

    def _line(self, issue: ArchivedIssue, language: str, up: str) -> Line:
        phrases = phrases_for(language)
        day = self._local(issue.published).date()
        return Line(
            url=up + self._places.issue(issue.id),
            title=issue.subject,
            preheader=issue.preheader,
            day=phrases.dated(day, phrases.long_date),
            instant=day.isoformat(),
        )

    def _entry(self, letter: ArchivedLetter, key: bytes) -> FeedEntry:
        url = self.canonical(letter.issue.id)
        return FeedEntry(
            id=lasting_id(key, f"issue:{letter.issue.id}"),
            url=url,
            title=letter.issue.subject,
            summary=letter.issue.preheader,
            html=feed_body(letter.html, url, letter.placeholders),
            language=language_of(letter.html),
            published=letter.issue.published,
        )

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone)

    def _public(self, path: str) -> str:
        return f"{self._newsletter.public_url.rstrip('/')}/{path}"

    def _joining(self, up: str) -> str:
        """Where to sign up; empty when nobody can."""
        if not self._app.settings.readers.sign_up:
            return ""
        place = self._places.subscribe
        return place if "://" in place else up + place


def _neighbours(
    issue_id: IssueId, issues: Sequence[ArchivedIssue]
) -> tuple[ArchivedIssue | None, ArchivedIssue | None]:
    """The later and the earlier issue."""
    place = next((number for number, issue in enumerate(issues) if issue.id == issue_id), None)
    if place is None:
        return None, None
    return (
        issues[place - 1] if place else None,
        issues[place + 1] if place + 1 < len(issues) else None,
    )
