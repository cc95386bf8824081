"""What is handed to a provider, what it answers, and where everybody of an audience is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from newsletter.models.ids import AttemptId, BatchId, DeliveryId, IssueId
from newsletter.models.letters import RenderedEmail, Sender
from newsletter.models.recipients import Columns, Deliveries, Recipients


class BatchState(StrEnum):
    PENDING = "pending"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    UNKNOWN_FINAL = "unknown_final"


class DeliveryStatus(StrEnum):
    """What is known of one recipient of one issue; `submitted` means accepted by the provider."""

    PENDING = "pending"
    SUBMITTED = "submitted"
    REJECTED = "rejected"
    SUPPRESSED_SINCE = "suppressed_since"
    UNCERTAIN = "uncertain"
    UNKNOWN = "unknown"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to send one issue until `expires_at`; `fence` grows with each new holder."""

    name: str
    owner: str
    fence: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A batch that the ledger has handed to one sender for one request; committed before it is made."""

    batch_id: BatchId
    issue_id: IssueId
    attempt: AttemptId
    deliveries: Deliveries
    number: int = 0
    """Of the request, counted over the whole database; 0 when none is to be made."""
    tries: int = 0
    """How often the provider has put just these recipients off."""
    text_only: bool = False
    """They get the letter's text part alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotBefore:
    """Instead of a claim: nothing may be handed out before `moment`; `why` in a few words."""

    moment: datetime
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """At most `recipients` in any span of `seconds`."""

    recipients: int
    seconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast one provider may be handed recipients, by all processes and issues together."""

    provider: str
    rate: Window | None = None
    warm_up: tuple[int, ...] = ()
    """Recipients on the first, second, … day on which anything was handed over."""
    timezone: str = "UTC"
    """IANA name; days begin and end in it."""


class CanaryState(StrEnum):
    """Where the canary of an issue stands: the share of its audience that goes before the others."""

    NONE = ""
    WAITING = "waiting"
    """Nobody else is handed over before it has been judged."""
    PASSED = "passed"
    FAILED = "failed"
    """The issue was paused; whoever resumes it sends it to everybody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
    """What became of a canary up to now."""

    people: int
    open: int = 0
    """Those who are not handed over yet, or not answered."""
    submitted: int = 0
    rejected: int = 0
    uncertain: int = 0
    bounced: int = 0
    complained: int = 0
    events: bool = False
    """Whether the provider has reported anything about it."""
    answered_at: datetime | None = None
    """When its last request was answered; None while none was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What a provider gets in one request."""

    id: BatchId
    issue_id: IssueId
    attempt: AttemptId
    recipients: Recipients
    cancel_id: str = ""
    """The provider's own id by which the request can be called back before `send_at`."""
    send_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAttempt:
    """A request of which nobody knows what became of it."""

    id: AttemptId
    issue_id: IssueId
    provider: str
    started_at: datetime
    deliveries: Deliveries
    """Those of its recipients who are still uncertain."""
    cancel_id: str = ""
    send_at: datetime | None = None
    restored: bool = False
    """It stands for whatever was done after an old copy of the database was made: no provider knows
    its id, and part of its recipients may have the letter."""


class Verdict(StrEnum):
    """What a provider could tell about an open attempt."""

    ACCEPTED = "accepted"
    VOID = "void"
    """Nothing of it was or will be mailed: it may be handed over again."""
    SILENT = "silent"
    """It knows nothing, which proves nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """Another request, which the provider accepted: it tells whether the provider's events come in."""

    started_at: datetime
    heard_at: datetime | None
    """When the last event of it came in; None when none ever did."""


class SendStatus(StrEnum):
    """What a provider made of one recipient; the last two come from providers that take them singly."""

    SUBMITTED = "submitted"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    """Not accepted this time; the same recipient may be handed over again."""
    UNCERTAIN = "uncertain"
    """May have been accepted; only evidence can tell."""


class RejectReason(StrEnum):
    """Why a recipient was rejected, in the words of django-anymail's normalised reasons."""

    INVALID = "invalid"
    BOUNCED = "bounced"
    BLOCKED = "blocked"
    SPAM = "spam"
    UNSUBSCRIBED = "unsubscribed"
    OTHER = "other"


class SendOutcome(Struct, frozen=True, kw_only=True, gc=False):
    """What the provider said of one recipient of a request that it answered."""

    delivery_id: DeliveryId
    status: SendStatus
    provider_message_id: str = ""
    reject_reason: RejectReason | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted(Columns[SendOutcome]):
    """The outcomes of a request that was accepted whole: everybody is submitted."""

    delivery_ids: Sequence[DeliveryId]
    provider_message_id: str = ""

    def __len__(self) -> int:
        return len(self.delivery_ids)

    def _at(self, place: int) -> SendOutcome:
        return SendOutcome(
            delivery_id=self.delivery_ids[place],
            status=SendStatus.SUBMITTED,
            provider_message_id=self.provider_message_id,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SendProgress:
    """How many of a frozen audience are where; derived on read, never stored."""

    audience: int
    pending: int = 0
    submitting: int = 0
    submitted: int = 0
    rejected: int = 0
    suppressed_since: int = 0
    uncertain: int = 0
    unknown: int = 0

    @property
    def settled(self) -> int:
        """Recipients about whom nothing remains to be done or found out."""
        return self.submitted + self.rejected + self.suppressed_since + self.unknown

    @property
    def balanced(self) -> bool:
        """Whether every person of the frozen audience is accounted for, and none is still waiting."""
        return self.settled + self.uncertain == self.audience


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenIssue:
    """The bytes and the audience that were frozen together, in one transaction."""

    email: RenderedEmail
    sender: Sender
    audience: int
    audience_sha256: str
    """Hex digest over the frozen address list, in order."""
    frozen_at: datetime
    audience_filter: str = ""
    """The filter that chose the audience, as the author wrote it; empty: everybody."""
