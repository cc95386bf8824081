"""One run of the drill: real senders on a real database, and a provider that keeps what it accepted."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess

import msgspec
from sqlalchemy import func, select, text

from newsletter.drill.plan import BEHAVIOURS, Control, Kill, Plan, Trouble
from newsletter.drill.properties import Seen, broken
from newsletter.drill.report import Result
from newsletter.drill.senders import ISSUE, STOPPED_BY_ITSELF, Errand, Work, send_issue, start
from newsletter.drill.sendgrid.emulator import SendGridEmulator
from newsletter.drill.sendgrid.faults import Fault, Kind
from newsletter.drill.stage import Scene, Stage, address
from newsletter.errors import NewsletterError, WrongState
from newsletter.models import DeliveryStatus, IssueState
from newsletter.store import tables
from newsletter.store.engine import Database, connect
from newsletter.wiring import App, open_app

HANG_SECONDS = 0.5
"""How long a sender waits for an answer when some will not come."""
PATIENT_SECONDS = 20.0
"""And when all will: a busy machine is no fault."""
ACT_SECONDS = 60.0
"""An act that lasts longer will not end."""
MOST_ACTS = 20
LOOK_SECONDS = 0.005
LOCK_SECONDS = 0.4
"""How long another's transaction holds the database: longer than a sender waits for SQLite."""
JUMP = timedelta(hours=1)
SENDER_ENDS = {0, STOPPED_BY_ITSELF, -signal.SIGKILL}
"""Exit statuses of processes that ended as a sender may."""
OPEN = (IssueState.FROZEN, IssueState.SUBMITTING)
DONE = (IssueState.SUBMITTED, IssueState.CANCELLED)
NOT_HANDED_OVER = {"absent", DeliveryStatus.PENDING, DeliveryStatus.SUPPRESSED_SINCE}


class NeverEnded(NewsletterError):
    """A run did not come to its end in time."""


def play(plan: Plan, stage: Stage, *, work: Work = send_issue, keep: bool = False) -> Result:
    """The result of the run; a property that did not hold is told in it, and not raised.

    `work` is what a sender's process does. With `keep`, the project and the database of a run that
    broke a property stay where they are.
    """
    scene = stage.scene()
    kept = False
    try:
        result = _play(plan, scene, work)
        kept = keep and bool(result.broken)
        return result
    finally:
        if not kept:
            stage.clear(scene)


def _play(plan: Plan, scene: Scene, work: Work) -> Result:
    with ExitStack() as stack:
        sendgrid = stack.enter_context(SendGridEmulator())
        app = stack.enter_context(open_app(scene.project, scene.environ))
        database = stack.enter_context(closing(connect(app.settings.database_url)))
        run = _Run(plan=plan, scene=scene, sendgrid=sendgrid, app=app, database=database, work=work)
        trouble = run.to_the_end()
        seen = run.seen()
        return Result(
            plan=plan,
            killed=run.killed,
            accepted=seen.copies.total(),
            lost=seen.lost,
            doubled=seen.doubled,
            uncertain=seen.progress.uncertain,
            broken=(*trouble, *broken(plan, seen)),
        )


@dataclass(kw_only=True, slots=True)
class _Run:
    """A run under way: what is due from outside happens while its senders work."""

    plan: Plan
    scene: Scene
    sendgrid: SendGridEmulator
    app: App
    database: Database
    work: Work
    killed: int = 0
    crashed: int = 0
    _errand: Errand = field(init=False)
    _gone: frozenset[str] = frozenset()
    _due: list[tuple[int, Callable[[], None]]] = field(init=False)
    """What happens as soon as the provider has seen so many requests."""

    def __post_init__(self) -> None:
        plan, began = self.plan, self.app.clock.now()
        self._errand = _errand(plan, self.scene, self.sendgrid.url, began)
        self.sendgrid.script(*_script(plan, began))
        self._due = [(plan.leave_at, self._some_leave)]
        if plan.control is not Control.NONE:
            self._due.append((plan.control_at, self._control))
        if plan.trouble is Trouble.LOCKED:
            self._due.append((plan.trouble_at, self._lock))

    def to_the_end(self) -> tuple[str, ...]:
        """Nothing, when the issue is done; else a line that says why it is not."""
        try:
            for kill in self.plan.kills:
                self._kill(kill)
            for _ in range(MOST_ACTS):
                if self._state() in DONE:
                    break
                self._act()
            self._meddle(late=True)
        except NeverEnded as error:
            return (str(error),)
        return ()

    # --- acts -----------------------------------------------------------------------------------

    def _kill(self, kill: Kill) -> None:
        """None, when senders met this end, or there is nothing left to send."""
        before = self.killed
        for _ in range(3 if kill.signal == "KILL" else 1):
            if self.killed == before and self._state() not in DONE:
                self._act(str(kill))

    def _act(self, fault: str = "") -> None:
        """None, when senders that began together have all ended. Raises NeverEnded."""
        if self._state() is IssueState.PAUSED:
            self.app.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=(IssueState.PAUSED,))
        errand = replace(self._errand, fault=fault)
        crew = [start(errand, self.work) for _ in range(self.plan.senders)]
        deadline = time.monotonic() + ACT_SECONDS
        while alive := [process for process in crew if process.exitcode is None]:
            wait([process.sentinel for process in alive], LOOK_SECONDS)
            self._meddle()
            if time.monotonic() > deadline:
                _end(crew)
                raise NeverEnded(f"senders were at work for more than {ACT_SECONDS:.0f} s")
        statuses = [process.exitcode for process in crew]
        self.killed += statuses.count(-signal.SIGKILL)
        self.crashed += sum(status not in SENDER_ENDS for status in statuses)
        # The disk has room again after the first act; a clock that jumped stays where it is.
        self._errand = replace(self._errand, room=None, jump_after=0)

    # --- what happens from outside ----------------------------------------------------------------

    def _meddle(self, *, late: bool = False) -> None:
        """None; what is due has happened; at the end, all that never came to be due."""
        requests = self.sendgrid.requests
        due = [happens for at, happens in self._due if late or requests >= at]
        self._due = [(at, happens) for at, happens in self._due if not (late or requests >= at)]
        for happens in due:
            happens()

    def _some_leave(self) -> None:
        addresses = [address(number) for number in self.plan.leavers]
        for addr_spec in addresses:
            person = self.app.subscribers.find(addr_spec)
            assert person is not None  # noqa: S101 - the stage has them all
            self.app.subscribers.unsubscribe(person.id, self.app.clock.now())
        stood = self._statuses()  # a later claim sees that they left
        self._gone = frozenset(each for each in addresses if stood.get(each, "absent") in NOT_HANDED_OVER)

    def _control(self) -> None:
        with suppress(WrongState):  # it is not frozen yet, or done already
            if self.plan.control is Control.PAUSE:
                self.app.issues.set_state(ISSUE, IssueState.PAUSED, expected=OPEN, note="by hand")
            else:
                expected = (*OPEN, IssueState.PAUSED)
                self.app.issues.set_state(ISSUE, IssueState.CANCELLED, expected=expected, note="by hand")

    def _lock(self) -> None:
        with self.database.writing() as connection:
            if not self.database.is_sqlite:
                connection.execute(text("LOCK TABLE batches IN ACCESS EXCLUSIVE MODE"))
            self.app.clock.sleep(LOCK_SECONDS)

    # --- what is there to see ---------------------------------------------------------------------

    def _state(self) -> IssueState:
        return self.app.record(ISSUE).state

    def _statuses(self) -> dict[str, str]:
        return {each.addr_spec: status for _, each, status in self.app.ledger.statuses(ISSUE)}

    def seen(self) -> Seen:
        """The end of the run."""
        progress = self.app.ledger.progress(ISSUE)
        if progress is None:
            raise NeverEnded("the issue was never frozen")
        states = select(tables.attempts.c.state, func.count()).group_by(tables.attempts.c.state)
        with self.database.reading() as connection:
            attempts = Counter({row[0]: row[1] for row in connection.execute(states)})
            batches = connection.scalars(select(func.count()).select_from(tables.batches)).one()
        return Seen(
            state=self._state(),
            progress=progress,
            statuses=self._statuses(),
            copies=Counter(copy.address for copy in self.sendgrid.copies()),
            letters=len({msgspec.json.encode((b["subject"], b["content"])) for b in self.sendgrid.bodies()}),
            attempts=attempts,
            batches=batches,
            requests=self.sendgrid.requests,
            gone=self._gone,
            crashed=self.crashed,
            redirect_followed=self.sendgrid.redirect_was_followed(),
        )


def _errand(plan: Plan, scene: Scene, provider_url: str, began: datetime) -> Errand:
    """What the senders of the first act are told."""
    jumps = {Trouble.CLOCK_FORWARD: JUMP, Trouble.CLOCK_BACK: -JUMP}
    settings = {
        "NEWSLETTER_PROVIDER__BATCH_SIZE": str(plan.batch_size),
        "NEWSLETTER_PROVIDER__CONNECTIONS": str(plan.connections),
        "NEWSLETTER_PROVIDER__SENDGRID__BASE_URL": provider_url,
        "NEWSLETTER_PROVIDER__SENDGRID__TIMEOUT": str(HANG_SECONDS if plan.hangs else PATIENT_SECONDS),
    }
    return Errand(
        project=scene.project,
        environ=scene.environ | settings,
        began=began,
        jump=jumps.get(plan.trouble, timedelta()),
        jump_after=plan.trouble_at,
        room=plan.trouble_at * 8 if plan.trouble is Trouble.DISK_FULL else None,
    )


def _script(plan: Plan, began: datetime) -> Sequence[Fault]:
    """What the provider does with the first requests; a time to wait for is now one of the clock."""

    def step(fault: Fault) -> Fault:
        if fault.kind is Kind.THROTTLE:
            return replace(fault, value=int(began.timestamp()) + int(fault.value))
        return fault

    return [step(BEHAVIOURS[name]) for name in plan.behaviours]


def _end(crew: Sequence[ForkServerProcess]) -> None:
    for process in crew:
        process.kill()
        process.join()
