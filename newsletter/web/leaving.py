"""Leaving the list: one POST that needs no cookie and never redirects (RFC 8058), harmless to repeat."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.content.links import read_reader_token
from newsletter.models import SubscriberId
from newsletter.web.page import Pages
from newsletter.web.phrases import in_language
from newsletter.web.phrases.leaving import LEAVING


def routes(pages: Pages) -> list[Route]:
    """`/u/{token}`, the address that every letter ends with."""
    leaving = _Leaving(pages)
    return [
        Route("/u/{token}", leaving.page, methods=["GET"]),
        Route("/u/{token}", leaving.act, methods=["POST"]),
    ]


class _Leaving:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._app = pages.app

    def page(self, request: Request) -> Response:
        """The page with the button; link scanners may open it as often as they like."""
        if self._reader(request) is None:
            return self._unknown(request)
        return self._say(request, "unsubscribe", button="unsubscribe")

    def act(self, request: Request) -> Response:
        """The one click: by the page's button, or by a mail program on its reader's behalf."""
        reader = self._reader(request)
        if reader is None:
            return self._unknown(request)
        self._app.subscribers.unsubscribe(reader, self._app.clock.now())
        return self._say(request, "gone")

    def _reader(self, request: Request) -> SubscriberId | None:
        return read_reader_token(self._app.key, request.path_params["token"])

    def _unknown(self, request: Request) -> Response:
        return self._say(request, "unknown", status=404)

    def _say(self, request: Request, what: str, *, button: str = "", status: int = 200) -> Response:
        language = self._pages.language(request)
        words = in_language(LEAVING, language)
        explanation = words.explanation if what == "unsubscribe" else getattr(words, f"{what}_explanation")
        return self._pages.answer(
            "message.html.j2",
            language=language,
            status=status,
            title=getattr(words, what),
            text=explanation.format(name=self._pages.name),
            button=words.unsubscribe if button else "",
        )
