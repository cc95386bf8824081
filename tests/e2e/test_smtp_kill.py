"""A sender that submits over SMTP is killed at each step: nobody is mailed twice, nobody is lost.

The real `newsletter send` in a process of its own, SIGKILL, and a mail server that keeps in the test's
process whatever came to its final dot. With one connection the batches go out in the audience's order, so
that each test says beforehand who is in doubt, who has a letter, and who is still to get one.
"""

import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from itertools import chain, count
from pathlib import Path
from typing import Any

import pytest

from newsletter import faults
from newsletter.models import Address, Channel, Consent, ConsentAction, SubscriberStatus
from newsletter.providers.smtp import MAX_RECIPIENTS
from newsletter.wiring import open_app
from tests.support.command_process import Command, start
from tests.support.keepingserver import HANG_UP, KeepingServer
from tests.support.project import Project, make_project

BATCH = MAX_RECIPIENTS
BATCHES = 12
READERS = [f"reader{n:03}@example.com" for n in range(1, BATCH * BATCHES + 1)]
REFUSED = READERS[6]
"""Someone of the first batch whom the server does not know."""
WELCOME = [address for address in READERS if address != REFUSED]
"""To whom letters go, in order."""
LEAVER = READERS[-1]
"""Someone of the last batch, who unsubscribes while the sender lies dead."""
DONE, ATTENTION, STOPPED, BUSY = 0, 3, 75, 75
"""Exit statuses."""
KILLED = -signal.SIGKILL
PROVIDER = """\
kind = "smtp"
connections = 1

[provider.smtp]
host = "127.0.0.1"
encryption = "none"
hello = "sender.test"
"""


@dataclass(frozen=True, kw_only=True)
class Stand:
    """How far a sender with one connection came."""

    answered: int = 0
    """Batches whose answer is on the disk."""
    in_flight: bool = False
    """Whether the next batch had been claimed."""
    letters: int = 0
    """Letters that the server took."""

    @property
    def in_doubt(self) -> list[str]:
        first = BATCH * self.answered
        return READERS[first : first + BATCH] if self.in_flight else []

    @property
    def statuses(self) -> dict[str, str]:
        """What the ledger must say of everybody at this moment."""
        settled = dict.fromkeys(READERS[: BATCH * self.answered], "submitted")
        settled |= {REFUSED: "rejected"} if REFUSED in settled else {}
        return dict.fromkeys(READERS, "pending") | settled | dict.fromkeys(self.in_doubt, "submitting")


_numbers = count(1)


def after(batches: int) -> int:
    """Letters of so many whole batches."""
    return BATCH * batches - (batches > 0)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One issue, its senders and its mail server."""

    project: Project
    issue: str
    server: KeepingServer

    def start(self, fault: str = "") -> Command:
        environment = {**self.project.environment, "NEWSLETTER_FAULT": fault}
        words = ("-C", str(self.project.folder), "send", self.issue, "--yes")
        return start(*words, environment=environment, said=self.project.folder / f"said-{next(_numbers)}.txt")

    def end(self, sender: Command) -> int:
        """How the sender ended; all that it had handed over is with the server by now."""
        status = sender.end()
        self.server.wait_until_left()
        return status

    def send(self, fault: str = "") -> int:
        return self.end(self.start(fault))

    def prove(self) -> tuple[int, dict[str, Any]]:
        result = self.project.run("prove", self.issue, "--json", "--recipients")
        return result.status, json.loads(result.stdout or '{"recipients": []}')

    def statuses(self) -> dict[str, str]:
        """What the ledger says of everybody; nothing before the freeze."""
        return statuses_in(self.prove()[1])

    def leaver_leaves(self) -> None:
        with open_app(self.project.folder, self.project.environment) as app:
            leaver = app.subscribers.find(LEAVER)
            assert leaver is not None
            step = Consent(action=ConsentAction.UNSUBSCRIBED, channel=Channel.PAGE, at=app.clock.now())
            assert app.joining.leave(leaver.id, step, mail=False)


def statuses_in(proof: dict[str, Any]) -> dict[str, str]:
    everybody = [(each["address"], each["status"]) for each in proof["recipients"]]
    assert len(dict(everybody)) == len(everybody)
    return dict(everybody)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project with a draft and its readers, to be copied for each run, and the issue's name."""
    project = make_project(tmp_path_factory.mktemp("smtp-kill") / "letter")
    settings = project.settings.read_text(encoding="utf-8")
    project.settings.write_text(settings.replace('kind = "outbox"\n', PROVIDER), encoding="utf-8")
    with open_app(project.folder, {}) as app:
        rows = [(Address(addr_spec=address), SubscriberStatus.CONFIRMED) for address in READERS]
        app.subscribers.import_rows(rows, consent_source="test", now=app.clock.now())
        gathered = app.gather(slot=None)
        assert gathered.issue is not None
        return project.folder, gathered.issue.id


@pytest.fixture
def run(
    prepared: tuple[Path, str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    template, issue = prepared
    folder = shutil.copytree(template, tmp_path / "letter")
    with KeepingServer(pipelining=getattr(request, "param", True)) as server:
        server.replies[REFUSED] = [b"550 5.1.1 no such box"]
        environment = {"NEWSLETTER_PROVIDER__SMTP__PORT": str(server.port)}
        project = Project(folder=folder, capsys=capsys, environment=environment)
        yield Run(project=project, issue=issue, server=server)


without_pipelining = pytest.mark.parametrize("run", [False], ids=["singly"], indirect=True)


# --- the properties ---------------------------------------------------------------------------------


def check(run: Run, *, uncertain: Collection[str], readers: Iterable[str] = READERS) -> dict[str, str]:
    """What the ledger says of everybody at the end, when all properties hold."""
    copies, (exit_status, proof) = Counter(run.server.recipients), run.prove()
    statuses = statuses_in(proof)
    assert not [address for address, count in copies.items() if count > 1], "mailed twice"
    assert sorted(statuses) == sorted(readers), "lost"
    assert set(statuses.values()) <= {"submitted", "rejected", "suppressed_since", "uncertain"}
    assert sorted(proof["uncertain_recipients"]) == sorted(uncertain)
    for address, status in statuses.items():
        if status != "uncertain":
            assert copies[address] == (status == "submitted"), (address, status)
    assert set(copies) <= set(statuses)
    counts = Counter(statuses.values())
    sums = ("submitted", "rejected", "suppressed_since", "uncertain", "unknown")
    assert {name: proof[name] for name in sums} == {name: counts[name] for name in sums}
    assert proof["audience"] == len(statuses)
    assert proof["balanced"]
    assert proof["audience_intact"]
    assert exit_status == (ATTENTION if uncertain else DONE)
    whole_letters(run)
    return statuses


def whole_letters(run: Run) -> None:
    """None; each letter that was taken is one person's, and nothing of it is missing."""
    ids = set()
    for kept in run.server.kept:
        letter = message_from_bytes(kept.letter)
        assert letter["To"] == kept.recipient
        assert kept.letter.endswith(f"--{letter.get_boundary()}--\r\n".encode())
        ids.add(letter["Message-ID"])
    assert len(ids) == len(run.server.kept)


def goes_on_to_the_end(run: Run, stand: Stand, *, frozen: bool = True) -> None:
    """None; from where the killed sender stood, the next one does what was left, and nothing else."""
    assert run.server.recipients == WELCOME[: stand.letters]
    assert run.statuses() == (stand.statuses if frozen else {})
    run.leaver_leaves()
    assert run.send() == (ATTENTION if stand.in_doubt else DONE)
    in_time = stand.answered < BATCHES
    readers = READERS if frozen else READERS[:-1]
    statuses = check(run, uncertain=stand.in_doubt, readers=readers)
    assert statuses.get(LEAVER) == (None if not frozen else "suppressed_since" if in_time else "submitted")
    skipped = {*stand.in_doubt, *([LEAVER] if in_time else [])}
    rest = [address for address in WELCOME[stand.letters :] if address not in skipped]
    assert run.server.recipients == WELCOME[: stand.letters] + rest


# --- the tests --------------------------------------------------------------------------------------


def test_a_send_that_nobody_disturbs_needs_no_doubt(run: Run) -> None:
    assert run.send() == DONE
    statuses = check(run, uncertain=[])
    assert run.server.recipients == WELCOME
    assert [address for address, status in statuses.items() if status != "submitted"] == [REFUSED]


UNFROZEN = {"before-freeze": Stand(), "inside-freeze": Stand()}
POINTS = {
    "after-freeze": Stand(),
    "before-claim@3": Stand(answered=2, letters=after(2)),
    "inside-claim@3": Stand(answered=2, letters=after(2)),
    "after-claim@3": Stand(answered=2, in_flight=True, letters=after(2)),
    "after-connect@2": Stand(answered=1, in_flight=True, letters=after(1)),
    "half-body@27": Stand(answered=1, in_flight=True, letters=26),
    "after-body@27": Stand(answered=1, in_flight=True, letters=27),
    "after-answer@2": Stand(answered=1, in_flight=True, letters=after(2)),
    "inside-record@2": Stand(answered=1, in_flight=True, letters=after(2)),
    "after-record@3": Stand(answered=3, letters=after(3)),
    "before-finish": Stand(answered=BATCHES, letters=after(BATCHES)),
}


def test_every_point_that_a_sender_passes_is_killed_at() -> None:
    killed_at = {point.partition("@")[0] for point in (*UNFROZEN, *POINTS, "inside-recovery")}
    assert killed_at == {*faults.POINTS[: faults.POINTS.index("before-finish") + 1]}


@pytest.mark.parametrize("point", [*UNFROZEN, *POINTS])
def test_a_kill_leaves_the_request_in_flight_in_doubt_and_no_other(run: Run, point: str) -> None:
    assert run.send(point) == KILLED
    stand = {**UNFROZEN, **POINTS}[point]
    goes_on_to_the_end(run, stand, frozen=point in POINTS)


@without_pipelining
@pytest.mark.parametrize(("step", "nth"), [("MAIL", 28), ("RCPT", 28), ("DATA", 27)])
def test_a_kill_before_a_letter_is_awaited(run: Run, step: str, nth: int) -> None:
    run.server.halt(step, nth)  # MAIL and RCPT are said for the person whom the server refuses, too
    kill_at_the_halt(run, run.start())
    run.server.go_on()
    run.server.wait_until_left()
    goes_on_to_the_end(run, Stand(answered=1, in_flight=True, letters=26))


@pytest.mark.parametrize("keeps", [True, False], ids=["and takes it", "and drops it"])
def test_a_server_that_makes_up_its_mind_about_a_letter_when_all_others_are_there(
    run: Run, keeps: bool
) -> None:
    run.server.halt("LETTER", 27)
    kill_at_the_halt(run, run.start())
    stand = Stand(answered=1, in_flight=True, letters=26)
    assert run.statuses() == stand.statuses
    assert run.start().end() == ATTENTION
    run.server.go_on(keeps=keeps)
    run.server.wait_until_left()
    check(run, uncertain=stand.in_doubt)
    rest = [address for address in WELCOME[26:] if address not in stand.in_doubt]
    assert run.server.recipients == WELCOME[:26] + rest + (WELCOME[26:27] if keeps else [])


def test_the_command_as_a_shell_starts_it(run: Run) -> None:
    run.server.halt("LETTER", 27)
    sender = run.project.start("send", run.issue, "--yes")
    run.server.wait_until_halted()
    sender.kill()
    sender.communicate()
    run.server.go_on()
    run.server.wait_until_left()
    goes_on_to_the_end(run, Stand(answered=1, in_flight=True, letters=27))


def test_a_kill_in_every_batch(run: Run) -> None:
    run.project.environment["NEWSLETTER_SENDING__ERROR_BUDGET"] = "1.0"
    points = [
        "after-claim", "inside-recovery", "half-body@5", "after-body@20", "inside-claim", "after-answer",
        "inside-record", "after-record", "after-connect",
    ]  # fmt: skip
    for point in points:
        assert run.send(point) == KILLED
    run.server.halt("LETTER", 1)
    sender = run.start()
    run.server.wait_until_halted()
    assert run.start().end() == BUSY
    run.server.go_on()
    assert run.end(sender) == ATTENTION
    batches = [READERS[first : first + BATCH] for first in range(0, len(READERS), BATCH)]
    answered = [*batches[5], *chain(*batches[7:])]
    check(run, uncertain=set(READERS).difference(answered))
    copies = [*batches[1][:4], *chain(*batches[2:5]), *answered]
    assert run.server.recipients == copies
    assert run.send() == ATTENTION
    assert run.server.recipients == copies, "a further run changes nothing"


ODD = READERS[27]
"""Someone in the middle of the second batch, whose letter is not simply taken."""


@pytest.mark.parametrize(
    ("point", "uncertain"),
    [("inside-record@2", READERS[BATCH : 2 * BATCH]), ("after-record@2", [ODD])],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_kill_when_the_answer_to_one_letter_was_lost(run: Run, point: str, uncertain: list[str]) -> None:
    run.server.replies_to_letters[ODD] = [HANG_UP]
    assert run.send(point) == KILLED
    assert run.server.recipients == WELCOME[:27]
    assert run.send() == ATTENTION
    check(run, uncertain=uncertain)
    rest = [address for address in WELCOME[27:] if address not in uncertain]
    assert sorted(run.server.recipients) == sorted(WELCOME[:27] + rest)


@pytest.mark.parametrize(
    ("point", "uncertain"),
    [("inside-record@2", READERS[BATCH : 2 * BATCH]), ("after-record@2", [])],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_kill_when_one_recipient_was_put_off(run: Run, point: str, uncertain: list[str]) -> None:
    run.server.replies[ODD] = [b"451 4.7.1 greylisted, come again", b"250 2.1.5 ok"]
    assert run.send(point) == KILLED
    others = [address for address in WELCOME if address != ODD]
    assert run.server.recipients == others[: after(2) - 1]
    assert run.send() == (ATTENTION if uncertain else DONE)
    check(run, uncertain=uncertain)
    assert sorted(run.server.recipients) == sorted(others if uncertain else WELCOME)


# --- a polite stop, and two connections -------------------------------------------------------------


@pytest.mark.parametrize("connections", [1, 2])
def test_a_polite_stop_records_what_is_in_flight_and_leaves_no_doubt(run: Run, connections: int) -> None:
    run.project.environment["NEWSLETTER_PROVIDER__CONNECTIONS"] = str(connections)
    run.server.halt("LETTER", 27, sessions=connections)
    sender = run.start()
    in_flight = batches_of(run.server.wait_until_halted(connections))
    os.kill(sender.pid, signal.SIGTERM)
    run.server.go_on()
    assert run.end(sender) == STOPPED
    statuses, copies = run.statuses(), run.server.recipients
    assert set(statuses.values()) == {"submitted", "rejected", "pending"}
    assert sorted(copies) == sorted(addresses(statuses, "submitted"))
    assert "pending" not in {statuses[address] for address in in_flight}
    assert len(in_flight) == connections * BATCH
    if connections == 1:
        assert statuses == Stand(answered=2, letters=after(2)).statuses
    assert run.send() == DONE
    check(run, uncertain=[])
    assert sorted(run.server.recipients) == WELCOME


@pytest.mark.parametrize("step", ["DATA", "LETTER"])
def test_a_kill_with_two_requests_under_way_costs_these_two(run: Run, step: str) -> None:
    run.project.environment["NEWSLETTER_PROVIDER__CONNECTIONS"] = "2"
    run.server.halt(step, 99, sessions=2)
    sender = run.start()
    in_flight = batches_of(run.server.wait_until_halted(2))
    os.kill(sender.pid, signal.SIGKILL)
    assert sender.end() == KILLED
    run.server.go_on()
    run.server.wait_until_left()
    assert len(in_flight) == 2 * BATCH
    in_doubt = consistent(run)
    assert in_doubt == in_flight
    assert run.send() == ATTENTION
    check(run, uncertain=in_flight)


@pytest.mark.parametrize(
    "point", ["inside-claim@5", "after-claim@5", "half-body@70", "after-body@70", "inside-record@4"]
)
def test_a_kill_of_two_connections_at_a_point_costs_two_requests_at_most(run: Run, point: str) -> None:
    run.project.environment["NEWSLETTER_PROVIDER__CONNECTIONS"] = "2"
    assert run.send(point) == KILLED
    in_doubt = consistent(run)
    assert in_doubt == batches_of(in_doubt)
    assert BATCH * (point != "inside-claim@5") <= len(in_doubt) <= 2 * BATCH
    assert run.send() == (ATTENTION if in_doubt else DONE)
    check(run, uncertain=in_doubt)


def consistent(run: Run) -> list[str]:
    """Who is in a request that nobody answered; of all others ledger and server say the same."""
    statuses, copies = run.statuses(), Counter(run.server.recipients)
    assert sorted(statuses) == READERS
    assert max(copies.values()) == 1
    in_flight = addresses(statuses, "submitting")
    for address, status in statuses.items():
        if address not in in_flight:
            assert copies[address] == (status == "submitted"), (address, status)
    return in_flight


def batches_of(people: Iterable[str]) -> list[str]:
    """Everybody who is in one batch with one of these people."""
    numbers = {READERS.index(address) // BATCH for address in people}
    return [address for place, address in enumerate(READERS) if place // BATCH in numbers]


def addresses(statuses: dict[str, str], status: str) -> list[str]:
    return [address for address, each in statuses.items() if each == status]


def kill_at_the_halt(run: Run, sender: Command) -> None:
    """None; the sender is dead, and its session with the server stands still."""
    run.server.wait_until_halted()
    os.kill(sender.pid, signal.SIGKILL)
    assert sender.end() == KILLED
