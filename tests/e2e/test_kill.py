"""What exactly a kill costs at each step: who is in doubt afterwards, and who is not.

Real processes, a real HTTP server on loopback, SIGKILL. `test_drill.py` ends senders at all points amid
everything that may go wrong with a provider; here nothing else does, and the doubt is counted.
"""

import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import URL, func, select

from newsletter import faults
from newsletter.drill.sendgrid.emulator import SendGridEmulator
from newsletter.models import IssueState, SendProgress
from newsletter.store import tables
from newsletter.store.engine import Database
from newsletter.store.schema import open_database
from tests.support.databases import BORN
from tests.support.ledgers import Desk, desk
from tests.support.sender_process import BATCH_SIZE, BUSY, Errand, end, real_now, start

READERS = 300
BATCHES = READERS // BATCH_SIZE
LEAVER = "reader299@example.com"
"""Someone of the last batch, who unsubscribes while the sender lies dead."""
KILLED = -signal.SIGKILL
NOBODY = "http://127.0.0.1:9"
"""Where nobody listens: the port of the discard service of old."""

LOST_ANSWER = {
    "after-claim", "after-connect", "half-body", "after-body", "after-answer", "inside-record",
}  # fmt: skip
"""Where a kill leaves a request open: nobody can know what the provider did with it."""


@dataclass(kw_only=True)
class Run:
    """One issue, its senders and its provider."""

    errand: Errand
    sendgrid: SendGridEmulator
    at: Desk

    def send(self, fault: str = "") -> int:
        return end(start(self.errand, fault=fault))

    def send_until_done(self) -> SendProgress:
        """The sums at the end, when a sender that nobody disturbed has done what there was to do."""
        assert self.send() == 0
        progress = self.at.progress()
        assert self.at.state() is IssueState.SUBMITTED
        return progress

    def leaver_leaves(self) -> str:
        """Where they stood at that moment: `absent` from the audience, or their delivery's status."""
        stood = self.at.statuses().get(LEAVER, "absent")
        self.at.unsubscribe(LEAVER)
        return stood


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with 300 readers and a draft, to be copied for each run."""
    path = tmp_path_factory.mktemp("kill") / "newsletter.db"
    database = open_database(f"sqlite:///{path}", now=BORN)
    _prepare(desk(database))
    database.close()
    return path


@pytest.fixture
def run(prepared: Path, tmp_path: Path, opened: Callable[[str], Database]) -> Iterator[Run]:
    shutil.copy(prepared, tmp_path / "newsletter.db")
    yield from _run(f"sqlite:///{tmp_path}/newsletter.db", tmp_path, opened)


@pytest.fixture
def run_on_postgresql(
    postgresql_database: Callable[[], URL], tmp_path: Path, opened: Callable[[str], Database]
) -> Iterator[Run]:
    url = postgresql_database().render_as_string(hide_password=False)
    _prepare(desk(opened(url)))
    yield from _run(url, tmp_path, opened)


def _run(url: str, tmp_path: Path, opened: Callable[[str], Database]) -> Iterator[Run]:
    with SendGridEmulator() as sendgrid:
        errand = Errand(
            database_url=url, locks=tmp_path / "locks", provider_url=sendgrid.url, began=real_now()
        )
        yield Run(errand=errand, sendgrid=sendgrid, at=desk(opened(url)))


def _prepare(at: Desk) -> None:
    at.subscribe(READERS)
    at.draft()


# --- the properties ---------------------------------------------------------------------------------


def check(run: Run, *, leaver: str = "stayed") -> SendProgress:
    """The sums, when all properties hold; `leaver` is where they stood when they left."""
    progress, statuses = run.at.progress(), run.at.statuses()
    copies = Counter(copy.address for copy in run.sendgrid.copies())
    # I1: no address has two accepted copies.
    assert max(copies.values(), default=0) <= 1
    # I2: nobody who had left before their claim has one.
    if leaver in {"absent", "pending"}:
        assert copies[LEAVER] == 0
        assert statuses.get(LEAVER, "absent") == {"absent": "absent", "pending": "suppressed_since"}[leaver]
    # I3: what the ledger says of a recipient is so at the provider.
    for address, status in statuses.items():
        if status != "uncertain":
            assert copies[address] == (status == "submitted"), (address, status)
    # I4: every frozen recipient is in one final state, and the counts add up.
    counted = Counter(statuses.values())
    assert progress.balanced
    assert len(statuses) == progress.audience == READERS - (leaver == "absent")
    for name in tables.COUNTERS:
        assert getattr(progress, name) == counted[name], name
    # I5: all copies hold the same letter.
    contents = {msgspec.json.encode((body["subject"], body["content"])) for body in run.sendgrid.bodies()}
    assert len(contents) == 1
    # I8: a batch is in one request, and in one more for each that was certainly not accepted.
    attempts = attempt_states(run)
    retries = attempts["released"] + attempts["refused"]
    assert sum(attempts.values()) <= BATCHES + retries
    assert run.sendgrid.requests <= sum(attempts.values())
    assert attempts["inflight"] == 0
    return progress


def attempt_states(run: Run) -> Counter[str]:
    with run.at.database.reading() as connection:
        by_state = select(tables.attempts.c.state, func.count()).group_by(tables.attempts.c.state)
        return Counter({row[0]: row[1] for row in connection.execute(by_state)})


def lost(points: Sequence[str]) -> int:
    return BATCH_SIZE * sum(point.partition("@")[0] in LOST_ANSWER for point in points)


# --- the tests ------------------------------------------------------------------------------------------


def test_a_run_that_nobody_disturbs_needs_no_doubt(run: Run) -> None:
    progress = run.send_until_done()
    assert check(run) == progress == SendProgress(audience=READERS, submitted=READERS)  # I7
    assert run.sendgrid.requests == BATCHES


POINTS = [
    "before-freeze",
    "inside-freeze",
    "after-freeze",
    "before-claim@2",
    "inside-claim@2",
    "after-claim@3",
    "after-connect@2",
    "half-body@2",
    "after-body@3",
    "after-answer@2",
    "inside-record@2",
    "after-record@3",
    "before-finish",
]


def test_every_point_is_killed_at() -> None:
    killed_at = {point.partition("@")[0] for point in POINTS} | {"inside-recovery"}
    assert killed_at == {*faults.POINTS[: faults.POINTS.index("before-finish") + 1]}


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_leaves_the_request_under_way_in_doubt_and_no_other(run: Run, point: str) -> None:
    assert run.send(point) == KILLED
    leaver = run.leaver_leaves()
    run.send_until_done()
    assert check(run, leaver=leaver).uncertain == lost([point])


def test_a_kill_while_recovering_from_a_kill(run: Run) -> None:
    assert run.send("after-answer@2") == KILLED
    assert run.send("inside-recovery") == KILLED
    assert run.send("inside-claim@2") == KILLED
    run.send_until_done()
    assert check(run).uncertain == BATCH_SIZE


def test_a_kill_at_every_batch(run: Run) -> None:
    points = ["after-claim", "inside-record", "after-record", "inside-claim@2", "after-answer"]
    for point in points:
        assert run.send(point) == KILLED
    run.send_until_done()
    assert check(run).uncertain == lost(points)


@pytest.mark.parametrize(
    ("fate", "accepted"),
    [("hang_before_reading", False), ("accept_then_hang", True)],
    ids=["before it reads", "after it accepted"],
)
def test_a_kill_while_the_provider_has_the_request(run: Run, fate: str, accepted: bool) -> None:
    run.sendgrid.script("accept", fate)
    sender = start(run.errand)
    copies = BATCH_SIZE * (2 if accepted else 1)
    until(lambda: run.sendgrid.requests == 2 and len(run.sendgrid.copies()) == copies)
    sender.kill()
    assert end(sender) == KILLED
    run.send_until_done()
    assert check(run).uncertain == BATCH_SIZE


def test_a_provider_that_hangs_makes_one_batch_uncertain(run: Run) -> None:
    run.sendgrid.script("accept", "accept_then_hang")
    run.send_until_done()
    assert check(run).uncertain == BATCH_SIZE


@pytest.mark.parametrize("point", ["after-claim", "after-answer", "after-record"])
def test_a_kill_while_the_provider_is_away(run: Run, point: str) -> None:
    away = replace(run.errand, provider_url=NOBODY)
    assert end(start(away, fault=point)) == KILLED
    run.send_until_done()
    assert check(run).uncertain == lost([point])


@pytest.mark.parametrize("point", ["after-claim@2:TERM", "after-answer@2:TERM", "before-claim@3:TERM"])
def test_a_polite_stop_leaves_no_doubt(run: Run, point: str) -> None:
    assert run.send(point) == 0
    assert run.at.state() is IssueState.SUBMITTING
    assert 0 < run.at.progress().pending < READERS
    run.send_until_done()
    assert check(run).submitted == READERS


def test_senders_that_start_together_send_one_copy(run: Run) -> None:
    senders = [start(run.errand) for _ in range(4)]
    ends = Counter(end(sender) for sender in senders)
    assert set(ends) <= {0, BUSY}
    assert check(run) == SendProgress(audience=READERS, submitted=READERS)


@pytest.mark.parametrize(
    "point", ["", "inside-claim@4", "after-claim@4", "after-answer@3", "inside-record@3"]
)
def test_a_kill_with_three_requests_under_way_costs_these_at_most(run: Run, point: str) -> None:
    busy = replace(run.errand, connections=3)
    assert end(start(busy, fault=point)) == (KILLED if point else 0)
    leaver = run.leaver_leaves()
    run.send_until_done()
    assert check(run, leaver=leaver).uncertain <= (3 * BATCH_SIZE if point else 0)


@pytest.mark.parametrize(
    "point", ["inside-freeze", "inside-claim@2", "after-claim@2", "after-answer@3", "inside-record"]
)
def test_a_kill_on_postgresql(run_on_postgresql: Run, point: str) -> None:
    run = run_on_postgresql
    run.sendgrid.script("accept", "throttle_plain")
    assert run.send(point) == KILLED
    run.send_until_done()
    assert check(run).uncertain == lost([point])


def test_senders_that_start_together_on_postgresql_send_one_copy(run_on_postgresql: Run) -> None:
    senders = [start(run_on_postgresql.errand) for _ in range(3)]
    assert {end(sender) for sender in senders} <= {0, BUSY}
    assert check(run_on_postgresql) == SendProgress(audience=READERS, submitted=READERS)


def until(condition: Callable[[], bool], *, within: float = 20.0) -> None:
    """None, as soon as the condition holds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it never came to this"
        time.sleep(0.005)
