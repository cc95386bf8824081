"""Settling over every database: what was in doubt is counted once, and comes back only when it may."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text, update

from newsletter.models import (
    AttemptId,
    BatchState,
    Claim,
    IssueState,
    OpenAttempt,
    SendProgress,
    Verdict,
    Witness,
)
from newsletter.store import settling, tables
from newsletter.store.engine import Database
from newsletter.store.settling import SqlSettling
from newsletter.store.tables import AttemptState
from tests.support.ledgers import ISSUE, Desk, desk, rejected, specs

ENDS = ("accepted", "void", "silent", "events", "give up", "resend")


@pytest.fixture
def at(database: Database) -> Desk:
    return desk(database)


@pytest.fixture
def settler(database: Database) -> SqlSettling:
    return SqlSettling(database)


def doubt(at: Desk, *, readers: int = 6, batch_size: int = 3) -> Claim:
    """A request that was made for the first batch and never answered; the rest is submitted."""
    at.freeze(readers, batch_size=batch_size)
    lease = at.lease()
    doubted = at.claim(lease)
    while (claim := at.next_claim(lease)) is not None:
        assert isinstance(claim, Claim)
        at.record(claim)
    at.ledger.mark_uncertain(doubted, detail="time-out", now=at.clock.now())
    assert at.ledger.finish(lease, ISSUE, at.clock.now()) is IssueState.SUBMITTED
    at.ledger.drop(lease)
    return doubted


def tell(at: Desk, attempt: str, delivery: str = "", *, kind: str = "delivered", address: str = "") -> None:
    """An event of this attempt came in."""
    with at.database.writing() as connection:
        number = len(connection.execute(select(tables.provider_events.c.id)).all())
        connection.execute(
            insert(tables.provider_events).values(
                provider="sendgrid",
                provider_event_id=f"event {number}",
                fingerprint=f"print {number}",
                type=kind,
                occurred_at=at.clock.now(),
                received_at=at.clock.now(),
                delivery_id=delivery or None,
                attempt_id=attempt,
                addr_spec=address,
                permanent=False,
            )
        )


def attempt_row(at: Desk, attempt: AttemptId) -> tuple[str, str]:
    """(state, detail)"""
    with at.database.reading() as connection:
        row = connection.execute(select(tables.attempts).where(tables.attempts.c.id == attempt)).one()
    return row.state, row.detail


def end(at: Desk, settler: SqlSettling, attempt: AttemptId, way: str) -> int:
    now = at.clock.now()
    if way == "events":
        tell(at, attempt)
        return settler.settle_by_events(now)
    if way == "give up":
        return settler.give_up(attempt, "nothing came to light", now)
    if way == "resend":
        return settler.resend(attempt, "by hand", now)
    return settler.settle(attempt, Verdict(way), "the logs say so", now)


def test_an_attempt_in_doubt_is_told_with_those_who_went_along(at: Desk, settler: SqlSettling) -> None:
    at.freeze(4, batch_size=4)
    at.unsubscribe("reader2@example.com")
    lease = at.lease()
    first = at.claim(lease)
    at.ledger.reject(first, rejected(first, 0), at.clock.now())
    claim = at.claim(lease)
    at.ledger.mark_uncertain(claim, detail="time-out", now=at.clock.now())
    with at.database.writing() as connection:
        connection.execute(
            update(tables.attempts)
            .where(tables.attempts.c.id == claim.attempt)
            .values(cancel_id="B1", send_at=at.clock.now(), provider="sendgrid")
        )
    [attempt] = settler.open_attempts()
    assert attempt == OpenAttempt(
        id=claim.attempt,
        issue_id=ISSUE,
        provider="sendgrid",
        started_at=at.clock.now(),
        deliveries=claim.deliveries,
        cancel_id="B1",
        send_at=at.clock.now(),
    )
    assert [delivery.address.addr_spec for delivery in attempt.deliveries] == specs(claim)
    assert list(settler.open_attempts(ISSUE)) == [attempt]
    assert list(settler.open_attempts(type(ISSUE)("another"))) == []


@pytest.mark.parametrize(
    ("way", "state", "counted"),
    [
        ("accepted", "confirmed", {"submitted": 6}),
        ("events", "confirmed", {"submitted": 6}),
        ("void", "void", {"submitted": 3, "pending": 3}),
        ("resend", "expired", {"submitted": 3, "pending": 3}),
        ("give up", "expired", {"submitted": 3, "unknown": 3}),
        ("silent", "uncertain", {"submitted": 3, "uncertain": 3}),
    ],
)
def test_what_settles_a_doubt_moves_everybody_once(
    at: Desk, settler: SqlSettling, way: str, state: str, counted: dict[str, int]
) -> None:
    claim = doubt(at)
    assert end(at, settler, claim.attempt, way) == (0 if way == "silent" else 3)
    assert end(at, settler, claim.attempt, way) == 0
    assert at.progress() == SendProgress(audience=6, **counted)
    assert at.state() is (IssueState.SUBMITTING if "pending" in counted else IssueState.SUBMITTED)
    assert attempt_row(at, claim.attempt)[0] == state
    assert attempt_row(at, claim.attempt)[1].startswith("time-out")
    assert len(list(settler.open_attempts())) == (way == "silent")


@pytest.mark.parametrize("way", ["accepted", "void", "events", "give up", "resend"])
def test_a_request_of_which_several_runs_are_in_doubt_is_settled_as_a_whole(
    at: Desk, settler: SqlSettling, way: str
) -> None:
    claim = doubt(at)
    with at.database.writing() as connection:  # of three people the second was accepted
        batch = connection.execute(select(tables.batches).where(tables.batches.c.first_seq == 1)).one()
        mine = update(tables.batches).where(tables.batches.c.id == batch.id)
        connection.execute(mine.values(last_seq=1, size=1, uncertain=1))
        for seq, state in ((2, "submitted"), (3, "uncertain")):
            values = {"issue": batch.issue, "first_seq": seq, "last_seq": seq, "size": 1, state: 1}
            connection.execute(insert(tables.batches).values(state=state, attempt=claim.attempt, **values))
    [attempt] = settler.open_attempts()
    assert [delivery.id for delivery in attempt.deliveries] == [f"{ISSUE}.1", f"{ISSUE}.3"]
    assert end(at, settler, claim.attempt, way) == 2
    counted = {"void": "pending", "resend": "pending", "give up": "unknown"}.get(way, "submitted")
    assert list(at.statuses().values()) == [counted, "submitted", counted, *["submitted"] * 3]


def test_a_settlement_is_told_beside_the_reason_of_the_doubt(at: Desk, settler: SqlSettling) -> None:
    claim = doubt(at)
    settler.settle(claim.attempt, Verdict.VOID, "called back in time", at.clock.now())
    assert attempt_row(at, claim.attempt)[1] == "time-out; called back in time"


def test_who_is_pending_again_is_handed_out_again_and_nobody_else(at: Desk, settler: SqlSettling) -> None:
    claim = doubt(at)
    settler.settle(claim.attempt, Verdict.VOID, "called back", at.clock.now())
    lease = at.lease("two")
    again = at.claim(lease)
    assert (specs(again), again.attempt == claim.attempt) == (specs(claim), False)
    at.record(again)
    assert at.next_claim(lease) is None
    assert at.ledger.finish(lease, ISSUE, at.clock.now()) is IssueState.SUBMITTED
    assert at.progress() == SendProgress(audience=6, submitted=6)


@pytest.mark.parametrize("way", [way for way in ENDS if way != "events"])
def test_a_request_that_a_sender_is_still_at_is_left_alone(at: Desk, settler: SqlSettling, way: str) -> None:
    at.freeze(3, batch_size=3)
    claim = at.claim(at.lease())
    assert end(at, settler, claim.attempt, way) == 0
    assert at.progress() == SendProgress(audience=3, submitting=3)
    at.record(claim)
    assert at.progress() == SendProgress(audience=3, submitted=3)


def test_the_senders_own_late_answer_changes_nothing_that_is_settled(at: Desk, settler: SqlSettling) -> None:
    claim = doubt(at)
    settler.settle(claim.attempt, Verdict.VOID, "called back", at.clock.now())
    at.record(claim)
    assert at.progress() == SendProgress(audience=6, submitted=3, pending=3)
    assert attempt_row(at, claim.attempt)[0] == "void"


def test_an_event_of_unknown_kind_proves_nothing(at: Desk, settler: SqlSettling) -> None:
    claim = doubt(at)
    tell(at, claim.attempt, kind="unknown")
    tell(at, "of another program")
    assert settler.settle_by_events(at.clock.now()) == 0
    assert at.progress().uncertain == 3


def test_an_event_that_comes_after_a_request_was_given_up_still_counts(
    at: Desk, settler: SqlSettling
) -> None:
    claim = doubt(at)
    settler.give_up(claim.attempt, "nothing came to light", at.clock.now())
    tell(at, claim.attempt)
    assert settler.settle_by_events(at.clock.now()) == 3
    assert at.progress() == SendProgress(audience=6, submitted=6)
    assert attempt_row(at, claim.attempt)[0] == "confirmed"


def test_an_event_of_a_request_that_was_made_again_moves_nobody(at: Desk, settler: SqlSettling) -> None:
    claim = doubt(at)
    settler.resend(claim.attempt, "by hand", at.clock.now())
    tell(at, claim.attempt)
    assert settler.settle_by_events(at.clock.now()) == 0
    assert at.progress() == SendProgress(audience=6, submitted=3, pending=3)


def test_a_webhook_call_confirms_the_attempts_that_it_names(at: Desk, settler: SqlSettling) -> None:
    claim = doubt(at)
    with at.database.writing() as connection:
        assert settling.confirm(connection, {AttemptId("nobody's"), claim.attempt}, at.clock.now()) == 3
        assert settling.confirm(connection, {claim.attempt}, at.clock.now()) == 0
    assert at.progress() == SendProgress(audience=6, submitted=6)


def test_witnesses_are_the_accepted_requests_of_that_time_with_their_last_event(
    at: Desk, settler: SqlSettling
) -> None:
    at.freeze(10, batch_size=2)
    lease = at.lease()
    claims = []
    for _ in range(5):
        claim = at.claim(lease)
        claims.append(claim)
        at.clock.advance(minutes=40)
        lease = at.take_over(f"owner of {len(claims)}")
    early, near, doubted, told, silent = claims
    for claim in (early, near, told, silent):
        at.record(claim)
    at.ledger.mark_uncertain(doubted, detail="time-out", now=at.clock.now())
    tell(at, told.attempt)
    at.clock.advance(hours=1)
    tell(at, told.attempt)
    tell(at, silent.attempt, kind="unknown")
    [attempt] = settler.open_attempts()
    seen = settler.witnesses(attempt, timedelta(hours=3))
    assert [witness.heard_at for witness in seen] == [None, at.clock.now(), None]
    assert [witness.started_at for witness in seen] == sorted(witness.started_at for witness in seen)
    assert settler.witnesses(attempt, timedelta(hours=1)) == [
        Witness(started_at=seen[0].started_at, heard_at=None),
        Witness(started_at=seen[1].started_at, heard_at=at.clock.now()),
    ]


def test_an_issue_to_which_work_comes_back_while_its_sender_ends_is_not_done(
    at: Desk, settler: SqlSettling
) -> None:
    claim = doubt(at)
    lease = at.lease("the sender who ends")
    with at.database.writing() as connection:
        connection.execute(update(tables.issues).values(state=IssueState.SUBMITTING))
    with ThreadPoolExecutor(1) as pool:
        with at.database.writing() as connection:
            handed_back = settling._close(
                connection, claim.attempt, AttemptState.VOID, BatchState.PENDING, "void", at.clock.now()
            )
            assert handed_back == 3
            ended = pool.submit(at.ledger.finish, lease, ISSUE, at.clock.now())
            if not at.database.is_sqlite:
                until_somebody_waits(at.database)
        assert ended.result() is IssueState.SUBMITTING
    assert at.progress().pending == 3


def until_somebody_waits(database: Database) -> None:
    """None, when another connection waits for a lock."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = :name")
    for _ in range(2000):
        with database.reading() as connection:
            if connection.scalar(waiting, {"name": database.url.database}):
                return
    raise AssertionError("nobody ever waited")
