"""`newsletter suppressions`: the provider's lists become ours, and ours the provider's."""

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.drill.sendgrid.emulator import KEY, SendGridEmulator
from tests.support.project import Project, make_project

LONG_AGO = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def sendgrid() -> Iterator[SendGridEmulator]:
    with SendGridEmulator() as emulator:
        yield emulator


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str], sendgrid: SendGridEmulator) -> Project:
    """A project whose provider is the emulated SendGrid, with two readers."""
    made = make_project(tmp_path / "letter", capsys)
    text = made.settings.read_text(encoding="utf-8").replace('kind = "outbox"', 'kind = "sendgrid"')
    made.settings.write_text(f'{text}\n[provider.sendgrid]\nbase_url = "{sendgrid.url}"\n', encoding="utf-8")
    made = replace(made, environment={"SENDGRID_API_KEY": KEY})
    made.run("subscribers", "add", "noor@example.org", "soren@example.org")
    return made


def statuses(project: Project) -> dict[str, str]:
    people = json.loads(project.run("subscribers", "list", "--json").stdout)
    return {person["address"]["addr_spec"]: person["status"] for person in people}


def test_pull_ends_and_push_tells(project: Project, sendgrid: SendGridEmulator) -> None:
    sendgrid.suppressions.put("bounces", "noor@example.org", LONG_AGO)
    pulled = project.run("suppressions", "pull")
    assert (pulled.status, pulled.stdout) == (0, "1 read, 1 subscriber ended\n")
    assert statuses(project) == {"noor@example.org": "suppressed", "soren@example.org": "confirmed"}
    assert json.loads(project.run("suppressions", "pull", "--json").stdout) == {"read": 0, "ended": 0}
    assert project.run("suppressions", "push").stdout == "1 subscriber told\n"
    assert json.loads(project.run("suppressions", "push", "--json").stdout) == {"told": 1}
    assert sendgrid.suppressions.on("unsubscribes") == ["noor@example.org"]


def test_a_reading_that_is_killed_is_taken_up_again(project: Project, sendgrid: SendGridEmulator) -> None:
    sendgrid.suppressions.put("bounces", "noor@example.org", LONG_AGO)
    sendgrid.suppressions.put("spam_reports", "soren@example.org", LONG_AGO)
    killed = replace(
        project, environment=project.environment | {"NEWSLETTER_FAULT": "inside-suppression-sync"}
    )
    process = killed.start("suppressions", "pull")
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert project.run("suppressions", "pull").status == 0
    assert set(statuses(project).values()) == {"suppressed"}


def test_an_unattended_run_reads_the_lists_once_a_day(project: Project, sendgrid: SendGridEmulator) -> None:
    sendgrid.suppressions.put("bounces", "noor@example.org", LONG_AGO)
    assert "1 subscriber ended: " in project.run("run-due").stdout
    sendgrid.suppressions.put("bounces", "soren@example.org", LONG_AGO)
    assert "ended" not in project.run("run-due").stdout
    assert statuses(project)["soren@example.org"] == "confirmed"


def test_a_provider_without_lists_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = make_project(tmp_path / "letter", capsys)
    for word in ("pull", "push"):
        result = project.run("suppressions", word)
        assert result.status == 1
        assert "“outbox” keeps no lists" in result.stderr
