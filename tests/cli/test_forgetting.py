"""Who was forgotten stays so when an older copy of the database is put back."""

from pathlib import Path

import pytest

from tests.support.project import Project, make_project

NOOR = "noor@example.org"


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    made.run("subscribers", "add", NOOR, "mo@example.org")
    return made


def put_back(project: Project, saved: Path) -> None:
    database = project.folder / "data" / "newsletter.db"
    for name in ("-wal", "-shm"):
        database.with_name(f"{database.name}{name}").unlink(missing_ok=True)
    saved.replace(database)


def test_an_older_copy_does_not_bring_anybody_back(project: Project) -> None:
    saved = project.folder / "copy.db"
    assert project.run("db", "backup", str(saved)).status == 0
    assert NOOR.encode() in saved.read_bytes()
    assert project.run("subscribers", "forget", NOOR, "--yes").status == 0
    put_back(project, saved)
    assert project.run("subscribers", "list").stdout == "mo@example.org: confirmed\n"
    assert project.run("run-due").status == 0
    left = b"".join(path.read_bytes() for path in (project.folder / "data").glob("newsletter.db*"))
    assert NOOR.encode() not in left.lower()
    file = project.folder / "people.csv"
    file.write_text(f"address\n{NOOR}\n", encoding="utf-8")
    project.run("subscribers", "import", str(file), "--consent", "the fair", "--yes")
    assert NOOR not in project.run("subscribers", "list").stdout


def test_forgetting_asks_first(project: Project) -> None:
    result = project.run("subscribers", "forget", NOOR)
    assert result.status == 2
    assert "nobody is there to ask: repeat with --yes" in result.stderr
    assert NOOR in project.run("subscribers", "list").stdout


def test_an_address_that_is_none_is_told(project: Project) -> None:
    refused = project.run("subscribers", "forget", "nobody", "--yes")
    assert refused.status == 1
    assert "Traceback" not in refused.stderr
