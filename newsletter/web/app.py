"""The readers' pages: leaving the list, reading an issue on the web, and the health of the server.

Nothing acts on GET or HEAD. Leaving is one POST that needs no cookie and never redirects
(RFC 8058), and repeating it is harmless.
"""

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from newsletter.content.links import read_reader_token
from newsletter.models import IssueId, IssueState, SubscriberId
from newsletter.web.pages import render_page
from newsletter.wiring import App

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
LETTER_POLICY = (
    "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; sandbox allow-popups"
)


def make_pages(app: App) -> Starlette:
    """The ASGI application of one newsletter."""
    pages = _Pages(app)
    return Starlette(
        routes=[
            Route("/u/{token}", pages.leave_page, methods=["GET"]),
            Route("/u/{token}", pages.leave, methods=["POST"]),
            Route("/a/{issue}", pages.archived, methods=["GET"]),
            Route("/healthz", pages.healthy, methods=["GET"]),
        ]
    )


class _Pages:
    def __init__(self, app: App) -> None:
        self._app = app
        self._name = app.settings.newsletter.name

    def leave_page(self, request: Request) -> Response:
        """The page with the button; link scanners may open it as often as they like."""
        if self._reader(request) is None:
            return self._unknown()
        return self._page(
            "Unsubscribe", f"You will get no more letters from {self._name}.", button="Unsubscribe"
        )

    def leave(self, request: Request) -> Response:
        """The one click: by the page's button, or by a mail program on its reader's behalf."""
        reader = self._reader(request)
        if reader is None:
            return self._unknown()
        self._app.subscribers.unsubscribe(reader, self._app.clock.now())
        return self._page("You are unsubscribed", f"{self._name} will not write to you again.")

    def archived(self, request: Request) -> Response:
        """A submitted issue without anybody's personal links; drafts are never shown."""
        issue_id = IssueId(request.path_params["issue"])
        record = self._app.issues.get(issue_id)
        public = {IssueState.SUBMITTING, IssueState.SUBMITTED}
        frozen = self._app.ledger.frozen(issue_id) if record and record.state in public else None
        if frozen is None:
            return self._page("Not here", "There is no such letter.", status=404)
        letter = frozen.email.html
        for field in frozen.email.merge_fields:
            letter = letter.replace(field.placeholder, "")
        headers = {**HEADERS, "Content-Security-Policy": LETTER_POLICY}
        return HTMLResponse(letter, headers=headers)

    def healthy(self, _request: Request) -> Response:
        """200 while the database answers."""
        try:
            self._app.subscribers.count()
        except SQLAlchemyError:
            return PlainTextResponse("the database does not answer\n", status_code=503)
        return PlainTextResponse("ok\n")

    def _reader(self, request: Request) -> SubscriberId | None:
        return read_reader_token(self._app.key, request.path_params["token"])

    def _unknown(self) -> Response:
        text = "This link is not one of ours, or it was cut. Try the one in a newer letter."
        return self._page("This link does not work", text, status=404)

    def _page(self, title: str, text: str, *, button: str = "", status: int = 200) -> Response:
        page = render_page("message.html.j2", title=title, text=text, button=button, name=self._name)
        return HTMLResponse(page, status_code=status, headers=HEADERS)
