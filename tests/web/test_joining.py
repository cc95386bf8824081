"""Joining through the pages: the same answer for everybody, one mail, and nothing by looking."""

import re
from pathlib import Path

import lxml.html
import pytest
from starlette.testclient import TestClient

from newsletter.models import SubscriberStatus
from newsletter.web.app import make_pages
from newsletter.web.joining import QUICKEST
from newsletter.web.phrases import LANGUAGES
from newsletter.web.phrases.joining import JOINING
from newsletter.wiring import App, open_app
from newsletter.wiring.mailing import hand_over_mails
from tests.support.chromium import open_page
from tests.support.leaving import leave
from tests.support.project import Project
from tests.support.readers import link_in, mails, reader

NOOR = "noor@example.org"
READERS = """\
[readers]
privacy_version = "2026-11"
form_origins = ["https://blog.example.com"]

[[readers.topics]]
tag = "harbour"
title = "The harbour"
"""


@pytest.fixture
def project(project: Project) -> Project:
    project.configure(READERS)
    return project


def ask(client: TestClient, address: str = NOOR, **fields: str) -> str:
    answer = client.post("/subscribe", data={"email": address, **fields})
    assert answer.status_code == 200
    return answer.text


def status_of(app: App, address: str = NOOR) -> SubscriberStatus | None:
    person = app.subscribers.find(address)
    return person.status if person else None


def test_who_asks_confirms_by_a_button_and_is_on_the_list(
    project: Project, app: App, client: TestClient
) -> None:
    form = client.get("/subscribe")
    assert "Send me The Harbour Letter by mail" in form.text
    ask(client, name="Noor", topic="harbour")
    assert status_of(app) is SubscriberStatus.UNCONFIRMED
    assert hand_over_mails(app) == 1
    (mail,) = mails(project)
    assert mail["To"] == NOOR
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in mail
    assert "Noor" not in mail.as_string()
    for method in ("GET", "HEAD", "OPTIONS"):
        client.request(method, link_in(mail), headers={"User-Agent": "BingPreview/1.0b"})
        assert status_of(app) is SubscriberStatus.UNCONFIRMED
    assert "<button" in client.get(link_in(mail)).text
    for _ in range(2):
        assert "Welcome" in client.post(link_in(mail)).text
        assert status_of(app) is SubscriberStatus.CONFIRMED
    steps = app.joining.steps(reader(app, NOOR).id)
    assert [step.action for step in steps] == ["requested", "confirmed"]
    assert steps[0].policy == "2026-11"
    assert steps[0].text.startswith("Send me The Harbour Letter")


def test_the_mail_of_somebody_new_takes_nobodys_place_in_the_outbox(
    project: Project, app: App, client: TestClient
) -> None:
    for address in (NOOR, "mo@example.org"):
        ask(client, address)
        assert hand_over_mails(app) == 1
        assert app.forgetting.forget(address, app.clock.now())
    assert sorted(mail["To"] for mail in mails(project)) == ["mo@example.org", NOOR]


def test_a_thousand_wishes_for_one_address_are_one_mail(app: App, client: TestClient) -> None:
    for _ in range(1000):
        ask(client, "Noor@Example.org")
    assert hand_over_mails(app) == 1
    assert len(app.joining.steps(reader(app, NOOR).id)) == 1


def test_known_unknown_and_suppressed_see_the_same_page(
    project: Project, app: App, client: TestClient
) -> None:
    project.run("subscribers", "add", "known@example.org", "gone@example.org")
    leave(app.joining, reader(app, "gone@example.org").id, app.clock.now())
    pages = {ask(client, f"{who}@example.org") for who in ("known", "gone", "new")}
    assert len(pages) == 1
    assert hand_over_mails(app) == 3
    subjects = {mail["To"]: mail["Subject"] for mail in mails(project)}
    assert "settings" in subjects["known@example.org"]
    assert "confirm" in subjects["gone@example.org"] == subjects["new@example.org"]
    assert status_of(app, "gone@example.org") is SubscriberStatus.UNSUBSCRIBED


@pytest.mark.parametrize("fields", [{"website": "https://spam.example"}, {"began": "0.made-up"}])
def test_robots_see_the_page_and_change_nothing(app: App, client: TestClient, fields: dict[str, str]) -> None:
    assert ask(client, **fields) == ask(client, "other@example.org")
    assert status_of(app) is None


def test_a_form_that_is_filled_in_at_once_was_not_filled_in_by_a_person(app: App, client: TestClient) -> None:
    began = re.search(r'name="began" value="([^"]+)"', client.get("/subscribe").text)
    assert began
    ask(client, began=began[1])
    assert QUICKEST.total_seconds() > 0
    assert status_of(app) is None


def test_an_address_that_is_none_is_told_beside_its_field(client: TestClient) -> None:
    answer = client.post("/subscribe", data={"email": "no address", "name": "<b>Noor</b>"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "&lt;b&gt;Noor&lt;/b&gt;" in answer.text


def test_scripts_of_named_sites_may_post_the_form(app: App, client: TestClient) -> None:
    mine, other = {"Origin": "https://blog.example.com"}, {"Origin": "https://evil.example"}
    preflight = client.options("/api/subscribe", headers=mine)
    assert preflight.headers["Access-Control-Allow-Origin"] == mine["Origin"]
    answer = client.post("/api/subscribe", json={"email": NOOR}, headers=mine)
    assert answer.status_code == 202
    assert answer.headers["Access-Control-Allow-Origin"] == mine["Origin"]
    refused = client.post("/api/subscribe", json={"email": "x@example.org"}, headers=other)
    assert refused.status_code == 403
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert client.post("/api/subscribe", content=b"[1]", headers=mine).status_code == 400
    assert client.post("/api/subscribe", json={"email": "nobody"}, headers=mine).status_code == 422
    assert status_of(app) is SubscriberStatus.UNCONFIRMED
    assert status_of(app, "x@example.org") is None


def test_a_body_that_is_too_long_is_refused(client: TestClient) -> None:
    assert client.post("/subscribe", data={"email": "x" * 70_000}).status_code == 413


def test_a_closed_newsletter_takes_nobody(project: Project) -> None:
    with open_app(project.folder, {"NEWSLETTER_READERS__SIGN_UP": "false"}) as app:
        client = TestClient(make_pages(app))
        assert client.get("/subscribe").status_code == 404
        assert client.post("/subscribe", data={"email": NOOR}).status_code == 404
        assert status_of(app) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_speaks_the_visitors_language(client: TestClient, language: str) -> None:
    page = client.get("/subscribe", headers={"Accept-Language": f"{language}-XX, en;q=0.5"}).text
    assert JOINING[language].button in page
    assert f'lang="{language}" dir="{"rtl" if language in {"ar", "he"} else "ltr"}"' in page


def test_the_printed_form_posts_what_the_page_takes(project: Project, app: App, client: TestClient) -> None:
    form = project.run("form").stdout
    assert 'action="https://news.example.com/subscribe"' in form
    names = re.findall(r'name="(\w+)"', form)
    assert set(names) == {"email", "name", "topic", "website", "language"}
    ask(client, name="Noor", topic="harbour", language="de", website="")
    assert status_of(app) is SubscriberStatus.UNCONFIRMED


def test_the_printed_form_names_the_privacy_policy_beside_the_consent(project: Project) -> None:
    assert "<a " not in project.run("form").stdout
    path = project.settings
    policy = 'privacy_url = "https://blog.example.com/privacy?a=1&b=2"\nprivacy_version'
    path.write_text(path.read_text("utf-8").replace("privacy_version", policy), "utf-8")
    form = lxml.html.document_fromstring(project.run("form", "--language", "de").stdout)
    (link,) = form.xpath('//form/p[contains(., "Harbour Letter")]/a')
    assert link.get("href") == "https://blog.example.com/privacy?a=1&b=2"
    assert link.text == JOINING["de"].privacy


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_printed_form_has_its_languages_direction_and_makes_no_page_wider(
    project: Project, tmp_path: Path, language: str
) -> None:
    form = project.run("form", "--language", language).stdout
    direction = "rtl" if language in {"ar", "he"} else "ltr"
    assert lxml.html.document_fromstring(form).xpath("//form/@dir") == [direction]
    assert "<bdi>The harbour</bdi>" in form
    if language not in {"ar", "en"}:
        return
    page = tmp_path / "site.html"
    script = "<script>document.title = `${document.documentElement.scrollWidth - innerWidth} px`</script>"
    page.write_text(
        f'<!doctype html><html dir="{direction}"><meta charset="utf-8"><title></title>{form}{script}', "utf-8"
    )
    assert "<title>0 px</title>" in open_page(page.as_uri(), tmp_path / "profile")


def test_a_topics_title_is_isolated_from_the_page_around_it(client: TestClient) -> None:
    page = client.get("/subscribe?language=ar").text
    assert "<bdi>The harbour</bdi></label>" in page
    assert "<bdi>The Harbour Letter</bdi>, <bdi>3 Ropewalk, Port Lorne</bdi>" in page
