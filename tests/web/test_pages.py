"""The readers' pages: nothing acts on GET, leaving is one POST, drafts stay private."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.content.links import reader_token
from newsletter.models import SubscriberId, SubscriberStatus
from newsletter.wiring import App
from tests.support.project import Project
from tests.support.readers import leave_link, reader

NOOR, SOREN = "noor@example.org", "soren@example.org"


@pytest.fixture
def project(project: Project) -> Project:
    project.run("subscribers", "add", NOOR, SOREN)
    return project


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_never_unsubscribes(app: App, client: TestClient, method: str) -> None:
    for _ in range(3):
        client.request(method, leave_link(app, NOOR), headers={"User-Agent": "BingPreview/1.0b"})
    assert reader(app, NOOR).status is SubscriberStatus.CONFIRMED


def test_the_page_has_a_button_and_no_script(app: App, client: TestClient) -> None:
    page = client.get(leave_link(app, NOOR))
    assert page.status_code == 200
    assert '<form method="post"><button type="submit"' in page.text
    assert "<script" not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {},
    ],
    ids=["urlencoded", "multipart", "empty"],
)
def test_one_post_unsubscribes_without_cookie_or_redirect(
    app: App, client: TestClient, body: dict[str, object]
) -> None:
    for _ in range(2):
        answer = client.post(leave_link(app, NOOR), **body)  # type: ignore[arg-type]
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert reader(app, NOOR).status is SubscriberStatus.UNSUBSCRIBED
    assert reader(app, SOREN).status is SubscriberStatus.CONFIRMED


def test_a_token_that_is_off_by_one_character_does_nothing(app: App, client: TestClient) -> None:
    good = leave_link(app, NOOR)
    for place in range(3, len(good)):
        other = "A" if good[place] != "A" else "B"
        answer = client.post(good[:place] + other + good[place + 1 :])
        assert answer.status_code == 404
    assert client.post("/u/").status_code == 404
    assert reader(app, NOOR).status is SubscriberStatus.CONFIRMED


def test_a_token_of_nobody_is_harmless(app: App, client: TestClient) -> None:
    answer = client.post(f"/u/{reader_token(app.keys, SubscriberId(0))}")
    assert answer.status_code == 200


def test_only_what_was_submitted_can_be_read_on_the_web(
    project: Project, app: App, client: TestClient
) -> None:
    issue = Path(project.run("gather").stdout.strip()).stem
    assert client.get(f"/a/{issue}").status_code == 404
    project.run("send", issue, "--yes")
    page = client.get(f"/a/{issue}")
    assert page.status_code == 200
    assert "The night boat stays" in page.text
    placeholders = [field.placeholder for field in app.review(app.issue_id(issue)).email.merge_fields]
    assert placeholders
    assert not any(placeholder in page.text for placeholder in placeholders)
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_server_says_that_it_is_well(client: TestClient) -> None:
    assert client.get("/healthz").text == "ok\n"
