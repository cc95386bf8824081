"""Whether the database can be worked with at this moment."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from newsletter.errors import NewsletterError
from newsletter.store.engine import Database
from newsletter.store.tables import REVISION


def why_not_ready(database: Database) -> str:
    """A few words on what is wrong; empty when it can be written and has this program's tables."""
    try:
        with database.writing() as connection:  # SQLite opens such a transaction only for a writer
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
            only_read = not database.is_sqlite and connection.scalar(text("SHOW transaction_read_only"))
    except (NewsletterError, SQLAlchemyError):
        return "the database cannot be written"
    if only_read == "on":
        return "the database cannot be written"
    return "" if found == REVISION else "the database's tables are of another version"
