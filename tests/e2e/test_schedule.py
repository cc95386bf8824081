"""Timers, cron and the daemon together: one issue per slot, one copy per subscriber."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.drill.sendgrid.emulator import KEY, SendGridEmulator
from newsletter.wiring import SystemClock
from tests.support.project import Project, make_project

PEOPLE = 40
PATIENCE = 60.0
"""Seconds after which something that should have happened has not."""


@pytest.fixture
def emulator() -> Iterator[SendGridEmulator]:
    with SendGridEmulator() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str], emulator: SendGridEmulator) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    due = SystemClock().now() - timedelta(minutes=30)
    text = made.settings.read_text(encoding="utf-8")
    text = text.replace("friday 09:00", f"daily {due:%H:%M}").replace("Europe/Berlin", "UTC")
    text = text.replace('kind = "outbox"', 'kind = "sendgrid"\nbatch_size = 10')
    text += f'\n[provider.sendgrid]\nbase_url = "{emulator.url}"\n'
    made.settings.write_text(text, encoding="utf-8")
    made.environment["SENDGRID_API_KEY"] = KEY
    made.run("subscribers", "add", *(f"reader{n}@example.org" for n in range(PEOPLE)))
    pretend_made_yesterday(made)
    return made


def pretend_made_yesterday(project: Project) -> None:
    """A project made now owes nothing for earlier slots."""
    database = sqlite3.connect(project.folder / "data" / "newsletter.db")
    yesterday = SystemClock().now() - timedelta(days=1)
    with database:
        (text,) = database.execute("SELECT value FROM meta WHERE key = 'created_at'").fetchone()
        changed = yesterday.isoformat(timespec="microseconds") if "T" in text else str(yesterday)
        database.execute("UPDATE meta SET value = ? WHERE key = 'created_at'", (changed,))
    database.close()


def assert_sent_once(project: Project, emulator: SendGridEmulator) -> None:
    issues = list((project.folder / "issues").glob("*.md"))
    assert len(issues) == 1
    copies = Counter(copy.address for copy in emulator.copies())
    assert set(copies.values()) == {1}
    assert len(copies) == PEOPLE


def test_eight_runs_beside_a_daemon_make_one_issue_and_one_copy_each(
    project: Project, emulator: SendGridEmulator
) -> None:
    daemon = project.start("serve", "--port", "0")
    try:
        runs = [project.start("run-due") for _ in range(8)]
        ends = [run.communicate(timeout=PATIENCE) for run in runs]
        assert {run.returncode for run in runs} <= {0, 75}, ends
        wait_until_submitted(project)
    finally:
        daemon.terminate()
        _, said = daemon.communicate(timeout=PATIENCE)
    assert daemon.returncode == 0, said
    assert "Traceback" not in said
    assert_sent_once(project, emulator)
    assert project.run("run-due").status == 0
    assert_sent_once(project, emulator)


def test_the_daemon_alone_does_the_work_of_cron(project: Project, emulator: SendGridEmulator) -> None:
    daemon = project.start("serve", "--port", "0")
    try:
        wait_until_submitted(project)
    finally:
        daemon.terminate()
        daemon.communicate(timeout=PATIENCE)
    assert_sent_once(project, emulator)


def test_a_run_that_was_killed_is_finished_by_the_next(project: Project, emulator: SendGridEmulator) -> None:
    project.environment["NEWSLETTER_PROVIDER__CONNECTIONS"] = "1"  # nothing else is in flight then
    project.environment["NEWSLETTER_FAULT"] = "after-record@2"
    killed = project.start("run-due")
    killed.communicate(timeout=PATIENCE)
    assert killed.returncode == -9
    del project.environment["NEWSLETTER_FAULT"]
    assert project.run("run-due").status == 0
    assert_sent_once(project, emulator)


def test_a_slot_that_was_missed_for_too_long_asks(project: Project, emulator: SendGridEmulator) -> None:
    text = project.settings.read_text(encoding="utf-8")
    project.settings.write_text(text.replace("[schedule]", '[schedule]\ncatch_up = "10m"'))
    result = project.run("run-due")
    assert result.status == 3
    assert "newsletter send" in result.stdout
    assert emulator.copies() == []
    (issue,) = (path.stem for path in (project.folder / "issues").glob("*.md"))
    assert project.run("send", issue, "--yes").status == 0
    assert_sent_once(project, emulator)


def test_with_nothing_new_the_slot_is_skipped_and_says_so(
    project: Project, emulator: SendGridEmulator
) -> None:
    for post in (project.folder / "posts").iterdir():
        post.unlink()
    result = project.run("run-due")
    assert result.status == 0, result.stderr
    assert "skipped" in result.stdout
    assert emulator.copies() == []
    project.write_post("late", "A post that came late", f"{SystemClock().now():%Y-%m-%d}")
    assert project.run("run-due").status == 0
    assert emulator.copies() == []


def wait_until_submitted(project: Project) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        rows = json.loads(project.run("status", "--json").stdout)
        if any(row["state"] == "submitted" for row in rows):
            return
    pytest.fail("the issue was not submitted in time")
