"""`newsletter preview`: the preview's pages on this machine, which load themselves anew after each save.

Only this machine can ask: the server listens on the loopback address and answers to its own names
alone, so that a page of the web which points a name at it (DNS rebinding) reads nothing. Nothing acts
on GET; the one POST looks a reader up and changes nothing either.
"""

import asyncio
import errno
import socket
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import islice
from urllib.parse import parse_qs

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from newsletter.errors import BadSetting
from newsletter.models import Delivery, IssueId, Subscriber, SubscriberId
from newsletter.web.pages import render_page
from newsletter.web.preview import SAMPLE_READER, delivery_for, personal_letter
from newsletter.web.preview_site import FRAME_POLICY, Site
from newsletter.web.preview_watch import LivePreview
from newsletter.wiring import App

HOST = "127.0.0.1"
PORT = 8711
NAMES = ["127.0.0.1", "localhost"]
"""What a browser on this machine may call the server."""
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
LETTER_POLICY = f"{FRAME_POLICY}; frame-ancestors 'self'; form-action 'none'; base-uri 'none'; sandbox"
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
KINDS = {
    "html": "text/html; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "eml": "message/rfc822",
}
FOUND_AT_ONCE = 20
MAX_FORM = 4096
"""Octets of the form that names a reader."""


def serve_preview(
    app: App,
    issue_id: IssueId,
    environ: Mapping[str, str],
    *,
    port: int | None,
    reader: Delivery = SAMPLE_READER,
    on_listening: Callable[[str], None],
) -> None:
    """None, when the app was asked to stop. Without a port it is PORT, or any free one when that is taken.

    Raises BadSetting when the port cannot be listened on, NotFound when there is no such issue.
    """
    live = LivePreview(app, issue_id, environ)
    listener = _listen(port)
    server = uvicorn.Server(
        uvicorn.Config(make_preview_pages(live, reader), log_level="warning", access_log=False, lifespan="on")
    )

    def answer() -> None:
        try:
            server.run(sockets=[listener])
        finally:
            app.stop()  # without its pages there is nothing to wait for

    pages = threading.Thread(target=answer, name="preview")
    pages.start()
    on_listening(f"http://{HOST}:{listener.getsockname()[1]}/")
    try:
        app.wait_for_stop()
    finally:
        app.stop()
        server.should_exit = True
        pages.join()


def _listen(port: int | None) -> socket.socket:
    try:
        return socket.create_server((HOST, PORT if port is None else port))
    except OSError as error:
        if port is None and error.errno == errno.EADDRINUSE:
            return socket.create_server((HOST, 0))
        raise BadSetting(
            f"cannot listen on {HOST}:{port}: {error.strerror}", remedy="choose another --port"
        ) from error


def make_preview_pages(live: LivePreview, reader: Delivery = SAMPLE_READER) -> Starlette:
    """The ASGI application of one live preview; it watches the files while it runs."""

    @asynccontextmanager
    async def watching(_pages: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(live.watch)
            yield
            tasks.cancel_scope.cancel()

    pages = _Pages(live, reader)
    return Starlette(
        routes=[
            Route("/events", pages.events, methods=["GET"]),
            Route("/readers", pages.readers, methods=["POST"]),
            Route("/{path:path}", pages.file, methods=["GET"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=NAMES, www_redirect=False)],
        lifespan=watching,
    )


class _Pages:
    def __init__(self, live: LivePreview, reader: Delivery) -> None:
        self._live = live
        self._reader = reader

    def file(self, request: Request) -> Response:
        """A page, a frame, or a part of the letter for the reader whom `?reader=` numbers."""
        path = request.path_params["path"] or "index.html"
        site = self._site(request.query_params.get("reader", ""))
        body = site.file(path) if site else None
        if body is None:
            return PlainTextResponse("There is no such page.\n", status_code=404, headers=HEADERS)
        framed = path.startswith(("frames/", "letter."))
        policy = LETTER_POLICY if framed else PAGE_POLICY
        headers = {**HEADERS, "Content-Security-Policy": policy}
        return Response(body, headers=headers, media_type=KINDS[path.rpartition(".")[2]])

    async def events(self, _request: Request) -> Response:
        """The version of the preview, now and after each save (server-sent events)."""

        async def stream() -> AsyncIterator[str]:
            async for version in self._live.versions():
                yield f"data: {version}\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream", headers=HEADERS)

    async def readers(self, request: Request) -> Response:
        """The page of the one reader who was looked up, or a list to choose from."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_FORM:
                return PlainTextResponse("That is no address.\n", status_code=413, headers=HEADERS)
        wanted = parse_qs(body.decode("utf-8", "replace")).get("address", [""])[0].strip()
        found = await asyncio.to_thread(self._found, wanted)
        if len(found) == 1:
            return RedirectResponse(f"index.html?reader={found[0].id}", status_code=303, headers=HEADERS)
        page = render_page(
            "preview_readers.html.j2", readers=found[:FOUND_AT_ONCE], more=len(found) > FOUND_AT_ONCE
        )
        headers = {**HEADERS, "Content-Security-Policy": PAGE_POLICY}
        return Response(page, headers=headers, media_type=KINDS["html"])

    def _found(self, wanted: str) -> list[Subscriber]:
        """The subscriber of this address, or the first whose addresses hold these characters."""
        subscribers = self._live.now.app.subscribers
        exact = subscribers.find(wanted) if "@" in wanted else None
        if exact or not wanted:
            return [exact] if exact else []
        part = wanted.casefold()
        holding = (each for each in subscribers.list() if part in each.address.addr_spec.casefold())
        return list(islice(holding, FOUND_AT_ONCE + 1))

    def _site(self, reader: str) -> Site | None:
        """The site as this reader sees it; None when nobody has that number."""
        now, issue_id = self._live.now, self._live.issue_id
        delivery, query = self._reader, ""
        if reader:
            number = int(reader) if reader.isascii() and reader.isdigit() and len(reader) < 19 else 0
            subscriber = now.app.subscribers.get(SubscriberId(number))
            if subscriber is None:
                return None
            delivery, query = delivery_for(now.app, issue_id, subscriber), f"?reader={number}"
        letter = personal_letter(now.app, now.review, delivery) if now.review else None
        return Site(
            app=now.app,
            issue_id=issue_id,
            source=now.source,
            review=now.review,
            letter=letter,
            framed=letter.html if letter else "",
            error=now.error,
            version=now.version,
            changed=now.changed,
            query=query,
        )
