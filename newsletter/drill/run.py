"""A run under way: acts of senders that begin together, and what happens from outside meanwhile."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess

from sqlalchemy import select, text

from newsletter.drill.plan import BEHAVIOURS, Control, Evidence, Kill, Plan, Trouble
from newsletter.drill.senders import (
    ISSUE,
    STOPPED_BY_ITSELF,
    Errand,
    HurriedClock,
    Work,
    reconcile,
    start,
)
from newsletter.drill.sendgrid.emulator import SCOPES, SendGridEmulator
from newsletter.drill.sendgrid.faults import Fault, Kind
from newsletter.drill.stage import Scene, Stage, address
from newsletter.errors import NewsletterError, WrongState
from newsletter.models import OPEN, SENDING, Channel, Consent, ConsentAction, DeliveryStatus, IssueState
from newsletter.store.engine import Database, connect
from newsletter.store.tables import issues
from newsletter.wiring import App, SystemClock, open_app

HANG_SECONDS = 0.5
"""How long a sender waits for an answer when some will not come."""
PATIENT_SECONDS = 20.0
"""And when all will: a busy machine is no fault."""
ACT_SECONDS = 60.0
"""An act that lasts longer will not end."""
MOST_ACTS = 20
HURRY = 50
"""The senders' clock runs so many times as fast as the real one."""
HURRY_TO_CALL_BACK = 8
"""And so many times when what they are in doubt about has to be called back in time."""
LOOK_SECONDS = 0.005
LOCK_SECONDS = 0.4
"""How long another's transaction holds the database: longer than a sender waits for SQLite."""
JUMP = timedelta(hours=1)
PAGES_LEFT = 8
"""Times `trouble_at`: the room of a disk that is getting full; the freeze takes some forty pages."""
SENDER_ENDS = {0, STOPPED_BY_ITSELF, -signal.SIGKILL}
"""Exit statuses of processes that ended as a sender may."""
DONE = (IssueState.SUBMITTED, IssueState.CANCELLED)
NOT_HANDED_OVER = {"absent", DeliveryStatus.PENDING, DeliveryStatus.SUPPRESSED_SINCE}


class NeverEnded(NewsletterError):
    """A run did not come to its end in time."""


class Run:
    """One run on its scene; a context in which its provider serves and its database is open."""

    def __init__(self, plan: Plan, stage: Stage, scene: Scene, work: Work) -> None:
        self.plan = plan
        self.stage = stage
        self.scene = scene
        self.killed = 0
        """Senders that SIGKILL ended."""
        self.crashed = 0
        """Senders that ended as none may."""
        self.gone: frozenset[str] = frozenset()
        """Readers who had left and were in no request at that moment."""
        self._work = work
        self._stack = ExitStack()
        self._opened = ExitStack()
        self._due: list[tuple[int, Callable[[], None]]] = [(plan.leave_at, self._some_leave)]
        """What happens as soon as the provider has seen so many requests."""
        if plan.control is not Control.NONE:
            self._due.append((plan.control_at, self._control))
        if plan.trouble is Trouble.LOCKED:
            self._due.append((plan.trouble_at, self._lock))

    def __enter__(self) -> "Run":
        real = SystemClock()
        began = real.now()
        scopes = [each for each in SCOPES if self.plan.evidence is not Evidence.NONE or "logs" not in each]
        clock = HurriedClock(real, began, hurry=_hurry(self.plan))
        self.sendgrid = self._stack.enter_context(SendGridEmulator(clock=clock, scopes=scopes))
        self.sendgrid.script(*_script(self.plan, began))
        self.errand = _errand(self.plan, self.scene, self.sendgrid, began)
        self._stack.callback(self.close)
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self) -> None:
        """None; `app` and `database` are the drill's own eyes on the database."""
        self.app: App = self._opened.enter_context(open_app(self.scene.project, self.errand.environ))
        self.database: Database = self._opened.enter_context(closing(connect(self.app.settings.database_url)))

    def close(self) -> None:
        """None; nobody but senders has the database open."""
        self._opened.close()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """The block, in which nobody has the database open."""
        self.close()
        yield
        self.open()

    # --- acts -----------------------------------------------------------------------------------

    def send_to_the_end(self) -> None:
        """None, when the issue is submitted or cancelled. Raises NeverEnded."""
        for _ in range(MOST_ACTS):
            if self.state() in DONE:
                self._tell_of_the_dead()
                return
            self.act()
        raise NeverEnded(f"the issue is {self.state()} after {MOST_ACTS} acts: {self.app.record(ISSUE).note}")

    def _tell_of_the_dead(self) -> None:
        """None; of a cancelled issue, which nobody sends on, the next run of the timer tells what a dead
        sender left open."""
        if self.state() is IssueState.CANCELLED:
            self.begin(reconcile, replace(self.errand, fault=""))

    def kill(self, kill: Kill) -> None:
        """None, when senders met this end, or there is nothing left to send."""
        before = self.killed
        for _ in range(3 if kill.signal == "KILL" else 1):
            if self.killed == before and self.state() not in DONE:
                self.act(str(kill))

    def act(self, fault: str = "") -> None:
        """None, when senders that began together have all ended. Raises NeverEnded."""
        if self.state() is IssueState.PAUSED:
            self.app.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=(IssueState.PAUSED,))
        self.begin(self._work, replace(self.errand, fault=fault), self.plan.senders)
        # The disk has room again after the first act; a clock that jumped stays where it is.
        self.errand = replace(self.errand, room=None, jump_after=0)

    def begin(self, work: Work, errand: Errand, count: int = 1) -> bool:
        """Whether all of so many processes ended by themselves. Raises NeverEnded."""
        crew = [start(errand, work) for _ in range(count)]
        deadline = time.monotonic() + ACT_SECONDS
        while alive := [process for process in crew if process.exitcode is None]:
            wait([process.sentinel for process in alive], LOOK_SECONDS)
            self.meddle()
            if time.monotonic() > deadline:
                _end(crew)
                raise NeverEnded(f"processes were at work for more than {ACT_SECONDS:.0f} s")
        statuses = [process.exitcode for process in crew]
        self.killed += statuses.count(-signal.SIGKILL)
        self.crashed += sum(status not in SENDER_ENDS for status in statuses)
        return set(statuses) == {0}

    # --- what happens from outside ----------------------------------------------------------------

    def meddle(self, *, late: bool = False) -> None:
        """None; what is due has happened; when it is late, all that never came to be due."""
        requests = self.sendgrid.requests
        due = [happens for at, happens in self._due if late or requests >= at]
        self._due = [(at, happens) for at, happens in self._due if not (late or requests >= at)]
        for happens in due:
            happens()

    def _some_leave(self) -> None:
        addresses = [address(number) for number in self.plan.leavers]
        now = self.app.clock.now()
        step = Consent(action=ConsentAction.UNSUBSCRIBED, channel=Channel.ONE_CLICK, at=now)
        for addr_spec in addresses:
            person = self.app.subscribers.find(addr_spec)
            assert person is not None  # noqa: S101 - the stage has them all
            self.app.joining.leave(person.id, step, mail=False)
        self._await_claims()
        stood = self.statuses()  # a later claim sees that they left
        self.gone = frozenset(each for each in addresses if stood.get(each, "absent") in NOT_HANDED_OVER)

    def _await_claims(self) -> None:
        """None, when every claim that may have looked at the subscriptions before now is committed: each
        holds the lock on the issue until then."""
        with self.database.writing() as connection:
            connection.execute(select(issues.c.number).where(issues.c.id == ISSUE).with_for_update())

    def _control(self) -> None:
        with suppress(WrongState):  # it is not frozen yet, or done already
            if self.plan.control is Control.PAUSE:
                self.app.issues.set_state(ISSUE, IssueState.PAUSED, expected=SENDING, note="by hand")
            else:
                self.app.issues.set_state(ISSUE, IssueState.CANCELLED, expected=OPEN, note="by hand")

    def _lock(self) -> None:
        with self.database.writing() as connection:
            if not self.database.is_sqlite:
                connection.execute(text("LOCK TABLE batches IN ACCESS EXCLUSIVE MODE"))
            self.app.clock.sleep(LOCK_SECONDS)

    # --- what there is to see -----------------------------------------------------------------------

    def state(self) -> IssueState:
        return self.app.record(ISSUE).state

    def statuses(self) -> dict[str, str]:
        """Of each frozen recipient, by address."""
        return {each.address.addr_spec: each.status for each in self.app.accounts.people(ISSUE)}


def _errand(plan: Plan, scene: Scene, sendgrid: SendGridEmulator, began: datetime) -> Errand:
    """What the senders of the first act are told."""
    jumps = {Trouble.CLOCK_FORWARD: JUMP, Trouble.CLOCK_BACK: -JUMP}
    settings = {
        "NEWSLETTER_PROVIDER__BATCH_SIZE": str(plan.batch_size),
        "NEWSLETTER_PROVIDER__CONNECTIONS": str(plan.connections),
        "NEWSLETTER_PROVIDER__SENDGRID__BASE_URL": sendgrid.url,
        "NEWSLETTER_PROVIDER__SENDGRID__TIMEOUT": str(HANG_SECONDS if plan.hangs else PATIENT_SECONDS),
        "NEWSLETTER_PROVIDER__SENDGRID__WEBHOOK_KEY": sendgrid.webhook.public_key,
        "NEWSLETTER_SENDING__ERROR_BUDGET": str(plan.error_budget),
        "NEWSLETTER_SENDING__CERTAINTY": "cancelable" if plan.evidence is Evidence.CALL_BACK else "evidence",
    }
    return Errand(
        project=scene.project,
        environ=scene.environ | settings,
        began=began,
        hurry=_hurry(plan),
        jump=jumps.get(plan.trouble, timedelta()),
        jump_after=plan.trouble_at,
        room=plan.trouble_at * PAGES_LEFT if plan.trouble is Trouble.DISK_FULL else None,
    )


def _hurry(plan: Plan) -> int:
    return HURRY_TO_CALL_BACK if plan.evidence is Evidence.CALL_BACK else HURRY


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
