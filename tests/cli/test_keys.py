"""The key of readers' links can be changed, and letters that were sent keep theirs."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.content.links import reader_token
from newsletter.models import SubscriberStatus
from newsletter.web.app import make_pages
from newsletter.wiring import open_app
from tests.support.project import make_project


def test_a_link_that_was_sent_works_after_the_key_was_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(tmp_path / "letter", capsys)
    project.run("subscribers", "add", "noor@example.org")
    with open_app(project.folder, {}) as app:
        person = app.subscribers.find("noor@example.org")
        assert person is not None
        old = reader_token(app.keys, person.id)
    assert project.run("db", "rotate-key").stdout == "key 2 signs from now on\n"
    with open_app(project.folder, {}) as app:
        assert reader_token(app.keys, person.id) != old
        assert TestClient(make_pages(app)).post(f"/u/{old}").status_code == 200
        left = app.subscribers.find("noor@example.org")
        assert left is not None
        assert left.status is SubscriberStatus.UNSUBSCRIBED
