"""For those who watch the server: is it alive, can it work, how much is there. Counts only, nobody's name."""

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter import __version__
from newsletter.errors import NewsletterError
from newsletter.models import OPEN, IssueState
from newsletter.wiring import App

COUNTED_EVERY = timedelta(seconds=15)
"""Counting a million subscribers takes a moment, and nobody needs it more often."""
EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format (prometheus.io, Exposition formats, 2026)."""
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


def routes(app: App) -> list[Route]:
    """`/healthz`, `/readyz` and `/metrics`."""
    watching = _Watching(app)
    return [
        Route("/healthz", watching.alive, methods=["GET"]),
        Route("/readyz", watching.ready, methods=["GET"]),
        Route("/metrics", watching.metrics, methods=["GET"]),
    ]


class _Watching:
    def __init__(self, app: App) -> None:
        self._app = app
        self._counted: tuple[datetime, str] | None = None

    def alive(self, _request: Request) -> Response:
        """200 while the database answers."""
        try:
            self._app.issues.created_at()
        except (NewsletterError, SQLAlchemyError):
            return PlainTextResponse("the database does not answer\n", status_code=503)
        return PlainTextResponse("ok\n")

    def ready(self, _request: Request) -> Response:
        """200 while the database can be written, its tables are current and the provider is set up."""
        why = self._app.why_not_ready() or self._provider()
        return PlainTextResponse(f"{why}\n", 503) if why else PlainTextResponse("ready\n")

    def metrics(self, request: Request) -> Response:
        """Counts for Prometheus, for programs on this machine and in `trusted_proxies` alone."""
        if not self._may_watch(request):
            return PlainTextResponse("missing\n", 404)
        now = self._app.clock.now()
        if self._counted is None or now - self._counted[0] >= COUNTED_EVERY:
            self._counted = now, "".join(f"{line}\n" for line in _lines(self._app))
        return PlainTextResponse(self._counted[1], media_type=EXPOSITION)

    def _provider(self) -> str:
        try:
            with closing(self._app.provider()):
                return ""
        except NewsletterError:  # whose words may name a setting of the author's
            return "the provider is not set up"

    def _may_watch(self, request: Request) -> bool:
        """Whether who asks is near, and does not ask for somebody else, as a proxy does."""
        if any(name in request.headers for name in FORWARDED):
            return False
        try:
            peer = ipaddress.ip_address(request.client.host if request.client else "")
        except ValueError:
            return False
        trusted = (
            ipaddress.ip_network(each, strict=False) for each in self._app.settings.web.trusted_proxies
        )
        return peer.is_loopback or any(peer in each for each in trusted if each.version == peer.version)


def _lines(app: App) -> Iterator[str]:
    yield from _gauge("info", "The program.", {f'version="{__version__}"': 1})
    people = {f'status="{status}"': count for status, count in app.subscribers.count().items()}
    yield from _gauge("subscribers", "People on the list, by status.", people)
    records = app.issues.list()
    states = {f'state="{state}"': sum(each.state is state for each in records) for state in IssueState}
    yield from _gauge("issues", "Issues, by state.", states)
    moving = [app.ledger.progress(each.id) for each in records if each.state in OPEN]
    sums = ("pending", "submitting", "submitted", "rejected", "suppressed_since", "uncertain", "unknown")
    recipients = {
        f'state="{name}"': sum(getattr(progress, name) for progress in moving if progress) for name in sums
    }
    yield from _gauge("moving_recipients", "Recipients of issues that are being sent, by state.", recipients)
    mails = {"": app.mails.due(app.clock.now())}
    yield from _gauge("mails_due", "Whether a mail to a reader waits, or is under way.", mails)


def _gauge(name: str, meaning: str, values: Mapping[str, int]) -> Iterator[str]:
    yield f"# HELP newsletter_{name} {meaning}"
    yield f"# TYPE newsletter_{name} gauge"
    for labels, value in values.items():
        yield f"newsletter_{name}{{{labels}}} {int(value)}" if labels else f"newsletter_{name} {int(value)}"
