"""The archive: submitted issues on the web, the same for everybody."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from newsletter.models import IssueId, IssueState
from newsletter.web.page import Pages
from newsletter.web.robots import note_visit

LETTER_POLICY = (
    "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; sandbox allow-popups"
)


def routes(pages: Pages) -> list[Route]:
    """`/a/{issue}`: an issue as a page."""
    return [Route("/a/{issue}", _Archive(pages).issue, methods=["GET"])]


class _Archive:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._app = pages.app

    def issue(self, request: Request) -> Response:
        """A submitted issue without anybody's personal links; drafts are never shown."""
        issue_id = IssueId(request.path_params["issue"])
        record = self._app.issues.get(issue_id)
        public = {IssueState.SUBMITTING, IssueState.SUBMITTED}
        frozen = self._app.ledger.frozen(issue_id) if record and record.state in public else None
        if frozen is None:
            return self._pages.answer(
                "message.html.j2",
                language=self._pages.language(request),
                status=404,
                title="Not here",
                text="There is no such letter.",
                button="",
            )
        note_visit(self._pages, request, "issue", issue_id)
        letter = frozen.email.html
        for field in frozen.email.merge_fields:
            letter = letter.replace(field.placeholder, "")
        return HTMLResponse(letter, headers={"Content-Security-Policy": LETTER_POLICY})
