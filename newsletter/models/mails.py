"""Mails that are no letters: each goes to one person because of something that they or the author did."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.models.addresses import Address
from newsletter.models.ids import SubscriberId


class SystemMailKind(StrEnum):
    """What a mail is for; its templates are `templates/system/<kind>.*`."""

    CONFIRMATION = "confirmation"
    MANAGE = "manage"
    GOODBYE = "goodbye"
    NEW_ADDRESS = "new_address"
    DRAFT_READY = "draft_ready"


class SystemMailState(StrEnum):
    """As of a batch: what may have been accepted is never handed over again."""

    PENDING = "pending"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemMail:
    """One mail in the queue; what it says is made when it is handed over."""

    number: int
    kind: SystemMailKind
    to: Address
    subscriber_id: SubscriberId | None
    created_at: datetime
    tries: int = 0
    detail: str = ""
