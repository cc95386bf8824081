"""The program's own mails, and a SIGKILL before, while and after one of them is handed over.

What is promised: a mail is on the disk together with its cause, it is claimed on the disk before a byte of
it leaves, and what may have been accepted is never handed over again. So a kill leaves one mail in doubt at
most, nobody gets two, and everybody else gets theirs from the next run.
"""

import json
import os
import re
import shutil
import signal
import sqlite3
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from newsletter.models import Address, Channel, Consent, ConsentAction, SubscriberStatus
from newsletter.store.engine import Database
from newsletter.store.folder import IssueFolder
from newsletter.store.issues import SqlIssueStore
from newsletter.store.joining import SqlJoining
from newsletter.store.systemmails import SqlMailQueue
from newsletter.wiring import SystemClock, open_app
from tests.support.command_process import PATIENCE, Command, nothing, start
from tests.support.keepingserver import HANG_UP, KeepingServer
from tests.support.project import Project, make_project

READERS = [f"reader{n}@example.org" for n in range(1, 6)]
SECOND = READERS[1]
AUTHOR = "letter@news.example.com"
DONE, KILLED = 0, -signal.SIGKILL
PENDING, IN_FLIGHT, HANDED_OVER, IN_DOUBT = "pending", "submitting", "submitted", "uncertain"
PROVIDER = """\
kind = "smtp"

[provider.smtp]
host = "127.0.0.1"
encryption = "none"
hello = "sender.test"
"""
PORT = "NEWSLETTER_PROVIDER__SMTP__PORT"
SCHEDULE, NO_SCHEDULE = 'send = "friday 09:00"', 'send = ""'
IN_REVIEW = ("run-due", "--now", "2099-11-27T06:30:00Z")
IN_ITS_SLOT = ("run-due", "--now", "2099-11-27T08:00:00Z")


# --- deaths that no fault point knows ---------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DieAt:
    """Plants a death in the process that calls it: SIGKILL at the nth call of this method, `before` it,
    `inside` its transaction when all is written and nothing committed, or `after` it."""

    method: str
    when: str
    nth: int = 1
    owner: type = SqlMailQueue

    def __call__(self) -> None:
        original, calls = getattr(self.owner, self.method), count(1)

        def call(*arguments: Any, **named: Any) -> Any:
            if next(calls) != self.nth:
                return original(*arguments, **named)
            if self.when == "before":
                die()
            with dying_in_transactions() if self.when == "inside" else nullcontext():
                answer = original(*arguments, **named)
            assert self.when == "after", "it has no transaction"
            die()
            return answer

        setattr(self.owner, self.method, call)


@contextmanager
def dying_in_transactions() -> Iterator[None]:
    original = Database.writing

    @contextmanager
    def writing(database: Database) -> Iterator[Any]:
        with original(database) as connection:
            yield connection
            die()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "writing", writing)
        yield


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# --- a newsletter and its queue ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class House:
    """A newsletter's folder, and the mail server that its mails go to."""

    project: Project
    server: KeepingServer

    def start(self, *words: str, fault: str = "", prepare: Callable[[], None] = nothing) -> Command:
        environment = {**self.project.environment, "NEWSLETTER_FAULT": fault}
        said = self.project.folder / f"said-{next(_numbers)}.txt"
        command = ("-C", str(self.project.folder), *(words or ("run-due",)))
        return start(*command, environment=environment, said=said, prepare=prepare)

    def run(self, *words: str, fault: str = "", prepare: Callable[[], None] = nothing) -> int:
        """How the command ended; all that it had handed over is with the server by now."""
        status = self.start(*words, fault=fault, prepare=prepare).end()
        self.server.wait_until_left()
        return status

    def ask(self, *addresses: str) -> None:
        """None; these people have asked for the newsletter, and a mail waits for each."""
        with open_app(self.project.folder, self.project.environment) as app:
            for address in addresses:
                step = Consent(action=ConsentAction.REQUESTED, channel=Channel.FORM, at=app.clock.now())
                wish = partial(app.joining.request, Address(addr_spec=address), step)
                wish(language="en", tags=(), mail=True)

    def subscribe(self, address: str) -> None:
        with open_app(self.project.folder, self.project.environment) as app:
            app.subscribers.add(
                Address(addr_spec=address),
                status=SubscriberStatus.CONFIRMED,
                consent_source="test",
                now=app.clock.now(),
            )

    @property
    def queue(self) -> list[tuple[str, str]]:
        """Whom the mails are to, and their states, in order."""
        with closing(sqlite3.connect(self.project.folder / "data" / "newsletter.db")) as database:
            return database.execute("SELECT addr_spec, state FROM system_mails ORDER BY number").fetchall()

    @property
    def states(self) -> list[str]:
        return [state for _, state in self.queue]

    def use_schedule(self) -> None:
        text = self.project.settings.read_text(encoding="utf-8")
        self.project.settings.write_text(text.replace(NO_SCHEDULE, SCHEDULE), encoding="utf-8")


_numbers = count(1)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's folder with a database, to be copied for each test."""
    project = make_project(tmp_path_factory.mktemp("system-mails") / "letter")
    text = project.settings.read_text(encoding="utf-8").replace('kind = "outbox"\n', PROVIDER)
    project.settings.write_text(text.replace(SCHEDULE, NO_SCHEDULE), encoding="utf-8")
    with open_app(project.folder, {}):
        return project.folder


@pytest.fixture
def house(prepared: Path, tmp_path: Path) -> Iterator[House]:
    project = Project(folder=shutil.copytree(prepared, tmp_path / "letter"))
    with KeepingServer() as server:
        project.environment[PORT] = str(server.port)
        yield House(project=project, server=server)


def check(house: House, *, states: Sequence[str], copies: Sequence[str]) -> None:
    """None; the queue stands so, these people have one whole mail each, and a further run changes nothing."""
    for further in (False, True):
        assert not further or house.run() == DONE
        assert house.states == list(states)
        assert house.server.recipients == list(copies)
    assert len(set(copies)) == len(copies)
    letters = [message_from_bytes(kept.letter, policy=policy.default) for kept in house.server.kept]
    assert [letter["To"] for letter in letters] == list(copies)
    assert len({letter["Message-ID"] for letter in letters}) == len(letters)
    assert all(re.search(r"https://news\.example\.com/confirm/\S+", text_of(letter)) for letter in letters)


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    assert letter.get_body(("html",)) is not None
    return str(body.get_content())


# --- a kill at each step ----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where the process dies that has handed over the first mail and is about to do so with the second."""

    fault: str = ""
    death: Callable[[], None] = nothing
    second: str
    """The second mail's state after the kill."""
    copy: bool = False
    """Whether the server has the second mail."""


STEPS = {
    "before the claim": Step(death=DieAt(method="claim", when="before", nth=2), second=PENDING),
    "inside the claim": Step(death=DieAt(method="claim", when="inside", nth=2), second=PENDING),
    "after the claim": Step(death=DieAt(method="claim", when="after", nth=2), second=IN_FLIGHT),
    "before a byte": Step(fault="after-connect@2", second=IN_FLIGHT),
    "before the final dot": Step(fault="half-body@2", second=IN_FLIGHT),
    "after the final dot": Step(fault="after-body@2", second=IN_FLIGHT, copy=True),
    "after the answer": Step(death=DieAt(method="finish", when="before", nth=2), second=IN_FLIGHT, copy=True),
    "inside the record": Step(
        death=DieAt(method="finish", when="inside", nth=2), second=IN_FLIGHT, copy=True
    ),
    "after the record": Step(
        death=DieAt(method="finish", when="after", nth=2), second=HANDED_OVER, copy=True
    ),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_kill_leaves_the_mail_in_flight_in_doubt_and_no_other(house: House, step: Step) -> None:
    house.ask(*READERS)
    assert house.run(fault=step.fault, prepare=step.death) == KILLED
    assert house.queue == list(
        zip(READERS, [HANDED_OVER, step.second, PENDING, PENDING, PENDING], strict=True)
    )
    assert house.server.recipients == READERS[: 1 + step.copy]
    assert house.run() == DONE
    doubt = step.second == IN_FLIGHT
    check(
        house,
        states=[HANDED_OVER, IN_DOUBT if doubt else HANDED_OVER, *[HANDED_OVER] * 3],
        copies=[READERS[0], *([SECOND] if step.copy or not doubt else []), *READERS[2:]],
    )


@pytest.mark.parametrize("keeps", [True, False], ids=["and takes it", "and drops it"])
def test_a_server_that_makes_up_its_mind_about_a_mail_when_all_others_are_there(
    house: House, keeps: bool
) -> None:
    house.ask(*READERS)
    house.server.halt("LETTER", 2)
    killed = house.start()
    assert house.server.wait_until_halted() == [SECOND]
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.end() == KILLED
    assert house.start().end() == DONE
    house.server.go_on(keeps=keeps)
    house.server.wait_until_left()
    others = [READERS[0], *READERS[2:]]
    states = [HANDED_OVER, IN_DOUBT, *[HANDED_OVER] * 3]
    check(house, states=states, copies=others + ([SECOND] if keeps else []))


@pytest.mark.parametrize("when", ["before", "inside", "after"])
def test_a_kill_while_recovering_from_a_kill(house: House, when: str) -> None:
    house.ask(*READERS)
    assert house.run(fault="after-body@2") == KILLED
    assert house.run(prepare=DieAt(method="recover", when=when)) == KILLED
    second = IN_DOUBT if when == "after" else IN_FLIGHT
    assert house.states == [HANDED_OVER, second, PENDING, PENDING, PENDING]
    assert house.run() == DONE
    check(house, states=[HANDED_OVER, IN_DOUBT, *[HANDED_OVER] * 3], copies=READERS)


def test_a_kill_at_every_mail_loses_none_that_was_not_in_flight(house: House) -> None:
    house.ask(*READERS)
    deaths = [
        DieAt(method="claim", when="after"),
        DieAt(method="finish", when="inside"),
        DieAt(method="claim", when="inside"),
        DieAt(method="finish", when="before"),
    ]
    for death in deaths:
        assert house.run(prepare=death) == KILLED
    assert house.run() == DONE
    check(house, states=[IN_DOUBT] * 3 + [HANDED_OVER] * 2, copies=READERS[1:])


def test_a_mail_in_doubt_that_was_the_only_one_is_known_for_it_and_not_handed_over_again(
    house: House,
) -> None:
    house.ask(SECOND)
    assert house.run(fault="after-body") == KILLED
    assert house.states == [IN_FLIGHT]
    assert house.run() == DONE
    check(house, states=[IN_DOUBT], copies=[SECOND])
    house.ask(READERS[2])
    assert house.run() == DONE
    check(house, states=[IN_DOUBT, HANDED_OVER], copies=[SECOND, READERS[2]])


def test_serving_finds_a_mail_in_doubt_that_was_the_only_one(house: House) -> None:
    house.ask(SECOND)
    assert house.run(fault="after-body") == KILLED
    pages = house.start("serve", "--port", "0")
    until(lambda: "own mails is uncertain" in pages.words)
    os.kill(pages.pid, signal.SIGTERM)
    assert pages.end() == DONE
    check(house, states=[IN_DOUBT], copies=[SECOND])


# --- answers that are no yes ------------------------------------------------------------------------


@pytest.mark.parametrize(("when", "doubt"), [("before", True), ("inside", True), ("after", False)])
def test_a_kill_when_a_mail_was_put_off(house: House, when: str, doubt: bool) -> None:
    house.server.replies[SECOND] = [b"451 4.7.1 come again", b"250 2.1.5 ok"]
    house.ask(*READERS)
    assert house.run(prepare=DieAt(method="put_back", when=when)) == KILLED
    assert house.states[1] == (IN_FLIGHT if doubt else PENDING)
    assert house.run() == DONE
    others = [READERS[0], *READERS[2:]]
    assert house.states[1] == (IN_DOUBT if doubt else PENDING)
    assert house.server.recipients == others, "its time has not come"
    assert house.run("run-due", "--now", soon()) == DONE
    state, copies = (IN_DOUBT, others) if doubt else (HANDED_OVER, [*others, SECOND])
    check(house, states=[HANDED_OVER, state, *[HANDED_OVER] * 3], copies=copies)


def test_a_kill_while_the_server_is_away(house: House) -> None:
    house.ask(*READERS)
    port = house.project.environment[PORT]
    house.project.environment[PORT] = "9"  # where nobody listens
    assert house.run(prepare=DieAt(method="put_back", when="after", nth=2)) == KILLED
    assert house.states == [PENDING] * 5
    house.project.environment[PORT] = port
    assert house.run() == DONE
    assert house.server.recipients == READERS[2:]
    assert house.run("run-due", "--now", soon()) == DONE
    check(house, states=[HANDED_OVER] * 5, copies=READERS[2:] + READERS[:2])


def test_a_mail_whose_answer_was_lost_is_in_doubt_and_the_others_go_on(house: House) -> None:
    house.server.replies_to_letters[SECOND] = [HANG_UP]
    house.ask(*READERS)
    assert house.run() == DONE
    check(house, states=[HANDED_OVER, IN_DOUBT, *[HANDED_OVER] * 3], copies=READERS)


def test_a_polite_stop_leaves_no_doubt(house: House) -> None:
    house.ask(*READERS)
    house.server.halt("LETTER", 2)
    stopped = house.start()
    assert house.server.wait_until_halted() == [SECOND]
    os.kill(stopped.pid, signal.SIGTERM)
    house.server.go_on()
    assert stopped.end() == DONE
    assert house.states == [HANDED_OVER, HANDED_OVER, PENDING, PENDING, PENDING]
    assert house.run() == DONE
    check(house, states=[HANDED_OVER] * 5, copies=READERS)


def soon() -> str:
    """A time at which a mail that was put off once is due."""
    return (SystemClock().now() + timedelta(minutes=2)).isoformat()


# --- the causes of mails ----------------------------------------------------------------------------


def test_who_was_told_that_a_mail_is_on_its_way_gets_it_though_the_server_of_pages_is_killed(
    house: House,
) -> None:
    house.server.halt("LETTER", 1)
    pages = house.start("serve", "--port", "0")
    url = address_of(pages)
    assert sign_up(url, READERS[0]) == 202
    assert house.server.wait_until_halted() == READERS[:1]
    assert [sign_up(url, address) for address in READERS[1:]] == [202] * 4
    # The queue is another process's; the schedule, too, when it is the tick of the pages that mails.
    assert house.start().end() in {DONE, os.EX_TEMPFAIL}
    os.kill(pages.pid, signal.SIGKILL)
    assert pages.end() == KILLED
    assert house.queue == list(zip(READERS, [IN_FLIGHT, *[PENDING] * 4], strict=True))
    house.server.go_on()
    pages = house.start("serve", "--port", "0")
    until(lambda: house.states == [IN_DOUBT, *[HANDED_OVER] * 4])
    os.kill(pages.pid, signal.SIGTERM)
    assert pages.end() == DONE
    check(house, states=[IN_DOUBT, *[HANDED_OVER] * 4], copies=READERS)


@pytest.mark.parametrize("when", ["before", "inside", "after"])
def test_who_asks_again_because_no_answer_came_gets_one_mail(house: House, when: str) -> None:
    pages = house.start("serve", "--port", "0", prepare=DieAt(owner=SqlJoining, method="request", when=when))
    url = address_of(pages)
    with pytest.raises(ConnectionError):
        sign_up(url, SECOND)
    assert pages.end() == KILLED
    pages = house.start("serve", "--port", "0")
    assert sign_up(address_of(pages), SECOND) == 202
    os.kill(pages.pid, signal.SIGTERM)
    assert pages.end() == DONE
    assert house.run() == DONE
    check(house, states=[HANDED_OVER], copies=[SECOND])


@pytest.mark.parametrize(
    "death",
    [
        DieAt(owner=SqlIssueStore, method="open_issue", when="before"),
        DieAt(owner=SqlIssueStore, method="open_issue", when="inside"),
        DieAt(owner=SqlIssueStore, method="open_issue", when="after"),
        DieAt(owner=IssueFolder, method="create", when="after"),
    ],
    ids=lambda death: f"{death.when} {death.method}",
)
def test_the_author_is_told_of_a_draft_though_the_run_that_gathered_it_was_killed(
    house: House, death: DieAt
) -> None:
    house.use_schedule()
    assert house.run(*IN_REVIEW, prepare=death) == KILLED
    for _ in range(2):
        assert house.run(*IN_REVIEW) == DONE
        assert house.queue == [(AUTHOR, HANDED_OVER)]
        assert house.server.recipients == [AUTHOR]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_draft_whose_file_was_not_finished_goes_out_in_its_slot(house: House, when: str) -> None:
    house.use_schedule()
    house.subscribe(SECOND)
    assert house.run(*IN_REVIEW, prepare=DieAt(owner=IssueFolder, method="create", when=when)) == KILLED
    file = house.project.folder / "issues" / "2099-11-27.md"
    assert file.exists() == (when == "after")
    for _ in range(2):
        assert house.run(*IN_ITS_SLOT) == DONE
        assert file.exists()
        assert sorted(house.server.recipients) == [AUTHOR, SECOND]


def address_of(pages: Command) -> str:
    """Where the pages are served, as soon as they are."""
    until(lambda: "Serving on" in pages.words or not pages.process.is_alive())
    found = re.search(r"Serving on (\S+)", pages.words)
    assert found, pages.words
    return found[1]


def sign_up(url: str, address: str) -> int:
    """The status that a script gets that asks for the newsletter."""
    request = urllib.request.Request(
        f"{url}/api/subscribe",
        data=json.dumps({"email": address}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return int(answer.status)


def until(condition: Callable[[], bool]) -> None:
    """None, as soon as the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came to this"
        time.sleep(0.01)
