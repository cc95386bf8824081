"""The steps that a batch can take, each inside the caller's transaction.

A step begins by closing the attempt that it answers; when that attempt is no longer open, nothing
moves. `docs/explanation/sending.md` draws the states.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, select, update

from newsletter import faults
from newsletter.models import (
    AttemptId,
    BatchId,
    BatchState,
    Claim,
    DeliveryId,
    DeliveryStatus,
    IssueId,
    SendOutcome,
)
from newsletter.store.columns import is_any
from newsletter.store.issuemoves import reopen
from newsletter.store.prepared import Prepared
from newsletter.store.tables import (
    COUNTERS,
    OPEN_ATTEMPTS,
    AttemptState,
    attempts,
    batches,
    issues,
    outcomes,
)

Batch = Row[Any]
"""A row of `batches`."""

SETTLED_SINGLY = (DeliveryStatus.REJECTED, DeliveryStatus.SUPPRESSED_SINCE)
"""Outcomes of people who are out of their batch. All others are what a provider reported, perhaps of an
earlier request, and settle nothing."""

_CLOSE = Prepared(
    update(attempts).where(
        attempts.c.id == bindparam("open_attempt"), is_any(attempts.c.state, OPEN_ATTEMPTS)
    )
)
_handed_out = batches.alias("handed_out")
_BATCHES_OF = (
    select(batches)
    .join_from(
        _handed_out,
        batches,
        and_(
            batches.c.issue == _handed_out.c.issue,
            batches.c.first_seq.between(_handed_out.c.first_seq, bindparam("last")),
        ),
    )
    .where(
        _handed_out.c.id == bindparam("batch"),
        batches.c.attempt == bindparam("attempt"),
        is_any(batches.c.state, (BatchState.SUBMITTING, BatchState.UNCERTAIN)),
    )
    .order_by(batches.c.first_seq)
)
"""A claim is one batch; more, when a mixed answer has divided it and a part is still in doubt."""
_number = select(issues.c.number).where(issues.c.id == bindparam("issue_id")).scalar_subquery()
_first = select(batches.c.first_seq).where(batches.c.id == bindparam("batch")).scalar_subquery()
_ACCEPT = Prepared(
    update(batches)
    .where(
        batches.c.issue == _number,
        batches.c.first_seq.between(_first, bindparam("last")),
        batches.c.attempt == bindparam("request"),
        batches.c.submitting + batches.c.uncertain > 0,
    )
    .values(
        state=BatchState.SUBMITTED,
        submitted=batches.c.submitting + batches.c.uncertain,
        submitting=0,
        uncertain=0,
        tries=batches.c.tries + 1,
        retry_at=None,
    )
)
_MOVE = update(batches).where(batches.c.id == bindparam("batch"))
_SETTLED_IN = select(outcomes.c.seq, outcomes.c.status).where(
    outcomes.c.issue == bindparam("issue"),
    outcomes.c.seq.between(bindparam("first"), bindparam("last")),
    is_any(outcomes.c.status, SETTLED_SINGLY),
)
_COUNTER = {
    BatchState.PENDING: "pending",
    BatchState.SUBMITTED: "submitted",
    BatchState.UNCERTAIN: "uncertain",
}
"""The column that counts the people of a batch in this state who were not settled singly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Neighbours of a batch who have one state from now on: from `first_seq` to where the next begins."""

    first_seq: int
    state: BatchState
    tries: int = 0
    retry_at: datetime | None = None


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
) -> Sequence[Batch]:
    """The batches whose attempt is closed with this state, mostly one; none when it was closed before.

    An attempt in doubt counts as open: its own sender's late answer settles it.
    """
    if not _was_open(connection, claim, state, now, detail=detail, message_id=message_id):
        return []
    place = {"attempt": claim.attempt, "batch": claim.batch_id, "last": seq_of(claim.deliveries.ids[-1])}
    return connection.execute(_BATCHES_OF, place).all()


def accept(connection: Connection, claim: Claim, message_id: str, now: datetime) -> None:
    """None; everybody of the request who waits for an answer is submitted, unless it was closed before."""
    if _was_open(connection, claim, AttemptState.ACCEPTED, now, message_id=message_id):
        faults.point("inside-record")
        place = {"issue_id": claim.issue_id, "batch": claim.batch_id, "request": claim.attempt}
        _ACCEPT.run(connection, {**place, "last": seq_of(claim.deliveries.ids[-1])})


def _was_open(
    connection: Connection,
    claim: Claim,
    state: AttemptState,
    now: datetime,
    *,
    detail: str = "",
    message_id: str = "",
) -> bool:
    """Whether the attempt was open until now; it is closed with this state."""
    values = {"state": state, "answered_at": now, "detail": detail, "provider_message_id": message_id}
    closed: int = _CLOSE.run(connection, {"open_attempt": claim.attempt, **values}).rowcount
    return closed > 0


def move(connection: Connection, batch: Batch, state: BatchState, **columns: object) -> None:
    """None; the batch is in this state, and nobody of it is in a request any more.

    When that gives an issue that was done something to do again, the issue is `submitting` again.
    """
    values = {"submitting": 0, "uncertain": 0, "retry_at": None, **columns, "state": state}
    connection.execute(_MOVE, {"batch": batch.id, **values})
    if state is BatchState.PENDING and batch.uncertain:
        reopen(connection, batch.issue)


def settled_in(connection: Connection, batch: Batch) -> dict[int, str]:
    """The places of those of the batch who are out of it, with what became of them."""
    place = {"issue": batch.issue, "first": batch.first_seq, "last": batch.last_seq}
    return {row.seq: row.status for row in connection.execute(_SETTLED_IN, place)}


def divide(connection: Connection, batch: Batch, runs: Sequence[Run]) -> None:
    """None; the batch is a row for each run, in order, the first of which begins where the batch does.

    Whoever was settled singly goes with the run that they stand in.
    """
    settled = settled_in(connection, batch)
    rows = []
    for number, run in enumerate(runs):
        first = run.first_seq if number else batch.first_seq
        last = runs[number + 1].first_seq - 1 if number + 1 < len(runs) else batch.last_seq
        statuses = [status for seq, status in settled.items() if first <= seq <= last]
        size = last - first + 1
        row = {
            **dict.fromkeys(COUNTERS, 0),
            "first_seq": first,
            "last_seq": last,
            "size": size,
            "state": run.state,
            "tries": run.tries,
            "retry_at": run.retry_at,
            "rejected": statuses.count(DeliveryStatus.REJECTED),
            "suppressed_since": statuses.count(DeliveryStatus.SUPPRESSED_SINCE),
            _COUNTER[run.state]: size - len(statuses),
        }
        rows.append(row)
    connection.execute(_MOVE, {"batch": batch.id, **rows[0]})
    same = {name: getattr(batch, name) for name in ("issue", "canary", "text_only", "attempt")}
    if rows[1:]:
        connection.execute(insert(batches), [{**row, **same} for row in rows[1:]])
    if batch.uncertain and any(run.state is BatchState.PENDING for run in runs):
        reopen(connection, batch.issue)


def settle(connection: Connection, batch: Batch, runs: Sequence[Run], *, rejected: int) -> None:
    """None; the people of a batch that was answered are in their runs, so many less as were rejected."""
    if len(runs) > 1:
        divide(connection, batch, runs)
        return
    columns: dict[str, object] = {"rejected": batch.rejected + rejected}
    if runs:
        (run,) = runs
        columns |= {"tries": run.tries, "retry_at": run.retry_at}
        columns[_COUNTER[run.state]] = unsettled(batch) - rejected
    move(connection, batch, runs[0].state if runs else BatchState.REFUSED, **columns)


def cut(connection: Connection, batch: Batch, *, middle: int) -> Batch:
    """The first part of the batch, which ends before `middle`; the rest is a pending batch of its own."""
    first, second = (
        Run(first_seq=seq, state=BatchState.PENDING, tries=batch.tries, retry_at=batch.retry_at)
        for seq in (batch.first_seq, middle)
    )
    divide(connection, batch, [first, second])
    return connection.execute(select(batches).where(batches.c.id == batch.id)).one()


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


def answered(connection: Connection, batch: Batch, outcomes: Sequence[SendOutcome]) -> Sequence[SendOutcome]:
    """Those of the outcomes that are about people of this batch who wait for an answer."""
    if batch.submitting:  # the first answer is about all of them
        return outcomes
    settled = settled_in(connection, batch)
    waiting = set(range(batch.first_seq, batch.last_seq + 1)) - settled.keys()
    return [outcome for outcome in outcomes if seq_of(outcome.delivery_id) in waiting]


def keep_rejections(
    connection: Connection, batch: Batch, attempt: AttemptId, rejected: Sequence[SendOutcome], now: datetime
) -> None:
    """None; each of these recipients has their own outcome, with the provider's words."""
    if not rejected:
        return
    rows = [
        {
            "issue": batch.issue,
            "seq": seq_of(outcome.delivery_id),
            "status": DeliveryStatus.REJECTED,
            "reason": outcome.reject_reason or "",
            "detail": outcome.detail,
            "attempt": attempt,
            "at": now,
        }
        for outcome in rejected
    ]
    keep_outcomes(connection, batch.issue, rows)


def keep_outcomes(connection: Connection, issue: int, rows: Sequence[Mapping[str, object]]) -> None:
    """None; these recipients have these outcomes, whatever a provider reported of them before."""
    here = delete(outcomes).where(outcomes.c.issue == issue, outcomes.c.seq == bindparam("place"))
    connection.execute(here, [{"place": row["seq"]} for row in rows])
    connection.execute(insert(outcomes), rows)
