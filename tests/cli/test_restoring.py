"""A project whose database was put back from an old copy."""

import json
import shutil
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.support.project import Project, make_project


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    made.run("subscribers", "add", *(f"reader{n}@example.org" for n in range(4)))
    made.environment["NEWSLETTER_PROVIDER__BATCH_SIZE"] = "1"
    made.environment["NEWSLETTER_PROVIDER__CONNECTIONS"] = "1"
    return made


def gathered(project: Project, *words: str) -> str:
    return Path(project.run("gather", *words).stdout.strip()).stem


def next_slot(project: Project) -> str:
    (slot,) = json.loads(project.run("next", "-n", "1", "--json").stdout)
    return str(slot["instant"])


def copy(project: Project) -> Path:
    path = project.folder / "copy.db"
    assert project.run("db", "backup", str(path)).status == 0
    return path


def put_back(project: Project, saved: Path) -> None:
    database = project.folder / "data" / "newsletter.db"
    for name in ("", "-wal", "-shm"):
        database.with_name(f"{database.name}{name}").unlink(missing_ok=True)
    saved.rename(database)


def stopped_after(project: Project, issue: str, requests: int) -> None:
    """The issue, sent until so many requests were answered."""
    project.environment["NEWSLETTER_FAULT"] = f"after-record@{requests}:TERM"
    process = project.start("send", issue, "--yes")
    process.communicate()
    assert process.returncode == 75
    del project.environment["NEWSLETTER_FAULT"]


def outbox(project: Project) -> dict[str, int]:
    """When each letter was written, by its recipient; the outbox replaces a letter that comes twice."""
    return {
        str(message_from_bytes(path.read_bytes())["To"]): path.stat().st_mtime_ns
        for path in project.letters()
    }


@pytest.mark.parametrize(
    "words", [("send", "ISSUE", "--yes"), ("approve", "ISSUE"), ("run-due",), ("gather",)]
)
def test_an_old_copy_is_not_sent_from(project: Project, words: tuple[str, ...]) -> None:
    issue = gathered(project, "--unscheduled")
    saved = copy(project)
    assert project.run("send", issue, "--yes").status == 0
    before = outbox(project)
    put_back(project, saved)
    refused = project.run(*(issue if word == "ISSUE" else word for word in words))
    assert refused.status == 3
    assert "db after-restore" in refused.stderr
    assert outbox(project) == before


def test_a_data_folder_that_was_put_back_as_a_whole_is_known_for_an_old_one(project: Project) -> None:
    issue = gathered(project, "--unscheduled")
    data = project.folder / "data"
    saved = shutil.copytree(data, project.folder / "copy")
    assert project.run("send", issue, "--yes").status == 0
    shutil.rmtree(data)
    saved.rename(data)
    refused = project.run("send", issue, "--yes")
    assert refused.status == 3
    assert "older than the last send" in refused.stderr
    assert project.letters() == []


def test_an_issue_that_was_submitted_since_is_taken_over_by_its_receipt(project: Project) -> None:
    issue = gathered(project)
    saved = copy(project)
    assert project.run("send", issue, "--yes").status == 0
    before = outbox(project)
    put_back(project, saved)
    assert project.run("db", "after-restore", "--yes").status == 0
    assert "submitted" in project.run("status", issue).stdout
    due = project.run("run-due", "--now", next_slot(project))
    assert (due.status, due.stdout) == (0, "")
    assert project.run("send", issue, "--yes").status == 1
    assert "receipt" in project.run("prove", issue).stderr
    assert outbox(project) == before


def test_an_issue_that_the_copy_does_not_know_comes_back_with_its_slot_and_posts(project: Project) -> None:
    saved = copy(project)
    issue = gathered(project)
    assert project.run("send", issue, "--yes").status == 0
    put_back(project, saved)
    assert project.run("db", "after-restore", "--yes").status == 0
    told = project.run("status", issue).stdout
    assert "submitted" in told
    again = project.run("gather", "--unscheduled")
    assert "Nothing new" in again.stderr
    assert issue in project.run("gather").stderr  # the slot has its issue


def test_who_may_have_a_letter_is_uncertain_and_gets_no_second_one(project: Project) -> None:
    issue = gathered(project)
    stopped_after(project, issue, 1)
    saved = copy(project)
    stopped_after(project, issue, 2)
    before = outbox(project)
    put_back(project, saved)
    assert project.run("send", issue, "--yes").status == 3
    restored = project.run("db", "after-restore", "--yes")
    assert restored.status == 0
    assert "3 recipients are uncertain" in restored.stdout
    told = json.loads(project.run("prove", issue, "--json").stdout)
    assert (told["submitted"], told["uncertain"], told["balanced"]) == (1, 3, True)
    assert {address: at for address, at in outbox(project).items() if address in before} == before


def test_a_draft_waits_for_a_person_and_is_sent_when_they_say_so(project: Project) -> None:
    sent = gathered(project, "--unscheduled")
    project.write_post("slipway", "The slipway is gone", "2026-11-22")
    draft = gathered(project)
    saved = copy(project)
    project.run("send", sent, "--yes")
    put_back(project, saved)
    project.run("db", "after-restore", "--yes")
    held = project.run("run-due", "--now", next_slot(project))
    assert held.status == 3
    assert f"newsletter approve {draft}" in held.stdout
    assert not (project.folder / "data" / "outbox" / draft).exists()
    assert "held" in project.run("status", draft).stdout
    assert project.run("send", draft, "--yes").status == 0
    assert Counter(path.parent.name for path in project.letters()) == {sent: 4, draft: 4}


def test_sending_on_after_a_restore_can_be_asked_for_in_one_command(project: Project) -> None:
    issue = gathered(project, "--unscheduled")
    saved = copy(project)
    project.run("send", issue, "--yes")
    before = outbox(project)
    put_back(project, saved)
    refused = project.run("send", issue, "--yes", "--after-restore")
    assert "submitted before the database was restored" in refused.stderr
    assert outbox(project) == before


def test_without_a_sign_of_a_restore_a_person_is_asked(project: Project) -> None:
    gathered(project)
    asked = project.run("db", "after-restore")
    assert asked.status == 2
    assert "nothing outside the database says" in asked.stderr
    assert "nobody is there to ask: repeat with --yes" in asked.stderr
