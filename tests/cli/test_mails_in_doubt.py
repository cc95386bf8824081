"""The author hears of the program's own mails of which nobody knows whether they went out."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from newsletter.wiring import open_app
from tests.support.project import Project, make_project

LINE = "1 of the program's own mails is uncertain"


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    """One whose only mail was under way when its process died."""
    project = make_project(tmp_path / "letter", capsys)
    project.run("gather")
    project.run("subscribers", "add", "noor@example.org")
    with open_app(project.folder, {}) as app:
        noor = app.subscribers.find("noor@example.org")
        assert noor is not None
        app.preferences.mail_link(noor.id, app.clock.now())
        assert app.mails.claim(app.clock.now())
    return project


def test_the_run_that_finds_a_mail_in_doubt_says_so_once(project: Project) -> None:
    found = project.run("run-due")
    assert found.status == 0
    assert found.stdout.count(LINE) == 1
    assert "noor" not in found.stdout
    assert LINE not in project.run("run-due").stdout


def test_status_tells_of_mails_in_doubt_for_a_week(project: Project) -> None:
    assert LINE not in project.run("status").stderr
    project.run("run-due")
    with open_app(project.folder, {}) as app:
        (issue,) = app.files.list()
    for words in ([], [issue], ["--json"], [issue, "--json"]):
        told = project.run("status", *words)
        assert LINE in told.stderr
        assert "noor" not in told.stderr
    with closing(sqlite3.connect(project.folder / "data" / "newsletter.db")) as database, database:
        database.execute("UPDATE system_mails SET submitted_at = '2020-02-29T10:00:00.000000Z'")
    assert LINE not in project.run("status").stderr
