"""The database itself: made once, whole and durable, on SQLite and on PostgreSQL."""

import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

import newsletter.store.readertables  # noqa: F401 -- which fills metadata
from newsletter.errors import BadSetting, Busy, NeedsAttention, NewsletterError, WrongState
from newsletter.store import columns, schema, tables
from newsletter.store.engine import Database, connect
from newsletter.store.keys import add_key, keyring
from newsletter.store.schema import open_database, upgrade
from tests.support.databases import BORN

Opened = Callable[[str], Database]

OPEN = """
import sys
from datetime import datetime
from newsletter.store.keys import keyring
from newsletter.store.schema import open_database
sys.stdin.read(1)
database = open_database(sys.argv[1], now=datetime.fromisoformat("2026-11-01T00:00:00+00:00"))
print(keyring(database).signing.hex())
"""


def test_the_migrations_make_exactly_the_tables_of_the_program(database: Database) -> None:
    report = schema.check(database)
    assert report.drift == []
    assert report.revision == report.wanted
    assert report.current


def test_the_migrations_keep_every_check_and_option_of_the_tables(
    opened: Opened, sqlite_url: str, tmp_path: Path
) -> None:
    upgrade(sqlite_url, now=BORN)
    migrated = connect(sqlite_url)
    declared = connect(f"sqlite:///{tmp_path}/declared.db")
    with declared.writing() as connection:
        for table in columns.metadata.sorted_tables:
            connection.execute(CreateTable(table))
            for index in table.indexes:
                connection.execute(CreateIndex(index))
    assert _definitions(migrated) == _definitions(declared)
    migrated.close()
    declared.close()


def test_a_table_that_differs_is_told(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE meta ADD COLUMN surplus INTEGER"))
    report = schema.check(database)
    assert not report.current
    assert "surplus" in report.drift[0]


def test_the_newest_migration_is_the_revision_that_the_program_names() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == tables.REVISION


def test_eight_processes_that_start_on_a_new_file_all_succeed_and_agree(sqlite_url: str) -> None:
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, sqlite_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for process in starting:
        assert process.stdin
        process.stdin.write("x")
        process.stdin.flush()
    keys = {process.communicate(timeout=60)[0].strip() for process in starting}
    assert [process.returncode for process in starting] == [0] * 8
    assert len(keys) == 1
    assert len(keys.pop()) == 64


def test_an_sqlite_commit_is_on_the_disk_when_it_returns(opened: Opened, sqlite_url: str) -> None:
    database = opened(sqlite_url)
    with database.reading() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_postgresql_commit_is_on_the_disk_even_when_the_server_prefers_speed(
    postgresql_database: Callable[[], URL],
) -> None:
    url = postgresql_database()
    plain = connect(url.render_as_string(hide_password=False))
    with plain.writing() as connection:
        connection.execute(text(f"ALTER DATABASE {url.database} SET synchronous_commit = off"))
    plain.close()
    database = connect(url.render_as_string(hide_password=False))
    with database.reading() as connection:
        assert connection.scalar(text("SHOW synchronous_commit")) == "on"
    database.close()


def test_an_empty_postgresql_database_asks_for_an_upgrade(postgresql_database: Callable[[], URL]) -> None:
    url = postgresql_database().render_as_string(hide_password=False)
    database = connect(url)
    with database.writing() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    database.close()
    with pytest.raises(NeedsAttention, match="newsletter db upgrade"):
        open_database(url, now=BORN)


def test_a_current_database_is_opened_without_alembic(sqlite_url: str) -> None:
    upgrade(sqlite_url, now=BORN)
    script = OPEN.replace("sys.stdin.read(1)", "") + "assert 'alembic' not in sys.modules"
    subprocess.run([sys.executable, "-c", script, sqlite_url], check=True, timeout=60)


def test_a_database_of_a_newer_program_is_left_alone(opened: Opened, sqlite_url: str) -> None:
    database = opened(sqlite_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewsletterError, match="another version"):
        opened(sqlite_url)
    assert schema.revision(database) == "9999"


def test_what_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "not.db").write_text("these are words, and more than a header's hundred octets " * 5)
    with pytest.raises(NewsletterError, match="file is not a database") as caught:
        open_database(f"sqlite:///{tmp_path}/not.db", now=BORN)
    assert "newest copy" in caught.value.remedy
    assert (tmp_path / "not.db").read_text().startswith("these are words")


def test_a_damaged_database_asks_for_its_copy(opened: Opened, sqlite_url: str, tmp_path: Path) -> None:
    opened(sqlite_url).close()
    file = tmp_path / "data" / "newsletter.db"
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * (file.stat().st_size - 4096))
    with pytest.raises(NewsletterError, match="malformed") as caught:
        open_database(sqlite_url, now=BORN)
    assert "newest copy" in caught.value.remedy


@pytest.mark.parametrize(
    "url", ["mysql://root:hunter2@host/db", "sqlite://", "hunter2", "postgresql:/hunter2"]
)
def test_a_url_that_names_no_usable_database_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(NewsletterError) as caught:
        open_database(url, now=BORN)
    assert "hunter2" not in str(caught.value)


def test_a_postgresql_server_that_is_not_there_is_one_clear_line() -> None:
    with pytest.raises(NewsletterError) as caught:
        open_database("postgresql://ada:hunter2@127.0.0.1:9/news", now=BORN)
    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert not isinstance(caught.value, BadSetting)


def test_a_writer_that_holds_the_database_too_long_makes_others_busy(
    opened: Opened, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.store.engine.BUSY_TIMEOUT_MS", 50)
    first, second = opened(sqlite_url), opened(sqlite_url)
    with first.writing(), pytest.raises(Busy, match="another process"), second.writing():
        pass


def test_a_transaction_that_reads_first_can_still_write(opened: Opened, sqlite_url: str) -> None:
    one, other = opened(sqlite_url), opened(sqlite_url)
    with one.writing() as connection:
        connection.execute(text("SELECT * FROM meta")).all()
        connection.execute(insert(tables.meta).values(key="a", value="1"))
    with other.reading() as connection:
        assert connection.scalar(text("SELECT value FROM meta WHERE key = 'a'")) == "1"


def test_a_block_that_fails_leaves_nothing_behind(database: Database) -> None:
    def write_and_fail() -> None:
        with database.writing() as connection:
            connection.execute(insert(tables.meta).values(key="a", value="1"))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM meta WHERE key = 'a'")) == 0


def test_the_database_itself_refuses_counts_that_do_not_add_up(database: Database) -> None:
    issue = {"number": 1, "id": "one", "state": "frozen", "created_at": BORN, "file_written": True}
    batch = {"issue": 1, "first_seq": 1, "last_seq": 10, "size": 10, "state": "pending"}
    with database.writing() as connection:
        connection.execute(insert(tables.issues).values(issue))
    wrong: list[dict[str, object]] = [
        {"pending": 9},
        {"pending": 10, "size": 9},
        {"pending": 11, "rejected": -1},
        {"submitted": 10},
        {"pending": 10, "state": "submitted"},
        {"pending": 9, "uncertain": 1},
    ]
    for values in wrong:
        with pytest.raises(IntegrityError), database.writing() as connection:
            connection.execute(insert(tables.batches).values({**batch, **values}))
    with database.writing() as connection:
        connection.execute(insert(tables.batches).values({**batch, "pending": 10}))


def test_a_backup_is_a_whole_database_and_overwrites_nothing(
    opened: Opened, sqlite_url: str, tmp_path: Path
) -> None:
    database = opened(sqlite_url)
    schema.backup(database, tmp_path / "copy.db")
    copy = opened(f"sqlite:///{tmp_path}/copy.db")
    assert keyring(copy) == keyring(database)
    with pytest.raises(WrongState, match="exists"):
        schema.backup(database, tmp_path / "copy.db")


def test_a_backup_that_does_not_fit_on_the_disk_leaves_no_file(
    opened: Opened, sqlite_url: str, tmp_path: Path
) -> None:
    database = opened(sqlite_url)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, hard))
    try:
        with pytest.raises(NewsletterError, match=r"newsletter\.db"):
            schema.backup(database, tmp_path / "copy.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.glob("copy.db*"))
    schema.backup(database, tmp_path / "copy.db")


def test_a_new_database_can_be_read_by_its_owner_alone(
    opened: Opened, sqlite_url: str, tmp_path: Path
) -> None:
    opened(sqlite_url)
    files = [path for path in (tmp_path / "data").iterdir() if path.is_file()]
    assert {path.name for path in files} >= {"newsletter.db"}
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files} == {0}


def _definitions(database: Database) -> dict[str, list[str]]:
    """Each table's and index's statement as SQLite keeps it, its parts in one order."""
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index')"
            " AND sql IS NOT NULL AND name NOT LIKE 'alembic%'"
        ).all()
    return {name: sorted(_parts(sql)) for name, sql in rows}


def _parts(statement: str) -> Iterator[str]:
    """What stands between the outermost commas: columns that were added later stand on one line."""
    head, _, body = " ".join(statement.split()).partition("(")
    yield head.replace('"', "").strip()
    depth, part = 0, ""
    for character in body:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0 or (character == "," and depth == 0):
            yield part.strip()
            part = ""
        else:
            part += character
    yield part.strip()


def test_a_new_key_signs_and_the_old_ones_are_kept(database: Database) -> None:
    first = keyring(database)
    assert set(first.keys) == {1}
    assert len(first.signing) == 32
    assert keyring(database) == first
    second = add_key(database)
    assert second.newest == 2
    assert second.keys[1] == first.signing != second.signing
    assert keyring(database) == second
