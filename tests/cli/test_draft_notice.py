"""The author is mailed, once, when an issue was gathered and waits for review."""

import email
from email import policy
from pathlib import Path

import pytest

from tests.support.project import Project, make_project


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    return make_project(tmp_path / "letter", capsys)


def test_a_draft_that_waits_for_review_is_announced_once(project: Project) -> None:
    project.run("subscribers", "add", "noor@example.org")
    project.run("status")
    for _ in range(2):
        assert project.run("run-due", "--now", "2099-11-27T06:30:00Z").status == 0
    (path,) = (project.folder / "data" / "outbox" / "system").glob("*.eml")
    mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    assert mail["To"] == "letter@news.example.com"
    assert mail["Subject"].startswith("Ready for review: ")
    assert "The night boat stays" in body.get_content()
    assert "newsletter approve 2099-11-27" in body.get_content()
    assert project.letters() == []
