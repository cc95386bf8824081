"""Whatever happens in whatever order, the sums are the audience and nobody can get two letters.

A machine plays senders who come and go, a provider who accepts or not, readers who leave and an
author who pauses. Each request has a truth that only the provider knows; the ledger must never
hand out anybody again while that truth may be `accepted`.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from newsletter.errors import LeaseLost
from newsletter.models import Claim, IssueState, Lease, Pace, SendOutcome, SendStatus, Window
from newsletter.store import tables
from newsletter.store.joining import SqlJoining
from newsletter.store.schema import open_database
from tests.support.databases import BORN
from tests.support.leaving import leave
from tests.support.ledgers import ISSUE, TTL, Desk, accepted, desk, rejected, specs

READERS, BATCH_SIZE = 11, 4
SLOW = Pace(provider="slow", rate=Window(recipients=3, seconds=20))
FATES = [
    (SendStatus.SUBMITTED, True),
    (SendStatus.REJECTED, False),
    (SendStatus.UNAVAILABLE, False),
    (SendStatus.UNCERTAIN, True),
    (SendStatus.UNCERTAIN, False),
]
"""What a provider says of one recipient, and whether it took their letter."""


@dataclass(kw_only=True)
class Request:
    """A claim, what the provider did with it, and what its sender said of it first."""

    claim: Claim
    took: Collection[str]
    """The addresses whose letters the provider took."""
    outcomes: Sequence[SendOutcome] = ()
    """What a provider says that takes recipients singly; the others take all of them, or none."""
    answer: Callable[[], None] | None = None


@cache
def _frozen_file() -> Path:
    path = Path(tempfile.mkdtemp(prefix="newsletter-ledger-")) / "newsletter.db"
    database = open_database(f"sqlite:///{path}", now=BORN)
    desk(database).freeze(READERS, batch_size=BATCH_SIZE)
    database.close()
    return path


class LedgerMachine(RuleBasedStateMachine):
    at: Desk
    lease: Lease

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.requests: list[Request] = []
        self.lost_leases: list[Lease] = []
        self.senders = 0

    @initialize()
    def freeze(self) -> None:
        shutil.copy(_frozen_file(), self.folder.name)
        self.at = desk(open_database(f"sqlite:///{self.folder.name}/newsletter.db", now=BORN))
        self.lease = self.at.lease("0")

    def teardown(self) -> None:
        if hasattr(self, "at"):
            try:
                self.finish_it_all()
            finally:
                self.at.database.close()
        self.folder.cleanup()

    # --- what senders do --------------------------------------------------------------------------

    @rule()
    def another_sender_takes_over(self) -> None:
        self.lost_leases.append(self.lease)
        self.senders += 1
        self.lease = self.at.take_over(str(self.senders))
        self.at.ledger.recover(self.lease, ISSUE, self.at.clock.now())
        assert self.at.progress().submitting == 0

    @rule(takes_it=st.booleans(), pace=st.sampled_from([None, SLOW]))
    def claim(self, takes_it: bool, pace: Pace | None) -> None:
        claim = self.at.next_claim(self.lease, pace=pace)
        if claim is not None:
            assert claim.deliveries
            self.requests.append(Request(claim=claim, took=specs(claim) if takes_it else ()))

    @rule(data=st.data())
    def claim_for_a_provider_that_takes_them_singly(self, data: st.DataObject) -> None:
        claim = self.at.next_claim(self.lease)
        if claim is None:
            return
        fates = [data.draw(st.sampled_from(FATES)) for _ in claim.deliveries]
        outcomes = [
            SendOutcome(delivery_id=delivery.id, status=status)
            for delivery, (status, _) in zip(claim.deliveries, fates, strict=True)
        ]
        took = [spec for spec, (_, taken) in zip(specs(claim), fates, strict=True) if taken]
        self.requests.append(Request(claim=claim, took=took, outcomes=outcomes))

    @precondition(lambda self: self.lost_leases)
    @rule(data=st.data())
    def who_lost_the_lease_gets_nothing(self, data: st.DataObject) -> None:
        with pytest.raises(LeaseLost):
            self.at.next_claim(data.draw(st.sampled_from(self.lost_leases)))

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def a_sender_writes_down_what_it_heard(self, data: st.DataObject) -> None:
        """In time, late or again: a sender that says something twice says the same."""
        request = data.draw(st.sampled_from(self.requests))
        if request.answer is None:
            if request.outcomes:
                kinds = ["tell each"]
            else:
                kinds = ["record", "accept"] if request.took else ["release", "reject", "refuse", "split"]
            request.answer = self._answer(data.draw(st.sampled_from(kinds)), request, data)
        request.answer()

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def a_sender_hears_nothing(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.requests)).claim
        self.at.ledger.mark_uncertain(claim, detail="timeout", now=self.at.clock.now())

    @rule()
    def a_sender_thinks_it_is_done(self) -> None:
        state = self.at.ledger.finish(self.lease, ISSUE, self.at.clock.now())
        progress = self.at.progress()
        if state is IssueState.SUBMITTED:
            assert progress.balanced

    def _answer(self, kind: str, request: Request, data: st.DataObject) -> Callable[[], None]:
        ledger, claim, now = self.at.ledger, request.claim, self.at.clock.now
        if kind == "tell each":
            return lambda: ledger.record(claim, request.outcomes, now(), retry_at=self._soon())
        if kind == "accept":
            return lambda: ledger.accept(claim, "id", now())
        places = range(len(claim.deliveries))
        out = data.draw(st.sets(st.sampled_from(places), min_size=kind == "reject"))
        if kind == "record":
            outcomes: list[SendOutcome] = accepted(claim)
            for place in out:
                outcomes[place] = rejected(claim, place)[0]
            return lambda: ledger.record(claim, outcomes, now())
        if kind == "reject":
            return lambda: ledger.reject(claim, rejected(claim, *out), now())
        if kind == "split" and len(claim.deliveries) > 1:
            return lambda: ledger.split(claim, "413", now())
        if kind == "refuse":
            return lambda: ledger.refuse(claim, detail="401", now=now())
        return lambda: self.at.release(claim, seconds=30)

    def _soon(self) -> datetime:
        return self.at.clock.now() + timedelta(seconds=30)

    # --- what others do -----------------------------------------------------------------------------

    @rule(number=st.integers(1, READERS))
    def a_reader_leaves(self, number: int) -> None:
        person = self.at.subscribers.find(f"reader{number}@example.com")
        assert person is not None
        leave(SqlJoining(self.at.database), person.id, self.at.clock.now())

    @rule()
    def the_author_pauses_or_resumes(self) -> None:
        if self.at.state() is IssueState.PAUSED:
            self.at.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=[IssueState.PAUSED])
        else:
            self.at.ledger.pause(ISSUE, note="by hand")

    @rule()
    def time_passes(self) -> None:
        self.at.clock.advance(seconds=TTL / 2)

    # --- what always holds --------------------------------------------------------------------------

    @invariant()
    def the_sums_are_the_audience(self) -> None:
        if not hasattr(self, "at"):
            return
        progress = self.at.progress()
        counted = Counter(self.at.statuses().values())
        assert sum(counted.values()) == progress.audience == READERS
        assert {name: getattr(progress, name) for name in tables.COUNTERS} == {
            name: counted[name] for name in tables.COUNTERS
        }

    @invariant()
    def nobody_is_in_two_requests_that_may_both_be_accepted(self) -> None:
        copies = Counter(spec for request in self.requests for spec in request.took)
        assert max(copies.values(), default=0) <= 1

    @invariant()
    def who_is_submitted_was_accepted(self) -> None:
        if not hasattr(self, "at"):
            return
        took = {spec for request in self.requests for spec in request.took}
        statuses = self.at.statuses()
        assert {spec for spec, status in statuses.items() if status == "submitted"} <= took
        assert all(statuses[spec] in {"submitted", "uncertain", "submitting", "rejected"} for spec in took)

    def finish_it_all(self) -> None:
        """Nobody is lost: a last sender brings everyone into a final state."""
        self.another_sender_takes_over()
        if self.at.state() is IssueState.PAUSED:
            self.at.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=[IssueState.PAUSED])
        while (claim := self.at.next_claim(self.lease)) is not None:
            self.requests.append(Request(claim=claim, took=specs(claim)))
            self.at.record(claim)
        assert self.at.ledger.finish(self.lease, ISSUE, self.at.clock.now()) is IssueState.SUBMITTED
        assert self.at.progress().balanced
        self.the_sums_are_the_audience()
        self.nobody_is_in_two_requests_that_may_both_be_accepted()
        self.who_is_submitted_was_accepted()


TestLedgerAlways = LedgerMachine.TestCase
TestLedgerAlways.settings = settings(
    max_examples=50,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
