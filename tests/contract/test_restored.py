"""An old copy of the database is known for one, and nobody gets a second letter by it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.models import IssueState, Lease
from newsletter.store.engine import Database
from newsletter.store.ledger import SqlLedger
from newsletter.store.mark import Mark
from newsletter.store.restoring import SqlRestoring
from newsletter.store.schema import backup, open_database, upgrade
from newsletter.usecases.restoring import RESTORED
from tests.support.databases import BORN
from tests.support.ledgers import ISSUE, SENDER, Desk, desk, letter, specs


@pytest.fixture
def mark(tmp_path: Path, database: Database) -> Iterator[Mark]:
    with closing(Mark(tmp_path / "outside" / "mark", database)) as mark:
        yield mark


def marked(database: Database, mark: Mark) -> Desk:
    seen = desk(database)
    return Desk(
        database=database,
        clock=seen.clock,
        ledger=SqlLedger(database, mark=mark),
        issues=seen.issues,
        subscribers=seen.subscribers,
    )


def test_a_new_database_has_nothing_to_doubt(mark: Mark) -> None:
    assert mark.read() is None
    assert mark.doubts() == ""


def test_each_claim_moves_the_mark_to_where_the_database_is(database: Database, mark: Mark) -> None:
    seen = marked(database, mark)
    seen.freeze(6, batch_size=2)
    lease = seen.lease()
    for _ in range(3):
        seen.record(seen.claim(lease))
        assert mark.read() == mark.database()
        assert mark.doubts() == ""


def test_the_highest_number_of_several_writers_stays(mark: Mark) -> None:
    for number in (3, 7, 5):
        mark.reached(number)
    reached = mark.read()
    assert reached is not None
    assert reached.number == 7


def test_a_mark_that_was_deleted_or_put_back_is_written_again(mark: Mark, tmp_path: Path) -> None:
    file = tmp_path / "outside" / "mark"
    mark.reached(3)
    copy = file.read_bytes()
    mark.reached(7)
    file.unlink()
    mark.reached(8)
    assert mark.read() == replace(mark.database(), number=8)
    file.with_name("copy").write_bytes(copy)
    file.with_name("copy").replace(file)
    mark.reached(9)
    assert mark.read() == replace(mark.database(), number=9)


def test_of_a_longer_line_nothing_is_left(mark: Mark, tmp_path: Path) -> None:
    file = tmp_path / "outside" / "mark"
    mark.reached(3)
    file.write_text(f"{'x' * 120} 9\n", encoding="utf-8")
    mark.reached(4)
    assert mark.read() == replace(mark.database(), number=4)


def test_a_mark_ahead_of_the_database_is_doubted_until_it_is_set_anew(mark: Mark) -> None:
    mark.reached(mark.database().number + 2)
    assert "older than the last send (2 requests later)" in mark.doubts()
    mark.set_anew()
    assert mark.doubts() == ""


def test_another_database_than_the_one_that_was_sent_from_is_doubted(
    mark: Mark, tmp_path: Path, opened: Callable[[str], Database]
) -> None:
    mark.reached(1)
    url = f"sqlite:///{tmp_path}/other/newsletter.db"
    upgrade(url, now=BORN)
    other = Mark(tmp_path / "outside" / "mark", opened(url))
    assert "not the database" in other.doubts()


def test_a_mark_that_cannot_be_written_is_told_and_stops_no_claim(
    tmp_path: Path, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a-file").touch()
    seen = marked(database, Mark(tmp_path / "a-file" / "mark", database))
    seen.freeze(1, batch_size=1)
    assert seen.claim(seen.lease()).deliveries
    assert "old copy" in caplog.text


def test_who_waits_in_a_restored_database_is_uncertain_and_the_sums_hold(database: Database) -> None:
    seen = desk(database)
    seen.freeze(6, batch_size=2)
    lease = seen.lease()
    seen.record(seen.claim(lease))
    restoring = SqlRestoring(database)
    assert restoring.doubt_pending(RESTORED, provider="outbox", now=seen.clock.now()) == {ISSUE: 4}
    assert restoring.doubt_pending(RESTORED, provider="outbox", now=seen.clock.now()) == {}
    progress = seen.progress()
    assert (progress.submitted, progress.uncertain, progress.pending) == (2, 4, 0)
    assert seen.next_claim(lease) is None
    assert seen.ledger.finish(lease, ISSUE, seen.clock.now()) is IssueState.SUBMITTED


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.integers(0, 5), after=st.integers(0, 5), unanswered=st.booleans(), paused=st.booleans())
def test_whenever_the_copy_was_made_no_address_gets_a_second_letter(
    tmp_path_factory: pytest.TempPathFactory, before: int, after: int, unanswered: bool, paused: bool
) -> None:
    """The copy is made after so many requests, put back after so many more of which the last may be
    without an answer, and the restored database sent from again as far as it lets itself be."""
    file = tmp_path_factory.mktemp("restored") / "newsletter.db"
    copies: Counter[str] = Counter()
    with _opened(file) as (seen, _mark):
        seen.freeze(10, batch_size=1)
        lease = seen.lease()
        _hand_over(seen, lease, copies, before)
        if paused:
            seen.ledger.pause(ISSUE, note="by hand")
        backup(seen.database, file.with_name("copy"))
        _resume(seen)
        _hand_over(seen, lease, copies, after, unanswered=unanswered)
    _put_back(file)
    with _opened(file) as (seen, mark):
        assert bool(mark.doubts()) == (after > 0)
        if mark.doubts():
            SqlRestoring(seen.database).doubt_pending(RESTORED, provider="outbox", now=seen.clock.now())
            mark.set_anew()
        _resume(seen)
        lease = seen.take_over()
        seen.ledger.recover(lease, ISSUE, seen.clock.now())
        _hand_over(seen, lease, copies, 10)
        assert mark.doubts() == ""
    assert max(copies.values(), default=1) == 1


def test_a_draft_that_was_frozen_and_sent_since_is_known_to_be_old(tmp_path: Path) -> None:
    file = tmp_path / "newsletter.db"
    with _opened(file) as (seen, _mark):
        seen.subscribe(3)
        seen.draft()
        backup(seen.database, file.with_name("copy"))
        seen.ledger.freeze(letter(), SENDER, batch_size=1, now=seen.clock.now())
        _hand_over(seen, seen.lease(), Counter(), 1)
    _put_back(file)
    with _opened(file) as (seen, mark):
        assert seen.state() is IssueState.DRAFT
        assert "older than the last send (1 request later)" in mark.doubts()


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Desk, Mark]]:
    """The database of this file as one process opens it, with its mark beside it."""
    upgrade(f"sqlite:///{file}", now=BORN)
    with (
        closing(open_database(f"sqlite:///{file}", now=BORN)) as database,
        closing(Mark(file.with_name("mark"), database)) as mark,
    ):
        yield marked(database, mark), mark


def _hand_over(
    seen: Desk, lease: Lease, copies: Counter[str], requests: int, *, unanswered: bool = False
) -> None:
    """None; at most so many requests are accepted; with `unanswered` the last one's answer is lost."""
    for number in range(1, requests + 1):
        claim = seen.next_claim(lease)
        if claim is None:
            return
        copies.update(specs(claim))
        if not (unanswered and number == requests):
            seen.record(claim)


def _resume(seen: Desk) -> None:
    if seen.state() is IssueState.PAUSED:
        seen.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=[IssueState.PAUSED])


def _put_back(file: Path) -> None:
    """None; the copy stands where the database stood."""
    for old in file.parent.glob(f"{file.name}*"):
        old.unlink()
    file.with_name("copy").rename(file)
