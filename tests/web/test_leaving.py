"""Leaving by one click, and the way back for a day."""

import email
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import policy
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.content.links import reader_token
from newsletter.models import Channel, ConsentAction, SubscriberStatus
from newsletter.web.app import make_pages
from newsletter.web.phrases import LANGUAGES
from newsletter.web.phrases.leaving import LEAVING
from newsletter.wiring import App, open_app
from newsletter.wiring.clocks import ShiftedClock
from newsletter.wiring.mailing import hand_over_mails
from tests.support.project import Project, make_project

NOOR = "noor@example.org"


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    made.run("subscribers", "add", NOOR)
    return made


@pytest.fixture
def app(project: Project) -> Iterator[App]:
    with open_app(project.folder, {}) as opened:
        yield opened


@pytest.fixture
def client(app: App) -> TestClient:
    return TestClient(make_pages(app), follow_redirects=False)


def leave_link(app: App) -> str:
    person = app.subscribers.find(NOOR)
    assert person is not None
    return f"/u/{reader_token(app.keys, person.id)}"


def status(app: App) -> SubscriberStatus:
    person = app.subscribers.find(NOOR)
    assert person is not None
    return person.status


def steps(app: App) -> list[tuple[ConsentAction, Channel]]:
    person = app.subscribers.find(NOOR)
    assert person is not None
    return [(step.action, step.channel) for step in app.joining.steps(person.id)]


def way_back(project: Project, app: App) -> str:
    assert hand_over_mails(app) == 1
    (path,) = (project.folder / "data" / "outbox" / "system").glob("*.eml")
    body = email.message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("plain",))
    assert body is not None
    found = re.search(r"https://news\.example\.com(/back/\S+)", body.get_content())
    assert found
    return found[1]


def test_the_record_tells_one_click_from_the_pages_button(app: App, client: TestClient) -> None:
    client.post(leave_link(app), data={"List-Unsubscribe": "One-Click"})
    assert steps(app)[-1] == (ConsentAction.UNSUBSCRIBED, Channel.ONE_CLICK)


def test_the_pages_button_is_told_too(app: App, client: TestClient) -> None:
    assert 'name="from" value="page"' in client.get(leave_link(app)).text
    client.post(leave_link(app), data={"from": "page"})
    assert steps(app)[-1] == (ConsentAction.UNSUBSCRIBED, Channel.PAGE)


def test_the_goodbye_holds_a_way_back(project: Project, app: App, client: TestClient) -> None:
    for _ in range(3):
        assert client.post(leave_link(app)).status_code == 200
    link = way_back(project, app)
    for method in ("GET", "HEAD", "OPTIONS"):
        client.request(method, link)
        assert status(app) is SubscriberStatus.UNSUBSCRIBED
    for _ in range(2):
        assert "Welcome back" in client.post(link).text
        assert status(app) is SubscriberStatus.CONFIRMED
    assert steps(app)[-1] == (ConsentAction.RETURNED, Channel.PAGE)


def test_the_way_back_closes_after_a_day(project: Project, app: App, client: TestClient) -> None:
    client.post(leave_link(app))
    link = way_back(project, app)
    tomorrow = replace(app, clock=ShiftedClock(app.clock, timedelta(days=1, minutes=5)))
    late = TestClient(make_pages(tomorrow))
    assert late.get(link).status_code == 404
    assert late.post(link).status_code == 404
    assert status(app) is SubscriberStatus.UNSUBSCRIBED


def test_who_was_suppressed_does_not_come_back_by_it(project: Project, app: App, client: TestClient) -> None:
    client.post(leave_link(app))
    link = way_back(project, app)
    file = project.folder / "complaint.csv"
    file.write_text(f"address,status\n{NOOR},complained\n", encoding="utf-8")
    project.run("subscribers", "import", str(file), "--consent", "a complaint")
    assert client.post(link).status_code == 404
    assert status(app) is not SubscriberStatus.CONFIRMED


def test_every_language_says_everything() -> None:
    assert set(LEAVING) == set(LANGUAGES)
    for language, words in LEAVING.items():
        for name in words.__dataclass_fields__:
            assert getattr(words, name), (language, name)
            if language != "en":
                assert getattr(words, name) != getattr(LEAVING["en"], name), (language, name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_the_visitors_language(app: App, client: TestClient, language: str) -> None:
    page = client.get(leave_link(app), headers={"Accept-Language": language}).text
    assert LEAVING[language].unsubscribe in page
