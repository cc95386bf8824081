"""The tables' making and care: migration, check and backup.

Alembic is imported only when the tables are not those of this program: it costs memory and time
that a sender does not need.
"""

import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from newsletter.errors import NeedsAttention, NewsletterError, WrongState
from newsletter.store.columns import iso, metadata
from newsletter.store.engine import Database, connect, insert_new
from newsletter.store.locks import locked
from newsletter.store.tables import REVISION, meta

if TYPE_CHECKING:
    from alembic.config import Config

PRIVATE = 0o600
"""The files hold people's addresses; SQLite gives its own files beside them the same mode."""
ADVISORY_LOCK = 0x62726F6164  # "broad": the key of PostgreSQL's lock while tables are made


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaReport:
    """What `db check` found: the two revisions, and how the tables differ from those wanted."""

    revision: str | None
    wanted: str
    drift: Sequence[str]

    @property
    def current(self) -> bool:
        return self.revision == self.wanted and not self.drift


def open_database(url: str, *, now: datetime, locks: Path | None = None) -> Database:
    """The database, ready for use. A SQLite file is made and migrated by itself.

    `locks` is the folder of this host's lock files (beside the file for SQLite). Raises BadSetting
    for a URL that names no database, NeedsAttention when PostgreSQL's tables are not current.
    """
    database = connect(url, locks=locks)
    with ExitStack() as undo:
        undo.callback(database.close)
        if database.is_sqlite:
            if not _is_current_sqlite(database):
                upgrade(url, now=now)
        elif (found := revision(database)) != REVISION:
            raise NeedsAttention(
                f"the database's tables are of revision {found or 'none'}, this program's are {REVISION}",
                remedy="run `newsletter db upgrade`",
            )
        undo.pop_all()
    return database


def upgrade(url: str, *, now: datetime) -> None:
    """None; the tables are those of this program. Eight processes may call it at once.

    Raises NewsletterError when the database was made by a newer program.
    """
    database = connect(url)
    try:
        if database.is_sqlite:
            with locked(_file(database).parent / "locks" / "upgrade"):
                _make_private(_file(database))
                with database.alone() as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                with database.writing() as connection:
                    _migrate(connection, now)
        else:
            with database.writing() as connection:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
                _migrate(connection, now)
    finally:
        database.close()


def revision(database: Database) -> str | None:
    """The revision of the database's tables; None when it has none."""
    with database.reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def check(database: Database) -> SchemaReport:
    """The revisions, and one sentence for each way in which the tables differ from those wanted."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    import newsletter.store.readertables  # noqa: F401 -- which fills metadata, and a sender does not need

    found = revision(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        drift = [str(difference) for difference in compare_metadata(context, metadata)]
    return SchemaReport(revision=found, wanted=REVISION, drift=drift)


def backup(database: Database, target: Path) -> None:
    """None; `target` is a whole copy of the SQLite database, made while others write to it.

    Raises WrongState when `target` cannot be made anew, or for PostgreSQL, which has its own tools. When
    the copy fails, no file of it stays.
    """
    if not database.is_sqlite:
        raise WrongState("PostgreSQL is backed up by its own tools", remedy="use pg_dump")
    try:
        target.touch(mode=PRIVATE, exist_ok=False)
    except OSError as error:
        raise WrongState(
            f"{target}: {error.strerror}", remedy="name a new file in a folder that exists"
        ) from error
    with ExitStack() as undo:
        undo.callback(target.unlink, missing_ok=True)
        with database.alone() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(target),))
        undo.pop_all()


def _is_current_sqlite(database: Database) -> bool:
    path = _file(database)
    if not path.exists() or path.stat().st_size == 0:
        return False
    with database.reading() as connection:
        wal = connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    return wal and revision(database) == REVISION


def _file(database: Database) -> Path:
    return Path(str(database.url.database))


def _make_private(path: Path) -> None:
    path.touch(mode=PRIVATE)
    if path.stat().st_size == 0:  # somebody may have looked into a database that was not there
        path.chmod(PRIVATE)


def _migrate(connection: Connection, now: datetime) -> None:
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(_alembic(connection), "head")
    except CommandError as error:
        raise NewsletterError(
            f"the database was made by another version of this program ({error})",
            remedy="install the newest version",
        ) from error
    born = {
        "created_at": iso(now),
        "database_id": secrets.token_hex(8),
        "signing_key": secrets.token_hex(32),
    }
    rows = [{"key": key, "value": value} for key, value in born.items()]
    connection.execute(insert_new(connection, meta), rows)


def _alembic(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
