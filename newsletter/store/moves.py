"""The steps that a batch can take, each inside the caller's transaction.

A step begins by closing the attempt that it answers; when that attempt is no longer open, nothing
moves. `docs/explanation/sending.md` draws the states.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, literal, select, update

from newsletter.models import (
    AttemptId,
    BatchId,
    BatchState,
    Claim,
    DeliveryId,
    DeliveryStatus,
    IssueId,
    IssueState,
    SendOutcome,
)
from newsletter.store.tables import OPEN_ATTEMPTS, AttemptState, attempts, batches, issues, outcomes

Batch = Row[Any]
"""A row of `batches`."""
SENDING = (IssueState.FROZEN, IssueState.SUBMITTING)
"""The states of an issue in which batches are handed out."""

_CLOSE = update(attempts).where(
    attempts.c.id == bindparam("open_attempt"), attempts.c.state.in_(OPEN_ATTEMPTS)
)
_BATCH_OF = select(batches).where(
    batches.c.id == bindparam("batch"), batches.c.attempt == bindparam("attempt")
)
_MOVE = update(batches).where(batches.c.id == bindparam("batch"))


def seq_of(delivery_id: DeliveryId) -> int:
    """The recipient's place in the frozen audience, from 1."""
    return int(delivery_id.rpartition(".")[2])


def unsettled(batch: Batch) -> int:
    """How many recipients went along in the request that is being answered."""
    count: int = batch.submitting + batch.uncertain
    return count


def close(
    connection: Connection,
    claim: Claim,
    state: AttemptState,
    now: datetime,
    *,
    detail: str = "",
    message_id: str = "",
) -> Batch | None:
    """The batch whose attempt is closed with this state; None when it was closed before.

    An attempt in doubt counts as open: its own sender's late answer settles it.
    """
    values = {"state": state, "answered_at": now, "detail": detail, "provider_message_id": message_id}
    closed = connection.execute(_CLOSE, {"open_attempt": claim.attempt, **values})
    if closed.rowcount == 0:
        return None
    return connection.execute(_BATCH_OF, {"attempt": claim.attempt, "batch": claim.batch_id}).one()


def move(connection: Connection, batch: Batch, state: BatchState, **columns: object) -> None:
    """None; the batch is in this state, and nobody of it is in a request any more.

    When that gives an issue that was done something to do again, the issue is `submitting` again.
    """
    values = {"submitting": 0, "uncertain": 0, "retry_at": None, **columns, "state": state}
    connection.execute(_MOVE, {"batch": batch.id, **values})
    if state is BatchState.PENDING and batch.uncertain:
        connection.execute(
            update(issues)
            .where(issues.c.number == batch.issue, issues.c.state == IssueState.SUBMITTED)
            .values(state=IssueState.SUBMITTING, submitted_at=None)
        )


def doubt(connection: Connection, batch_id: BatchId, attempt: AttemptId, detail: str, now: datetime) -> int:
    """How many recipients became uncertain: those of this request, when it was still unanswered."""
    doubted = connection.execute(
        update(attempts)
        .where(attempts.c.id == attempt, attempts.c.state == AttemptState.INFLIGHT)
        .values(state=AttemptState.UNCERTAIN, answered_at=now, detail=detail)
    )
    if doubted.rowcount == 0:
        return 0
    count: int = connection.execute(
        update(batches)
        .where(batches.c.id == batch_id, batches.c.attempt == attempt)
        .values(state=BatchState.UNCERTAIN, uncertain=batches.c.submitting, submitting=0)
        .returning(batches.c.uncertain)
    ).scalar_one()
    return count


def left_in_flight(connection: Connection, issue_id: IssueId, *, before: int) -> Sequence[Batch]:
    """The batches whose request was begun under a fence before this one and never answered."""
    return connection.execute(
        select(batches)
        .join_from(batches, attempts, attempts.c.id == batches.c.attempt)
        .join(issues, issues.c.number == batches.c.issue)
        .where(
            issues.c.id == issue_id,
            batches.c.state == BatchState.SUBMITTING,
            attempts.c.fence < before,
        )
    ).all()


def hold_back(connection: Connection, issue: int, retry_at: datetime) -> None:
    """None; no batch of the issue is handed out before `retry_at`: the provider takes nothing now."""
    connection.execute(
        update(batches)
        .where(batches.c.issue == issue, batches.c.state == BatchState.PENDING)
        .values(retry_at=retry_at)
    )


def halve(connection: Connection, batch: Batch, *, middle: int) -> None:
    """None; the batch ends before `middle`, a new one begins there, and both are pending."""
    second_half = connection.execute(
        select(outcomes.c.status, func.count())
        .where(outcomes.c.issue == batch.issue, outcomes.c.seq.between(middle, batch.last_seq))
        .group_by(outcomes.c.status)
    )
    settled: dict[str, int] = {row[0]: row[1] for row in second_half}
    rejected = settled.get(DeliveryStatus.REJECTED, 0)
    suppressed = settled.get(DeliveryStatus.SUPPRESSED_SINCE, 0)
    size = batch.last_seq - middle + 1
    pending = size - rejected - suppressed
    move(
        connection,
        batch,
        BatchState.PENDING,
        last_seq=middle - 1,
        size=batch.size - size,
        pending=unsettled(batch) - pending,
        rejected=batch.rejected - rejected,
        suppressed_since=batch.suppressed_since - suppressed,
    )
    connection.execute(
        insert(batches).values(
            issue=batch.issue,
            first_seq=middle,
            last_seq=batch.last_seq,
            size=size,
            state=BatchState.PENDING,
            pending=pending,
            rejected=rejected,
            suppressed_since=suppressed,
        )
    )


def keep_rejections(
    connection: Connection, claim: Claim, rejected: Sequence[SendOutcome], now: datetime
) -> None:
    """None; each of these recipients has their own outcome, with the provider's words."""
    if not rejected:
        return
    issue: int = connection.scalars(select(batches.c.issue).where(batches.c.id == claim.batch_id)).one()
    rows = [
        {
            "issue": issue,
            "seq": seq_of(outcome.delivery_id),
            "status": DeliveryStatus.REJECTED,
            "reason": outcome.reject_reason or "",
            "detail": outcome.detail,
            "attempt": claim.attempt,
            "at": now,
        }
        for outcome in rejected
    ]
    keep_outcomes(connection, issue, rows)


def keep_outcomes(connection: Connection, issue: int, rows: Sequence[Mapping[str, object]]) -> None:
    """None; these recipients have these outcomes, whatever a provider reported of them before."""
    here = delete(outcomes).where(outcomes.c.issue == issue, outcomes.c.seq == bindparam("place"))
    connection.execute(here, [{"place": row["seq"]} for row in rows])
    connection.execute(insert(outcomes), rows)


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
    connection.execute(
        update(issues)
        .where(issues.c.id == issue_id, issues.c.state.in_(SENDING), ~unfinished)
        .values(state=IssueState.SUBMITTED, submitted_at=now, note="")
    )
    return IssueState(connection.scalars(select(issues.c.state).where(issues.c.id == issue_id)).one())
