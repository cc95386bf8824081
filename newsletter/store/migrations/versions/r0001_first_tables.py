"""The first tables: issues and posts, subscribers, the ledger, and room for evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.String(27)


def upgrade() -> None:
    op.create_table(
        "issues",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("frozen_at", TIME, nullable=True),
        sa.Column("submitted_at", TIME, nullable=True),
        sa.Column("file_text", sa.Text(), server_default="", nullable=False),
        sa.Column("file_written", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'scheduled', 'frozen', 'submitting',"
            " 'paused', 'submitted', 'skipped', 'cancelled')",
            name=op.f("ck_issues_state_known"),
        ),
        sa.PrimaryKeyConstraint("number", name="pk_issues"),
        sa.UniqueConstraint("id", name="uq_issues_id"),
        sa.UniqueConstraint("slot", name="uq_issues_slot"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "outcomes",
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("attempt", sa.String(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("issue", "seq", name="pk_outcomes"),
    )
    op.create_table(
        "provider_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("provider_event_id", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("occurred_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=True),
        sa.Column("attempt_id", sa.String(), nullable=True),
        sa.Column("addr_spec", sa.String(), nullable=False),
        sa.Column("permanent", sa.Boolean(), nullable=False),
        sa.Column("enhanced_status", sa.String(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("raw", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_provider_events"),
        sa.UniqueConstraint("provider", "fingerprint", name="uq_provider_events_provider_fingerprint"),
        sa.UniqueConstraint(
            "provider", "provider_event_id", name="uq_provider_events_provider_provider_event_id"
        ),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("addr_spec", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), server_default="", nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("suppressed_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("unsubscribed_at", TIME, nullable=True),
        sa.Column("consent_source", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "status IN ('unconfirmed', 'confirmed', 'unsubscribed', 'suppressed')",
            name=op.f("ck_subscribers_status_known"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_subscribers"),
        sa.UniqueConstraint("address_key", name="uq_subscribers_address_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt", sa.String(), nullable=True),
        sa.Column("retry_at", TIME, nullable=True),
        sa.Column("pending", sa.Integer(), server_default="0", nullable=False),
        sa.Column("submitting", sa.Integer(), server_default="0", nullable=False),
        sa.Column("submitted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("suppressed_since", sa.Integer(), server_default="0", nullable=False),
        sa.Column("uncertain", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unknown", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("(pending > 0) = (state = 'pending')", name=op.f("ck_batches_pending_state")),
        sa.CheckConstraint(
            "(submitting > 0) = (state = 'submitting')", name=op.f("ck_batches_submitting_state")
        ),
        sa.CheckConstraint(
            "(uncertain > 0) = (state = 'uncertain')", name=op.f("ck_batches_uncertain_state")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'submitting', 'submitted', 'refused', 'uncertain', 'unknown_final')",
            name=op.f("ck_batches_state_known"),
        ),
        sa.CheckConstraint(
            "pending + submitting + submitted + rejected + suppressed_since + uncertain + unknown = size",
            name=op.f("ck_batches_everyone_counted"),
        ),
        sa.CheckConstraint(
            "pending >= 0 AND submitting >= 0 AND submitted >= 0"
            " AND rejected >= 0 AND suppressed_since >= 0 AND uncertain >= 0 AND unknown >= 0",
            name=op.f("ck_batches_counts_positive"),
        ),
        sa.CheckConstraint(
            "size = last_seq - first_seq + 1 AND size > 0", name=op.f("ck_batches_size_is_range")
        ),
        sa.ForeignKeyConstraint(["issue"], ["issues.number"], name="fk_batches_issue"),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
        sa.UniqueConstraint("issue", "first_seq", name="uq_batches_issue_first_seq"),
    )
    op.create_index(
        "ix_batches_issue_state_first_seq", "batches", ["issue", "state", "first_seq"], unique=False
    )
    op.create_table(
        "decision_logs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.String(), nullable=True),
        sa.Column("gathered_at", TIME, nullable=False),
        sa.Column("json", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name="fk_decision_logs_issue_id"),
        sa.PrimaryKeyConstraint("id", name="pk_decision_logs"),
    )
    op.create_index("ix_decision_logs_issue_id", "decision_logs", ["issue_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("addr_spec", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issues.number"], name="fk_deliveries_issue"),
        sa.PrimaryKeyConstraint("issue", "seq", name="pk_deliveries"),
        sa.UniqueConstraint("issue", "subscriber_id", name="uq_deliveries_issue_subscriber_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "letters",
        sa.Column("issue", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("merge_fields", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("audience", sa.Integer(), nullable=False),
        sa.Column("audience_sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issues.number"], name="fk_letters_issue"),
        sa.PrimaryKeyConstraint("issue", name="pk_letters"),
    )
    op.create_table(
        "posts",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("published", TIME, nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("issue_id", sa.String(), nullable=True),
        sa.Column("seen_at", TIME, nullable=False),
        sa.CheckConstraint("decision IN ('taken', 'dropped')", name=op.f("ck_posts_decision_known")),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name="fk_posts_issue_id"),
        sa.PrimaryKeyConstraint("source", "post", name="pk_posts"),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("deadline", TIME, nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("provider_message_id", sa.String(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('inflight', 'accepted', 'released', 'refused',"
            " 'uncertain', 'confirmed', 'void', 'expired')",
            name=op.f("ck_attempts_state_known"),
        ),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name="fk_attempts_batch"),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
    )
