"""Approving a draft, and taking the approval back while there is time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter.errors import WrongState
from newsletter.models import IssueId, IssueState
from newsletter.wiring import App, open_app
from newsletter.wiring.control import approve, undo
from tests.support.clock import FakeClock
from tests.support.project import Project, make_project

THURSDAY = "2026-11-26T12:00:00+00:00"
SLOT = "2026-11-27T08:00:00+00:00"  # Friday 09:00 in Berlin


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    made.run("subscribers", "add", "a@example.org", "b@example.org")
    return made


@contextmanager
def at(project: Project, moment: str | datetime, *, silence: str = "hold") -> Iterator[App]:
    """The project, opened at that moment."""
    text = project.settings.read_text(encoding="utf-8")
    project.settings.write_text(text.replace('silence = "send"', f'silence = "{silence}"'), encoding="utf-8")
    with open_app(project.folder, {}) as app:
        yield replace(app, clock=FakeClock(moment))


def gathered(app: App, *, scheduled: bool = True) -> IssueId:
    issue = app.gather(slot=app.next_slot() if scheduled else None).issue
    assert issue is not None
    return issue.id


def state(app: App, issue: IssueId) -> IssueState:
    return app.record(issue).state


def test_an_approved_issue_goes_out_in_its_slot_though_silence_would_hold_it(project: Project) -> None:
    with at(project, THURSDAY) as app:
        issue = gathered(app)
        assert approve(app, issue) == datetime.fromisoformat(SLOT)
        early = app.run_due(datetime.fromisoformat(SLOT) - timedelta(seconds=1))
        assert (early.attention, state(app, issue)) == (False, IssueState.SCHEDULED)
        assert app.run_due(datetime.fromisoformat(SLOT)).attention is False
        assert state(app, issue) is IssueState.SUBMITTED
    assert len(project.letters()) == 2


def test_without_a_word_a_held_draft_waits(project: Project) -> None:
    with at(project, THURSDAY) as app:
        issue = gathered(app)
        report = app.run_due(datetime.fromisoformat(SLOT))
        assert report.attention
        assert "approve" in report.lines[0]
        assert state(app, issue) is IssueState.DRAFT


def test_approved_when_its_slot_is_near_an_issue_still_waits_for_the_undo_window(project: Project) -> None:
    late = datetime.fromisoformat(SLOT) - timedelta(minutes=1)
    with at(project, THURSDAY) as app:
        issue = gathered(app)
        assert approve(replace(app, clock=FakeClock(late)), issue) == late + app.settings.schedule.undo


def test_an_issue_outside_the_schedule_goes_out_when_its_undo_window_has_passed(project: Project) -> None:
    with at(project, THURSDAY) as app:
        issue = gathered(app, scheduled=False)
        goes_out = approve(app, issue)
        assert goes_out == datetime.fromisoformat(THURSDAY) + timedelta(minutes=5)
        app.run_due(goes_out - timedelta(seconds=1))
        assert state(app, issue) is IssueState.SCHEDULED
        app.run_due(goes_out)
        assert state(app, issue) is IssueState.SUBMITTED


@pytest.mark.parametrize("silence", ["send", "hold", "skip"])
def test_what_was_taken_back_is_sent_by_nobody_but_a_person(project: Project, silence: str) -> None:
    with at(project, THURSDAY, silence=silence) as app:
        issue = gathered(app)
        approve(app, issue)
        undo(app, issue)
        report = app.run_due(datetime.fromisoformat(SLOT))
        assert report.attention
        assert state(app, issue) is IssueState.DRAFT
        assert project.letters() == []
        goes_out = approve(app, issue)
        app.run_due(goes_out)
        assert state(app, issue) is IssueState.SUBMITTED


def test_what_the_author_edits_after_approving_is_what_is_sent(project: Project) -> None:
    with at(project, THURSDAY) as app:
        issue = gathered(app)
        approve(app, issue)
        path = project.folder / "issues" / f"{issue}.md"
        text = path.read_text(encoding="utf-8").replace("for once everybody agrees", "nobody agrees")
        path.write_text(text, encoding="utf-8")
        app.run_due(datetime.fromisoformat(SLOT))
        frozen = app.ledger.frozen(issue)
    assert frozen is not None
    assert "nobody agrees" in " ".join(frozen.email.text.split())


def test_taken_back_at_the_last_moment_the_run_that_was_about_to_send_it_does_not(project: Project) -> None:
    with at(project, THURSDAY) as app:
        issue = gathered(app)
        approve(app, issue)
        undo(app, issue)  # after the run has read the record, before it freezes
        with pytest.raises(WrongState, match="taken back"):
            app.send(issue, found=[IssueState.SCHEDULED])
    assert project.letters() == []


def test_an_approved_issue_that_was_missed_for_long_asks(project: Project) -> None:
    with at(project, THURSDAY) as app:
        issue = gathered(app)
        approve(app, issue)
        report = app.run_due(datetime.fromisoformat(SLOT) + timedelta(hours=12, seconds=1))
        assert report.attention
        assert state(app, issue) is IssueState.SCHEDULED


def test_the_commands_say_when_it_goes_out_and_what_cannot_be_taken_back(project: Project) -> None:
    issue = Path(project.run("gather", "--unscheduled").stdout.strip()).stem
    assert "nobody has approved it" in project.run("undo", issue).stderr
    approved = project.run("approve", issue)
    assert approved.status == 0
    assert "goes out at" in approved.stdout
    assert "approved already" in project.run("approve", issue).stderr
    assert "goes out at" in project.run("status", issue).stdout
    assert project.run("undo", issue).status == 0
    assert project.run("send", issue, "--yes").status == 0
    refused = project.run("undo", issue)
    assert refused.status == 1
    assert "submitted" in refused.stderr


@pytest.mark.parametrize(
    ("state", "remedies"),
    [
        (IssueState.FROZEN, {"pause", "cancel"}),
        (IssueState.SUBMITTING, {"pause", "cancel"}),
        (IssueState.PAUSED, {"cancel"}),
        (IssueState.SUBMITTED, set()),
        (IssueState.CANCELLED, set()),
        (IssueState.SKIPPED, set()),
    ],
)
def test_who_comes_too_late_to_undo_is_told_what_still_works(
    project: Project, state: IssueState, remedies: set[str]
) -> None:
    with at(project, THURSDAY) as app:
        issue = gathered(app)
        app.issues.set_state(issue, state, expected=[IssueState.DRAFT])
        with pytest.raises(WrongState, match=state) as refused:
            undo(app, issue)
    told = refused.value.remedy
    assert {word for word in ("pause", "resume", "cancel", "send") if word in told} == remedies
    assert remedies or "nothing is left to undo" in told
    for word in remedies:
        assert project.run(word, issue).status == 0
        with at(project, THURSDAY) as app:
            app.issues.set_state(issue, state, expected=[app.record(issue).state])


@pytest.mark.parametrize(
    ("command", "state", "remedy"),
    [
        ("pause", IssueState.SCHEDULED, "newsletter undo"),
        ("pause", IssueState.PAUSED, "newsletter resume"),
        ("resume", IssueState.SUBMITTING, "newsletter send"),
        ("resume", IssueState.CANCELLED, ""),
        ("cancel", IssueState.SUBMITTED, ""),
    ],
)
def test_a_command_that_does_not_fit_the_state_says_what_does(
    project: Project, command: str, state: IssueState, remedy: str
) -> None:
    with at(project, THURSDAY) as app:
        issue = gathered(app)
        app.issues.set_state(issue, state, expected=[IssueState.DRAFT])
    refused = project.run(command, issue)
    assert refused.status == 1
    assert f"{issue} is {state}: there is nothing to {command}" in refused.stderr
    assert remedy in refused.stderr
    assert remedy or "“newsletter" not in refused.stderr


def test_an_issue_that_must_not_be_sent_cannot_be_approved(project: Project) -> None:
    issue = Path(project.run("gather", "--unscheduled").stdout.strip()).stem
    path = project.folder / "issues" / f"{issue}.md"
    path.write_text(path.read_text(encoding="utf-8") + "\n\n[A page](somewhere/else)\n", encoding="utf-8")
    refused = project.run("approve", issue)
    assert refused.status == 1
    assert issue in refused.stderr
    assert "draft" in project.run("status", issue).stdout
