"""A ledger with something to send, and short ways to ask it what tests ask again and again."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from newsletter.models import (
    Address,
    Claim,
    DecisionLog,
    FrozenIssue,
    IssueId,
    IssueState,
    Lease,
    NotBefore,
    Pace,
    RenderedEmail,
    Sender,
    SendOutcome,
    SendProgress,
    SendStatus,
    SubscriberStatus,
)
from newsletter.store.accounts import SqlAccounts
from newsletter.store.engine import Database
from newsletter.store.issues import SqlIssueStore
from newsletter.store.joining import SqlJoining
from newsletter.store.ledger import SqlLedger
from newsletter.store.subscribers import SqlSubscriberStore
from tests.support.clock import FakeClock
from tests.support.leaving import leave

ISSUE = IssueId("2026-11-27")
SENDER = Sender(address=Address(addr_spec="ada@news.example.com", display_name="Ada Writer"))
TTL = 60.0


def letter(issue_id: IssueId = ISSUE) -> RenderedEmail:
    """A small letter without merge fields."""
    parts = ("Hello", "A first line", "<p>Hello, <b>reader</b></p>", "Hello, reader")
    return RenderedEmail(
        issue_id=issue_id,
        subject=parts[0],
        preheader=parts[1],
        html=parts[2],
        text=parts[3],
        merge_fields=(),
        sha256=hashlib.sha256("".join(parts).encode()).hexdigest(),
    )


def accepted(claim: Claim) -> list[SendOutcome]:
    """The outcomes of a provider that took everybody."""
    return [SendOutcome(delivery_id=d.id, status=SendStatus.SUBMITTED) for d in claim.deliveries]


def rejected(claim: Claim, *places: int) -> list[SendOutcome]:
    """The outcomes of the recipients at these places of the claim, who are out."""
    return [
        SendOutcome(delivery_id=claim.deliveries[place].id, status=SendStatus.REJECTED, detail="no such box")
        for place in places
    ]


def specs(claim: Claim) -> list[str]:
    return [delivery.address.addr_spec for delivery in claim.deliveries]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One database seen through all three stores, and a clock."""

    database: Database
    clock: FakeClock
    ledger: SqlLedger
    issues: SqlIssueStore
    subscribers: SqlSubscriberStore

    def subscribe(self, count: int) -> None:
        rows = (
            (Address(addr_spec=f"reader{n}@example.com"), SubscriberStatus.CONFIRMED)
            for n in range(1, count + 1)
        )
        self.subscribers.import_rows(rows, consent_source="test", now=self.clock.now())

    def draft(self, issue_id: IssueId = ISSUE) -> None:
        self.issues.open_issue(
            issue_id,
            slot=f"{issue_id}T09:00",
            file_text="---\n---\n",
            log=DecisionLog(gathered_at=self.clock.now(), decisions=()),
            posts=(),
            states={},
        )

    def freeze(
        self, readers: int, *, batch_size: int, issue_id: IssueId = ISSUE, canary: float = 0.0
    ) -> FrozenIssue:
        """A frozen issue for so many new readers."""
        self.subscribe(readers)
        self.draft(issue_id)
        now = self.clock.now()
        return self.ledger.freeze(letter(issue_id), SENDER, batch_size=batch_size, now=now, canary=canary)

    def lease(self, owner: str = "one", issue_id: IssueId = ISSUE) -> Lease:
        return self.ledger.acquire(f"send {issue_id}", owner=owner, ttl=TTL, now=self.clock.now())

    def take_over(self, owner: str = "two", issue_id: IssueId = ISSUE) -> Lease:
        """The lease of a sender who comes when the last one's has run out."""
        self.clock.advance(seconds=TTL + 1)
        return self.lease(owner, issue_id)

    def claim(self, lease: Lease) -> Claim:
        claim = self.next_claim(lease)
        assert claim is not None
        return claim

    def next_claim(
        self, lease: Lease, issue_id: IssueId = ISSUE, *, pace: Pace | None = None
    ) -> Claim | None:
        """The next batch; None when there is none now."""
        claim = self.ledger.claim(lease, issue_id, ttl=TTL, now=self.clock.now(), pace=pace)
        return claim if isinstance(claim, Claim) else None

    def wait(self, lease: Lease, issue_id: IssueId = ISSUE, *, pace: Pace | None = None) -> NotBefore:
        """Why and until when nothing is handed out."""
        claim = self.ledger.claim(lease, issue_id, ttl=TTL, now=self.clock.now(), pace=pace)
        assert isinstance(claim, NotBefore)
        return claim

    def record(self, claim: Claim, outcomes: Sequence[SendOutcome] | None = None) -> None:
        """None; these outcomes are in the ledger, or that everybody was accepted."""
        if outcomes is None:
            self.ledger.accept(claim, "", self.clock.now())
        else:
            self.ledger.record(claim, outcomes, self.clock.now())

    def release(self, claim: Claim, seconds: float = 10) -> None:
        now = self.clock.now()
        self.ledger.release(claim, retry_at=now + timedelta(seconds=seconds), detail="429", now=now)

    def unsubscribe(self, addr_spec: str) -> None:
        person = self.subscribers.find(addr_spec)
        assert person is not None
        assert leave(SqlJoining(self.database), person.id, self.clock.now())

    def state(self, issue_id: IssueId = ISSUE) -> IssueState:
        record = self.issues.get(issue_id)
        assert record is not None
        return record.state

    def progress(self, issue_id: IssueId = ISSUE) -> SendProgress:
        progress = self.ledger.progress(issue_id)
        assert progress is not None
        return progress

    def statuses(self, issue_id: IssueId = ISSUE) -> dict[str, str]:
        people = SqlAccounts(self.database).people(issue_id)
        return {each.address.addr_spec: each.status for each in people}


def desk(database: Database, clock: FakeClock | None = None) -> Desk:
    """The desk of a database."""
    return Desk(
        database=database,
        clock=clock or FakeClock(),
        ledger=SqlLedger(database),
        issues=SqlIssueStore(database),
        subscribers=SqlSubscriberStore(database),
    )
