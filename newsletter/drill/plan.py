"""What happens in one run of the drill, made from two numbers alone: pure.

Runs with the numbers from 0 on walk through every point of `newsletter.faults` with SIGKILL and with
SIGTERM, and through every behaviour of the provider; all else is drawn from a random source that is
seeded with both numbers, so that a run can be repeated.
"""

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Literal

from newsletter import faults
from newsletter.drill.sendgrid.faults import Fault, Kind

SENDING_POINTS = faults.POINTS[: faults.POINTS.index("before-finish") + 1]
"""Those that a sender passes."""
EVENT_POINTS = ("before-event-commit", "after-event-commit")
"""Those that a process passes that takes a provider's events in."""
CALL_BACK_POINTS = ("before-cancel", "after-cancel")
"""Those that a sender passes that calls back what it is in doubt about."""
LIST_POINT = "inside-suppression-sync"
WALK = (*SENDING_POINTS, *EVENT_POINTS, *CALL_BACK_POINTS, LIST_POINT)
LEAVES_OPEN = ("after-claim", "after-connect", "half-body", "after-body", "after-answer", "inside-record")
"""Where a kill leaves a request of which nobody knows what became of it."""
ONCE = ("before-freeze", "inside-freeze", "after-freeze", "inside-recovery", "before-finish")
"""Points that a sender passes a single time."""

BEHAVIOURS = {
    "accepts": Fault(Kind.ACCEPT),
    "accepts without an id": Fault(Kind.ACCEPT_WITHOUT_ID),
    "accepts and hangs": Fault(Kind.ACCEPT_THEN_HANG),
    "accepts and closes": Fault(Kind.ACCEPT_THEN_CLOSE),
    "accepts and says 500": Fault(Kind.ACCEPT_THEN_500),
    "accepts with a short body": Fault(Kind.ACCEPT_THEN_SHORT_BODY),
    "accepts with half a status": Fault(Kind.ACCEPT_THEN_PARTIAL_STATUS),
    "hangs before reading": Fault(Kind.HANG_BEFORE_READING),
    "closes before reading": Fault(Kind.CLOSE_BEFORE_READING),
    "asks to wait until": Fault(Kind.THROTTLE, 20),
    "asks to wait for": Fault(Kind.THROTTLE_RETRY_AFTER, 10),
    "asks to wait": Fault(Kind.THROTTLE_PLAIN),
    "refuses a recipient": Fault(Kind.REFUSE_RECIPIENT, 3),
    "says 200": Fault(Kind.STATUS, 200),
    "redirects": Fault(Kind.REDIRECT),
    "says 401": Fault(Kind.STATUS, 401),
    "says 413": Fault(Kind.STATUS, 413),
    "says 500": Fault(Kind.STATUS, 500),
    "says 502": Fault(Kind.STATUS, 502),
}
"""What the provider may do with a request; the value of `asks to wait until` is seconds from now."""
CLEAR = {
    "accepts", "accepts without an id", "asks to wait until", "asks to wait for", "asks to wait",
    "refuses a recipient", "says 401", "says 413",
}  # fmt: skip
"""Behaviours after which it is known what became of the request."""
WAITS = {"asks to wait until", "asks to wait for", "asks to wait"}
BEHAVIOURS_A_RUN = 5


class Trouble(StrEnum):
    """What befalls the machine while senders are at work."""

    NONE = "nothing"
    DISK_FULL = "the disk is full"
    LOCKED = "the database is locked"
    CLOCK_FORWARD = "the clock jumps an hour forward"
    CLOCK_BACK = "the clock jumps an hour back"
    RESTORED = "an old copy of the database is put back"


class Control(StrEnum):
    """What somebody does to the issue from outside while senders are at work."""

    NONE = "nothing"
    PAUSE = "pause"
    CANCEL = "cancel"


class Evidence(StrEnum):
    """What settles those about whom nobody knows, after the last act."""

    LOGS = "the provider's logs"
    EVENTS = "the provider's events, and after a day their absence"
    CALL_BACK = "the request is called back"
    NONE = "nothing: the provider shows no logs and reports nothing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kill:
    """The end of every sender of one act: by which signal, at which passage of which point."""

    point: str
    passage: int = 1
    signal: Literal["KILL", "TERM"] = "KILL"

    def __str__(self) -> str:
        return f"{self.point}@{self.passage}:{self.signal}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One run: senders that start together, what ends them, and what else happens meanwhile."""

    seed: int
    number: int
    recipients: int
    batch_size: int
    senders: int
    """Processes that start together on one database, in each act."""
    connections: int
    """Requests that each of them has under way."""
    kills: tuple[Kill, ...]
    """One act each; then senders are started until the issue is done."""
    behaviours: tuple[str, ...]
    """What the provider does with the first requests; it accepts those after them."""
    error_budget: float
    """The share of recipients who may be in doubt before a send pauses by itself."""
    trouble: Trouble
    control: Control
    leavers: tuple[int, ...]
    """The numbers of readers who unsubscribe; nobody when an old copy is put back that would not know."""
    leave_at: int
    control_at: int
    trouble_at: int
    """Each: when the provider has seen so many requests."""
    evidence: Evidence
    late_kill: Kill | None
    """The end of the process that takes the evidence in, the first time."""

    @property
    def needs_no_doubt(self) -> bool:
        """Whether nothing happens after which somebody may have to be uncertain (I7)."""
        harmless = {Trouble.NONE, Trouble.CLOCK_FORWARD, Trouble.CLOCK_BACK}
        return (
            all(
                kill.signal == "TERM" or kill.point not in {*LEAVES_OPEN, "inside-recovery"}
                for kill in self.kills
            )
            and (self.connections == 1 or all(kill.signal == "TERM" for kill in self.kills))
            and set(self.behaviours) <= CLEAR
            and self.trouble in harmless
        )

    @property
    def hangs(self) -> bool:
        """Whether a sender will have to give up waiting for an answer."""
        return any("hangs" in name for name in self.behaviours)


def plan(seed: int, number: int, *, recipients: int = 1000) -> Plan:
    """The run `number` of the drill `seed`; the same for the same two numbers, whatever was run before."""
    random = Random(f"{seed} {number}")  # noqa: S311 - a plan is no secret
    behaviours = _behaviours(seed, number, random)
    trouble = random.choice([*Trouble, Trouble.NONE, Trouble.NONE])
    if trouble is Trouble.CLOCK_BACK and WAITS.intersection(behaviours):
        trouble = Trouble.CLOCK_FORWARD  # else an hour would have to be waited for
    if trouble is Trouble.RESTORED and "refuses a recipient" in behaviours:
        trouble = Trouble.DISK_FULL  # of who was refused after the copy was taken nobody could tell
    kills, late_kill = _kills(random, number)
    evidence = random.choice((Evidence.EVENTS, *Evidence))
    if kills and kills[-1].point in CALL_BACK_POINTS:
        evidence = Evidence.CALL_BACK
    elif late_kill and late_kill.point in EVENT_POINTS:
        evidence = Evidence.EVENTS
    return Plan(
        seed=seed,
        number=number,
        recipients=recipients,
        batch_size=random.choice((40, 50, 64)),
        senders=random.choice((1, 1, 1, 2, 2, 4)),
        connections=random.choice((1, 1, 2, 3)),
        kills=kills,
        behaviours=behaviours,
        error_budget=random.choice((0.05, 1, 1, 1, 1)),
        trouble=trouble,
        control=random.choice((Control.NONE, Control.NONE, Control.NONE, *Control)),
        leavers=() if trouble is Trouble.RESTORED else _leavers(random, recipients),
        leave_at=random.randrange(18),
        control_at=random.randrange(1, 14),
        trouble_at=random.randrange(10),
        evidence=evidence,
        late_kill=late_kill,
    )


def _leavers(random: Random, recipients: int) -> tuple[int, ...]:
    return tuple(sorted(random.sample(range(1, recipients + 1), min(5, recipients))))


def _kills(random: Random, number: int) -> tuple[tuple[Kill, ...], Kill | None]:
    """The ends of senders and of who takes evidence in; one of them is what the number stands for."""
    place = _place(number)
    if place is None:
        return (), None
    point = WALK[place % len(WALK)]
    signal: Literal["KILL", "TERM"] = "TERM" if place // len(WALK) % 2 else "KILL"
    kill = Kill(point=point, passage=_passage(random, point), signal=signal)
    before = random.choice(LEAVES_OPEN)
    first = Kill(point=before, passage=_passage(random, before))
    if point in {*EVENT_POINTS, LIST_POINT}:
        return (first,), kill
    needs_doubt = point in {"inside-recovery", *CALL_BACK_POINTS}
    may_have = "freeze" not in point and random.random() < 0.2
    return ((first, kill) if needs_doubt or may_have else (kill,)), None


def _behaviours(seed: int, number: int, random: Random) -> tuple[str, ...]:
    """The next few behaviours for each walk through the points, with acceptances among them."""
    order = sorted(BEHAVIOURS)
    Random(seed).shuffle(order)  # noqa: S311 - a plan is no secret
    walk = (_place(number) or 0) // (2 * len(WALK))
    chosen = [order[(walk * BEHAVIOURS_A_RUN + n) % len(order)] for n in range(BEHAVIOURS_A_RUN)]
    if _place(number) is None:
        chosen = random.sample([name for name in order if name in CLEAR], 3)
    random.shuffle(chosen)
    return tuple(name for each in chosen for name in random.choice(((each,), ("accepts", each))))


def _place(number: int) -> int | None:
    """The run's place in the walk through the points; None for each 12th run, in which nobody is killed."""
    return None if number % 12 == 11 else number - number // 12


def _passage(random: Random, point: str) -> int:
    return 1 if point in {*ONCE, *CALL_BACK_POINTS, LIST_POINT} else random.randint(1, 4)
