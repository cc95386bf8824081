"""One reader in Chromium, without scripts: from the form to the end, with real mails and real buttons."""

import email
import json
import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import uvicorn

from newsletter.models import SubscriberStatus
from newsletter.web.app import make_pages
from newsletter.web.phrases.joining import JOINING
from newsletter.web.phrases.leaving import LEAVING
from newsletter.web.phrases.preferences import PREFERENCES
from newsletter.web.phrases.privacy import PRIVACY
from newsletter.wiring import App, open_app
from newsletter.wiring.mailing import hand_over_mails
from tests.support.browser import Browser, browsing
from tests.support.clock import FakeClock
from tests.support.project import Project, make_project

NOOR = "noor@example.org"
JOIN, LEAVE, CHOOSE, DATA = JOINING["en"], LEAVING["en"], PREFERENCES["en"], PRIVACY["en"]
NAME = "The Harbour Letter"


@dataclass(kw_only=True)
class Harbour:
    """A newsletter that is served, with a clock that the test moves."""

    project: Project
    app: App
    clock: FakeClock
    url: str
    weeks: int = 0
    letters: dict[str, EmailMessage] = field(default_factory=dict)
    """Those of the last issue, by their recipient's address."""

    def next_issue(self) -> list[str]:
        """To whom the week's issue went."""
        self.weeks += 1
        self.clock.advance(days=7)
        day = f"{self.clock.now():%Y-%m-%d}"
        self.project.write_post(f"week-{self.weeks}", f"The news of week {self.weeks}", day)
        gathered = self.app.gather(slot=None)
        assert gathered.issue is not None
        self.app.send(gathered.issue.id)
        folder = self.project.folder / "data" / "outbox" / gathered.issue.id
        self.letters = {str(self.message(path)["To"]): self.message(path) for path in folder.glob("*.eml")}
        return sorted(self.letters)

    def mail(self) -> EmailMessage:
        """The mail that the last wish brought."""
        before = set(self.mails())
        assert hand_over_mails(self.app) == 1
        (path,) = set(self.mails()) - before
        message = self.message(path)
        assert message["To"] == NOOR
        return message

    def mails(self) -> list[Path]:
        return list((self.project.folder / "data" / "outbox" / "system").glob("*.eml"))

    def link(self, message: EmailMessage) -> str:
        """Where the mail's button leads."""
        body = message.get_body(("plain",))
        assert body is not None
        found = re.search(rf"{re.escape(self.url)}/\S+", body.get_content())
        assert found
        return found[0]

    @staticmethod
    def message(path: Path) -> EmailMessage:
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    def status(self) -> SubscriberStatus | None:
        person = self.app.subscribers.find(NOOR)
        return person.status if person else None


@pytest.fixture
def harbour(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Harbour]:
    project = make_project(tmp_path / "letter", capsys)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    text = project.settings.read_text(encoding="utf-8").replace("https://news.example.com", url)
    project.settings.write_text(text, encoding="utf-8")
    project.run("subscribers", "add", "mo@example.org")
    with open_app(project.folder, {}) as opened:
        clock = FakeClock(opened.clock.now())
        app = replace(opened, clock=clock)
        with served(app, listener):
            yield Harbour(project=project, app=app, clock=clock, url=url)


@contextmanager
def served(app: App, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(make_pages(app), log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with browsing(tmp_path) as opened:
        yield opened


def test_a_reader_joins_leaves_returns_chooses_and_is_forgotten(
    harbour: Harbour, browser: Browser, tmp_path: Path
) -> None:
    joins(harbour, browser)
    assert harbour.next_issue() == ["mo@example.org", NOOR]
    leaves_by_one_click(harbour)
    assert harbour.next_issue() == ["mo@example.org"]
    comes_back(harbour, browser)
    assert harbour.next_issue() == ["mo@example.org", NOOR]
    chooses(harbour, browser)
    takes_everything_along(harbour, browser, tmp_path / "downloads")
    is_forgotten(harbour, browser)
    assert harbour.next_issue() == ["mo@example.org"]


def joins(harbour: Harbour, browser: Browser) -> None:
    browser.open(f"{harbour.url}/subscribe")
    browser.type("email", NOOR)
    harbour.clock.advance(seconds=5)  # nobody fills in a form at once
    browser.click(JOIN.button)
    assert JOIN.look in browser.text
    browser.open(harbour.link(harbour.mail()))
    assert harbour.status() is SubscriberStatus.UNCONFIRMED, "opening the link does nothing"
    browser.click(JOIN.confirm_button.format(name=NAME))
    assert JOIN.welcome in browser.text
    assert harbour.status() is SubscriberStatus.CONFIRMED


def leaves_by_one_click(harbour: Harbour) -> None:
    """As a mail program does it, by the letter's own headers (RFC 8058 §3.1)."""
    letter = harbour.letters[NOOR]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.search(r"<(http[^>]+)>", letter["List-Unsubscribe"])
    assert found
    request = urllib.request.Request(found[1], data=b"List-Unsubscribe=One-Click", method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
        assert answer.url == found[1]
    assert harbour.status() is SubscriberStatus.UNSUBSCRIBED


def comes_back(harbour: Harbour, browser: Browser) -> None:
    harbour.clock.advance(days=-7)  # on the day on which they left
    browser.open(harbour.link(harbour.mail()))
    browser.click(LEAVE.back_button)
    assert LEAVE.returned in browser.text
    assert harbour.status() is SubscriberStatus.CONFIRMED
    harbour.clock.advance(days=7)


def chooses(harbour: Harbour, browser: Browser) -> None:
    browser.open(f"{harbour.url}/manage")
    browser.type("email", NOOR)
    browser.click(CHOOSE.link_button)
    assert CHOOSE.asked in browser.text
    browser.open(harbour.link(harbour.mail()))
    browser.type("name", "Noor Haddad")
    browser.click(CHOOSE.save)
    assert CHOOSE.saved in browser.text
    person = harbour.app.subscribers.find(NOOR)
    assert person is not None
    assert person.address.display_name == "Noor Haddad"


def takes_everything_along(harbour: Harbour, browser: Browser, downloads: Path) -> None:
    browser.click(CHOOSE.data)
    assert "Noor Haddad" in browser.text
    name = browser.download(DATA.json)
    whole = json.loads((downloads / name).read_text(encoding="utf-8"))
    actions = [step["action"] for step in whole["steps"]]
    assert actions[:4] == ["requested", "confirmed", "unsubscribed", "returned"]
    assert len(whole["letters"]) == 2


def is_forgotten(harbour: Harbour, browser: Browser) -> None:
    browser.click(DATA.erase)
    assert harbour.status() is SubscriberStatus.CONFIRMED, "the question comes first"
    browser.click(DATA.sure_button)
    assert DATA.erased in browser.text
    assert harbour.status() is None
    for record in harbour.app.issues.list():
        assert NOOR not in harbour.project.run("prove", record.id, "--recipients").stdout
