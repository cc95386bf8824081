"""Handing letters over, and the truth about it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from newsletter.models import (
    DRAFTS,
    AttemptId,
    AudienceFilter,
    Batch,
    Canary,
    Claim,
    DeliveryStatus,
    FrozenIssue,
    IssueId,
    IssueState,
    Lease,
    Movement,
    NotBefore,
    OpenAttempt,
    Pace,
    RenderedEmail,
    Request,
    Sender,
    SendOutcome,
    SendProgress,
    Standing,
    Verdict,
    Witness,
)


class Provider(Protocol):
    """A service that takes letters and mails them."""

    @property
    def name(self) -> str: ...

    @property
    def max_recipients(self) -> int:
        """The largest number of recipients that one submit may carry."""
        ...

    def submit(self, email: RenderedEmail, sender: Sender, batch: Batch) -> Sequence[SendOutcome]:
        """One SendOutcome per recipient, in order. One request, one time-out, no redirect, no retry.

        Raises ProviderUnavailable (nothing accepted, try again), ProviderRefused (nothing
        accepted, no use; see its subclasses) or SubmissionUncertain (may have been accepted).
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class Cancelable(Protocol):
    """The side of a provider that can be told to call a request back before it is mailed."""

    def new_cancel_id(self) -> str:
        """An id for a request that is about to be made. Raises as Provider.submit does."""
        ...


@runtime_checkable
class Evidence(Protocol):
    """The side of a provider that can tell what became of a request whose answer never came."""

    def verdict(self, attempt: OpenAttempt, now: datetime) -> tuple[Verdict, str]:
        """What is known of the attempt, with a few words that say from where. Harmless to repeat.

        Raises ProviderUnavailable or ProviderRefused when it cannot be asked.
        """
        ...


class Ledger(Protocol):
    """What was frozen, handed over and answered: the truth about every recipient of every issue."""

    def freeze(
        self,
        email: RenderedEmail,
        sender: Sender,
        *,
        batch_size: int,
        now: datetime,
        found: Sequence[IssueState] = DRAFTS,
        canary: float = 0.0,
        audience: AudienceFilter | None = None,
    ) -> FrozenIssue:
        """The bytes and one immutable row per subscriber whom the letter reaches (SubscriberStore.reach),
        in one transaction; or the issue as it was frozen before, whatever `email` and `audience` say now.
        Who wants the text part alone stands in batches of their own, after all others. `canary` is the
        share of the audience, 0–1, that goes first, taken from all over it.

        Raises NotFound; WrongState when the issue is in none of the states in which the caller found
        it (a draft, or approved); NeedsAttention when there is nobody to send to.
        """
        ...

    def frozen(self, issue_id: IssueId) -> FrozenIssue | None: ...

    def acquire(self, name: str, *, owner: str, ttl: float, now: datetime) -> Lease:
        """The lease, for `ttl` seconds. Raises Busy while another owner's has not run out, unless
        that owner is known to be dead."""
        ...

    def drop(self, lease: Lease) -> None:
        """None; the lease is free for the next owner."""
        ...

    def recover(self, lease: Lease, issue_id: IssueId, now: datetime) -> int:
        """How many recipients of requests that an earlier sender left open became uncertain.

        Raises LeaseLost.
        """
        ...

    def renew(self, lease: Lease, *, ttl: float, now: datetime) -> None:
        """None; the lease runs for `ttl` seconds from now. Raises LeaseLost."""
        ...

    def claim(
        self, lease: Lease, issue_id: IssueId, *, ttl: float, now: datetime, pace: Pace | None = None
    ) -> Claim | NotBefore | None:
        """The next batch, committed and fsynced as `submitting` before this returns, and the lease
        renewed; NotBefore when what is pending must wait; None when nothing is, or the issue is paused
        or ended, or its canary is to be judged first. People who left since are left out and recorded.

        With a `pace` no more is handed over than its provider may be given by all issues and processes
        together; a batch that is too large for what is left is divided. Raises LeaseLost.
        """
        ...

    def prepare(self, claim: Claim, *, cancel_id: str, send_at: datetime) -> None:
        """None; committed before the request: it can be called back by this id before `send_at`."""
        ...

    def accept(self, claim: Claim, message_id: str, now: datetime) -> None:
        """None; everybody of the request is submitted, under this id of the provider's."""
        ...

    def record(
        self,
        claim: Claim,
        outcomes: Sequence[SendOutcome],
        now: datetime,
        *,
        retry_at: datetime | None = None,
    ) -> None:
        """None; the provider's answer for each recipient, in one transaction.

        Whoever is `unavailable` is pending again and not claimed before `retry_at`; whoever is
        `uncertain` waits for evidence.
        """
        ...

    def release(self, claim: Claim, *, retry_at: datetime, detail: str, now: datetime) -> None:
        """None; nothing was accepted, the batch is pending again, and no batch of its issue is
        claimed before `retry_at`."""
        ...

    def reject(self, claim: Claim, rejected: Sequence[SendOutcome], now: datetime) -> None:
        """None; nothing was accepted, these recipients are out, the rest is pending again."""
        ...

    def split(self, claim: Claim, detail: str, now: datetime) -> None:
        """None; nothing was accepted, the batch is pending again as two halves.

        Raises WrongState when it holds a single recipient.
        """
        ...

    def refuse(self, claim: Claim, *, detail: str, now: datetime) -> None:
        """None; nothing was accepted and the issue is paused with `detail` as its note."""
        ...

    def mark_uncertain(self, claim: Claim, *, detail: str, now: datetime) -> None:
        """None; the batch may have been accepted and is never claimed again without evidence."""
        ...

    def pause(self, issue_id: IssueId, *, note: str) -> None:
        """None; no batch is claimed any more until the issue is resumed. Harmless when it has ended."""
        ...

    def canary(self, issue_id: IssueId) -> Canary | None:
        """What became of the issue's canary up to now; None when none is waited for."""
        ...

    def end_canary(self, issue_id: IssueId, *, illness: str) -> None:
        """None; the others may go, or the issue is paused when `illness` says why they must not."""
        ...

    def finish(self, lease: Lease, issue_id: IssueId, now: datetime) -> IssueState:
        """The issue's state, which becomes `submitted` when nothing is pending or in flight.

        Raises LeaseLost.
        """
        ...

    def progress(self, issue_id: IssueId) -> SendProgress | None:
        """The sums of a frozen issue; None when it is not frozen."""
        ...


class Settling(Protocol):
    """The side of the ledger that settles open attempts; see `usecases/reconcile.py`."""

    def open_attempts(self, issue_id: IssueId | None = None) -> Iterator[OpenAttempt]:
        """Attempts in doubt of one issue, or of all, oldest first; one at a time in memory."""
        ...

    def settle(self, attempt: AttemptId, verdict: Verdict, detail: str, now: datetime) -> int:
        """How many recipients are uncertain no longer: submitted, or pending when it was void. 0 when
        the attempt is in doubt no more, or the verdict is silent."""
        ...

    def settle_by_events(self, now: datetime) -> int:
        """How many recipients became submitted because an event names their open attempt."""
        ...

    def give_up(self, attempt: AttemptId, detail: str, now: datetime) -> int:
        """How many recipients became unknown for good: nobody will be written to again on a guess."""
        ...

    def resend(self, attempt: AttemptId, detail: str, now: datetime) -> int:
        """How many recipients are pending again because somebody decided so, without proof."""
        ...

    def witnesses(self, attempt: OpenAttempt, within: timedelta) -> Sequence[Witness]:
        """Requests that the same provider accepted at the time of this one, or up to so much later."""
        ...


class Accounts(Protocol):
    """What a person may ask of a frozen issue; nothing of it changes anything."""

    def audience_sha256(self, issue_id: IssueId) -> str:
        """The digest of the frozen addresses as they stand in the database now."""
        ...

    def erased(self, issue_id: IssueId) -> int:
        """How many of the audience were forgotten since, and are but numbers now."""
        ...

    def people(self, issue_id: IssueId) -> Iterator[Standing]:
        """Everybody of the audience, in the frozen order; one batch at a time in memory."""
        ...

    def left_out(self, issue_id: IssueId, status: DeliveryStatus) -> Iterator[Standing]:
        """The recipients who are rejected, suppressed since, uncertain or unknown; in the frozen order."""
        ...

    def requests(self, issue_id: IssueId) -> Iterator[Request]:
        """Every request that was made for the issue, oldest first."""
        ...

    def movement(self, issue_id: IssueId, now: datetime, *, pace: Pace | None = None) -> Movement:
        """How the send of the issue goes on, under the pace that its provider must keep."""
        ...


class ReceiptFiles(Protocol):
    """The receipts beside the issue files; unlike those they are the program's, and replaced."""

    def write(self, issue_id: IssueId, text: str) -> None:
        """None; the receipt is there whole. Raises NewsletterError when the disk refuses."""
        ...

    def read(self, issue_id: IssueId) -> str | None:
        """The receipt's text; None when there is none. Raises NewsletterError."""
        ...

    def list(self) -> Sequence[IssueId]:
        """The issues that have a receipt."""
        ...
