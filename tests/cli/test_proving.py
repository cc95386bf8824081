"""Where an issue stands, and the account of everybody of it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.project import Project, make_project

PEOPLE = ("ada@example.org", "ben@example.org", "cem@example.org", "dot@example.org")


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    made.run("subscribers", "add", *PEOPLE)
    made.environment["NEWSLETTER_PROVIDER__BATCH_SIZE"] = "1"
    made.environment["NEWSLETTER_PROVIDER__CONNECTIONS"] = "1"
    return made


def gathered(project: Project) -> str:
    return Path(project.run("gather", "--unscheduled").stdout.strip()).stem


def change(project: Project, *statements: str) -> None:
    with closing(sqlite3.connect(project.folder / "data" / "newsletter.db")) as database, database:
        for statement in statements:
            database.execute(statement)


def with_one_of_each(project: Project) -> str:
    """An issue of which one recipient each is submitted, rejected, gone since and uncertain."""
    issue = gathered(project)
    project.environment["NEWSLETTER_FAULT"] = "after-record:TERM"
    stopped = project.start("send", issue, "--yes")
    stopped.communicate()
    assert stopped.returncode == 75
    del project.environment["NEWSLETTER_FAULT"]
    change(
        project,
        "UPDATE batches SET state = 'refused', pending = 0, rejected = 1 WHERE first_seq = 2",
        "INSERT INTO outcomes (issue, seq, status, reason, detail, at)"
        " VALUES (1, 2, 'rejected', 'invalid', 'no such mailbox', '2026-11-27T08:00:00.000000Z')",
        "UPDATE batches SET state = 'refused', pending = 0, suppressed_since = 1 WHERE first_seq = 3",
        "INSERT INTO outcomes (issue, seq, status, reason, at)"
        " VALUES (1, 3, 'suppressed_since', 'unsubscribed', '2026-11-27T08:00:00.000000Z')",
        "UPDATE batches SET state = 'uncertain', pending = 0, uncertain = 1 WHERE first_seq = 4",
        "UPDATE issues SET state = 'submitted'",
    )
    return issue


def test_everybody_who_was_not_simply_submitted_is_named_with_the_reason(project: Project) -> None:
    proof = project.run("prove", with_one_of_each(project))
    assert proof.status == 3
    assert "balanced" in proof.stdout
    assert "as frozen" in proof.stdout
    assert "rejected: ben@example.org (invalid: no such mailbox)" in proof.stdout
    assert "suppressed since: cem@example.org (unsubscribed)" in proof.stdout
    assert "uncertain: dot@example.org" in proof.stdout
    assert "ada@example.org" not in proof.stdout


def test_the_account_as_json_adds_up_and_names_each_group(project: Project) -> None:
    told = json.loads(project.run("prove", with_one_of_each(project), "--json").stdout)
    parts = ("submitted", "rejected", "suppressed_since", "uncertain", "unknown")
    assert told["audience"] == sum(told[part] for part in parts) == 4
    assert told["balanced"] is True
    assert told["audience_intact"] is True
    assert [person["address"] for person in told["rejected_recipients"]] == ["ben@example.org"]
    assert told["suppressed_since_recipients"][0]["reason"] == "unsubscribed"
    assert told["uncertain_recipients"] == ["dot@example.org"]
    assert told["unknown_recipients"] == []
    assert "recipients" not in told


def test_every_recipient_is_named_when_asked_for(project: Project) -> None:
    issue = with_one_of_each(project)
    told = json.loads(project.run("prove", issue, "--recipients", "--json").stdout)
    assert {person["address"]: person["status"] for person in told["recipients"]} == dict(
        zip(PEOPLE, ("submitted", "rejected", "suppressed_since", "uncertain"), strict=True)
    )
    assert "submitted: ada@example.org" in project.run("prove", issue, "--recipients").stdout


def test_a_frozen_list_that_was_changed_is_noticed(project: Project) -> None:
    issue = gathered(project)
    assert project.run("send", issue, "--yes").status == 0
    assert project.run("prove", issue).status == 0
    change(project, "UPDATE deliveries SET addr_spec = 'eve@example.org' WHERE seq = 2")
    changed = project.run("prove", issue)
    assert changed.status == 3
    assert "CHANGED" in changed.stdout
    assert json.loads(project.run("prove", issue, "--json").stdout)["audience_intact"] is False


def broken_off(project: Project) -> str:
    """An issue of which one recipient is submitted, and three are pending."""
    issue = gathered(project)
    project.environment["NEWSLETTER_FAULT"] = "after-record:TERM"
    project.start("send", issue, "--yes").communicate()
    del project.environment["NEWSLETTER_FAULT"]
    return issue


@pytest.mark.parametrize("paused", [False, True])
def test_a_send_that_has_not_ended_says_who_of_all_are_pending(project: Project, paused: bool) -> None:
    issue = broken_off(project)
    if paused:
        assert project.run("pause", issue).status == 0
    proof = project.run("prove", issue)
    assert proof.status == 3
    assert " 4  in all, with 3 pending: not balanced: the send has not ended\n" in proof.stdout


def test_a_cancelled_issue_accounts_for_those_who_were_never_handed_over(project: Project) -> None:
    issue = broken_off(project)
    assert project.run("pause", issue).status == 0
    assert project.run("cancel", issue).status == 0
    proof = project.run("prove", issue)
    assert proof.status == 0
    assert " 4  in all: balanced\n" in proof.stdout
    assert "cancelled: 3 were never handed over\n" in proof.stdout
    assert "not ended" not in proof.stdout
    told = json.loads(project.run("prove", issue, "--json").stdout)
    assert (told["state"], told["balanced"]) == ("cancelled", True)
    assert (told["submitted"], told["pending"], told["audience"]) == (1, 3, 4)
    receipt = json.loads((project.folder / "issues" / f"{issue}.receipt.json").read_text(encoding="utf-8"))
    assert (receipt["state"], receipt["counts"]["pending"], receipt["balanced"]) == ("cancelled", 3, True)


def test_a_cancelled_issue_needs_attention_while_somebody_is_uncertain(project: Project) -> None:
    issue = broken_off(project)
    assert project.run("cancel", issue).status == 0
    change(project, "UPDATE batches SET state = 'uncertain', pending = 0, uncertain = 1 WHERE first_seq = 4")
    proof = project.run("prove", issue)
    assert proof.status == 3
    assert "cancelled: 2 were never handed over" in proof.stdout


def test_a_cancelled_issue_is_not_balanced_while_a_request_is_under_way(project: Project) -> None:
    issue = broken_off(project)
    assert project.run("cancel", issue).status == 0
    change(
        project, "UPDATE batches SET state = 'submitting', pending = 0, submitting = 1 WHERE first_seq = 4"
    )
    proof = project.run("prove", issue)
    assert proof.status == 3
    assert "in all, with 2 pending and 1 submitting: not balanced" in proof.stdout


def test_the_standing_of_a_send_that_has_not_ended_says_how_it_goes_on(project: Project) -> None:
    issue = broken_off(project)
    status = project.run("status", issue)
    assert "submitting" in status.stdout
    assert f"newsletter send {issue}" in status.stderr
    (told,) = json.loads(project.run("status", issue, "--json").stdout)
    assert told["progress"]["pending"] == 3
    assert told["seconds_left"] > 0
    assert told["next"]


def test_what_came_back_after_acceptance_is_counted(project: Project) -> None:
    issue = gathered(project)
    assert project.run("send", issue, "--yes").status == 0
    change(
        project,
        "INSERT INTO outcomes (issue, seq, status, at)"
        " SELECT 1, seq, CASE seq WHEN 1 THEN 'bounced' ELSE 'delivered' END, '2026-11-27T08:00:00.000000Z'"
        " FROM deliveries",
    )
    assert "3 delivered, 1 bounced" in project.run("status", issue).stdout
    assert project.run("prove", issue).status == 0


def test_a_draft_has_nothing_to_prove(project: Project) -> None:
    refused = project.run("prove", gathered(project))
    assert refused.status == 1
    assert "not frozen" in refused.stderr
