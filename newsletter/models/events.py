"""What a provider reports after it accepted a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.models.ids import AttemptId, DeliveryId


class BounceClass(StrEnum):
    """What a bounce or a drop was about; SendGrid's `bounce_classification` (Event Webhook, 2026)."""

    INVALID_ADDRESS = "invalid address"
    MAILBOX_UNAVAILABLE = "mailbox unavailable"
    CONTENT = "content"
    REPUTATION = "reputation"
    FREQUENCY = "frequency or volume too high"
    TECHNICAL = "technical failure"
    UNCLASSIFIED = "unclassified"


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
    raw: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookRequest:
    """A webhook call as it came: `body` is the raw bytes that a signature covers."""

    headers: Mapping[str, str]
    body: bytes
