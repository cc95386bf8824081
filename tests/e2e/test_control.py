"""A person at another keyboard: pause, cancel and resume reach a sender in its own process at once."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.drill.sendgrid.emulator import SendGridEmulator
from newsletter.models import IssueState, SendProgress
from newsletter.store.engine import Database
from tests.support.ledgers import ISSUE, Desk, desk
from tests.support.sender_process import BATCH_SIZE, Errand, end, real_now, start

READERS = 3 * BATCH_SIZE
SENDING = [IssueState.FROZEN, IssueState.SUBMITTING]


@pytest.fixture
def at(sqlite_url: str, opened: Callable[[str], Database]) -> Desk:
    prepared = desk(opened(sqlite_url))
    prepared.subscribe(READERS)
    prepared.draft()
    return prepared


@pytest.mark.parametrize("state", [IssueState.PAUSED, IssueState.CANCELLED])
def test_a_sender_that_waits_for_an_hour_ends_when_another_process_says_so(
    at: Desk, sqlite_url: str, tmp_path: Path, state: IssueState
) -> None:
    with SendGridEmulator() as sendgrid:
        sendgrid.script("accept", {"kind": "throttle_retry_after", "value": 3600})
        errand = Errand(
            database_url=sqlite_url, locks=tmp_path / "locks", provider_url=sendgrid.url, began=real_now()
        )
        sender = start(errand)
        waiting = SendProgress(audience=READERS, submitted=BATCH_SIZE, pending=READERS - BATCH_SIZE)
        until(lambda: sendgrid.requests == 2 and at.ledger.progress(ISSUE) == waiting)
        at.issues.set_state(ISSUE, state, expected=SENDING)
        assert end(sender, within=10) == 0
        assert at.state() is state
        assert at.progress() == waiting
        assert sendgrid.requests == 2


def test_a_pause_is_heeded_after_the_request_under_way_and_a_resume_goes_on_with_the_rest(
    at: Desk, sqlite_url: str, tmp_path: Path
) -> None:
    with SendGridEmulator() as sendgrid:
        sendgrid.script("accept", *["throttle_plain"] * 6)  # so that it lasts more than a second
        errand = Errand(
            database_url=sqlite_url, locks=tmp_path / "locks", provider_url=sendgrid.url, began=real_now()
        )
        sender = start(errand)
        until(lambda: sendgrid.requests >= 1)
        at.issues.set_state(ISSUE, IssueState.PAUSED, expected=SENDING)
        seen = sendgrid.requests
        assert end(sender, within=10) == 0
        assert sendgrid.requests <= seen + 1
        at.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=[IssueState.PAUSED])
        assert end(start(errand)) == 0
        assert at.progress() == SendProgress(audience=READERS, submitted=READERS)
        assert len(sendgrid.copies()) == READERS


def until(condition: Callable[[], bool], *, within: float = 20.0) -> None:
    """None, as soon as the condition holds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it never came to this"
        time.sleep(0.005)
