"""What an unattended run does: finish what was left, send what was approved, see to the slots.

`run_due` is idempotent: called by the ticker, by cron, by hand, or by all of them together, it
makes one issue per slot and sends it once. What to do is decided by `next_step`, a pure function.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from newsletter.config.settings import ScheduleSettings
from newsletter.content.calendar import Schedule
from newsletter.errors import Busy, NewsletterError
from newsletter.models import DRAFTS, SENDING, IssueRecord, IssueState, Slot
from newsletter.ports import IssueFiles, IssueStore
from newsletter.usecases.filing import finish_files
from newsletter.usecases.send import SendReport


class Step(StrEnum):
    """What is to be done about one slot, or one approved issue."""

    NOTHING = "nothing"
    GATHER = "gather"
    SEND = "send"
    HOLD = "hold"
    SKIP = "skip"
    LATE = "late"
    MISSED = "missed"


@dataclass(frozen=True, kw_only=True, slots=True)
class DueReport:
    """What a run did, line by line, and whether a person is needed."""

    lines: tuple[str, ...] = ()
    attention: bool = False

    def __add__(self, other: "DueReport") -> "DueReport":
        return DueReport(lines=(*self.lines, *other.lines), attention=self.attention or other.attention)


def next_step(
    due: datetime,
    record: IssueRecord | None,
    settings: ScheduleSettings,
    *,
    now: datetime,
    superseded: bool = False,
) -> Step:
    """What to do about a slot whose review time has come, or about an approved issue, due at `due`.

    `superseded`: a later slot's review time has come, too.
    """
    lateness = now - due
    if record is None:
        return Step.MISSED if lateness > settings.catch_up and superseded else Step.GATHER
    if lateness < timedelta(0) or record.state not in DRAFTS:
        return Step.NOTHING
    if lateness > settings.catch_up:
        return Step.LATE
    if record.state is IssueState.SCHEDULED:
        return Step.SEND
    if record.note:
        return Step.HOLD
    return {"send": Step.SEND, "hold": Step.HOLD, "skip": Step.SKIP}[settings.silence]


def open_slots(
    schedule: Schedule, settings: ScheduleSettings, *, since: datetime, now: datetime
) -> list[Slot]:
    """The slots to look at: the newest that is due and the newest under review, oldest first.

    Slots from before `since`, when the project was made, are nobody's.
    """
    newest = (schedule.latest(now), schedule.latest(now + settings.review))
    wanted = {slot.local: slot for slot in newest if slot and slot.instant > since}
    return list(wanted.values())


def run_due(
    *,
    schedule: Schedule | None,
    settings: ScheduleSettings,
    issues: IssueStore,
    files: IssueFiles,
    now: datetime,
    gather: Callable[[Slot], str],
    send: Callable[[IssueRecord], SendReport],
    reconcile: Callable[[], DueReport] = DueReport,
) -> DueReport:
    """What was done now.

    `gather` makes the slot's issue (or skips the slot) and tells so in a line; `send` goes on with an
    issue, or freezes and submits one that is still as the record says. An error of one step is told
    and never stops the others. Without a schedule there are no slots: only what is approved is sent.
    `reconcile` settles what is in doubt, which may give an issue something to do again.
    """
    run = _Run(settings=settings, issues=issues, now=now, gather=gather, send=send)
    report = _told(partial(_finished, issues, files)) + _told(reconcile)
    for record in issues.list(*SENDING):
        report += _told(partial(run.send_on, record))
    for record in issues.list(IssueState.SCHEDULED):
        report += run.see_to_approved(record)
    slots = open_slots(schedule, settings, since=issues.created_at(), now=now) if schedule else []
    for slot in slots:
        report += _told(partial(run.see_to, slot, superseded=slot is not slots[-1]))
    if schedule is None and not report.lines:
        report = DueReport(lines=("there is no schedule",))
    for record in issues.list(IssueState.PAUSED):
        report += DueReport(lines=(f"{record.id}: paused: {record.note}",), attention=True)
    return report


def _finished(issues: IssueStore, files: IssueFiles) -> DueReport:
    """The files that were written now: without its file no draft can go out."""
    written = finish_files(issues, files)
    return DueReport(lines=tuple(f"{each}: its file was missing and is written now" for each in written))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """One unattended run: what it was told, and what it can do."""

    settings: ScheduleSettings
    issues: IssueStore
    now: datetime
    gather: Callable[[Slot], str]
    send: Callable[[IssueRecord], SendReport]

    def see_to_approved(self, record: IssueRecord) -> DueReport:
        """What was done about an issue that waits for its time, in a slot or outside of any."""
        due = record.send_at or self.now
        return self._act(next_step(due, record, self.settings, now=self.now), record)

    def see_to(self, slot: Slot, *, superseded: bool) -> DueReport:
        """What was done about a slot whose review time has come."""
        report = DueReport()
        step = self._step(slot, superseded)
        if step is Step.GATHER:
            report = DueReport(lines=(self.gather(slot),))
            step = self._step(slot, superseded)
        if step is Step.MISSED:
            lateness = timedelta(minutes=(self.now - slot.instant) // timedelta(minutes=1))
            return DueReport(lines=(f"{slot.local}: missed by {lateness}; its posts go into the next issue",))
        record = self.issues.by_slot(slot.local)
        return report + self._act(step, record) if record else report

    def send_on(self, record: IssueRecord) -> DueReport:
        """What became of an issue that was sent, or sent on."""
        report = self.send(record)
        return DueReport(lines=(f"{record.id}: {report.summary}",), attention=report.attention)

    def _step(self, slot: Slot, superseded: bool) -> Step:
        record = self.issues.by_slot(slot.local)
        if record and record.state is IssueState.SCHEDULED:
            return Step.NOTHING  # approved: its own time counts, not the slot's
        return next_step(slot.instant, record, self.settings, now=self.now, superseded=superseded)

    def _act(self, step: Step, record: IssueRecord) -> DueReport:
        """What became of an issue whose time has come."""
        if step is Step.SEND:
            return _told(partial(self.send_on, record))
        if step is Step.SKIP:
            note = "the author said nothing, and schedule.silence is “skip”"
            self.issues.set_state(record.id, IssueState.SKIPPED, expected=[IssueState.DRAFT], note=note)
            return DueReport(lines=(f"{record.id}: skipped: {note}",))
        if step is Step.HOLD:
            why = record.note or "schedule.silence is “hold”"
            line = f"{record.id}: waits for “newsletter approve {record.id}” ({why})"
            return DueReport(lines=(line,), attention=True)
        if step is Step.LATE:
            due = f"{record.send_at:%Y-%m-%d %H:%M} UTC" if record.send_at else record.slot
            line = f"{record.id}: its time, {due}, was missed by more than schedule.catch_up; "
            line += f"“newsletter send {record.id}” sends it, “newsletter cancel {record.id}” drops it"
            return DueReport(lines=(line,), attention=True)
        return DueReport()


def _told(step: Callable[[], DueReport]) -> DueReport:
    """The step's report, or its error as one: a run goes on with what is left to do."""
    try:
        return step()
    except Busy as error:
        return DueReport(lines=(f"busy: {error}",))
    except NewsletterError as error:
        return DueReport(lines=(str(error),), attention=True)
