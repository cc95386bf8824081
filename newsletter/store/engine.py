"""A database, opened: SQLite with every commit on the disk, or PostgreSQL by URL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, Insert, Table, create_engine, event, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from newsletter.errors import BadSetting, Busy, NewsletterError

T = TypeVar("T")

BUSY_TIMEOUT_MS = 20_000
"""How long a SQLite statement waits for another process's transaction before it is Busy."""
_TO_READ, _TO_WRITE = "BEGIN", "BEGIN IMMEDIATE"
_BEGIN = "newsletter begins with"
"""In a connection's `info`: the words with which its next transaction begins; empty: none does."""
_DAMAGED = ("not a database", "malformed")
"""SQLite's words about a file that cannot be read any longer, whatever room there is."""
CONNECT_TIMEOUT_S = 10
"""How long a PostgreSQL server may take to answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """An open database: `reading()` and `writing()` are one transaction each."""

    url: URL
    locks: Path | None
    """Folder of this host's lock files, beside a SQLite file; None: leases end by time alone."""
    engine: Engine = field(repr=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection whose reads all see one moment."""
        with self._begun(_TO_READ) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose changes are all on the disk when the block ends, or none is.

        Raises Busy when another process's transaction does not end in time.
        """
        with self._begun(_TO_WRITE) as connection:
            yield connection

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A connection outside any transaction, where alone SQLite takes certain statements."""
        with in_plain_words(self.url), self.engine.connect() as connection:
            connection.info[_BEGIN] = ""
            yield connection

    @contextmanager
    def private(self) -> Iterator[Connection]:
        """A connection for several transactions of the caller's; its temporary tables go with it."""
        with in_plain_words(self.url), self.engine.connect() as connection:
            connection.detach()
            connection.info[_BEGIN] = _TO_READ
            yield connection

    @contextmanager
    def _begun(self, words: str) -> Iterator[Connection]:
        with in_plain_words(self.url), self.engine.connect() as connection:
            connection.info[_BEGIN] = words
            with connection.begin():
                yield connection

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def close(self) -> None:
        self.engine.dispose()


def connect(url: str, *, locks: Path | None = None) -> Database:
    """The database at this SQLAlchemy URL, with whatever tables it has. Raises BadSetting."""
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        engine = _sqlite(address)
        locks = locks or _file(address).parent / "locks"
    else:
        engine = _postgresql(address)
    return Database(url=address, locks=locks, engine=engine)


@contextmanager
def writing_on(connection: Connection) -> Iterator[None]:
    """One transaction of a private connection, as `Database.writing` makes it."""
    connection.info[_BEGIN] = _TO_WRITE
    try:
        with connection.begin():
            yield
    finally:
        connection.info[_BEGIN] = _TO_READ


def insert_new(connection: Connection, table: Table) -> Insert:
    """An INSERT that leaves rows alone whose key is already there."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table).on_conflict_do_nothing()


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


@contextmanager
def in_plain_words(url: URL) -> Iterator[None]:
    """The block, with a database's own complaints turned into one clear line."""
    try:
        yield
    except DatabaseError as error:
        # The subclasses besides OperationalError speak of a statement, not of the database.
        if type(error) not in {OperationalError, DatabaseError}:
            raise
        reason = str(error.orig).strip().splitlines()[0]
        place = url.render_as_string(hide_password=True)
        if "database is locked" in reason:
            raise Busy(
                f"{place}: another process is writing and did not end within {BUSY_TIMEOUT_MS // 1000} s",
                remedy="try again",
            ) from error
        if any(words in reason for words in _DAMAGED):
            raise NewsletterError(
                f"{place}: {reason}", remedy="put its newest copy back, as docs/howto/restore.md tells"
            ) from error
        raise NewsletterError(
            f"{place}: {reason}", remedy="see that the database is there, can be written and has room"
        ) from error


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number is a ValueError
        raise BadSetting(
            "the text is no database URL",  # which may hold a password, and is not repeated
            where="[database] url",
            remedy="write sqlite:///data/newsletter.db or postgresql+psycopg://user@host/name",
        ) from error
    if address.get_backend_name() == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if address.drivername not in {"sqlite", "sqlite+pysqlite"} or not address.database:
        raise BadSetting(
            f"no database of the kind {address.drivername!r} can be used",
            where="[database] url",
            remedy="use a SQLite file or PostgreSQL",
        )
    return address


def _file(address: URL) -> Path:
    return Path(str(address.database))


def _sqlite(address: URL) -> Engine:
    _file(address).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver opens no transactions of its own
        # WAL with NORMAL may lose the last commits in a power cut: a claim lost is a double send.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # What is deleted is written over: who asked to be forgotten is not left in unused space.
        connection.execute("PRAGMA secure_delete = ON")

    def begin(connection: PoolProxiedConnection) -> None:
        # A transaction that reads first and writes later cannot wait for its turn: it fails.
        if words := connection.info.get(_BEGIN, _TO_READ):
            connection.cursor().execute(words)

    # Not by SQLAlchemy's event of that name: with a listener every statement costs a tenth more.
    engine.dialect.do_begin = begin  # type: ignore[method-assign, assignment]
    return engine


def _postgresql(address: URL) -> Engine:
    try:
        engine = create_engine(
            address,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
            hide_parameters=True,
            pool_pre_ping=True,  # a server that was restarted must not cost a batch its answer
        )
    except ModuleNotFoundError as error:
        raise BadSetting(
            "PostgreSQL needs the package psycopg",
            where="[database] url",
            remedy="install it with: pip install 'broadsheet[postgres]'",
        ) from error

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # A commit that is not on the disk when it returns may be lost: a claim lost is a double send.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
        connection.commit()

    return engine
