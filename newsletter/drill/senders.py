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
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from sqlalchemy import Engine, event

from newsletter.errors import Busy, NewsletterError
from newsletter.models import IssueId
from newsletter.ports import Clock
from newsletter.usecases import review, send  # noqa: F401 - imported once, before the processes fork
from newsletter.wiring import open_app

ISSUE = IssueId("drill")
HURRY = 50
"""The senders' clock runs so many times as fast as the real one."""
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
    jump: timedelta = timedelta()
    """How far the clock is set forward or back while the sender works."""
    jump_after: int = 0
    """Looks at the clock before it jumps; 0: it has jumped already."""
    room: int | None = None
    """Pages by which the SQLite file may still grow; None: any number."""


Work = Callable[[Errand], None]
"""What a sender's process does; it must be a function of a module, so that a new process finds it."""


class HurriedClock:
    """The real time, run faster since the errand began, with its jump."""

    def __init__(self, real: Clock, errand: Errand) -> None:
        self._real = real
        self._errand = errand
        self._looks = 0

    def now(self) -> datetime:
        self._looks += 1
        jump = self._errand.jump if self._looks > self._errand.jump_after else timedelta()
        return self._errand.began + (self._real.now() - self._errand.began) * HURRY + jump

    def sleep(self, seconds: float) -> None:
        self._real.sleep(seconds / HURRY)


def start(errand: Errand, work: Work) -> ForkServerProcess:
    """A process at work; it ends with this one, whatever ends this one."""
    process = _context.Process(target=_run, args=(work, errand), daemon=True)
    process.start()
    return process


def send_issue(errand: Errand) -> None:
    """None, when the issue is submitted, paused or cancelled, or the sender was asked to stop.

    Raises what `newsletter send` would end with, Busy only after many tries.
    """
    with open_app(errand.project, errand.environ) as opened:
        clock = HurriedClock(opened.clock, errand)
        app = replace(opened, clock=clock)
        signal.signal(signal.SIGTERM, lambda *_: app.stop())
        for _ in range(TRIES):
            try:
                app.send(ISSUE)
            except Busy:
                clock.sleep(1)
                if app.stopped.is_set():
                    return
            else:
                return
        raise Busy("another sender never ended")


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
