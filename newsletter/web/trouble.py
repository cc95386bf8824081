"""Pages for requests that have no answer, in the visitor's language."""

import logging
import traceback
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.errors import Busy
from newsletter.web.page import Pages
from newsletter.web.phrases.trouble import TROUBLE

log = logging.getLogger("newsletter.pages")


class Trouble:
    """How the server says that it cannot answer; nothing of a request's address is ever logged."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def refused(self, request: Request, error: Exception) -> Response:
        """The page for an answer that Starlette or a page of ours refused with a status."""
        status = error.status_code if isinstance(error, HTTPException) else 400
        allow = getattr(error, "headers", None) or {}
        what = "missing" if status in {404, 405} else "refused"
        return self._say(request, what, status, allow)

    async def busy(self, request: Request, _error: Exception) -> Response:
        """503: another process was writing for too long."""
        return self._say(request, "broken", 503, {"Retry-After": "30"})

    async def broken(self, request: Request, error: Exception) -> Response:
        """500: a fault of this program's. Where it happened is logged, and no word of what it says."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("a page failed with %s at %s:%s", type(error).__name__, place.filename, place.lineno)
        return self._say(request, "broken", 500, {})

    def _say(self, request: Request, what: str, status: int, headers: dict[str, str]) -> Response:
        if request.url.path.startswith(("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics")):
            return PlainTextResponse(f"{what}\n", status, headers)
        answer = self._pages.say(TROUBLE, self._pages.language(request), what, status=status)
        answer.headers.update(headers)
        return answer


def handlers(pages: Pages) -> Mapping[Any, Any]:
    """Starlette's table of exceptions and what answers them."""
    trouble = Trouble(pages)
    return {HTTPException: trouble.refused, Busy: trouble.busy, Exception: trouble.broken}
