"""The claim: the next batch is handed to one sender, less those who have left since the freeze."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, and_, bindparam, case, func, insert, or_, select, update

from newsletter import faults
from newsletter.models import (
    SENDING,
    AttemptId,
    BatchId,
    BatchState,
    CanaryState,
    Claim,
    DeliveryStatus,
    IssueId,
    IssueState,
    Lease,
    NotBefore,
    Pace,
    SubscriberStatus,
)
from newsletter.store import moves
from newsletter.store.audience import reached
from newsletter.store.leases import HELD, confirm, holding, renew
from newsletter.store.moves import Batch
from newsletter.store.pace import fitting
from newsletter.store.reading import IN_RANGE, PERSON, Person, as_deliveries
from newsletter.store.tables import (
    IS_PENDING,
    AttemptState,
    attempts,
    batches,
    deliveries,
    issues,
    leases,
    subscribers,
)

RENEWED_EVERY = timedelta(seconds=10)
"""A lease is not renewed more often: there may be a hundred claims a second."""
PAUSED = "paused"
"""Why somebody is left out who asked for no letters for a while, after the freeze."""

# Statements of the sending loop are made once: building one costs more than running it.
_ISSUE = (
    select(issues.c.number, issues.c.state, issues.c.canary, leases.c.expires_at)
    .join_from(issues, leases, and_(*HELD))
    .where(issues.c.id == bindparam("issue"))
    .with_for_update()
)
"""Both rows are locked: a pause or cancel that is committed is seen by every later claim, and nobody
takes the lease over before this one is committed."""
_PENDING = (batches.c.issue == bindparam("issue"), IS_PENDING)
_NEXT = (
    select(batches)
    .where(*_PENDING, or_(batches.c.retry_at.is_(None), batches.c.retry_at <= bindparam("now")))
    .order_by(batches.c.first_seq)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_SOONEST = select(func.count(), func.min(batches.c.retry_at)).where(*_PENDING)
_NEXT_OF_CANARY, _SOONEST_OF_CANARY = _NEXT.where(batches.c.canary), _SOONEST.where(batches.c.canary)
_STAYING = (
    select(*PERSON)
    .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    .where(IN_RANGE, reached(bindparam("now")))
    .order_by(deliveries.c.seq)
)
"""The frozen recipients of a batch whom the letter still reaches."""
_LEFT = (
    select(
        deliveries.c.seq,
        case((subscribers.c.status == SubscriberStatus.CONFIRMED, PAUSED), else_=subscribers.c.status),
    )
    .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
    .where(IN_RANGE, or_(subscribers.c.id.is_(None), ~reached(bindparam("now"))))
    .order_by(deliveries.c.seq)
)
"""The others, with what their subscription is now (NULL: forgotten)."""
_HAND_OVER = update(batches).where(batches.c.id == bindparam("batch"))
_ATTEMPT = insert(attempts)
_CALL_BACK = update(attempts).where(attempts.c.id == bindparam("request"))


def take_next(
    connection: Connection,
    lease: Lease,
    issue_id: IssueId,
    *,
    now: datetime,
    deadline: datetime,
    pace: Pace | None = None,
) -> Claim | NotBefore | None:
    """The next batch that may be handed out, marked as in flight; or the moment when one may be; None
    when none will be, unless something changes. While the canary is waited for, only its batches may.

    A claim without deliveries means that everyone of the batch has left: ask again. The lease is renewed
    until `deadline`. Raises LeaseLost.
    """
    issue = connection.execute(_ISSUE, {"issue": issue_id, **holding(lease)}).one_or_none()
    if issue is None:
        confirm(connection, lease)
        return None
    if issue.expires_at < deadline - RENEWED_EVERY:
        renew(connection, lease, deadline)
    if issue.state not in SENDING:
        return None
    batch = _next_batch(connection, issue, now)
    if batch is None or isinstance(batch, NotBefore):
        return batch
    people, left = _people(connection, batch, now)
    room = fitting(connection, pace, wanted=len(people), now=now) if pace and people else len(people)
    if isinstance(room, NotBefore):
        return room
    if room < len(people):
        middle = people[room][0]
        batch = moves.cut(connection, batch, middle=middle)
        people, left = people[:room], [person for person in left if person[0] < middle]
    _keep_departures(connection, batch.issue, left, now)
    attempt = AttemptId(secrets.token_hex(16))
    _mark_in_flight(connection, issue, batch, attempt, people=len(people), left=len(left))
    number = 0
    if people:
        values = {
            "id": attempt,
            "batch": batch.id,
            "provider": pace.provider if pace else "",
            "state": AttemptState.INFLIGHT,
            "owner": lease.owner,
            "fence": lease.fence,
            "recipients": len(people),
            "started_at": now,
            "deadline": deadline,
        }
        (number,) = connection.execute(_ATTEMPT, values).inserted_primary_key or (0,)
    faults.point("inside-claim")
    return Claim(
        batch_id=BatchId(batch.id),
        issue_id=issue_id,
        attempt=attempt,
        deliveries=as_deliveries(issue_id, people),
        number=number,
        tries=batch.tries,
        text_only=batch.text_only,
    )


def keep_cancel_id(connection: Connection, claim: Claim, cancel_id: str, send_at: datetime) -> None:
    """None; the request of the claim can be called back by this id before `send_at`."""
    connection.execute(_CALL_BACK, {"request": claim.attempt, "cancel_id": cancel_id, "send_at": send_at})


def _next_batch(
    connection: Connection, issue: Row[int, str, str, datetime], now: datetime
) -> Batch | NotBefore | None:
    canary = issue.canary == CanaryState.WAITING
    place = {"issue": issue.number}
    batch = connection.execute(_NEXT_OF_CANARY if canary else _NEXT, {**place, "now": now}).one_or_none()
    if batch is not None:
        return batch
    pending, retry_at = connection.execute(_SOONEST_OF_CANARY if canary else _SOONEST, place).one()
    return NotBefore(moment=retry_at or now, why="the provider is to be left alone") if pending else None


def _mark_in_flight(
    connection: Connection,
    issue: Row[int, str, str, datetime],
    batch: Batch,
    attempt: AttemptId,
    *,
    people: int,
    left: int,
) -> None:
    """None; so many of the batch are in a request, and the issue is being sent."""
    values = {
        "state": BatchState.SUBMITTING if people else BatchState.REFUSED,
        "attempt": attempt if people else None,
        "retry_at": None,
        "pending": 0,
        "submitting": people,
        "suppressed_since": batch.suppressed_since + left,
    }
    connection.execute(_HAND_OVER, {"batch": batch.id, **values})
    if issue.state == IssueState.FROZEN:
        connection.execute(
            update(issues).where(issues.c.number == issue.number).values(state=IssueState.SUBMITTING)
        )


def _people(
    connection: Connection, batch: Batch, now: datetime
) -> tuple[Sequence[Person], Sequence[Row[int, str | None]]]:
    """Who goes along, and who has left since: of those of the batch who are not settled yet."""
    place = {"issue": batch.issue, "first": batch.first_seq, "last": batch.last_seq, "now": now}
    # The driver's own tuples: a Row for each of a million people is made for nothing.
    people: Sequence[Person] = connection.execute(_STAYING, place).cursor.fetchall()
    if len(people) == batch.pending == batch.size:
        return people, ()
    left: Sequence[Row[int, str | None]] = connection.execute(_LEFT, place).all()
    settled = moves.settled_in(connection, batch)
    return (
        [person for person in people if person[0] not in settled],
        [person for person in left if person[0] not in settled],
    )


def _keep_departures(
    connection: Connection, issue: int, left: Sequence[Row[int, str | None]], now: datetime
) -> None:
    if not left:
        return
    rows = [
        {
            "issue": issue,
            "seq": seq,
            "status": DeliveryStatus.SUPPRESSED_SINCE,
            "reason": status or "forgotten",
            "at": now,
        }
        for seq, status in left
    ]
    moves.keep_outcomes(connection, issue, rows)
