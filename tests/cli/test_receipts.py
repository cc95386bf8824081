"""The receipt beside the issue file: it is there, it adds up, and it names nobody."""

import json
from pathlib import Path

import pytest

from tests.support.project import Project, make_project

PEOPLE = ("Noor <noor@example.org>", "soren@example.org", "reader@example.net")


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    made.write_post("write-to", "Write to soren@example.org, he says", "2026-11-22")
    made.run("subscribers", "add", *PEOPLE)
    return made


def gathered(project: Project) -> str:
    return Path(project.run("gather", "--unscheduled").stdout.strip()).stem


def receipt_of(project: Project, issue: str) -> Path:
    return project.folder / "issues" / f"{issue}.receipt.json"


def test_a_receipt_tells_what_was_sent_and_names_nobody(project: Project) -> None:
    issue = gathered(project)
    assert project.run("send", issue, "--yes").status == 0
    text = receipt_of(project, issue).read_text(encoding="utf-8")
    for address in ("noor@example.org", "soren@example.org", "reader@example.net"):
        assert address not in text
    told = json.loads(text)
    proof = json.loads(project.run("prove", issue, "--json").stdout)
    assert told["state"] == "submitted"
    assert told["counts"]["submitted"] == proof["submitted"] == 3
    assert told["audience_sha256"] == proof["audience_sha256"]
    assert told["letter_sha256"] == proof["letter_sha256"]
    assert told["frozen_at"] <= told["begun_at"] <= told["ended_at"]
    assert [request["state"] for request in told["requests"]] == ["accepted"]
    assert {line["decision"] for line in told["decisions"]["decisions"]} == {"taken"}


def test_a_receipt_is_no_issue(project: Project) -> None:
    issue = gathered(project)
    project.run("send", issue, "--yes")
    assert receipt_of(project, issue).is_file()
    assert project.run("check", "--offline").status == 0  # the newest issue is still the issue


def test_a_receipt_that_is_missing_or_out_of_date_is_made_by_the_next_run(project: Project) -> None:
    issue = gathered(project)
    project.environment["NEWSLETTER_FAULT"] = "before-finish@1"
    killed = project.start("send", issue, "--yes")
    killed.communicate()
    assert killed.returncode == -9
    del project.environment["NEWSLETTER_FAULT"]
    assert json.loads(receipt_of(project, issue).read_text())["state"] == "frozen"
    assert project.run("run-due").status == 0
    assert json.loads(receipt_of(project, issue).read_text())["state"] == "submitted"
    receipt_of(project, issue).unlink()
    assert project.run("run-due").status == 0
    assert json.loads(receipt_of(project, issue).read_text())["state"] == "submitted"


def test_a_receipt_that_cannot_be_written_is_told_and_stops_nothing(project: Project) -> None:
    issue = gathered(project)
    receipt_of(project, issue).with_suffix(".json").mkdir()
    result = project.run("send", issue, "--yes")
    assert result.status == 0
    assert "no receipt was written" in result.stderr
    assert len(project.letters()) == 3


def test_a_draft_that_a_receipt_says_was_sent_is_sent_to_nobody(project: Project) -> None:
    issue = gathered(project)
    project.run("send", issue, "--yes")
    letters = len(project.letters())
    for path in (project.folder / "data").glob("newsletter.db*"):
        path.unlink()
    project.run("subscribers", "add", *PEOPLE)
    assert project.run("send", issue, "--yes").status == 3  # so says the mark
    (project.folder / "issues" / ".newsletter.mark").unlink()
    refused = project.run("send", issue, "--yes")
    assert refused.status == 1
    assert "was sent already" in refused.stderr
    assert len(project.letters()) == letters


def test_what_is_settled_later_is_in_the_receipt(project: Project) -> None:
    issue = gathered(project)
    project.environment["NEWSLETTER_FAULT"] = "after-answer"
    killed = project.start("send", issue, "--yes")
    killed.communicate()
    assert killed.returncode == -9
    del project.environment["NEWSLETTER_FAULT"]
    assert project.run("reconcile", issue).status == 0  # the letters lie in the outbox
    assert project.run("send", issue, "--yes").status == 0
    told = json.loads(receipt_of(project, issue).read_text())
    assert (told["counts"]["submitted"], told["counts"]["uncertain"]) == (3, 0)
    assert [request["state"] for request in told["requests"]] == ["confirmed"]
