"""The commands that bring a list along, and take it out again."""

import csv
import io
import json
import os
import pty
import stat
from pathlib import Path

import pytest

from tests.support.project import Project, make_project

PEOPLE = (
    "email,name,status\nnoor@example.org,Noor,active\nnonsense,=1+1,active\nleft@example.org,,unsubscribed\n"
)


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    return make_project(tmp_path / "letter", capsys)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, encoding="utf-8")
    return path


def addresses(project: Project) -> set[str]:
    return {
        person["address"]["addr_spec"]
        for person in json.loads(project.run("subscribers", "list", "--json").stdout)
    }


def test_rejected_rows_stand_beside_the_file_for_its_owner_alone(project: Project, people: Path) -> None:
    result = project.run("subscribers", "import", str(people), "--consent", "the fair")
    assert result.status == 1
    assert result.stdout == (
        f"2 added, 0 known, 1 rejected (see {people}.rejected.csv): import 1, read as a plain list\n"
    )
    assert result.stderr == f"{people}:3: not an address: it has no @\n"
    rejected = people.with_name("people.csv.rejected.csv")
    assert stat.S_IMODE(rejected.stat().st_mode) == 0o600
    assert list(csv.reader(io.StringIO(rejected.read_text(encoding="utf-8")))) == [
        ["line", "reason", "email", "name", "status"],
        ["3", "not an address: it has no @", "nonsense", "'=1+1", "active"],
    ]


def test_a_rejected_file_is_made_anew_and_follows_no_link(project: Project, people: Path) -> None:
    target = people.with_name("precious")
    target.write_text("precious", encoding="utf-8")
    people.with_name("people.csv.rejected.csv").symlink_to(target)
    people.with_name("people.csv.rejected.csv.part").symlink_to(target)
    assert project.run("subscribers", "import", str(people)).status == 1
    assert target.read_text(encoding="utf-8") == "precious"
    assert "nonsense" in people.with_name("people.csv.rejected.csv").read_text(encoding="utf-8")


def is_refused_whole(project: Project, file: Path, said: str) -> bool:
    """Whether the import fails with one line that says this, and nothing is imported or left behind."""
    before = sorted(file.parent.iterdir())
    for more in ((), ("--json",)):
        result = project.run("subscribers", "import", str(file), "--consent", "the fair", "--yes", *more)
        assert (result.status, result.stdout) == (1, "")
        assert result.stderr.startswith(f"newsletter: {file}: {said}")
        assert result.stderr.count("\n") == 1
    assert project.run("subscribers", "imports").stdout == ""
    return addresses(project) == set() and sorted(file.parent.iterdir()) == before


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", "email,name,status\n", "sep=;\nemail;name\n;\n"])
def test_a_file_without_rows_is_no_import(project: Project, people: Path, text: str) -> None:
    people.write_text(text, encoding="utf-8")
    assert is_refused_whole(project, people, "the file holds no rows — ")
    assert project.run("subscribers", "import", str(people), "--dry-run").status == 1


def test_a_pipe_is_refused_before_it_is_read(project: Project, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert is_refused_whole(project, pipe, "it is a pipe or a device, ")


def test_nobody_is_imported_where_no_rejected_rows_can_be_written(project: Project, people: Path) -> None:
    people.with_name("people.csv.rejected.csv.part").mkdir()  # as a folder that is locked, and for root too
    assert is_refused_whole(project, people, "its rejected rows cannot be written beside it (")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_nobody_is_imported_where_rejected_rows_have_no_room(
    project: Project, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file = os.open

    def open_full(path: str | Path, flags: int, *more: int) -> int:
        if str(path).endswith(".rejected.csv.part"):
            return open_file("/dev/full", os.O_WRONLY)
        return open_file(path, flags, *more)

    monkeypatch.setattr(os, "open", open_full)
    said = "its rejected rows cannot be written beside it (No space left on device): nobody was imported — "
    assert is_refused_whole(project, people, said)


def test_without_a_word_of_the_consent_the_file_is_kept_and_a_warning_given(
    project: Project, people: Path
) -> None:
    assert "--consent" in project.run("subscribers", "import", str(people)).stderr
    [noor, _] = json.loads(project.run("subscribers", "list", "--json").stdout)
    assert noor["consent_source"] == "import people.csv"


def test_a_dry_run_shows_what_would_change_and_writes_nothing(project: Project, people: Path) -> None:
    project.run("subscribers", "add", "left@example.org")
    result = project.run("subscribers", "import", str(people), "--dry-run")
    assert result.status == 1
    assert "1 new\n  noor@example.org: confirmed (line 2)" in result.stdout
    assert "1 known, and end\n  left@example.org: confirmed → unsubscribed (line 4)" in result.stdout
    told = json.loads(project.run("subscribers", "import", str(people), "--dry-run", "--json").stdout)
    assert (told["dry_run"], told["effects"]["added"], told["rejected_rows"]) == (True, 1, 1)
    assert told["examples"]["ended"][0]["addr_spec"] == "left@example.org"
    assert addresses(project) == {"left@example.org"}
    assert project.run("subscribers", "imports").stdout == ""
    assert not list(people.parent.glob("*rejected*"))


def test_an_import_can_be_told_as_json(project: Project, people: Path) -> None:
    report = json.loads(project.run("subscribers", "import", str(people), "--json").stdout)
    assert (report["number"], report["added"], report["rejected_rows"]) == (1, 2, 1)
    assert report["rejected"] == [{"line": 3, "reason": "not an address: it has no @"}]
    assert report["rejected_file"] == f"{people}.rejected.csv"


def test_imports_are_listed_and_undone_by_their_number(project: Project, people: Path) -> None:
    project.run("subscribers", "import", str(people))
    assert "1: " in project.run("subscribers", "imports").stdout
    undone = project.run("subscribers", "undo-import", "1")
    assert (undone.status, undone.stdout) == (0, "import 1: 2 removed, 0 put back, 0 stayed\n")
    assert addresses(project) == set()
    again = project.run("subscribers", "undo-import", "1")
    assert (again.status, "nothing to do" in again.stdout) == (0, True)
    [record] = json.loads(project.run("subscribers", "imports", "--json").stdout)
    assert record["undone_at"]
    missing = project.run("subscribers", "undo-import", "7")
    assert (missing.status, missing.stderr.count("\n")) == (1, 1)


def test_a_preset_is_taken_by_its_name_and_a_wrong_name_told(project: Project, people: Path) -> None:
    wrong = project.run("subscribers", "import", str(people), "--preset", "mailchip")
    assert wrong.status == 1
    assert "did you mean “mailchimp”?" in wrong.stderr
    report = project.run("subscribers", "import", str(people), "--preset", "keila")
    assert "read as Keila" in report.stdout


def test_an_export_comes_in_both_forms(project: Project, people: Path) -> None:
    project.run("subscribers", "import", str(people))
    rows = list(csv.DictReader(io.StringIO(project.run("subscribers", "export").stdout)))
    told = json.loads(project.run("subscribers", "export", "--format", "json").stdout)
    assert [row["address"] for row in rows] == [each["address"] for each in told]
    only = json.loads(
        project.run("subscribers", "export", "--format", "json", "--status", "unsubscribed").stdout
    )
    assert [each["address"] for each in only] == ["left@example.org"]


# --- on a terminal -----------------------------------------------------------------------------


def on_a_terminal(project: Project, words: list[str], typed: str) -> tuple[int, str]:
    """The exit status of a command on a terminal of its own, and all that it showed there."""
    import subprocess
    import sys

    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "-C", str(project.folder), *words],
        stdin=its, stdout=its, stderr=its, close_fds=True,
    )  # fmt: skip
    os.close(its)
    os.write(ours, typed.encode())
    shown = b""
    while True:
        try:
            some = os.read(ours, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not some:
            break
        shown += some
    os.close(ours)
    return process.wait(timeout=60), shown.decode()


def test_on_a_terminal_it_asks_for_the_consent_and_shows_the_difference_first(
    project: Project, people: Path
) -> None:
    command = ["subscribers", "import", str(people)]
    status, shown = on_a_terminal(project, command, "the fair\nn\n")
    assert status == 130
    assert "Where does their consent come from?" in shown
    assert "2 new" in shown
    assert addresses(project) == set()
    assert not list(people.parent.glob("*rejected*"))
    status, shown = on_a_terminal(project, command, "the fair\ny\n")
    assert status == 1
    assert "2 added" in shown
    consents = {
        person["consent_source"] for person in json.loads(project.run("subscribers", "list", "--json").stdout)
    }
    assert consents == {"the fair"}
