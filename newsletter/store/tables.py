"""The tables, the same on SQLite and PostgreSQL.

Times are text of one width (`2026-11-27T08:00:00.000000Z`), so that both databases keep, order
and compare them alike. What differs from row to row of an audience is kept once per batch: a
delivery row never changes after the freeze, and an outcome row exists only for a recipient who
differs from their batch. The CHECKs on `batches` make the database itself refuse counts that do
not add up.
"""

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)

from newsletter.models import BatchState, Decision, IssueState, SubscriberStatus
from newsletter.store.columns import UtcTime, counter, metadata, one_of

REVISION = "0003"
"""The migration that makes these tables; the database names its own in `alembic_version`."""

COUNTERS = (
    "pending",
    "submitting",
    "submitted",
    "rejected",
    "suppressed_since",
    "uncertain",
    "unknown",
)
"""Where the recipients of a batch can be; the fields of SendProgress besides the audience."""


class AttemptState(StrEnum):
    """What became of one request; `inflight` and `uncertain` are open, the others are final."""

    INFLIGHT = "inflight"
    ACCEPTED = "accepted"
    RELEASED = "released"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    CONFIRMED = "confirmed"
    VOID = "void"
    EXPIRED = "expired"


OPEN_ATTEMPTS = (AttemptState.INFLIGHT, AttemptState.UNCERTAIN)


meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", LargeBinary, nullable=False),
    Column("fetched_at", UtcTime, nullable=False),
)

issues = Table(
    "issues",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column("slot", String),
    Column("state", String, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
    Column("frozen_at", UtcTime),
    Column("submitted_at", UtcTime),
    Column("send_at", UtcTime),
    Column("canary", String, nullable=False, server_default=""),
    Column("file_text", Text, nullable=False, server_default=""),
    Column("file_written", Boolean, nullable=False),
    UniqueConstraint("id"),
    UniqueConstraint("slot"),
    one_of("state", IssueState),
)

posts = Table(
    "posts",
    metadata,
    Column("source", String, nullable=False),
    Column("post", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("published", UtcTime),
    Column("decision", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("issue_id", String, ForeignKey("issues.id")),
    Column("seen_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("source", "post"),
    one_of("decision", (Decision.TAKEN, Decision.DROPPED)),
)

decision_logs = Table(
    "decision_logs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issue_id", String, ForeignKey("issues.id"), index=True),
    Column("gathered_at", UtcTime, nullable=False),
    Column("json", Text, nullable=False),
)

letters = Table(
    "letters",
    metadata,
    Column("issue", Integer, ForeignKey("issues.number"), primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("merge_fields", Text, nullable=False),
    Column("sha256", String, nullable=False),
    Column("sender", Text, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("audience_sha256", String, nullable=False),
    Column("audience_filter", Text, nullable=False, server_default=""),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("addr_spec", String, nullable=False),
    Column("address_key", String, nullable=False),
    Column("display_name", String, nullable=False, server_default=""),
    Column("status", String, nullable=False),
    Column("suppressed_reason", Text, nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
    Column("confirmed_at", UtcTime),
    Column("unsubscribed_at", UtcTime),
    Column("consent_source", Text, nullable=False, server_default=""),
    Column("language", String, nullable=False, server_default=""),
    Column("text_only", Boolean, nullable=False, server_default=false()),
    Column("paused_until", UtcTime),
    Column("import_number", Integer),
    UniqueConstraint("address_key"),
    one_of("status", SubscriberStatus),
    # A number is never given twice: frozen deliveries name people who may be forgotten since.
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("issue", Integer, ForeignKey("issues.number"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("subscriber_id", Integer, nullable=False),
    Column("addr_spec", String, nullable=False),
    Column("display_name", String, nullable=False),
    PrimaryKeyConstraint("issue", "seq"),
    UniqueConstraint("issue", "subscriber_id"),
    sqlite_with_rowid=False,
)

batches = Table(
    "batches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issue", Integer, ForeignKey("issues.number"), nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("attempt", String),
    Column("retry_at", UtcTime),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("text_only", Boolean, nullable=False, server_default=false()),
    Column("canary", Boolean, nullable=False, server_default=false()),
    *(counter(name) for name in COUNTERS),
    UniqueConstraint("issue", "first_seq"),
    one_of("state", BatchState),
    CheckConstraint("size = last_seq - first_seq + 1 AND size > 0", name="size_is_range"),
    CheckConstraint(f"{' + '.join(COUNTERS)} = size", name="everyone_counted"),
    CheckConstraint(" AND ".join(f"{name} >= 0" for name in COUNTERS), name="counts_positive"),
    CheckConstraint("(pending > 0) = (state = 'pending')", name="pending_state"),
    CheckConstraint("(submitting > 0) = (state = 'submitting')", name="submitting_state"),
    CheckConstraint("(uncertain > 0) = (state = 'uncertain')", name="uncertain_state"),
    # Of what waits alone: an index over all states would be written twice for each request.
    Index(
        "ix_batches_pending",
        "issue",
        "first_seq",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)
PENDING: ColumnElement[str] = literal_column("'pending'")
"""A state of batches as their partial index has it: for a parameter SQLite would plan each time anew."""

attempts = Table(
    "attempts",
    metadata,
    # Grows with each request that is ever made: a copy of the database that is put back has a lower one.
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column("batch", Integer, ForeignKey("batches.id"), nullable=False),
    Column("provider", String, nullable=False, server_default=""),
    Column("state", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("deadline", UtcTime, nullable=False),
    Column("cancel_id", String, nullable=False, server_default=""),
    Column("send_at", UtcTime),
    Column("answered_at", UtcTime),
    Column("provider_message_id", String, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    UniqueConstraint("id"),
    Index(None, "batch"),
    Index(None, "provider", "started_at"),
    one_of("state", AttemptState),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("issue", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("reason", String, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("attempt", String),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("issue", "seq"),
    Index(None, "issue", "status"),
)

provider_events = Table(
    "provider_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("provider", String, nullable=False),
    Column("provider_event_id", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("type", String, nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("delivery_id", String),
    Column("attempt_id", String),
    Column("addr_spec", String, nullable=False),
    Column("permanent", Boolean, nullable=False),
    Column("enhanced_status", String, nullable=False, server_default=""),
    Column("bounce_class", String, nullable=False, server_default=""),
    Column("machine", Boolean, nullable=False, server_default=false()),
    Column("subscriber_id", Integer),
    Column("detail", Text, nullable=False, server_default=""),
    Column("raw", Text, nullable=False, server_default=""),
    Index(None, "attempt_id"),
    Index(None, "subscriber_id", "occurred_at"),
    Index(None, "provider", "received_at"),
    UniqueConstraint("provider", "provider_event_id"),
    # Providers that send an event again under a new id are told by what the event says.
    UniqueConstraint("provider", "fingerprint"),
)

suppressions = Table(
    "suppressions",
    metadata,
    # A keyed hash: who was forgotten stays so, and no file of ours names them.
    Column("address_hash", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
