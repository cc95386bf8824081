"""Leaving the list: one POST that needs no cookie and never redirects (RFC 8058), harmless to repeat.

Who left by themselves finds the way back in the goodbye, for a day.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.content.links import read_reader_token
from newsletter.content.tokens import Purpose, read_token
from newsletter.models import Channel, ConsentAction, SubscriberId
from newsletter.web.forms import read_body
from newsletter.web.page import Pages
from newsletter.web.phrases.leaving import LEAVING
from newsletter.web.robots import note_visit

FROM_THE_PAGE = b"from=page"
"""What the page's own button posts. A mail program posts `List-Unsubscribe=One-Click`, urlencoded or as
multipart (RFC 8058 §3.1), and some post nothing at all: everything else is their one click."""


def routes(pages: Pages) -> list[Route]:
    """`/u/{token}`, the address that every letter ends with, and `/back/{token}`."""
    leaving = _Leaving(pages)
    return [
        Route("/u/{token}", leaving.page, methods=["GET"]),
        Route("/u/{token}", leaving.act, methods=["POST"]),
        Route("/back/{token}", leaving.back_page, methods=["GET"]),
        Route("/back/{token}", leaving.come_back, methods=["POST"]),
    ]


class _Leaving:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._app = pages.app

    def page(self, request: Request) -> Response:
        """The page with the button; link scanners may open it as often as they like."""
        language = self._pages.language(request)
        if self._reader(request) is None:
            return self._pages.say(LEAVING, language, "unknown", status=404)
        note_visit(self._pages, request, "leave")
        return self._pages.say(LEAVING, language, "unsubscribe", button="unsubscribe")

    async def act(self, request: Request) -> Response:
        """The one click: by the page's button, or by a mail program on its reader's behalf."""
        body = await read_body(request)
        channel = Channel.PAGE if body == FROM_THE_PAGE else Channel.ONE_CLICK
        return await run_in_threadpool(self._leave, request, channel)

    def _leave(self, request: Request, channel: Channel) -> Response:
        language = self._pages.language(request)
        reader = self._reader(request)
        if reader is None:
            return self._pages.say(LEAVING, language, "unknown", status=404)
        step = self._pages.step(request, ConsentAction.UNSUBSCRIBED, channel)
        self._app.joining.leave(reader, step, mail=True)
        return self._pages.say(LEAVING, language, "gone")

    def back_page(self, request: Request) -> Response:
        """The page with the button that leads back."""
        language = self._pages.language(request)
        if self._returning(request) is None:
            return self._pages.say(LEAVING, language, "late", status=404, again="/subscribe")
        return self._pages.say(LEAVING, language, "back", button="back_button")

    def come_back(self, request: Request) -> Response:
        """The welcome, for who left by themselves within the last day."""
        language = self._pages.language(request)
        reader = self._returning(request)
        step = self._pages.step(request, ConsentAction.RETURNED)
        if reader is None or not self._app.joining.come_back(reader, step):
            return self._pages.say(LEAVING, language, "late", status=404, again="/subscribe")
        return self._pages.say(LEAVING, language, "returned")

    def _reader(self, request: Request) -> SubscriberId | None:
        return read_reader_token(self._app.keys, request.path_params["token"])

    def _returning(self, request: Request) -> SubscriberId | None:
        token = request.path_params["token"]
        return read_token(self._app.keys, Purpose.RETURN, token, now=self._app.clock.now())
