"""Where providers report what became of letters: POST /webhooks/<provider>.

A call is answered 2xx only after the commit, 4xx when it is refused, and 503 when the database had no
time for it: the provider then comes again. Nothing of a call's body is ever logged.
"""

import asyncio
import logging

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.errors import Busy, WebhookRejected
from newsletter.models import WebhookRequest
from newsletter.ports import EventParser
from newsletter.wiring import App
from newsletter.wiring.events import event_parser, take_events

log = logging.getLogger("newsletter.webhooks")

MOST_WAITING = 16
"""Calls whose bodies are in memory at a time; the provider is asked to bring more of them later."""


def routes(app: App) -> list[Route]:
    """The route of all providers' calls. Raises BadSetting when a key in the settings is none."""
    return [Route("/webhooks/{provider}", _Webhooks(app).take, methods=["POST"])]


class _Webhooks:
    def __init__(self, app: App) -> None:
        self._app = app
        kind = app.settings.provider.kind
        self._parsers: dict[str, EventParser | None] = {kind: event_parser(app, kind)}
        self._turn = asyncio.Semaphore(1)  # calls are taken in one after the other, and pages go first
        self._waiting = 0

    async def take(self, request: Request) -> Response:
        """The answer to one call."""
        parser = self._parser(request.path_params["provider"])
        if parser is None:
            return _answer(404, "no events are taken here")
        if request.headers.get("content-encoding", "identity") != "identity":
            return _answer(415, "the body must not be compressed")
        if self._waiting >= MOST_WAITING:
            return _answer(503, "busy, call again")
        self._waiting += 1
        try:
            return await self._take(request, parser)
        except ClientDisconnect:
            return _answer(400, "the body is not whole")
        finally:
            self._waiting -= 1

    async def _take(self, request: Request, parser: EventParser) -> Response:
        body = await _body(request, parser.max_bytes)
        if body is None:
            return _answer(413, f"the body has more than {parser.max_bytes:,} bytes")
        call = WebhookRequest(headers=dict(request.headers), body=body)
        try:
            async with self._turn:
                taken = await run_in_threadpool(take_events, self._app, parser, call)
        except WebhookRejected as error:
            log.warning("a call was refused: %s", error)
            return _answer(error.status, error.message)
        except Busy:
            log.warning("the database is busy; the provider will call again")
            return _answer(503, "busy, call again")
        log.info("%d new events, %d known, %d of others", taken.new, taken.known, taken.foreign)
        return Response(status_code=204)

    def _parser(self, provider: str) -> EventParser | None:
        """The provider's parser; None when it has none or no key is set. Made once."""
        if provider not in self._parsers:
            found = event_parser(self._app, provider)
            if found is None:  # whatever the path says: a stranger's words are not kept
                return None
            self._parsers[provider] = found
        return self._parsers[provider]


async def _body(request: Request, most: int) -> bytes | None:
    """The body; None as soon as it is longer than `most`."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:18]) > most:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _answer(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status_code=status)
