"""What is held is shown to its person alone, taken along, and erased by one honest question."""

import csv
import io
import json
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from newsletter.content.links import reader_token
from newsletter.content.tokens import Purpose, make_token
from newsletter.models import Channel, Consent, ConsentAction, SubscriberId
from newsletter.usecases.forgetting import KINDS
from newsletter.web.app import make_pages
from newsletter.web.phrases import LANGUAGES
from newsletter.web.phrases.privacy import PRIVACY
from newsletter.wiring import App
from tests.support.project import Project
from tests.support.readers import later

NOOR = "noor.haddad@example.org"
AGENT = "=HYPERLINK(1)"


@pytest.fixture
def project(project: Project) -> Project:
    project.run("subscribers", "add", f"Noor Haddad <{NOOR}>", "mo@example.org")
    project.run("gather", "--unscheduled")
    (issue,) = (path.stem for path in (project.folder / "issues").glob("*.md"))
    assert project.run("send", issue, "--yes").status == 0
    return project


@pytest.fixture
def app(app: App) -> App:
    step = Consent(
        action=ConsentAction.ADDED,
        channel=Channel.AUTHOR,
        at=app.clock.now(),
        user_agent=AGENT,
        text="I want it.",
    )
    app.joining.leave(SubscriberId(2), step, mail=False)
    app.joining.leave(SubscriberId(1), step, mail=True)
    return app


def link(app: App, purpose: Purpose = Purpose.MANAGE, person: int = 1) -> str:
    return f"/privacy/{make_token(app.keys, purpose, SubscriberId(person), now=app.clock.now())}"


def test_the_page_shows_everything_that_is_held(app: App, client: TestClient) -> None:
    page = client.get(link(app)).text
    for held in (NOOR, "Noor Haddad", AGENT, "I want it.", "goodbye", "added by the author"):
        assert held in page
    assert "mo@example.org" not in page
    (issue,) = app.issues.list()
    assert issue.id in page


def test_the_file_holds_the_same_and_no_formula(app: App, client: TestClient) -> None:
    answer = client.post(link(app), data={"do": "json"})
    whole = json.loads(answer.text)
    assert whole["person"]["address"]["addr_spec"] == NOOR
    assert [step["user_agent"] for step in whole["steps"]][-1] == AGENT
    answer = client.post(link(app), data={"do": "csv"})
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert {row[0] for row in rows[1:]} <= {*KINDS, "report in full"}
    assert NOOR in {cell for row in rows for cell in row}
    assert not [cell for row in rows for cell in row if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]


def test_nothing_is_erased_before_the_question_is_answered(app: App, client: TestClient) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        client.request(method, link(app))
    for wish in ("", "json", "csv", "erase", "nonsense"):
        assert client.post(link(app), data={"do": wish}).status_code == 200
    assert app.subscribers.find(NOOR) is not None
    sure = client.post(link(app), data={"do": "erase"}).text
    assert 'value="erase now"' in sure
    assert "nobody can bring them back" in sure


def test_the_answer_erases_everything_and_the_link_with_it(
    project: Project, app: App, client: TestClient
) -> None:
    erased = client.post(link(app), data={"do": "erase now"})
    assert PRIVACY["en"].erased in erased.text
    assert app.subscribers.find(NOOR) is None
    assert client.get(link(app)).status_code == 404
    assert client.post(link(app), data={"do": "erase now"}).status_code == 404
    assert app.subscribers.find("mo@example.org") is not None
    (issue,) = app.issues.list()
    proof = project.run("prove", issue.id, "--json")
    told = json.loads(proof.stdout)
    assert (told["erased"], told["audience_intact"], told["balanced"]) == (1, None, True)
    assert proof.status == 0
    assert "1 erased since" in project.run("prove", issue.id).stdout
    assert "(erased)" in project.run("prove", issue.id, "--recipients").stdout


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.MANAGE])
def test_no_other_link_opens_it(app: App, client: TestClient, purpose: Purpose) -> None:
    assert client.get(link(app, purpose)).status_code == 404
    assert client.post(link(app, purpose), data={"do": "json"}).status_code == 404


def test_neither_a_letters_link_nor_an_old_one_opens_it(app: App, client: TestClient) -> None:
    assert client.get(f"/privacy/{reader_token(app.keys, SubscriberId(1))}").status_code == 404
    tomorrow = later(app, timedelta(days=1, minutes=5))
    assert TestClient(make_pages(tomorrow)).get(link(app)).status_code == 404


def test_forgetting_by_command_says_what_it_did(project: Project) -> None:
    assert project.run("subscribers", "forget", NOOR.upper(), "--yes").stdout == "erased\n"
    again = project.run("subscribers", "forget", NOOR, "--yes")
    assert again.stdout.startswith("nothing was held")
    refused = project.run("subscribers", "add", NOOR)
    assert refused.status == 1
    assert "asked to be forgotten" in refused.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_the_visitors_language(app: App, client: TestClient, language: str) -> None:
    page = client.get(link(app), headers={"Accept-Language": language}).text
    assert PRIVACY[language].sure not in page
    assert PRIVACY[language].take in page
    assert set(PRIVACY[language].labels) == set(KINDS)
