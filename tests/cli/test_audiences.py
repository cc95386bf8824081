"""Writing to some of the readers, as an author does it."""

import json
from pathlib import Path

import pytest

from tests.support.project import Project, make_project

PEOPLE = ("noor@example.org", "soren@example.org", "reader@example.net")


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    made.run("subscribers", "add", *PEOPLE)
    for address in PEOPLE[:2]:
        assert made.run("subscribers", "tag", address, "North  Shore").stdout == "tagged\n"
    return made


def gathered(project: Project, to: str = "") -> str:
    path = project.folder / "issues" / f"{Path(project.run('gather').stdout.strip()).stem}.md"
    if to:
        text = path.read_text(encoding="utf-8").replace("subject:", f"to: {to}\nsubject:", 1)
        path.write_text(text, encoding="utf-8")
    return path.stem


def receipt_of(project: Project, issue: str) -> dict[str, object]:
    told: dict[str, object] = json.loads((project.folder / "issues" / f"{issue}.receipt.json").read_bytes())
    return told


def test_an_issue_goes_to_whom_its_file_names_and_says_so_everywhere(project: Project) -> None:
    issue = gathered(project, "'tag:\"North Shore\" and email:noor@*'")
    plan = project.run("send", issue, "--dry-run", "--json")
    assert 'to 1 subscriber (tag:"North Shore" and email:noor@*).' in plan.stderr
    assert json.loads(plan.stdout)["audience"] == 1
    assert project.run("send", issue, "--yes").status == 0
    assert len(project.letters()) == 1
    words = 'tag:"North Shore" and email:noor@*'
    assert f"to: {words}" in project.run("status", issue).stdout
    assert f"to: {words}" in project.run("prove", issue).stdout
    for command in ("status", "prove"):
        told = json.loads(project.run(command, issue, "--json").stdout)
        assert (told[0] if command == "status" else told)["audience_filter"] == words
    assert receipt_of(project, issue)["audience_filter"] == words.replace("noor@*", "…@…")


def test_the_command_line_counts_instead_and_a_frozen_audience_takes_no_other(project: Project) -> None:
    issue = gathered(project, "tag:nowhere")
    assert project.run("send", issue, "--yes", "--to", "email:soren@example.org").status == 0
    assert len(project.letters()) == 1
    assert receipt_of(project, issue)["audience_filter"] == "email:…@…"
    again = project.run("send", issue, "--yes", "--to", "email:*@example.org")
    assert again.status == 1
    assert "is frozen for “email:soren@example.org”" in again.stderr
    assert project.run("send", issue, "--yes", "--to", "email:soren@example.org").status == 0
    assert len(project.letters()) == 1


def test_a_tag_that_nobody_has_stops_the_send_and_names_the_nearest(project: Project) -> None:
    issue = gathered(project, "not tag:NorthShore")
    refused = project.run("send", issue, "--yes")
    assert refused.status == 1
    assert "did you mean “North Shore”?" in refused.stderr
    assert project.letters() == []


def test_a_filter_that_cannot_be_read_names_file_line_and_column(project: Project) -> None:
    issue = gathered(project, "'tag:a and joind > 2026-01-01'")
    refused = project.run("check", issue, "--offline")
    assert refused.status == 1
    assert f"issues/{issue}.md:" in refused.stderr
    assert "column 11: there is no “joind” to ask for — did you mean “joined”?" in refused.stderr


def test_people_are_counted_listed_tagged_and_untagged(project: Project) -> None:
    assert project.run("subscribers", "count").stdout == "3 subscribers\n"
    assert project.run("subscribers", "count", 'not tag:"North Shore"').stdout.startswith("1 subscriber (")
    counted = json.loads(project.run("subscribers", "count", "email:*@example.org", "--json").stdout)
    assert counted == {"count": 2, "audience_filter": "email:*@example.org"}
    listed = project.run("subscribers", "list", "--where", "not email:*@example.org").stdout
    assert listed == "reader@example.net: confirmed\n"
    assert project.run("subscribers", "untag", PEOPLE[0], "North Shore").stdout == "untagged\n"
    assert project.run("subscribers", "untag", PEOPLE[0], "North Shore").stdout == "had no such tag\n"
    assert project.run("subscribers", "count", 'tag:"North Shore"').stdout.startswith("1 subscriber (")
    assert project.run("subscribers", "tag", "nobody@example.org", "x").status == 1
    assert project.run("subscribers", "tag", PEOPLE[0], "  ").status == 1
