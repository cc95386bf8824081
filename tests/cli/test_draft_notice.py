"""The author is mailed, once, when an issue was gathered and waits for review."""

import email
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from pathlib import Path

import pytest

from newsletter.errors import NewsletterError
from newsletter.models import IssueId, Slot
from newsletter.store.folder import IssueFolder
from newsletter.wiring import open_app
from newsletter.wiring.mailing import hand_over_mails
from tests.support.project import Project, make_project

SLOT = Slot(local="2099-11-27T09:00", instant=datetime(2099, 11, 27, 8, tzinfo=UTC))


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    return make_project(tmp_path / "letter", capsys)


def test_a_draft_that_waits_for_review_is_announced_once(project: Project) -> None:
    project.run("subscribers", "add", "noor@example.org")
    project.run("status")
    runs = [project.run("run-due", "--now", "2099-11-27T06:30:00Z") for _ in range(2)]
    assert [run.status for run in runs] == [0, 0]
    handed_over = "1 mail of the program's own handed over\n"
    assert [handed_over in run.stdout for run in runs] == [True, False]
    (path,) = (project.folder / "data" / "outbox" / "system").glob("*.eml")
    mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    assert mail["To"] == "letter@news.example.com"
    assert mail["Subject"].startswith("Ready for review: ")
    assert "The night boat stays" in body.get_content()
    assert "newsletter approve 2099-11-27" in body.get_content()
    assert project.letters() == []


class SlowFolder(IssueFolder):
    """The issues folder of a run that has not come to writing files."""

    def create(self, issue_id: IssueId, text: str) -> bool:
        raise NewsletterError("not yet")


def test_a_notice_that_is_quicker_than_its_issues_file_has_it_written(project: Project) -> None:
    with open_app(project.folder, {}) as app:
        slow = replace(app, files=SlowFolder(project.folder / "issues"))
        with pytest.raises(NewsletterError, match="not yet"):
            slow.gather_slot(SLOT)
        assert not app.files.list()
        assert hand_over_mails(app) == 1
        assert app.files.list() == ["2099-11-27"]


def test_an_issue_that_goes_out_at_once_is_not_announced(project: Project) -> None:
    with open_app(project.folder, {}) as app:
        app.gather_slot(replace(SLOT, instant=app.clock.now()))
        assert app.files.list() == ["2099-11-27"]
        assert hand_over_mails(app) == 0
