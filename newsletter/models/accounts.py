"""What a person wants to know of an issue that was frozen: who stands where, and what was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from newsletter.models.addresses import Address
from newsletter.models.ids import AttemptId, DeliveryId


class Standing(Struct, frozen=True, kw_only=True, gc=False):
    """One recipient of a frozen issue with what is known of them."""

    delivery_id: DeliveryId
    address: Address
    status: str
    """A DeliveryStatus, or the state of their batch while nothing else is known."""
    reason: str = ""
    """Why somebody was rejected or left out: a RejectReason, or what their subscription is now."""
    detail: str = ""
    """The provider's own words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request that was made for an issue, as the ledger holds it."""

    id: AttemptId
    number: int
    provider: str
    recipients: int
    state: str
    """What became of it: accepted, released, refused, uncertain, confirmed, void, expired or inflight."""
    started_at: datetime
    answered_at: datetime | None = None
    provider_message_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """How a send goes on: what was accepted lately, what is open, and what holds it up."""

    accepted: int = 0
    """Recipients whose requests were accepted in the last `seconds`."""
    seconds: float = 0.0
    open_requests: int = 0
    waits_until: datetime | None = None
    """No batch is handed out before this time; None when one may be now, or none is left."""
    why: str = ""
    """The words with which the provider put the last request off."""
    canary: str = ""
    """`waiting` while the first share of the audience is watched, `passed` afterwards."""
    after_acceptance: Mapping[str, int] = field(default_factory=dict)
    """Recipients by what the provider's events say: deferred, delivered, bounced, complained."""

    @property
    def rate(self) -> float:
        """Recipients in a second."""
        return self.accepted / self.seconds if self.seconds > 0 else 0.0
