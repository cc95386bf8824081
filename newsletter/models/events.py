"""What a provider reports after it accepted a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.models.ids import AttemptId, DeliveryId, IssueId
from newsletter.models.sending import DeliveryStatus


class BounceClass(StrEnum):
    """What a bounce or a drop was about; SendGrid's `bounce_classification` (Event Webhook, 2026)."""

    INVALID_ADDRESS = "invalid address"
    MAILBOX_UNAVAILABLE = "mailbox unavailable"
    CONTENT = "content"
    REPUTATION = "reputation"
    FREQUENCY = "frequency or volume too high"
    TECHNICAL = "technical failure"
    UNCLASSIFIED = "unclassified"
    BOUNCED_BEFORE = "bounced before"
    """A drop: the provider keeps the address on a list of its own, as with the next two."""
    COMPLAINED_BEFORE = "complained before"
    UNSUBSCRIBED_BEFORE = "unsubscribed before"


class EventType(StrEnum):
    """Provider events in the field's normalised words."""

    SUBMITTED = "submitted"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    OPENED = "opened"
    CLICKED = "clicked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderEvent:
    """One thing that a provider reported after it accepted a request."""

    type: EventType
    provider: str
    provider_event_id: str
    occurred_at: datetime
    delivery_id: DeliveryId | None
    attempt_id: AttemptId | None
    addr_spec: str
    permanent: bool = False
    enhanced_status: str = ""
    """RFC 3463 status such as `5.1.1`, empty when not given."""
    bounce_class: BounceClass | None = None
    machine: bool = False
    """An open that a program made, not the reader."""
    fingerprint: str = ""
    """The same for an event that the provider reports again under a new id."""
    detail: str = ""
    """The other side's words, without addresses."""
    raw: str = ""
    """The whole event as the provider wrote it; empty for those of the daily routine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookRequest:
    """A webhook call as it came: `body` is the raw bytes that a signature covers."""

    headers: Mapping[str, str]
    body: bytes


class SuppressionReason(StrEnum):
    """Why a provider or a reader ended a subscription, the weakest first."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCES_IN_A_ROW = "bounces in a row"
    """Temporary ones, and the only reason that later events can take back."""
    INVALID = "invalid address"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"
    """They asked to be forgotten: nothing but their own confirmation brings the address back."""

    @property
    def strength(self) -> int:
        """Of two reasons the one with the higher number stays."""
        return list(SuppressionReason).index(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Consequence:
    """What one event means for the delivery that it names, and for the person."""

    status: DeliveryStatus | None = None
    """What became of the delivery; None: nothing new."""
    reason: str = ""
    """Of a bounce: `permanent`, `temporary`, or `dropped` when the provider mailed nothing."""
    ends: SuppressionReason | None = None
    """Ends the subscription at once."""
    counts: bool = False
    """A temporary bounce that ends a subscription when there are enough in a row."""
    reached: bool = False
    """The letter arrived, which ends such a row."""
    proves: bool = False
    """The provider had accepted the request."""
    mailed: bool = False
    """A letter left the provider."""


NOTHING = Consequence()


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """What all events of one person add up to."""

    reason: SuppressionReason | None = None
    """The strongest reason to suppress the person; None: there is none."""
    at: datetime | None = None
    """The earliest event of that reason."""
    left_at: datetime | None = None
    """When the person first unsubscribed at the provider."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How an issue fares so far."""

    issue_id: IssueId
    submitted: int = 0
    bounced: int = 0
    """Permanently."""
    complained: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What became of one webhook call."""

    new: int = 0
    known: int = 0
    """Events that were here already."""
    foreign: int = 0
    """Of the new ones those that name no request of ours; they are kept and mean nothing."""
    settled: int = 0
    """Recipients who are uncertain no longer."""
    alarms: tuple[str, ...] = ()
    """One line for each issue that began to fare badly; what is left of it is paused."""
    contradictions: tuple[str, ...] = ()
    """One line for each request that was taken for void and was not: somebody may have two letters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """One address on a list of the provider's."""

    addr_spec: str
    reason: SuppressionReason
    created_at: datetime
