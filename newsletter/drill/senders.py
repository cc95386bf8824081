"""A sender as its own process, quick to start and ready to be killed at any point.

Processes are forked from a server that has the program imported already, so that a drill can afford
thousands of them. They are real: SIGKILL takes them as it takes any other. What they do is what
`newsletter send` does, on a clock that runs faster.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from sqlalchemy import Engine, event

from newsletter.errors import Busy, NewsletterError
from newsletter.models import IssueId, WebhookRequest
from newsletter.ports import Clock
from newsletter.usecases import review, send  # noqa: F401 - imported once, before the processes fork
from newsletter.wiring import App, open_app
from newsletter.wiring.events import event_parser, pull_suppressions, take_events
from newsletter.wiring.evidence import reconcile_requests

ISSUE = IssueId("drill")
STOPPED_BY_ITSELF = 10
"""The exit status of a sender that ended with one of the program's own errors."""
TRIES = 300
"""Looks at an issue that another sender is at before a sender gives up."""
BUSY_MS = 150
"""A sender of the drill waits so long for another's transaction on SQLite, and not 20 s."""

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["newsletter.drill.senders"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """What a sender is told."""

    project: Path
    environ: dict[str, str] = field(repr=False)
    """Settings of this run, as `NEWSLETTER_…` variables."""
    began: datetime
    """When the run did: where the real time and the senders' time meet."""
    fault: str = ""
    """The value of NEWSLETTER_FAULT."""
    hurry: int
    """How many times as fast as the real time the sender's clock runs."""
    jump: timedelta = timedelta()
    """How far the clock is set forward or back while the sender works."""
    jump_after: int = 0
    """Looks at the clock before it jumps; 0: it has jumped already."""
    room: int | None = None
    """Pages by which the SQLite file may still grow; None: any number."""
    calls: tuple[WebhookRequest, ...] = field(default=(), repr=False)
    """What a provider reports, for a process that takes it in."""


Work = Callable[[Errand], None]
"""What a sender's process does; it must be a function of a module, so that a new process finds it."""


class HurriedClock:
    """The real time, run faster since a moment at which the two met; it may jump, once."""

    def __init__(
        self,
        real: Clock,
        began: datetime,
        *,
        hurry: int,
        jump: timedelta = timedelta(),
        jump_after: int = 0,
    ) -> None:
        self._real = real
        self._began = began
        self._hurry = hurry
        self._jump = jump
        self._looks_before = jump_after

    def now(self) -> datetime:
        if self._looks_before:
            self._looks_before -= 1
            return self._hurried()
        return self._hurried() + self._jump

    def sleep(self, seconds: float) -> None:
        self._real.sleep(seconds / self._hurry)

    def _hurried(self) -> datetime:
        return self._began + (self._real.now() - self._began) * self._hurry


def start(errand: Errand, work: Work) -> ForkServerProcess:
    """A process at work; it ends with this one, whatever ends this one."""
    process = _context.Process(target=_run, args=(work, errand), daemon=True)
    process.start()
    return process


def send_issue(errand: Errand) -> None:
    """None, when the issue is submitted, paused or cancelled, or the sender was asked to stop.

    Raises what `newsletter send` would end with, Busy only after many tries.
    """
    with _opened(errand) as app:
        signal.signal(signal.SIGTERM, lambda *_: app.stop())
        for _ in range(TRIES):
            try:
                app.send(ISSUE)
            except Busy:
                app.clock.sleep(1)
                if app.stopped.is_set():
                    return
            else:
                return
        raise Busy("another sender never ended")


def take_calls(errand: Errand) -> None:
    """None, when every call of the provider is committed, as the server of the readers' pages does it.

    Raises WebhookRejected or Busy: then nothing of that call and those after it is.
    """
    with _opened(errand) as app:
        parser = event_parser(app, app.settings.provider.kind)
        assert parser is not None  # noqa: S101 - the errand's settings hold the key
        signal.signal(signal.SIGTERM, lambda *_: app.stop())
        for call in errand.calls:
            if app.stopped.is_set():
                raise Busy("the process was asked to stop")
            take_events(app, parser, call)


def reconcile(errand: Errand) -> None:
    """None, when what can be found out about the uncertain is; see `newsletter reconcile`."""
    with _opened(errand) as app:
        reconcile_requests(app)


def read_lists(errand: Errand) -> None:
    """None, when the provider's lists of suppressed addresses are read."""
    with _opened(errand) as app:
        signal.signal(signal.SIGTERM, lambda *_: app.stop())
        pull_suppressions(app)


@contextmanager
def _opened(errand: Errand) -> Iterator[App]:
    with open_app(errand.project, errand.environ) as app:
        clock = HurriedClock(
            app.clock, errand.began, hurry=errand.hurry, jump=errand.jump, jump_after=errand.jump_after
        )
        yield replace(app, clock=clock)


def _run(work: Work, errand: Errand) -> None:
    _end_with_the_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who stops the drill stops its parent
    os.environ["NEWSLETTER_FAULT"] = errand.fault
    _narrow_sqlite(errand)
    try:
        work(errand)
    except NewsletterError:
        sys.exit(STOPPED_BY_ITSELF)


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101 - this runs in a child

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _narrow_sqlite(errand: Errand) -> None:
    """None; connections that are opened from now on wait shortly, and may find the disk full."""

    @event.listens_for(Engine, "connect")
    def narrow(connection: object, _entry: object) -> None:
        import sqlite3

        if isinstance(connection, sqlite3.Connection):
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            if errand.room is not None:
                pages = connection.execute("PRAGMA page_count").fetchone()[0]
                connection.execute(f"PRAGMA max_page_count = {pages + errand.room}")
