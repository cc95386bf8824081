"""The ledger over every database: nobody is lost, nobody is handed out twice, sums add up."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL, delete, insert, select, text, update

from newsletter.errors import Busy, LeaseLost, NeedsAttention, NotFound, WrongState
from newsletter.models import (
    Address,
    Canary,
    Claim,
    FrozenIssue,
    IssueId,
    IssueState,
    MergeField,
    Sender,
    SendOutcome,
    SendProgress,
    SendStatus,
    SubscriberStatus,
)
from newsletter.store import claims, tables
from newsletter.store.accounts import SqlAccounts
from newsletter.store.canaries import ranges
from newsletter.store.engine import Database
from newsletter.store.leases import holding
from tests.support.ledgers import ISSUE, SENDER, TTL, Desk, accepted, desk, letter, rejected, specs

Opened = Callable[[str], Database]


@pytest.fixture
def at(database: Database) -> Desk:
    return desk(database)


# --- freeze ---------------------------------------------------------------------------------------


def test_a_freeze_keeps_the_letter_and_the_confirmed_in_order(at: Desk) -> None:
    at.subscribe(3)
    for name, status in (("new", SubscriberStatus.UNCONFIRMED), ("gone", SubscriberStatus.SUPPRESSED)):
        address = Address(addr_spec=f"{name}@example.com")
        at.subscribers.add(address, status=status, consent_source="test", now=at.clock.now())
    at.draft()
    email = replace(letter(), merge_fields=(MergeField(name="token", placeholder="nlX"),))
    sender = Sender(
        address=Address(addr_spec="ada@x.example", display_name="Ada"),
        reply_to=Address(addr_spec="re@x.example"),
        headers={"List-Id": "<x.example>"},
    )
    frozen = at.ledger.freeze(email, sender, batch_size=2, now=at.clock.now())
    assert (frozen.email, frozen.sender, frozen.audience) == (email, sender, 3)
    readers = [f"reader{n}@example.com" for n in (1, 2, 3)]
    assert frozen.audience_sha256 == hashlib.sha256("".join(f"{r}\n" for r in readers).encode()).hexdigest()
    assert at.ledger.frozen(ISSUE) == frozen
    assert at.state() is IssueState.FROZEN
    assert at.progress() == SendProgress(audience=3, pending=3)
    assert [
        (each.delivery_id, each.address.addr_spec, each.status)
        for each in SqlAccounts(at.database).people(ISSUE)
    ] == [(f"{ISSUE}.{n}", reader, "pending") for n, reader in enumerate(readers, 1)]


def test_an_audience_that_is_frozen_never_changes(at: Desk) -> None:
    frozen = at.freeze(2, batch_size=10)
    at.subscribe(5)
    at.unsubscribe("reader1@example.com")
    assert at.ledger.frozen(ISSUE) == frozen
    assert list(at.statuses()) == ["reader1@example.com", "reader2@example.com"]


@pytest.mark.parametrize("state", [IssueState.CANCELLED, IssueState.FROZEN, IssueState.SKIPPED])
def test_only_a_draft_can_be_frozen(at: Desk, state: IssueState) -> None:
    at.subscribe(1)
    at.draft()
    at.issues.set_state(ISSUE, state, expected=[IssueState.DRAFT])
    with pytest.raises(WrongState, match=state):
        at.ledger.freeze(letter(), SENDER, batch_size=2, now=at.clock.now())


def test_of_many_who_freeze_an_issue_all_get_the_same(at: Desk, database_url: str, opened: Opened) -> None:
    at.subscribe(40)
    at.draft()
    desks = [desk(opened(database_url), at.clock) for _ in range(4)]

    def freeze(number: int) -> FrozenIssue:
        email = replace(letter(), subject=f"words of {number}")
        return desks[number].ledger.freeze(email, SENDER, batch_size=7, now=at.clock.now())

    with ThreadPoolExecutor(4) as pool:
        frozen = list(pool.map(freeze, range(4)))
    assert frozen == [at.ledger.frozen(ISSUE)] * 4
    assert at.progress() == SendProgress(audience=40, pending=40)


def test_a_freeze_that_fails_leaves_a_draft(at: Desk) -> None:
    at.draft()
    with pytest.raises(NeedsAttention, match="nobody to send to"):
        at.ledger.freeze(letter(), SENDER, batch_size=2, now=at.clock.now())
    assert at.state() is IssueState.DRAFT
    assert at.ledger.frozen(ISSUE) is None
    assert at.ledger.progress(ISSUE) is None
    with pytest.raises(NotFound):
        at.ledger.freeze(letter(IssueId("other")), SENDER, batch_size=2, now=at.clock.now())


# --- leases ---------------------------------------------------------------------------------------


def test_one_sender_at_a_time_and_each_has_a_higher_fence(at: Desk) -> None:
    first = at.lease("one")
    with pytest.raises(Busy, match="one is at"):
        at.lease("two")
    at.ledger.drop(first)
    second = at.lease("two")
    assert second.fence > first.fence
    at.ledger.drop(first)  # the late drop of an earlier holder frees nothing
    with pytest.raises(Busy):
        at.lease("three")


def test_a_lease_that_ran_out_is_taken_over_and_its_holder_notices(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    first = at.lease("one")
    at.take_over("two")
    with pytest.raises(LeaseLost):
        at.next_claim(first)
    with pytest.raises(LeaseLost):
        at.ledger.recover(first, ISSUE, at.clock.now())
    with pytest.raises(LeaseLost):
        at.ledger.finish(first, ISSUE, at.clock.now())
    assert at.progress().pending == 4


def test_a_claim_renews_the_lease(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    lease = at.lease("one")
    at.clock.advance(seconds=TTL - 1)
    at.claim(lease)
    at.clock.advance(seconds=TTL - 1)
    with pytest.raises(Busy):
        at.lease("two")


def test_a_dead_sender_of_this_host_is_replaced_at_once(at: Desk, database_url: str, opened: Opened) -> None:
    dead = desk(opened(database_url), at.clock)
    lease = dead.lease("one")
    with pytest.raises(Busy):
        at.lease("two")
    lock = dead.ledger._leases._held.pop((lease.name, lease.fence))
    os.close(lock)  # as the kernel does for a process that was killed
    assert at.lease("two").fence == lease.fence + 1


def test_without_lock_files_a_dead_sender_is_waited_for(at: Desk) -> None:
    far = desk(replace(at.database, locks=None), at.clock)
    far.lease("on another host")
    with pytest.raises(Busy):
        at.lease("two")
    assert at.take_over("two").fence == 2


def test_of_many_who_want_a_lease_one_gets_it(at: Desk, database_url: str, opened: Opened) -> None:
    desks = [desk(opened(database_url), at.clock) for _ in range(6)]

    def attempt(number: int) -> int:
        try:
            return desks[number].lease(f"owner {number}").fence
        except Busy:
            return 0

    with ThreadPoolExecutor(6) as pool:
        fences = sorted(pool.map(attempt, range(6)))
    assert fences == [0, 0, 0, 0, 0, 1]


# --- claims ---------------------------------------------------------------------------------------


def test_claims_hand_out_every_recipient_once_and_in_order(at: Desk) -> None:
    at.freeze(5, batch_size=2)
    lease = at.lease()
    claims = [at.claim(lease) for _ in range(3)]
    assert [specs(claim) for claim in claims] == [
        ["reader1@example.com", "reader2@example.com"],
        ["reader3@example.com", "reader4@example.com"],
        ["reader5@example.com"],
    ]
    assert len({claim.attempt for claim in claims}) == 3
    assert at.next_claim(lease) is None
    assert at.progress() == SendProgress(audience=5, submitting=5)
    assert at.state() is IssueState.SUBMITTING


def test_the_next_of_many_batches_is_found_without_a_look_at_the_others(at: Desk) -> None:
    at.freeze(2000, batch_size=1)
    question = {"issue": ISSUE, "now": at.clock.now(), **holding(at.lease())}
    explain = "EXPLAIN QUERY PLAN" if at.database.is_sqlite else "EXPLAIN"
    with at.database.writing() as connection:
        connection.execute(text("ANALYZE"))
        statement = claims.NEXT.statement.params(question)
        words = statement.compile(connection, compile_kwargs={"literal_binds": True})
        plan = str(connection.exec_driver_sql(f"{explain} {words}").all())
    assert "ix_batches_pending" in plan
    assert "Sort" not in plan
    assert "B-TREE" not in plan


def test_a_claim_is_committed_before_it_is_returned(at: Desk, database_url: str, opened: Opened) -> None:
    at.freeze(2, batch_size=2)
    at.claim(at.lease())
    assert desk(opened(database_url)).progress().submitting == 2


def test_who_left_since_the_freeze_is_left_out_and_recorded(at: Desk) -> None:
    at.freeze(4, batch_size=4)
    at.unsubscribe("reader2@example.com")
    with at.database.writing() as connection:
        connection.execute(
            delete(tables.subscribers).where(tables.subscribers.c.addr_spec == "reader3@example.com")
        )
    claim = at.claim(at.lease())
    assert specs(claim) == ["reader1@example.com", "reader4@example.com"]
    assert at.progress() == SendProgress(audience=4, submitting=2, suppressed_since=2)
    at.record(claim)
    assert at.statuses() == {
        "reader1@example.com": "submitted",
        "reader2@example.com": "suppressed_since",
        "reader3@example.com": "suppressed_since",
        "reader4@example.com": "submitted",
    }
    with at.database.reading() as connection:
        reasons = connection.scalars(select(tables.outcomes.c.reason).order_by(tables.outcomes.c.seq)).all()
    assert reasons == ["unsubscribed", "forgotten"]


def test_a_batch_of_people_who_all_left_does_not_end_the_issue(at: Desk) -> None:
    at.freeze(6, batch_size=2)
    for number in (1, 2, 3, 4):
        at.unsubscribe(f"reader{number}@example.com")
    lease = at.lease()
    claim = at.claim(lease)
    assert specs(claim) == ["reader5@example.com", "reader6@example.com"]
    at.record(claim)
    assert at.ledger.finish(lease, ISSUE, at.clock.now()) is IssueState.SUBMITTED
    assert at.progress() == SendProgress(audience=6, submitted=2, suppressed_since=4)


@pytest.mark.parametrize("state", [IssueState.PAUSED, IssueState.CANCELLED])
def test_a_pause_or_cancel_is_seen_by_the_next_claim(at: Desk, state: IssueState) -> None:
    at.freeze(4, batch_size=2)
    lease = at.lease()
    claim = at.claim(lease)
    at.issues.set_state(ISSUE, state, expected=[IssueState.SUBMITTING])
    assert at.next_claim(lease) is None
    assert at.ledger.claim(lease, ISSUE, ttl=TTL, now=at.clock.now()) is None
    at.record(claim)  # the request under way is finished and written down
    assert at.progress() == SendProgress(audience=4, submitted=2, pending=2)
    assert at.ledger.finish(lease, ISSUE, at.clock.now()) is state


def test_while_somebody_changes_the_issue_nothing_of_it_is_handed_out(
    postgresql_database: Callable[[], URL], opened: Opened
) -> None:
    url = postgresql_database().render_as_string(hide_password=False)
    at, other = desk(opened(url)), opened(url)
    at.freeze(4, batch_size=2)
    lease = at.lease()
    with other.writing() as connection:
        connection.execute(update(tables.issues).values(state=IssueState.PAUSED))
        assert at.wait(lease).moment == at.clock.now()  # not decided yet: ask again
    assert at.ledger.claim(lease, ISSUE, ttl=TTL, now=at.clock.now()) is None


def test_a_resumed_issue_goes_on_where_it_stopped(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    lease = at.lease()
    at.record(at.claim(lease))
    at.ledger.pause(ISSUE, note="by hand")
    at.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=[IssueState.PAUSED])
    assert specs(at.claim(lease)) == ["reader3@example.com", "reader4@example.com"]


def test_two_issues_are_sent_beside_each_other(at: Desk) -> None:
    other = IssueId("special")
    at.freeze(2, batch_size=2)
    at.freeze(3, batch_size=2, issue_id=other)  # reader3 is new
    first, second = at.lease(), at.lease("two", other)
    assert len(at.claim(first).deliveries) == 2
    claim = at.next_claim(second, other)
    assert claim is not None
    assert claim.deliveries[0].id == "special.1"
    assert at.progress(other).audience == 3


# --- answers --------------------------------------------------------------------------------------


def test_an_acceptance_with_rejections_accounts_for_each(at: Desk) -> None:
    at.freeze(3, batch_size=3)
    lease = at.lease()
    claim = at.claim(lease)
    answer = accepted(claim)
    answer[1] = rejected(claim, 1)[0]
    at.record(claim, answer)
    assert at.progress() == SendProgress(audience=3, submitted=2, rejected=1)
    assert at.statuses()["reader2@example.com"] == "rejected"
    assert at.ledger.finish(lease, ISSUE, at.clock.now()) is IssueState.SUBMITTED


def test_an_answer_for_other_recipients_than_asked_is_not_believed(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    lease = at.lease()
    claim, other = at.claim(lease), at.claim(lease)
    for answer in (accepted(claim)[:1], accepted(claim)[::-1], accepted(other), []):
        with pytest.raises(ValueError, match="one outcome per recipient"):
            at.record(claim, answer)
    with pytest.raises(ValueError, match="only whom it was given"):
        at.ledger.reject(claim, rejected(other, 0), at.clock.now())
    assert at.progress().submitting == 4


def test_what_is_released_is_pending_again_and_nothing_is_handed_out_before_its_time(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    lease = at.lease()
    claim = at.claim(lease)
    at.release(claim, 10)
    assert at.next_claim(lease) is None
    assert (at.wait(lease).moment - at.clock.now()).total_seconds() == 10
    at.clock.advance(seconds=10)
    again = at.claim(lease)
    assert (again.batch_id, specs(again)) == (claim.batch_id, specs(claim))
    assert again.attempt != claim.attempt


def test_rejected_recipients_are_out_and_the_others_go_on(at: Desk) -> None:
    at.freeze(3, batch_size=3)
    lease = at.lease()
    claim = at.claim(lease)
    at.ledger.reject(claim, rejected(claim, 0, 2), at.clock.now())
    assert at.progress() == SendProgress(audience=3, pending=1, rejected=2)
    rest = at.claim(lease)
    assert specs(rest) == ["reader2@example.com"]
    at.ledger.reject(rest, rejected(rest, 0), at.clock.now())
    assert at.next_claim(lease) is None
    assert at.ledger.finish(lease, ISSUE, at.clock.now()) is IssueState.SUBMITTED
    assert at.progress() == SendProgress(audience=3, rejected=3)


def test_a_split_batch_keeps_everyone_and_who_was_settled_before(at: Desk) -> None:
    at.freeze(8, batch_size=8)
    at.unsubscribe("reader1@example.com")
    lease = at.lease()
    claim = at.claim(lease)
    at.ledger.reject(claim, rejected(claim, 6), at.clock.now())  # reader8
    claim = at.claim(lease)
    at.ledger.split(claim, "too large", at.clock.now())
    assert at.progress() == SendProgress(audience=8, pending=6, suppressed_since=1, rejected=1)
    halves = [at.claim(lease), at.claim(lease)]
    assert [[spec[6] for spec in specs(half)] for half in halves] == [["2", "3", "4"], ["5", "6", "7"]]
    for half in halves:
        at.record(half)
    assert at.next_claim(lease) is None
    assert at.progress() == SendProgress(audience=8, submitted=6, suppressed_since=1, rejected=1)


def test_one_recipient_cannot_be_split(at: Desk) -> None:
    at.freeze(1, batch_size=2)
    claim = at.claim(at.lease())
    with pytest.raises(WrongState):
        at.ledger.split(claim, "too large", at.clock.now())
    assert at.progress().submitting == 1


def test_a_refusal_pauses_the_issue_with_the_reason_and_loses_nobody(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    lease = at.lease()
    at.ledger.refuse(at.claim(lease), detail="401: check the key", now=at.clock.now())
    record = at.issues.get(ISSUE)
    assert record is not None
    assert (record.state, record.note) == (IssueState.PAUSED, "401: check the key")
    assert at.progress() == SendProgress(audience=4, pending=4)
    assert at.next_claim(lease) is None


def test_an_uncertain_batch_is_never_claimed_again(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    lease = at.lease()
    at.ledger.mark_uncertain(at.claim(lease), detail="timeout", now=at.clock.now())
    at.record(at.claim(lease))
    at.clock.advance(days=30)
    assert at.next_claim(at.lease("another")) is None
    assert at.progress() == SendProgress(audience=4, submitted=2, uncertain=2)
    assert [spec for spec, status in at.statuses().items() if status == "uncertain"] == [
        "reader1@example.com",
        "reader2@example.com",
    ]


def test_uncertain_people_are_told_apart_from_those_of_their_batch_who_left(at: Desk) -> None:
    at.freeze(2, batch_size=2)
    at.unsubscribe("reader1@example.com")
    at.ledger.mark_uncertain(at.claim(at.lease()), detail="timeout", now=at.clock.now())
    assert at.statuses() == {
        "reader1@example.com": "suppressed_since",
        "reader2@example.com": "uncertain",
    }


def test_a_whole_acceptance_is_the_acceptance_of_each(at: Desk) -> None:
    at.freeze(12, batch_size=4)
    lease = at.lease()
    answers: list[Callable[[Claim], None]] = [
        lambda claim: at.ledger.accept(claim, "their id", at.clock.now()),
        lambda claim: at.record(claim, accepted(claim)),
    ]
    for number, answer in enumerate(answers):
        at.unsubscribe(f"reader{number * 4 + 1}@example.com")
        claim = at.claim(lease)
        at.ledger.mark_uncertain(claim, detail="timeout", now=at.clock.now())  # it came late
        answer(claim)
    with at.database.reading() as connection:
        own = {"id", "first_seq", "last_seq", "attempt"}
        columns = [column for column in tables.batches.c if column.name not in own]
        whole, each, _ = connection.execute(select(*columns).order_by(tables.batches.c.first_seq)).all()
    assert whole == each
    assert at.progress() == SendProgress(audience=12, submitted=6, suppressed_since=2, pending=4)


def test_every_answer_given_twice_counts_once(at: Desk) -> None:
    at.freeze(12, batch_size=2)
    lease = at.lease()
    now = at.clock.now()
    ledger = at.ledger
    for _ in range(2):
        claim = at.claim(lease)
        for _ in range(2):
            at.record(claim)
    doubtful = at.claim(lease)
    for _ in range(2):
        ledger.mark_uncertain(doubtful, detail="timeout", now=now)
    bad = at.claim(lease)
    for _ in range(2):
        ledger.reject(bad, rejected(bad, 0), now)
    too_large = at.claim(lease)  # the one who is left of `bad`
    at.record(too_large)
    split = at.claim(lease)
    for _ in range(2):
        ledger.split(split, "too large", now)
    assert at.progress() == SendProgress(audience=12, submitted=5, uncertain=2, rejected=1, pending=4)
    late = at.claim(lease)
    at.record(late)
    at.release(late)
    ledger.refuse(late, detail="401", now=now)
    ledger.reject(late, rejected(late, 0), now)
    ledger.mark_uncertain(late, detail="timeout", now=now)
    assert at.progress() == SendProgress(audience=12, submitted=6, uncertain=2, rejected=1, pending=3)
    assert at.state() is IssueState.SUBMITTING


# --- answers that differ from person to person ----------------------------------------------------


def said(claim: Claim, letters: str) -> list[SendOutcome]:
    """The outcomes of a provider that takes recipients singly: s, r, u (unavailable) or ? each."""
    words = {
        "s": SendStatus.SUBMITTED,
        "r": SendStatus.REJECTED,
        "u": SendStatus.UNAVAILABLE,
        "?": SendStatus.UNCERTAIN,
    }
    return [
        SendOutcome(delivery_id=delivery.id, status=words[letter])
        for delivery, letter in zip(claim.deliveries, letters, strict=True)
    ]


def tell(at: Desk, claim: Claim, letters: str) -> None:
    now = at.clock.now()
    at.ledger.record(claim, said(claim, letters), now, retry_at=now + timedelta(seconds=30))


def attempt_state(at: Desk, claim: Claim) -> str:
    with at.database.reading() as connection:
        return str(
            connection.scalars(
                select(tables.attempts.c.state).where(tables.attempts.c.id == claim.attempt)
            ).one()
        )


def test_each_recipient_has_the_fate_that_the_provider_told(at: Desk) -> None:
    at.freeze(9, batch_size=9)
    at.unsubscribe("reader5@example.com")
    lease = at.lease()
    claim = at.claim(lease)
    tell(at, claim, "srus?u?s")
    assert list(at.statuses().values()) == [
        "submitted",
        "rejected",
        "pending",
        "submitted",
        "suppressed_since",
        "uncertain",
        "pending",
        "uncertain",
        "submitted",
    ]
    assert at.progress() == SendProgress(
        audience=9, submitted=3, rejected=1, pending=2, uncertain=2, suppressed_since=1
    )
    assert attempt_state(at, claim) == "uncertain"
    tell(at, claim, "srus?u?s")  # said again
    assert at.progress().pending == 2
    wait = at.wait(lease)
    assert (wait.moment - at.clock.now()).total_seconds() == 30
    at.clock.advance(seconds=30)
    again = [at.claim(lease), at.claim(lease)]
    assert [(specs(claim), claim.tries) for claim in again] == [
        (["reader3@example.com"], 1),
        (["reader7@example.com"], 1),
    ]
    tell(at, again[0], "u")
    at.record(again[1])
    at.clock.advance(seconds=30)
    assert at.claim(lease).tries == 2


@pytest.mark.parametrize(
    ("letters", "state"), [("ssu", "accepted"), ("uru", "released"), ("rrr", "refused"), ("?us", "uncertain")]
)
def test_a_request_is_what_its_recipients_make_of_it(at: Desk, letters: str, state: str) -> None:
    at.freeze(3, batch_size=3)
    claim = at.claim(at.lease())
    tell(at, claim, letters)
    assert attempt_state(at, claim) == state


def test_who_may_be_handed_over_again_needs_a_time_for_it(at: Desk) -> None:
    at.freeze(2, batch_size=2)
    claim = at.claim(at.lease())
    with pytest.raises(ValueError, match="needs a time"):
        at.ledger.record(claim, said(claim, "us"), at.clock.now())
    assert at.progress().submitting == 2


def test_a_late_answer_about_each_settles_what_was_uncertain(at: Desk) -> None:
    at.freeze(6, batch_size=6)
    lease = at.lease("one")
    claim = at.claim(lease)
    later = at.take_over("two")
    at.ledger.recover(later, ISSUE, at.clock.now())
    assert at.ledger.finish(later, ISSUE, at.clock.now()) is IssueState.SUBMITTED
    tell(at, claim, "s?u?rs")
    assert at.state() is IssueState.SUBMITTING
    assert at.progress() == SendProgress(audience=6, submitted=2, uncertain=2, pending=1, rejected=1)
    at.record(claim, said(claim, "ssssss"))  # it is remembered that two were taken after all
    assert at.progress() == SendProgress(audience=6, submitted=4, pending=1, rejected=1)


def test_a_request_that_can_be_called_back_is_written_down_before_it_is_made(at: Desk) -> None:
    at.freeze(2, batch_size=2)
    claim = at.claim(at.lease())
    send_at = at.clock.now() + timedelta(minutes=20)
    at.ledger.prepare(claim, cancel_id="batch-1", send_at=send_at)
    with at.database.reading() as connection:
        row = connection.execute(select(tables.attempts.c.cancel_id, tables.attempts.c.send_at)).one()
    assert tuple(row) == ("batch-1", send_at)


# --- the canary -----------------------------------------------------------------------------------


@given(audience=st.integers(1, 3000), batch_size=st.integers(1, 1000), share=st.floats(0, 1))
def test_the_batches_are_the_audience_and_about_the_share_is_of_the_canary(
    audience: int, batch_size: int, share: float
) -> None:
    batches = list(ranges(audience, batch_size, share))
    places = [place for first, last, _ in batches for place in range(first, last + 1)]
    assert places == list(range(1, audience + 1))
    assert all(1 <= last - first + 1 <= batch_size for first, last, _ in batches)
    people = sum(last - first + 1 for first, last, canary in batches if canary)
    assert people == (max(1, round(audience * share)) if share else 0)


def test_a_canary_is_taken_from_all_over_the_audience() -> None:
    batches = list(ranges(10_000, 1000, 0.01))
    canaries = [(first, last) for first, last, canary in batches if canary]
    assert [first for first, _ in canaries] == list(range(1, 10_000, 1000))
    assert {last - first + 1 for first, last in canaries} == {10}
    assert len(batches) == 20


def test_nobody_else_is_handed_out_before_the_canary_is_judged(at: Desk) -> None:
    at.freeze(40, batch_size=20, canary=0.05)
    lease = at.lease()
    claim = at.claim(lease)
    assert specs(claim) == ["reader1@example.com", "reader2@example.com"]
    assert at.ledger.claim(lease, ISSUE, ttl=TTL, now=at.clock.now()) is None
    waiting = at.ledger.canary(ISSUE)
    assert waiting == Canary(people=2, open=2)
    at.clock.advance(seconds=5)
    tell(at, claim, "s?")
    assert at.ledger.canary(ISSUE) == Canary(people=2, submitted=1, uncertain=1, answered_at=at.clock.now())
    assert at.ledger.claim(lease, ISSUE, ttl=TTL, now=at.clock.now()) is None
    at.ledger.end_canary(ISSUE, illness="")
    assert at.ledger.canary(ISSUE) is None
    assert len(at.claim(lease).deliveries) == 20


def test_a_canary_that_is_ill_pauses_the_issue_and_a_resume_is_a_persons_word(at: Desk) -> None:
    at.freeze(40, batch_size=20, canary=0.05)
    lease = at.lease()
    at.record(at.claim(lease))
    at.ledger.end_canary(ISSUE, illness="it bounced")
    record = at.issues.get(ISSUE)
    assert record is not None
    assert (record.state, record.note) == (IssueState.PAUSED, "it bounced")
    assert at.ledger.canary(ISSUE) is None
    at.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=[IssueState.PAUSED])
    assert len(at.claim(lease).deliveries) == 20


def test_what_is_reported_about_the_canary_is_counted(at: Desk) -> None:
    at.freeze(40, batch_size=20, canary=0.1)
    claim = at.claim(at.lease())
    at.record(claim)
    with at.database.writing() as connection:
        number = connection.scalar(select(tables.issues.c.number))
        for seq, status in ((1, "bounced"), (2, "complained"), (3, "delivered"), (30, "bounced")):
            row = {"issue": number, "seq": seq, "status": status, "at": at.clock.now()}
            connection.execute(insert(tables.outcomes).values(row))
        event = {"provider": "x", "type": "delivered", "addr_spec": "", "permanent": False}
        times = {"occurred_at": at.clock.now(), "received_at": at.clock.now()}
        names = {"provider_event_id": "1", "fingerprint": "1", "attempt_id": claim.attempt}
        connection.execute(insert(tables.provider_events).values({**event, **times, **names}))
    canary = at.ledger.canary(ISSUE)
    assert canary is not None
    assert (canary.submitted, canary.bounced, canary.complained, canary.events) == (4, 1, 1, True)


# --- recovery -------------------------------------------------------------------------------------


def test_what_an_earlier_sender_left_in_flight_becomes_uncertain_never_pending(at: Desk) -> None:
    at.freeze(6, batch_size=2)
    lease = at.lease("one")
    at.record(at.claim(lease))
    at.claim(lease)
    later = at.take_over("two")
    assert at.ledger.recover(later, ISSUE, at.clock.now()) == 2
    assert at.ledger.recover(later, ISSUE, at.clock.now()) == 0
    assert at.progress() == SendProgress(audience=6, submitted=2, uncertain=2, pending=2)
    assert specs(at.claim(later)) == ["reader5@example.com", "reader6@example.com"]


def test_recovery_leaves_what_this_sender_has_in_flight(at: Desk) -> None:
    at.freeze(2, batch_size=2)
    lease = at.lease()
    at.claim(lease)
    assert at.ledger.recover(lease, ISSUE, at.clock.now()) == 0
    assert at.progress().submitting == 2


def test_a_late_answer_of_the_sender_itself_settles_what_was_uncertain(at: Desk) -> None:
    at.freeze(6, batch_size=2)
    lease = at.lease("one")
    claims = [at.claim(lease) for _ in range(3)]
    at.ledger.recover(at.take_over("two"), ISSUE, at.clock.now())
    assert at.progress().uncertain == 6
    at.record(claims[0])
    at.release(claims[1])
    assert at.progress() == SendProgress(audience=6, submitted=2, pending=2, uncertain=2)


def test_a_late_no_opens_an_issue_that_seemed_done(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    lease = at.lease("one")
    claims = [at.claim(lease), at.claim(lease)]
    later = at.take_over("two")
    at.ledger.recover(later, ISSUE, at.clock.now())
    assert at.ledger.finish(later, ISSUE, at.clock.now()) is IssueState.SUBMITTED
    at.record(claims[0])
    assert at.state() is IssueState.SUBMITTED
    at.release(claims[1])
    assert at.state() is IssueState.SUBMITTING
    at.clock.advance(seconds=10)
    at.record(at.claim(later))
    assert at.ledger.finish(later, ISSUE, at.clock.now()) is IssueState.SUBMITTED
    assert at.progress() == SendProgress(audience=4, submitted=4)


def test_an_issue_is_submitted_only_when_nothing_is_pending_or_in_flight(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    lease = at.lease()

    def finish() -> IssueState:
        return at.ledger.finish(lease, ISSUE, at.clock.now())

    assert finish() is IssueState.FROZEN
    first, second = at.claim(lease), at.claim(lease)
    at.record(first)
    assert finish() is IssueState.SUBMITTING
    at.ledger.mark_uncertain(second, detail="timeout", now=at.clock.now())
    assert finish() is IssueState.SUBMITTED
    record = at.issues.get(ISSUE)
    assert record is not None
    assert record.submitted_at == at.clock.now()
    assert finish() is IssueState.SUBMITTED
