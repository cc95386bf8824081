"""What holds whatever files are imported, in whatever order."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.models import Suppression, SuppressionReason
from newsletter.store.schema import open_database, upgrade
from newsletter.store.suppressions import SqlSuppressionStore
from newsletter.usecases.importing import export_csv
from tests.support.databases import BORN
from tests.support.people import NOW, PeopleDesk

MEMORY = Path("/dev/shm")
"""Where a commit waits for no disk, on Linux: what is held here is no matter of power cuts."""
WORDS = ["", "active", "pending", "unsubscribed", "cleaned", "no", "inactive", "bounced"]
NAMES = ["ada", "bob", "cy", "erased"]
FILES = st.lists(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(WORDS)), min_size=1, max_size=5),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and nobody in it."""
    path = tmp_path_factory.mktemp("empty") / "newsletter.db"
    upgrade(f"sqlite:///{path}", now=BORN)
    return path


@contextmanager
def fresh_desk(empty: Path) -> Iterator[PeopleDesk]:
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        copy = Path(folder) / "newsletter.db"
        shutil.copy(empty, copy)
        database = open_database(f"sqlite:///{copy}", now=BORN)
        try:
            yield PeopleDesk(database=database)
        finally:
            database.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES, st.integers(0, 4))
def test_nobody_who_left_or_is_suppressed_ever_comes_back_by_an_import(
    empty: Path, files: list[list[tuple[str, str]]], undone: int
) -> None:
    with fresh_desk(empty) as desk:
        entry = Suppression(
            addr_spec="erased@example.com", reason=SuppressionReason.UNSUBSCRIBED, created_at=NOW
        )
        SqlSuppressionStore(desk.database).keep([entry], "test", NOW)
        before: dict[str, str] = {}
        for file in files:
            report = desk.load("email,status", *(f"{name}@example.com,{word}" for name, word in file))
            assert report.added + report.known + report.repeated + report.left_out == len(file)
            after = desk.statuses()
            for name, status in before.items():
                if status in {"unsubscribed", "suppressed"}:
                    assert after[name] == status or (status, after[name]) == ("unsubscribed", "suppressed")
                else:
                    assert after[name] in {status, "unsubscribed", "suppressed"}
            assert "erased" not in after
            before = after
        if 0 < undone <= len(files):
            desk.imports.undo(undone, desk.now)
            assert "erased" not in desk.statuses()
            lines = [f"{name}@example.com,{word}" for name, word in files[undone - 1]]
            desk.load("email,status", *lines)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES)
def test_undoing_every_import_from_the_last_leaves_the_list_as_it_was(
    empty: Path, files: list[list[tuple[str, str]]]
) -> None:
    with fresh_desk(empty) as desk:
        desk.load("email,name,status", "ada@example.com,Ada,active", "bob@example.com,,pending")
        before = list(desk.people.export())
        numbers = [
            desk.load("email,status", *(f"{name}@example.com,{word}" for name, word in file)).number
            for file in files
        ]
        for number in reversed(numbers):
            assert number
            desk.imports.undo(number, desk.now)
        assert list(desk.people.export()) == before


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES, st.lists(st.sampled_from(["berlin", "=1+1", "a,b", 'x"y']), max_size=3))
def test_an_export_makes_the_same_list_elsewhere(
    empty: Path, files: list[list[tuple[str, str]]], tags: list[str]
) -> None:
    with fresh_desk(empty) as desk, fresh_desk(empty) as other:
        for file in files:
            cell = ",".join('""' + tag.replace('"', '""""') + '""' for tag in tags)
            desk.load(
                "email,status,tags,language", *(f'{n}@example.com,{word},"{cell}",de' for n, word in file)
            )
        lines = list(export_csv(desk.people.export()))
        other.now = desk.now
        other.load_bytes("".join(lines).encode())
        assert list(export_csv(other.people.export())) == lines
