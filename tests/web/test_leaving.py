"""Leaving by one click, and the way back for a day."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from newsletter.models import Channel, ConsentAction, SubscriberStatus
from newsletter.web.app import make_pages
from newsletter.web.phrases import LANGUAGES
from newsletter.web.phrases.leaving import LEAVING
from newsletter.wiring import App
from newsletter.wiring.mailing import hand_over_mails
from tests.support.project import Project
from tests.support.readers import later, leave_link, link_in, mails, reader

NOOR = "noor@example.org"


@pytest.fixture
def project(project: Project) -> Project:
    project.run("subscribers", "add", NOOR)
    return project


def steps(app: App) -> list[tuple[ConsentAction, Channel]]:
    return [(step.action, step.channel) for step in app.joining.steps(reader(app, NOOR).id)]


def way_back(project: Project, app: App) -> str:
    assert hand_over_mails(app) == 1
    (mail,) = mails(project)
    link = link_in(mail)
    assert link.startswith("/back/")
    return link


def test_the_record_tells_one_click_from_the_pages_button(app: App, client: TestClient) -> None:
    client.post(leave_link(app, NOOR), data={"List-Unsubscribe": "One-Click"})
    assert steps(app)[-1] == (ConsentAction.UNSUBSCRIBED, Channel.ONE_CLICK)


def test_the_pages_button_is_told_too(app: App, client: TestClient) -> None:
    assert 'name="from" value="page"' in client.get(leave_link(app, NOOR)).text
    client.post(leave_link(app, NOOR), data={"from": "page"})
    assert steps(app)[-1] == (ConsentAction.UNSUBSCRIBED, Channel.PAGE)


def test_the_goodbye_holds_a_way_back(project: Project, app: App, client: TestClient) -> None:
    for _ in range(3):
        assert client.post(leave_link(app, NOOR)).status_code == 200
    link = way_back(project, app)
    for method in ("GET", "HEAD", "OPTIONS"):
        client.request(method, link)
        assert reader(app, NOOR).status is SubscriberStatus.UNSUBSCRIBED
    for _ in range(2):
        assert "Welcome back" in client.post(link).text
        assert reader(app, NOOR).status is SubscriberStatus.CONFIRMED
    assert steps(app)[-1] == (ConsentAction.RETURNED, Channel.PAGE)


def test_the_way_back_closes_after_a_day(project: Project, app: App, client: TestClient) -> None:
    client.post(leave_link(app, NOOR))
    link = way_back(project, app)
    late = TestClient(make_pages(later(app, timedelta(days=1, minutes=5))))
    assert late.get(link).status_code == 404
    assert late.post(link).status_code == 404
    assert reader(app, NOOR).status is SubscriberStatus.UNSUBSCRIBED


def test_who_was_suppressed_does_not_come_back_by_it(project: Project, app: App, client: TestClient) -> None:
    client.post(leave_link(app, NOOR))
    link = way_back(project, app)
    file = project.folder / "complaint.csv"
    file.write_text(f"address,status\n{NOOR},complained\n", encoding="utf-8")
    project.run("subscribers", "import", str(file), "--consent", "a complaint")
    assert client.post(link).status_code == 404
    assert reader(app, NOOR).status is not SubscriberStatus.CONFIRMED


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_the_visitors_language(app: App, client: TestClient, language: str) -> None:
    page = client.get(leave_link(app, NOOR), headers={"Accept-Language": language}).text
    assert LEAVING[language].unsubscribe in page
