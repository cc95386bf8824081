"""What holds for every answer of the server: its headers, and how much a request may bring."""

import base64
import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.web.pages import STYLE

MAX_PATH = 2_000
"""Characters; the longest path of ours, an issue's, is far shorter."""
MAX_HEADERS = 64
YEAR = 31_536_000

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
"""Of every answer; a page that anybody may find or keep says otherwise itself."""
_ABSOLUTE = re.compile(rb"https?://([^/@]+)(/.*)?", re.IGNORECASE | re.DOTALL)


class Guard:
    """The pages behind these rules (an ASGI application)."""

    def __init__(self, pages: ASGIApp, *, https: bool) -> None:
        self._pages = pages
        self._headers = dict(HEADERS)
        if https:  # RFC 6797; only what came over TLS may say so, and the public address is of that kind
            self._headers["Strict-Transport-Security"] = f"max-age={YEAR}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        scope = _origin_form(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if "\0" in scope["path"] or b"%00" in scope["query_string"]:  # PostgreSQL takes none
            await PlainTextResponse("no address holds a zero\n", 400)(scope, receive, send_guarded)
        elif len(scope["path"]) + len(scope["query_string"]) > MAX_PATH:
            await PlainTextResponse("the address is too long\n", 414)(scope, receive, send_guarded)
        elif len(Headers(scope=scope)) > MAX_HEADERS:
            await PlainTextResponse("too many headers\n", 431)(scope, receive, send_guarded)
        else:
            # By now a fault is answered and logged (trouble.py). Passed on, the server would log its words,
            # among which a database's may hold an address.
            with suppress(Exception):
                await self._pages(scope, receive, send_guarded)


def _origin_form(scope: Scope) -> Scope:
    """The request as if it named a path alone. A whole address in its first line, as for a proxy, counts,
    and its host in place of the Host header (RFC 9112 §3.2.2)."""
    whole = _ABSOLUTE.fullmatch(scope.get("raw_path") or b"")
    if not whole:
        return scope
    raw_path = whole[2] or b"/"
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {
        **scope,
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "headers": [(b"host", whole[1]), *headers],
    }
