"""The tables of readers' own doings: what they chose, consented to and asked for, and who knocked."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    false,
)

from newsletter.models import ConsentAction, SystemMailKind, SystemMailState
from newsletter.store.columns import UtcTime, metadata, one_of

subscriber_tags = Table(
    "subscriber_tags",
    metadata,
    Column("subscriber_id", Integer, nullable=False),
    Column("tag", String, nullable=False),
    PrimaryKeyConstraint("subscriber_id", "tag"),
    Index(None, "tag"),
)

consents = Table(
    "consents",
    metadata,
    # Rows are added and never changed: a trigger refuses it. Only erasing a person removes theirs.
    Column("number", Integer, primary_key=True),
    Column("subscriber_id", Integer, nullable=False, index=True),
    Column("action", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("ip", String, nullable=False, server_default=""),
    Column("user_agent", Text, nullable=False, server_default=""),
    Column("form_url", Text, nullable=False, server_default=""),
    Column("text_sha256", String, nullable=False, server_default=""),
    Column("policy", String, nullable=False, server_default=""),
    Column("mail", Integer),
    Column("evidence", Text, nullable=False, server_default=""),
    one_of("action", ConsentAction),
)

consent_texts = Table(
    "consent_texts",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

address_changes = Table(
    "address_changes",
    metadata,
    Column("subscriber_id", Integer, primary_key=True, autoincrement=False),
    Column("addr_spec", String, nullable=False),
    Column("at", UtcTime, nullable=False),
)

system_mails = Table(
    "system_mails",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("subscriber_id", Integer, index=True),
    Column("addr_spec", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("retry_at", UtcTime),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("submitted_at", UtcTime),
    Column("provider_message_id", String, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default=""),
    Index(None, "state", "retry_at"),
    one_of("kind", SystemMailKind),
    one_of("state", SystemMailState),
)

hits = Table(
    "hits",
    metadata,
    # What a limit counts: a bucket is a keyed hash of an address, a domain or a client.
    Column("number", Integer, primary_key=True),
    Column("bucket", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "bucket", "at"),
)

visits = Table(
    "visits",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("page", String, nullable=False),
    Column("issue_id", String, nullable=False, server_default=""),
    Column("client", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("machine", Boolean, nullable=False, server_default=false()),
    Index(None, "client", "at"),
    Index(None, "issue_id", "page"),
)

imports = Table(
    "imports",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("file", Text, nullable=False),
    Column("preset", String, nullable=False, server_default=""),
    Column("consent_source", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("added", Integer, nullable=False, server_default="0"),
    Column("known", Integer, nullable=False, server_default="0"),
    Column("ended", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("undone_at", UtcTime),
)

import_changes = Table(
    "import_changes",
    metadata,
    # What an import changed about people who were there before, so that it can be undone.
    Column("import_number", Integer, nullable=False),
    Column("subscriber_id", Integer, nullable=False),
    Column("before", Text, nullable=False),
    PrimaryKeyConstraint("import_number", "subscriber_id"),
)
