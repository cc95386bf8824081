"""Machines that open links change nothing and are counted apart."""

import email
import json
import re
from datetime import timedelta
from email import policy
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.models import SubscriberStatus
from newsletter.wiring import App
from newsletter.wiring.mailing import VISITS_KEPT, tend_readers
from tests.support.project import Project
from tests.support.readers import later, leave_link, reader

NOOR = "noor@example.org"
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


@pytest.fixture
def project(project: Project) -> Project:
    project.run("subscribers", "add", NOOR)
    project.run("send", Path(project.run("gather").stdout.strip()).stem, "--yes")
    return project


def issue(app: App) -> str:
    (record,) = app.issues.list()
    return record.id


def counts(app: App) -> tuple[int, int]:
    (record,) = app.issues.list()
    return app.visits.count(record.id)


def test_a_person_is_counted_once_however_often_they_look(app: App, client: TestClient) -> None:
    for _ in range(3):
        client.get(f"/a/{issue(app)}", headers=FIREFOX)
    assert counts(app) == (1, 0)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", FIREFOX),
        ("GET", {**FIREFOX, "Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; BingPreview/1.0b)"}),
        ("GET", {"User-Agent": ""}),
    ],
    ids=["HEAD", "prefetch", "preview", "nameless"],
)
def test_who_shows_to_be_a_machine_is_counted_apart(
    app: App, client: TestClient, method: str, headers: dict[str, str]
) -> None:
    client.request(method, f"/a/{issue(app)}", headers=headers)
    assert counts(app) == (0, 1)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"List-Unsubscribe=One-Click"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, MULTIPART),
        ({}, b""),
    ],
    ids=["Gmail", "multipart", "Thunderbird"],
)
def test_a_mail_programs_one_click_from_the_letters_own_header_unsubscribes(
    project: Project, app: App, client: TestClient, headers: dict[str, str], body: bytes
) -> None:
    (path,) = project.letters()
    letter = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = letter["List-Unsubscribe"].strip("<>").removeprefix("https://news.example.com")
    answer = client.post(address, headers=headers, content=body)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert reader(app, NOOR).status is SubscriberStatus.UNSUBSCRIBED


def test_who_follows_the_link_that_nobody_sees_is_a_machine(app: App, client: TestClient) -> None:
    client.get(f"/a/{issue(app)}", headers=FIREFOX)
    page = client.get(leave_link(app, NOOR), headers=FIREFOX).text
    hidden = re.search(r'<a class="trap" href="([^"]+)"', page)
    assert hidden
    client.get(hidden[1], headers=FIREFOX)
    assert counts(app) == (0, 1)
    assert f"Disallow: {hidden[1][:3]}" in client.get("/robots.txt").text


def test_a_storm_of_links_is_a_machines_and_changes_nothing(
    project: Project, app: App, client: TestClient
) -> None:
    (letter,) = project.letters()
    text = letter.read_text(encoding="utf-8").replace("=\n", "").replace("=3D", "=")
    links = set(re.findall(r"https://news\.example\.com(/[\w/.-]+)", text)) | {"/robots.txt"}
    assert leave_link(app, NOOR) in links
    for method in ("HEAD", "GET"):
        for link in sorted(links):
            client.request(method, link, headers={**FIREFOX, "X-Forwarded-For": "192.0.2.9"})
    assert reader(app, NOOR).status is SubscriberStatus.CONFIRMED
    assert counts(app) == (0, 1)


def test_the_status_of_an_issue_tells_who_read_it_on_the_web_and_leaves_machines_out(
    project: Project, app: App, client: TestClient
) -> None:
    assert "on the web" not in project.run("status", issue(app)).stdout
    client.get(f"/a/{issue(app)}", headers=FIREFOX)
    client.get(f"/a/{issue(app)}", headers={"User-Agent": "Barracuda Sentinel (EE)"})
    assert "read on the web: 1; machines, left out: 1" in project.run("status", issue(app)).stdout
    (told,) = json.loads(project.run("status", issue(app), "--json").stdout)
    assert (told["web_readers"], told["web_machines"]) == (1, 1)


def test_visits_of_pages_are_forgotten_after_a_month_and_those_of_issues_counted_on(
    app: App, client: TestClient
) -> None:
    client.get(f"/a/{issue(app)}", headers=FIREFOX)
    client.get(leave_link(app, NOOR), headers=FIREFOX)
    then = later(app, VISITS_KEPT + timedelta(hours=1))
    tend_readers(then)
    assert app.visits.forget(then.clock.now()) == 0
    assert counts(app) == (1, 0)
