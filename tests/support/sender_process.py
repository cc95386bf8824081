"""A sender as its own process, quick to start and ready to be killed at any point.

Processes are forked from a server that has the program imported already, so that a test can
afford a hundred of them. They are real: SIGKILL takes them as it takes any other.
"""

import multiprocessing
import os
import signal
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from newsletter.drill.sendgrid.emulator import KEY
from newsletter.errors import Busy
from newsletter.providers.sendgrid import SendGridProvider
from newsletter.store.leases import new_owner
from newsletter.store.ledger import SqlLedger
from newsletter.store.schema import open_database
from newsletter.usecases.send import freeze_issue, send_issue
from tests.support.databases import BORN
from tests.support.ledgers import ISSUE, SENDER, letter
from tests.support.scripted import plain_recipients

BATCH_SIZE = 50
TIMEOUT = 0.4
"""Seconds that a sender of these tests gives the provider for one request."""
HURRY = 50
"""The senders' clock runs so many times as fast as the real one."""
BUSY = 75

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.support.sender_process"])


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What all senders of one run are told."""

    database_url: str
    locks: Path
    provider_url: str
    began: datetime
    connections: int = 1


class HurriedClock:
    """The real time, run faster since the errand began; `sleep` ends early once `stopped` is set."""

    def __init__(self, errand: Errand) -> None:
        self._began = errand.began
        self.stopped = threading.Event()

    def now(self) -> datetime:
        return self._began + (real_now() - self._began) * HURRY

    def sleep(self, seconds: float) -> None:
        self.stopped.wait(seconds / HURRY)


def real_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 -- senders in other processes share no other clock


def start(errand: Errand, *, fault: str = "") -> ForkServerProcess:
    """A sender at work; `fault` is the value of NEWSLETTER_FAULT."""
    process = _context.Process(target=_send, args=(errand, fault), daemon=True)
    process.start()
    return process


def end(process: ForkServerProcess, *, within: float = 30.0) -> int:
    """How the process ended: its exit status, or the signal's number below zero."""
    process.join(within)
    status = process.exitcode
    if status is None:
        process.kill()
        process.join()
        raise AssertionError(f"the sender had not ended after {within} s")
    process.close()
    return status


def _send(errand: Errand, fault: str) -> None:
    """Freezes and sends the issue as `newsletter send` does; exit status 0, or 75 when busy."""
    os.environ["NEWSLETTER_FAULT"] = fault
    clock = HurriedClock(errand)
    signal.signal(signal.SIGTERM, lambda *_: clock.stopped.set())
    database = open_database(errand.database_url, now=BORN, locks=errand.locks)
    ledger = SqlLedger(database)
    providers = [
        SendGridProvider(api_key=KEY, base_url=errand.provider_url, timeout=TIMEOUT, now=clock.now)
        for _ in range(errand.connections)
    ]
    email = letter()
    freeze_issue(email, SENDER, ledger=ledger, provider=providers[0], batch_size=BATCH_SIZE, clock=clock)
    try:
        send_issue(
            ISSUE,
            ledger=ledger,
            providers=providers,
            personalise=plain_recipients,
            clock=clock,
            owner=new_owner(),
            stopped=clock.stopped.is_set,
        )
    except Busy:
        sys.exit(BUSY)
