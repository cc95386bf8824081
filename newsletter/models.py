"""The nouns: frozen dataclasses, their states and their ids.

The four of which a send makes one per recipient are frozen Structs of msgspec, which are made ten
times faster (docs/decisions/choices.md).

Every datetime is aware and in UTC. A new type stands at each stage of the pipeline:
Post → Section of an Issue → RenderedEmail → Delivery in a Claim → Recipient in a Batch →
SendOutcome. `docs/glossary.md` defines the words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from msgspec import Struct

PostId = NewType("PostId", str)
"""Identity of a post inside its source: guid, else canonical link, else a hash of title and date."""
SourceId = NewType("SourceId", str)
"""The feed's URL or the folder's path as written in the settings."""
IssueId = NewType("IssueId", str)
"""The stem of the issue file, such as `2026-11-27`."""
SubscriberId = NewType("SubscriberId", int)
DeliveryId = NewType("DeliveryId", str)
"""`<issue id>.<place in the frozen audience>`; never holds an address."""
BatchId = NewType("BatchId", int)
AttemptId = NewType("AttemptId", str)
"""128 random bits in hex, new for each request to the provider."""


# --- addresses ---------------------------------------------------------------------------------


class Address(Struct, frozen=True, kw_only=True, gc=False):
    """A mailbox in the words of RFC 5322 §3.4: `addr_spec` is local@domain."""

    addr_spec: str
    display_name: str = ""


# --- gathering ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A picture that a post brings; width and height in CSS pixels when the post gives them."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One entry of a source, cleaned: `body_markdown` is all that a letter may show of it."""

    id: PostId
    source: SourceId
    source_name: str
    url: str
    title: str
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    summary: str = ""
    body_markdown: str = ""
    image: Image | None = None
    tags: tuple[str, ...] = ()
    language: str = ""
    """BCP 47 tag, empty when the source names none."""
    direction: str = ""
    """`rtl`, `ltr` or empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What one source answered: its posts as it lists them, the state to hand back next time."""

    posts: tuple[Post, ...]
    state: bytes
    """Opaque to everyone but the source (ETag, Last-Modified, the last good copy)."""
    notes: tuple[str, ...] = ()
    """Sentences for the decision log, such as `503 Service Unavailable: the last good copy was used`."""


class Decision(StrEnum):
    """What a gather did with a post that it saw."""

    TAKEN = "taken"
    DROPPED = "dropped"
    SEEN_BEFORE = "seen before"
    WAITING = "waiting"
    """Neither taken nor recorded: a later gather decides."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PostDecision:
    """One line of the decision log: a post, what became of it, and why."""

    source: SourceId
    post: PostId
    title: str
    url: str
    published: datetime | None
    decision: Decision
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionLog:
    """Everything that one gather saw and decided, kept with the issue."""

    gathered_at: datetime
    decisions: tuple[PostDecision, ...]
    notes: tuple[str, ...] = ()
    """Sentences about sources and about the run as a whole, each beginning with what it is about."""


# --- issues ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One titled part of an issue: a gathered post, or the author's own words (`post` is None)."""

    title: str
    body_markdown: str
    url: str = ""
    post: PostId | None = None
    source_name: str = ""
    author: str = ""
    published: datetime | None = None
    language: str = ""
    direction: str = ""
    line: int = field(default=0, compare=False)
    """Line of the issue file on which the section begins, from 1; 0 when it comes from no file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """An issue as its file holds it: the author's, to edit in any way."""

    id: IssueId
    subject: str
    preheader: str
    theme: str
    language: str
    sections: tuple[Section, ...]
    intro_markdown: str = ""
    outro_markdown: str = ""
    slot: str | None = None
    """Local calendar time without offset, such as `2026-11-27T09:00`; None outside the schedule."""


class IssueState(StrEnum):
    """Where an issue stands; `docs/explanation/sending.md` draws the chart."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    FROZEN = "frozen"
    SUBMITTING = "submitting"
    PAUSED = "paused"
    SUBMITTED = "submitted"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueRecord:
    """What the database knows of an issue; its words are in the file until it is frozen."""

    id: IssueId
    state: IssueState
    slot: str | None
    created_at: datetime
    frozen_at: datetime | None = None
    submitted_at: datetime | None = None
    note: str = ""
    """Why it is paused, held, skipped or cancelled, in a sentence for the author."""


class Severity(StrEnum):
    """`error` stops an unattended send, `warning` is shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that a check found wrong with an issue."""

    code: str
    severity: Severity
    message: str
    remedy: str
    where: str = ""
    """`file:line`, a header's name, or the part of the letter."""


# --- letters -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeField:
    """A place in a letter that differs per recipient: `placeholder` stands there literally."""

    name: str
    placeholder: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedEmail:
    """An issue rendered once for everybody; what was previewed is what is frozen and submitted."""

    issue_id: IssueId
    subject: str
    preheader: str
    html: str
    text: str
    merge_fields: tuple[MergeField, ...]
    sha256: str
    """Hex digest over subject, preheader, html and text, before personal values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """Whom a letter comes from, with the headers that are the same for every recipient."""

    address: Address
    reply_to: Address | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


# --- subscribers -------------------------------------------------------------------------------


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


# --- sending -----------------------------------------------------------------------------------


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


class Delivery(Struct, frozen=True, kw_only=True, gc=False):
    """One subscriber of one frozen issue, as the ledger holds them."""

    id: DeliveryId
    subscriber_id: SubscriberId
    address: Address


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
    deliveries: tuple[Delivery, ...]


class Recipient(Struct, frozen=True, kw_only=True):
    """One person of a request: address, personal headers, and a value for each merge field."""

    delivery_id: DeliveryId
    address: Address
    merge_data: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What a provider gets in one request."""

    id: BatchId
    issue_id: IssueId
    attempt: AttemptId
    recipients: tuple[Recipient, ...]


class SendStatus(StrEnum):
    SUBMITTED = "submitted"
    REJECTED = "rejected"


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
    detail: str = ""
    raw: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookRequest:
    """A webhook call as it came: `body` is the raw bytes that a signature covers."""

    headers: Mapping[str, str]
    body: bytes


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One scheduled time: `local` names it for ever, `instant` is when it comes."""

    local: str
    """`YYYY-MM-DDTHH:MM` in the newsletter's time zone, without offset, so that DST makes no second one."""
    instant: datetime
