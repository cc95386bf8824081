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
    language: str = ""
    """BCP 47 tag in which pages and system mails speak to them; empty: the newsletter's."""
    text_only: bool = False
    """They get the letter's text part alone."""
    paused_until: datetime | None = None
    """No letter is frozen for them before this moment."""
    tags: tuple[str, ...] = ()
    """In order; filled in where a single person is read, empty in lists of many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a person chose for themselves."""

    language: str
    text_only: bool
    paused_until: datetime | None
    topics: tuple[str, ...]
    """Tags, out of those that the author offers."""
    name: str | None = None
    """None: stays as it is."""


class ConsentAction(StrEnum):
    """What a person did, or what was done in their name; the steps that the law asks proof of."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    RETURNED = "returned"
    """Came back by the goodbye's link, within its day."""
    CHANGED = "changed"
    """Another address, confirmed."""
    IMPORTED = "imported"
    ADDED = "added"
    SUPPRESSED = "suppressed"


class Channel(StrEnum):
    """The way by which a step came."""

    FORM = "form"
    API = "api"
    PAGE = "page"
    ONE_CLICK = "one-click"
    IMPORT = "import"
    AUTHOR = "author"
    PROVIDER = "provider"


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """One step of the append-only record of a subscription."""

    action: ConsentAction
    channel: Channel
    at: datetime
    ip: str = ""
    user_agent: str = ""
    form_url: str = ""
    """The page on which the form stood."""
    text: str = ""
    """The exact words that the person agreed to; kept once, named by their SHA-256."""
    policy: str = ""
    """The version of the privacy policy in force."""
    mail: int | None = None
    """The number of the confirmation mail whose link was followed."""
    evidence: str = ""
    """For imports: where the consent comes from."""


class Confirmation(StrEnum):
    """What became of a confirming link that was followed."""

    CONFIRMED = "confirmed"
    ALREADY = "already"
    """They were confirmed before: as good."""
    ENDED = "ended"
    """They left, or were suppressed, after that mail was written: they must ask anew."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """At most `count` in any span of `seconds` for one bucket, the keyed hash of whom it counts."""

    bucket: str
    count: int
    seconds: int
