"""The archive: submitted issues on the web, the same for everybody, with search and feeds."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter.content.feeds import atom, json_feed
from newsletter.content.searching import MAX_QUERY
from newsletter.models import IssueId
from newsletter.models.archives import ArchivedIssue
from newsletter.web.archivepages import ATOM, JSON_FEED, ArchivePages, ServerPlaces
from newsletter.web.conditional import kept
from newsletter.web.page import Pages
from newsletter.web.robots import note_visit
from newsletter.web.search import Search

LETTER_POLICY = (
    "default-src 'none'; img-src https: data:{pictures}; style-src 'unsafe-inline'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""Of an issue's page: whatever a post may hold, no script of it runs, and nothing but pictures is asked
for. Pages that open in a new tab are not ours and run as usual."""
OF_LETTERS = {"Cross-Origin-Opener-Policy": "unsafe-none"}
"""To a page in a sandbox any other opener policy may be a network error (HTML standard, “create navigation
params by fetching”)."""
BY_LANGUAGE = {"Vary": "Accept-Language"}


def routes(pages: Pages) -> list[Route]:
    """`/archive` (also at the root), its years and search, `/a/{issue}`, both feeds and the sitemap."""
    archive = _Archive(pages)
    return [
        Route("/", archive.index, methods=["GET"]),
        Route("/archive", archive.index, methods=["GET"]),
        Route("/archive/search", archive.search, methods=["GET"]),
        Route("/archive/{year:int}", archive.year, methods=["GET"]),
        Route("/a/{issue}", archive.issue, methods=["GET"]),
        Route(f"/{ATOM}", archive.atom, methods=["GET"]),
        Route(f"/{JSON_FEED}", archive.json, methods=["GET"]),
        *(
            Route(path, archive.without_slash, methods=["GET"])
            for path in ("/archive/", "/archive/{year:int}/", "/a/{issue}/")
        ),
        Route("/sitemap.xml", archive.sitemap, methods=["GET"]),
    ]


class _Archive:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._app = pages.app
        self._settings = pages.app.settings.archive
        self._made = ArchivePages(pages.app, ServerPlaces())
        self._search = Search(pages.app.archive)
        secure = pages.app.settings.newsletter.public_url.startswith("https://")
        self._policy = LETTER_POLICY.format(pictures="" if secure else " http:")

    def index(self, request: Request) -> Response:
        """Every issue, newest first."""
        issues = self._issues()
        page = self._made.index(issues, language=self._pages.language(request), up="")
        return self._kept(request, page, issues, headers=BY_LANGUAGE)

    def year(self, request: Request) -> Response:
        """The issues of one year."""
        issues = self._made.years(self._issues()).get(request.path_params["year"])
        if issues is None:
            raise HTTPException(404)
        year = request.path_params["year"]
        page = self._made.index(issues, language=self._pages.language(request), up="../", year=year)
        return self._kept(request, page, issues, headers=BY_LANGUAGE)

    def search(self, request: Request) -> Response:
        """The letters that hold what `q` asks for."""
        self._require_public()
        query = " ".join(request.query_params.get("q", "")[:MAX_QUERY].split())
        language = self._pages.language(request)
        page = self._made.results(self._search.find(query), query, language=language, up="../")
        return HTMLResponse(page, headers=BY_LANGUAGE)

    def issue(self, request: Request) -> Response:
        """A submitted issue without anybody's personal links; drafts are never shown."""
        self._require_public()
        issue_id = IssueId(request.path_params["issue"])
        letter = self._app.archive.letter(issue_id)
        if letter is None:
            raise HTTPException(404)
        note_visit(self._pages, request, "issue", issue_id)
        page = self._made.issue(letter, self._app.archive.list(), up="../")
        return self._kept(request, page, (), headers={**OF_LETTERS, "Content-Security-Policy": self._policy})

    def without_slash(self, request: Request) -> Response:
        """308: the same address without its last slash, which it has where `build`'s files are served."""
        self._require_public()
        name = request.scope["path"].rstrip("/").rpartition("/")[2]
        query = request.url.query
        return RedirectResponse(f"../{quote(name, safe='')}" + (f"?{query}" if query else ""), 308)

    def atom(self, request: Request) -> Response:
        """The newest issues, whole, as Atom."""
        issues = self._issues()
        return self._kept(request, atom(self._made.feed(issues)), issues, kind="application/atom+xml")

    def json(self, request: Request) -> Response:
        """The newest issues, whole, as JSON Feed."""
        issues = self._issues()
        return self._kept(request, json_feed(self._made.feed(issues)), issues, kind="application/feed+json")

    def sitemap(self, request: Request) -> Response:
        """The addresses for search engines, where they are welcome."""
        issues = self._issues()
        if not self._settings.indexed:
            raise HTTPException(404)
        return self._kept(request, self._made.sitemap(issues), issues, kind="application/xml")

    def _issues(self) -> Sequence[ArchivedIssue]:
        self._require_public()
        return self._app.archive.list()

    def _require_public(self) -> None:
        if not self._settings.public:
            raise HTTPException(404)

    def _kept(
        self,
        request: Request,
        body: str,
        issues: Sequence[ArchivedIssue],
        *,
        kind: str = "text/html",
        headers: dict[str, str] | None = None,
    ) -> Response:
        modified: datetime | None = max((issue.changed for issue in issues), default=None)
        robots = {"X-Robots-Tag": "all" if self._settings.indexed else "noindex"}
        return kept(
            request,
            body,
            media_type=f"{kind}; charset=utf-8",
            modified=modified,
            headers=robots | (headers or {}),
        )
