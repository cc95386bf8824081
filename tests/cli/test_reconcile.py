"""`newsletter reconcile`, and what sends and unattended runs settle by themselves."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from newsletter.drill.sendgrid.emulator import KEY, SendGridEmulator
from newsletter.drill.sendgrid.faults import Kind
from newsletter.models import BatchState
from newsletter.store import tables
from newsletter.store.engine import connect
from newsletter.store.tables import AttemptState
from tests.support.project import Project, make_project


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    """A newsletter whose issue went to three readers."""
    project = make_project(tmp_path / "letter", capsys)
    readers = [f"reader{number}@example.com" for number in (1, 2, 3)]
    assert project.run("subscribers", "add", *readers).status == 0
    assert project.run("gather", "--unscheduled").status == 0
    assert project.run("send", issue(project), "--yes").status == 0
    assert len(project.letters()) == 3
    return project


def issue(project: Project) -> str:
    [file] = (project.folder / "issues").glob("*.md")
    return file.stem


def doubt(project: Project, *, provider: str = "outbox") -> None:
    """The answer to the one request was never written down."""
    url = f"sqlite:///{project.folder}/data/newsletter.db"
    with closing(connect(url)) as database, database.writing() as connection:
        values = {"state": AttemptState.UNCERTAIN, "provider": provider}
        connection.execute(update(tables.attempts).values(values))
        moved = {"state": BatchState.UNCERTAIN, "uncertain": 3, "submitted": 0}
        connection.execute(update(tables.batches).values(moved))


def test_letters_that_lie_there_are_submitted(project: Project) -> None:
    doubt(project)
    told = project.run("reconcile")
    assert (told.status, told.stdout) == (
        0,
        f"{issue(project)}: 3 recipients submitted: all of its letters lie in the outbox\n",
    )
    assert project.run("reconcile").stderr == "Nobody is in doubt.\n"
    assert project.run("prove", issue(project)).status == 0


def test_letters_that_are_missing_are_sent_by_the_next_run(project: Project) -> None:
    project.letters()[0].unlink()
    doubt(project)
    told = project.run("run-due")
    assert "pending again: the outbox lacks 1 letter of it" in told.stdout
    assert told.status == 0
    assert len(project.letters()) == 3


def test_what_no_evidence_settles_stays_and_is_told_until_somebody_decides(project: Project) -> None:
    doubt(project, provider="sendgrid")
    told = project.run("reconcile", issue(project), "--json")
    assert told.status == 3
    found = json.loads(told.stdout)
    assert (found["settled"], found["uncertain"], found["attention"]) == (0, 3, False)
    assert project.run("run-due").status == 0  # it waits for evidence, which needs nobody
    assert project.run("reconcile", "--resend").status == 2  # which issue, must be said
    decided = project.run("reconcile", issue(project), "--assume-submitted")
    assert (decided.status, "3 recipients unknown for good" in decided.stdout) == (0, True)
    proof = json.loads(project.run("prove", issue(project), "--json").stdout)
    assert (proof["unknown"], proof["uncertain"], proof["balanced"]) == (3, 0, True)


def test_an_issue_that_is_not_there_is_told_in_a_line(project: Project) -> None:
    told = project.run("reconcile", "1999-01-01")
    assert told.status == 1
    assert "nothing is known of an issue “1999-01-01”" in told.stderr


def test_a_send_that_can_be_called_back_settles_its_own_doubts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(tmp_path / "letter", capsys)
    with SendGridEmulator() as sendgrid:
        text = project.settings.read_text(encoding="utf-8").replace("outbox", "sendgrid")
        text += f'\n[provider.sendgrid]\nbase_url = "{sendgrid.url}"\n[sending]\ncertainty = "cancelable"\n'
        project.settings.write_text(text, encoding="utf-8")
        project.environment["SENDGRID_API_KEY"] = KEY
        assert project.run("subscribers", "add", "one@example.com", "two@example.com").status == 0
        assert project.run("gather", "--unscheduled").status == 0
        sendgrid.script(Kind.ACCEPT_THEN_CLOSE)
        told = project.run("send", issue(project), "--yes")
        assert told.status == 0, told
        assert "2 recipients pending again: called back" in told.stderr
        sendgrid.advance(hours=1)
        assert set(sendgrid.copies_per_person().values()) == {1}
        assert (len(sendgrid.copies()), len(sendgrid.cancelled())) == (2, 2)
        assert project.run("prove", issue(project)).status == 0
