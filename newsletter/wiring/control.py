"""What the author says of a draft: it may go out, or it may not yet."""

from datetime import datetime

from newsletter.content.calendar import slot_instant
from newsletter.errors import WrongState
from newsletter.models import SENDING, IssueId, IssueRecord, IssueState
from newsletter.usecases.review import require_sendable
from newsletter.wiring.app import App
from newsletter.wiring.restoring import require_newest


def approve(app: App, issue_id: IssueId) -> datetime:
    """When the issue goes out: at its slot's time, but never before the undo window has passed.

    What is sent then is the file as it stands at that time. Raises BadInput when a check finds an
    error, WrongState when the issue is no draft, NeedsAttention when the database is an old copy.
    """
    require_newest(app)
    record = app.adopt(issue_id)
    if record.state is IssueState.SCHEDULED:
        raise WrongState(
            f"{issue_id} is approved already: {record.note}",
            remedy=f"“newsletter undo {issue_id}” takes it back",
        )
    if record.state is not IssueState.DRAFT:
        raise WrongState(f"{issue_id} is {record.state}", remedy="only a draft can be approved")
    require_sendable(app.review(issue_id))
    send_at = app.clock.now() + app.settings.schedule.undo
    if record.slot:
        send_at = max(send_at, slot_instant(record.slot, app.settings.newsletter.timezone))
    note = f"approved, goes out at {send_at:%Y-%m-%d %H:%M:%S} UTC"
    app.issues.set_state(
        issue_id, IssueState.SCHEDULED, expected=[IssueState.DRAFT], note=note, send_at=send_at
    )
    return send_at


def undo(app: App, issue_id: IssueId) -> None:
    """None; the issue is a draft again, which nothing sends before somebody says so.

    Raises WrongState when it is not approved, or its time has come: the remedy is what can still be done.
    """
    record = app.record(issue_id)
    if record.state is IssueState.DRAFT:
        raise WrongState(f"{issue_id} is a draft: nobody has approved it", remedy="nothing has to be undone")
    if record.state is not IssueState.SCHEDULED:
        raise _too_late(record)
    app.issues.set_state(
        issue_id, IssueState.DRAFT, expected=[IssueState.SCHEDULED], note="its approval was taken back"
    )


def _too_late(record: IssueRecord) -> WrongState:
    """What is said of an issue whose approval cannot be taken back."""
    if record.state in SENDING:
        remedy = f"“newsletter pause {record.id}” or “cancel” stops what was not submitted yet"
    elif record.state is IssueState.PAUSED:
        remedy = f"“newsletter cancel {record.id}” stops what was not submitted yet"
    else:
        return WrongState(f"{record.id} is {record.state}", remedy="nothing is left to undo")
    return WrongState(f"{record.id} is {record.state}, its time has come", remedy=remedy)
