"""Room for evidence: numbered attempts with the provider's ids, richer events, suppressions, canaries."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.String(27)


def upgrade() -> None:
    op.add_column("issues", sa.Column("send_at", TIME, nullable=True))
    op.add_column("issues", sa.Column("canary", sa.String(), server_default="", nullable=False))
    op.add_column("batches", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("batches", sa.Column("canary", sa.Boolean(), server_default=sa.false(), nullable=False))
    _number_attempts()
    op.create_index("ix_outcomes_issue_status", "outcomes", ["issue", "status"])
    op.add_column(
        "provider_events", sa.Column("bounce_class", sa.String(), server_default="", nullable=False)
    )
    op.add_column(
        "provider_events", sa.Column("machine", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("provider_events", sa.Column("subscriber_id", sa.Integer(), nullable=True))
    op.create_index("ix_provider_events_attempt_id", "provider_events", ["attempt_id"])
    op.create_index(
        "ix_provider_events_subscriber_id_occurred_at", "provider_events", ["subscriber_id", "occurred_at"]
    )
    op.create_index("ix_provider_events_provider_received_at", "provider_events", ["provider", "received_at"])
    op.create_table(
        "suppressions",
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name="pk_suppressions"),
    )


def _number_attempts() -> None:
    """The attempts that are there get their numbers in the order in which they were made."""
    op.rename_table("attempts", "old_attempts")
    if op.get_context().dialect.name != "sqlite":
        op.drop_constraint("pk_attempts", "old_attempts")
        op.drop_constraint("fk_attempts_batch", "old_attempts")
    op.create_table(
        "attempts",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), server_default="", nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("deadline", TIME, nullable=False),
        sa.Column("cancel_id", sa.String(), server_default="", nullable=False),
        sa.Column("send_at", TIME, nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("provider_message_id", sa.String(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('inflight', 'accepted', 'released', 'refused',"
            " 'uncertain', 'confirmed', 'void', 'expired')",
            name=op.f("ck_attempts_state_known"),
        ),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name="fk_attempts_batch"),
        sa.PrimaryKeyConstraint("number", name="pk_attempts"),
        sa.UniqueConstraint("id", name="uq_attempts_id"),
    )
    names = (
        "id, batch, state, owner, fence, recipients, started_at, deadline, answered_at,"
        " provider_message_id, detail"
    )
    op.execute(
        f"INSERT INTO attempts ({names}) SELECT {names} FROM old_attempts ORDER BY started_at, id"  # noqa: S608
    )
    op.drop_table("old_attempts")
    op.drop_index("ix_batches_issue_state_first_seq", "batches")
    op.create_index(
        "ix_batches_pending",
        "batches",
        ["issue", "first_seq"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_attempts_batch", "attempts", ["batch"])
    op.create_index("ix_attempts_provider_started_at", "attempts", ["provider", "started_at"])
