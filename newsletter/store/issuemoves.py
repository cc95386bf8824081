"""The steps that an issue takes while it is sent, each inside the caller's transaction."""

from datetime import datetime

from sqlalchemy import Connection, literal, select, update

from newsletter.models import SENDING, BatchState, IssueId, IssueState
from newsletter.store.tables import batches, issues


def pause(connection: Connection, issue_id: IssueId, note: str) -> None:
    """None; the issue is paused, unless it is in a state in which nothing is handed out anyway."""
    connection.execute(
        update(issues)
        .where(issues.c.id == issue_id, issues.c.state.in_(SENDING))
        .values(state=IssueState.PAUSED, note=note)
    )


def finish(connection: Connection, issue_id: IssueId, now: datetime) -> IssueState:
    """The issue's state, which becomes `submitted` when no batch is pending or in flight."""
    unfinished = (
        select(literal(1))
        .where(
            batches.c.issue == issues.c.number,
            batches.c.state.in_((BatchState.PENDING, BatchState.SUBMITTING)),
        )
        .exists()
    )
    # Whoever hands recipients back meanwhile (settling.py) holds this lock: the look comes after them.
    connection.execute(select(issues.c.number).where(issues.c.id == issue_id).with_for_update())
    connection.execute(
        update(issues)
        .where(issues.c.id == issue_id, issues.c.state.in_(SENDING), ~unfinished)
        .values(state=IssueState.SUBMITTED, submitted_at=now, note="")
    )
    return IssueState(connection.scalars(select(issues.c.state).where(issues.c.id == issue_id)).one())


def reopen(connection: Connection, issue: int) -> None:
    """None; an issue that was done and has something to do again is `submitting` again."""
    connection.execute(
        update(issues)
        .where(issues.c.number == issue, issues.c.state == IssueState.SUBMITTED)
        .values(state=IssueState.SUBMITTING, submitted_at=None)
    )
