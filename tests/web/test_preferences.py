"""Readers' settings: chosen by POST alone, masked for who holds a letter, the address moved by its owner."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from newsletter.content.links import reader_token
from newsletter.content.tokens import Purpose, make_token
from newsletter.models import ConsentAction, Subscriber, SubscriberId, SubscriberStatus
from newsletter.web.app import make_pages
from newsletter.web.choices import masked
from newsletter.web.phrases import LANGUAGES
from newsletter.web.phrases.leaving import LEAVING
from newsletter.web.phrases.preferences import PREFERENCES
from newsletter.wiring import App
from newsletter.wiring.mailing import hand_over_mails
from tests.support.leaving import leave
from tests.support.project import Project
from tests.support.readers import later, link_in, mails

NOOR, MO = "noor.haddad@example.org", "mo@example.org"
NEW = "noor@example.net"
TOPICS = """\
[[readers.topics]]
tag = "harbour"
title = "The harbour"

[[readers.topics]]
tag = "ferries"
title = "Ferries"
"""


@pytest.fixture
def project(project: Project) -> Project:
    project.configure(TOPICS)
    project.run("subscribers", "add", f"Noor Haddad <{NOOR}>", MO)
    project.run("subscribers", "tag", NOOR, "vip")
    project.run("subscribers", "tag", NOOR, "ferries")
    return project


def letter_link(app: App, person: int = 1) -> str:
    return f"/m/{reader_token(app.keys, SubscriberId(person))}"


def own_link(app: App, person: int = 1, purpose: Purpose = Purpose.MANAGE) -> str:
    return f"/manage/{make_token(app.keys, purpose, SubscriberId(person), now=app.clock.now())}"


def noor(app: App) -> Subscriber:
    person = app.subscribers.get(SubscriberId(1))
    assert person is not None
    return person


# --- choosing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [letter_link, own_link])
def test_topics_language_form_and_a_pause_are_chosen(app: App, client: TestClient, way: object) -> None:
    assert callable(way)
    until = (app.clock.now() + timedelta(days=30)).date().isoformat()
    wish = {"do": "choose", "topic": "harbour", "language": "de", "text_only": "yes", "until": until}
    answer = client.post(way(app), data=wish)
    assert answer.status_code == 200
    assert "Ihre Auswahl ist gespeichert" in answer.text
    person = noor(app)
    assert (person.language, person.text_only, person.tags) == ("de", True, ("harbour", "vip"))
    assert person.paused_until is not None
    assert app.subscribers.reach(app.clock.now()) == 1
    assert app.subscribers.reach(app.clock.now() + timedelta(days=31)) == 2
    shown = client.get(way(app)).text
    assert f'value="{until}"' in shown
    assert re.search(r'value="harbour" checked', shown)
    assert not re.search(r'value="ferries" checked', shown)
    client.post(way(app), data={"do": "choose", "language": "de"})
    person = noor(app)
    assert (person.text_only, person.tags, person.paused_until) == (False, ("vip",), None)
    assert person.status is SubscriberStatus.CONFIRMED


def test_a_tag_that_the_author_does_not_offer_cannot_be_chosen(app: App, client: TestClient) -> None:
    client.post(letter_link(app), data={"do": "choose", "topic": ["secret", "ferries"], "language": "xx"})
    assert noor(app).tags == ("ferries", "vip")
    assert noor(app).language == ""


@pytest.mark.parametrize("text", ["today", "2020-01-01", "9999-12-31", "2027-02-30", "20271231", "x" * 5000])
def test_a_pause_ends_within_the_year_to_come(app: App, client: TestClient, text: str) -> None:
    until = app.clock.now().date().isoformat() if text == "today" else text
    answer = client.post(letter_link(app), data={"do": "choose", "until": until, "text_only": "yes"})
    assert answer.status_code == 422
    assert PREFERENCES["en"].bad_pause in answer.text
    assert not noor(app).text_only


def test_a_pause_that_somebody_has_is_kept_when_only_something_else_is_chosen(
    app: App, client: TestClient
) -> None:
    until = (app.clock.now() + timedelta(days=3)).date().isoformat()
    client.post(letter_link(app), data={"do": "choose", "until": until})
    paused = noor(app).paused_until
    client.post(letter_link(app), data={"do": "choose", "until": until, "text_only": "yes"})
    assert (noor(app).text_only, noor(app).paused_until) == (True, paused)
    assert client.get(letter_link(app)).text.count(until) == 1


WORDS = st.sampled_from(["", "yes", "de", "harbour", "Eve", "One-Click", "choose", "2027-01-01"])
FIELDS = st.sampled_from(
    ["name", "topic", "language", "text_only", "until", "List-Unsubscribe", "Do", "do[]", "subscribe"]
)
KINDS = st.sampled_from(["application/x-www-form-urlencoded", "application/json", "text/plain", ""])
OTHER = st.text("abchoseC -_", max_size=8).filter(lambda do: do.strip() != "choose") | st.none()


@given(
    fields=st.dictionaries(FIELDS, st.lists(WORDS, max_size=2), max_size=6),
    other=OTHER,
    kind=KINDS,
    way=st.sampled_from([letter_link, own_link]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_only_the_forms_own_button_changes_choices(
    app: App,
    client: TestClient,
    fields: dict[str, list[str]],
    other: str | None,
    kind: str,
    way: Callable[[App], str],
) -> None:
    chosen = {"do": "choose", "topic": "harbour", "language": "de", "text_only": "yes"}
    if not noor(app).text_only:
        client.post(letter_link(app), data=chosen)
    before = noor(app)
    assert before.text_only
    body = urlencode({**fields, **({} if other is None else {"do": [other]})}, doseq=True)
    answer = client.post(way(app), content=body, headers={"Content-Type": kind})
    assert noor(app) == before
    assert answer.status_code == 200
    assert PREFERENCES["de"].saved not in answer.text
    assert 'value="choose"' in answer.text


def test_a_form_of_another_kind_chooses_nothing_even_by_the_right_words(app: App, client: TestClient) -> None:
    before = noor(app)
    for way in (letter_link, own_link):
        client.post(way(app), json={"do": "choose", "text_only": "yes"})
        client.post(way(app), files={"do": (None, "choose"), "text_only": (None, "yes")})
    assert noor(app) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_nothing_but_a_post_changes_anything(app: App, client: TestClient, method: str) -> None:
    before = noor(app)
    for path in (letter_link(app), own_link(app)):
        client.request(method, path, params={"do": "leave", "text_only": "yes", "language": "de"})
    assert noor(app) == before
    assert not app.mails.due(app.clock.now())


# --- the link in letters -------------------------------------------------------------------------


def test_who_holds_a_letter_sees_no_address_no_name_and_no_data(app: App, client: TestClient) -> None:
    page = client.get(letter_link(app)).text
    assert "n•••@example.org" in page
    assert NOOR not in page
    assert "Haddad" not in page
    assert "/privacy/" not in page
    for wish in ({"do": "move", "email": NEW}, {"do": "leave"}, {"do": "choose", "name": "Eve"}):
        client.post(letter_link(app), data=wish)
    assert noor(app).address.display_name == "Noor Haddad"
    assert noor(app).address.addr_spec == NOOR
    assert noor(app).status is SubscriberStatus.CONFIRMED
    assert not app.mails.due(app.clock.now())


def test_who_holds_a_letter_may_have_the_link_mailed_to_its_reader(
    project: Project, app: App, client: TestClient
) -> None:
    answer = client.post(letter_link(app), data={"do": "link"})
    assert PREFERENCES["en"].asked in answer.text
    assert NOOR not in answer.text
    assert hand_over_mails(app) == 1
    (mail,) = mails(project)
    assert mail["To"] == NOOR
    assert NOOR in client.get(link_in(mail)).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_left_is_told_so_by_an_old_letter_and_finds_the_way_to_ask_anew(
    app: App, client: TestClient, language: str
) -> None:
    client.post(letter_link(app), data={"do": "choose", "language": language})
    leave(app.joining, SubscriberId(1), app.clock.now())
    before = noor(app)
    for answer in (
        client.get(letter_link(app)),
        client.post(letter_link(app), data={"do": "choose", "text_only": "yes"}),
        client.post(letter_link(app), data={"do": "link"}),
    ):
        assert answer.status_code == 410
        assert LEAVING[language].gone in answer.text
        assert LEAVING[language].late_explanation.format(name="The Harbour Letter") in answer.text
        assert '<a href="/subscribe">' in answer.text
        assert "example.org" not in answer.text
    assert noor(app) == before
    assert client.get(letter_link(app)[:-1]).text == client.get(letter_link(app, 2)[:-1]).text


def test_who_has_left_is_led_to_no_form_that_is_closed(app: App) -> None:
    leave(app.joining, SubscriberId(1), app.clock.now())
    readers = replace(app.settings.readers, sign_up=False)
    closed = TestClient(make_pages(replace(app, settings=replace(app.settings, readers=readers))))
    page = closed.get(letter_link(app))
    assert page.status_code == 410
    assert LEAVING["en"].gone in page.text
    assert "/subscribe" not in page.text


def test_a_link_that_is_forged_cut_for_something_else_or_too_old_opens_nothing(
    app: App, client: TestClient
) -> None:
    letter, own = letter_link(app), own_link(app)
    forged = own[:-1] + ("A" if own[-1] != "A" else "B")
    other = own_link(app, purpose=Purpose.CONFIRM)
    paths = [
        letter[:-1],
        own[:-1],
        forged,
        other,
        "/m/x",
        "/manage/x",
        "/new-address/x",
        letter_link(app, 99),
    ]
    paths += [own.replace("/manage/", "/m/"), letter.replace("/m/", "/manage/")]
    pages = set()
    for path in paths:
        for method in ("GET", "POST"):
            answer = client.request(method, path)
            assert answer.status_code == 404
            pages.add(answer.text)
    assert len(pages) == 1
    tomorrow = TestClient(make_pages(later(app, timedelta(days=1, minutes=2))))
    assert tomorrow.get(own).status_code == 404
    assert tomorrow.get(letter).status_code == 200


@given(address=st.emails())
@settings(max_examples=30)
def test_a_masked_address_never_shows_more_than_a_letter_of_its_owner(address: str) -> None:
    local, _, domain = address.rpartition("@")
    assert masked(address) == f"{local[0]}•••@{domain}"


# --- asking for the other link -------------------------------------------------------------------


def test_everybody_who_asks_for_a_link_gets_the_same_page_and_only_readers_a_mail(
    project: Project, app: App, client: TestClient
) -> None:
    leave(app.joining, SubscriberId(2), app.clock.now())
    pages = {client.post("/manage", data={"email": each}).text for each in (NOOR, MO, "eve@example.org")}
    assert len(pages) == 1
    assert hand_over_mails(app) == 2
    assert sorted(mail["To"] for mail in mails(project)) == [MO, NOOR]
    assert client.post("/manage", data={"email": "no address"}).status_code == 422
    assert client.get("/manage").status_code == 200


def test_links_are_mailed_within_limits_however_often_they_are_asked_for(
    project: Project, app: App, client: TestClient
) -> None:
    for _ in range(8):
        assert client.post("/manage", data={"email": NOOR.upper()}).status_code == 200
    assert client.post(letter_link(app), data={"do": "link"}).status_code == 200
    assert hand_over_mails(app) == 3


# --- the person's own page -----------------------------------------------------------------------


def test_a_name_is_changed_on_the_own_page(app: App, client: TestClient) -> None:
    page = client.get(own_link(app)).text
    assert 'value="Noor Haddad"' in page
    today = app.clock.now().astimezone(ZoneInfo("Europe/Berlin"))
    assert f"The Harbour Letter has come to you since {today:%-d %B %Y}." in page
    assert "/privacy/" in page
    client.post(own_link(app), data={"do": "choose", "name": "  Noor <b>H</b> "})
    assert noor(app).address.display_name == "Noor <b>H</b>"
    assert "<b>H" not in client.get(own_link(app)).text
    client.post(own_link(app), data={"do": "choose", "name": "a\x00b"})
    assert noor(app).address.display_name == "Noor <b>H</b>"
    client.post(own_link(app), data={"do": "choose", "name": ""})
    assert noor(app).address.display_name == ""


def test_leaving_on_the_own_page_is_leaving(project: Project, app: App, client: TestClient) -> None:
    assert "unsubscribed" in client.post(own_link(app), data={"do": "leave"}).text
    assert noor(app).status is SubscriberStatus.UNSUBSCRIBED
    assert hand_over_mails(app) == 1
    assert mails(project)[0]["Subject"] == "You are unsubscribed from The Harbour Letter"
    assert 'value="leave"' not in client.get(own_link(app)).text


def test_an_address_is_changed_by_the_owner_of_the_new_one(
    project: Project, app: App, client: TestClient
) -> None:
    client.post(own_link(app), data={"do": "move", "email": NEW})
    assert noor(app).address.addr_spec == NOOR
    assert hand_over_mails(app) == 1
    (mail,) = mails(project)
    assert mail["To"] == NEW
    assert NOOR not in mail.as_string()
    for method in ("GET", "HEAD", "OPTIONS"):
        client.request(method, link_in(mail))
    assert noor(app).address.addr_spec == NOOR
    assert PREFERENCES["en"].moving_button in client.get(link_in(mail)).text
    for _ in range(2):
        answer = client.post(link_in(mail))
        assert answer.status_code == 200
        assert PREFERENCES["en"].moved in answer.text
    assert noor(app).address.addr_spec == NEW
    assert app.subscribers.find(NOOR) is None
    steps = [step.action for step in app.joining.steps(SubscriberId(1))]
    assert steps == [ConsentAction.ADDED, ConsentAction.CHANGED]


def test_only_the_address_that_was_asked_for_last_can_be_taken(
    project: Project, app: App, client: TestClient
) -> None:
    client.post(own_link(app), data={"do": "move", "email": "first@example.net"})
    assert hand_over_mails(app) == 1
    first = link_in(mails(project)[0])
    client.post(own_link(app), data={"do": "move", "email": "second@example.net"})
    client.post(own_link(app), data={"do": "move", "email": NEW})
    assert client.post(first).status_code == 404
    assert hand_over_mails(app) == 1  # nobody is asked about the second any more
    assert [mail["To"] for mail in mails(project)] == ["first@example.net", NEW]
    assert client.post(link_in(mails(project)[1])).status_code == 200
    assert noor(app).address.addr_spec == NEW
    assert client.post(first).status_code == 404


def test_somebody_elses_address_cannot_be_taken_and_nobody_learns_of_them(
    project: Project, app: App, client: TestClient
) -> None:
    free = client.post(own_link(app), data={"do": "move", "email": NEW})
    taken = client.post(own_link(app), data={"do": "move", "email": MO.upper()})
    assert (free.status_code, free.text) == (taken.status_code, taken.text)
    assert hand_over_mails(app) == 0  # neither the wish that is over nor the one that must not be
    assert client.post(own_link(app), data={"do": "move", "email": "no address"}).status_code == 422


def test_an_address_that_became_somebody_elses_meanwhile_stays_theirs(
    project: Project, app: App, client: TestClient
) -> None:
    client.post(own_link(app), data={"do": "move", "email": NEW})
    hand_over_mails(app)
    project.run("subscribers", "add", NEW)
    assert client.post(link_in(mails(project)[0])).status_code == 404
    assert noor(app).address.addr_spec == NOOR


# --- words ---------------------------------------------------------------------------------------


def test_the_pages_speak_the_persons_language_and_direction(app: App, client: TestClient) -> None:
    client.post(letter_link(app), data={"do": "choose", "language": "he"})
    page = client.get(letter_link(app)).text
    assert '<html lang="he" dir="rtl">' in page
    assert PREFERENCES["he"].text_only in page
    assert "<bdi>The harbour</bdi></label>" in page
