"""What Alembic runs around a migration: the caller's connection, inside the caller's transaction."""

from alembic import context

from newsletter.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,  # SQLite can; all of an upgrade happens, or nothing
)
with context.begin_transaction():
    context.run_migrations()
