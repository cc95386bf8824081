"""The people on the list."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.models.addresses import Address
from newsletter.models.ids import SubscriberId


class SubscriberStatus(StrEnum):
    """`suppressed` is absorbing: nothing but the person's own new confirmation leads out of it."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscriber:
    """A person on the list, with what is known of their consent."""

    id: SubscriberId
    address: Address
    status: SubscriberStatus
    created_at: datetime
    suppressed_reason: str = ""
    confirmed_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    consent_source: str = ""
    """Where the consent comes from: `import FILE`, `added by the author`, a form's URL."""
