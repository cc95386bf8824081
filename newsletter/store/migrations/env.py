"""What Alembic runs around a migration: the caller's connection, inside the caller's transaction."""

from alembic import context

import newsletter.store.readertables
import newsletter.store.tables  # noqa: F401 -- which fill metadata
from newsletter.store.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,  # SQLite can; all of an upgrade happens, or nothing
)
with context.begin_transaction():
    context.run_migrations()
