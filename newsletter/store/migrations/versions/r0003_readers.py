"""Readers: what they chose, consented to and asked for, imports that can be undone, limits and visits."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIME = sa.String(27)
FINAL = "consent records are final"


def upgrade() -> None:
    op.add_column("letters", sa.Column("audience_filter", sa.Text(), server_default="", nullable=False))
    op.add_column("batches", sa.Column("text_only", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("subscribers", sa.Column("language", sa.String(), server_default="", nullable=False))
    op.add_column(
        "subscribers", sa.Column("text_only", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("subscribers", sa.Column("paused_until", TIME, nullable=True))
    op.add_column("subscribers", sa.Column("import_number", sa.Integer(), nullable=True))
    op.create_table(
        "subscriber_tags",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "tag", name="pk_subscriber_tags"),
    )
    op.create_index("ix_subscriber_tags_tag", "subscriber_tags", ["tag"])
    op.create_table(
        "consents",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("ip", sa.String(), server_default="", nullable=False),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.Column("form_url", sa.Text(), server_default="", nullable=False),
        sa.Column("text_sha256", sa.String(), server_default="", nullable=False),
        sa.Column("policy", sa.String(), server_default="", nullable=False),
        sa.Column("mail", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "action IN ('requested', 'confirmed', 'unsubscribed', 'returned', 'changed', 'imported',"
            " 'added', 'suppressed')",
            name=op.f("ck_consents_action_known"),
        ),
        sa.PrimaryKeyConstraint("number", name="pk_consents"),
    )
    op.create_index("ix_consents_subscriber_id", "consents", ["subscriber_id"])
    op.create_table(
        "consent_texts",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_consent_texts"),
    )
    op.create_table(
        "address_changes",
        sa.Column("subscriber_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("addr_spec", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", name="pk_address_changes"),
    )
    op.create_table(
        "system_mails",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=True),
        sa.Column("addr_spec", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("retry_at", TIME, nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("submitted_at", TIME, nullable=True),
        sa.Column("provider_message_id", sa.String(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "kind IN ('confirmation', 'manage', 'goodbye', 'new_address', 'draft_ready')",
            name=op.f("ck_system_mails_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'submitting', 'submitted', 'refused', 'uncertain')",
            name=op.f("ck_system_mails_state_known"),
        ),
        sa.PrimaryKeyConstraint("number", name="pk_system_mails"),
    )
    op.create_index("ix_system_mails_subscriber_id", "system_mails", ["subscriber_id"])
    op.create_index("ix_system_mails_state_retry_at", "system_mails", ["state", "retry_at"])
    op.create_table(
        "hits",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_hits"),
    )
    op.create_index("ix_hits_bucket_at", "hits", ["bucket", "at"])
    op.create_table(
        "visits",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("issue_id", sa.String(), server_default="", nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("machine", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_visits"),
    )
    op.create_index("ix_visits_client_at", "visits", ["client", "at"])
    op.create_index("ix_visits_issue_id_page", "visits", ["issue_id", "page"])
    op.create_table(
        "imports",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("preset", sa.String(), server_default="", nullable=False),
        sa.Column("consent_source", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("added", sa.Integer(), server_default="0", nullable=False),
        sa.Column("known", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ended", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("undone_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_imports"),
    )
    op.create_table(
        "import_changes",
        sa.Column("import_number", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("import_number", "subscriber_id", name="pk_import_changes"),
    )
    _make_consents_final()


def _make_consents_final() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER consents_are_final BEFORE UPDATE ON consents"
            f" BEGIN SELECT RAISE(ABORT, '{FINAL}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION consents_are_final() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{FINAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER consents_are_final BEFORE UPDATE ON consents"
        " FOR EACH ROW EXECUTE FUNCTION consents_are_final()"
    )
