"""The claim: the next batch is handed to one sender, less those who have left since the freeze."""

import secrets
from collections.abc import Mapping, Sequence
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
from newsletter.store.columns import is_any
from newsletter.store.leases import HELD, confirm, holding, renew
from newsletter.store.moves import Batch
from newsletter.store.pace import fitting
from newsletter.store.prepared import Prepared
from newsletter.store.reading import IN_RANGE, PERSON, Person, as_deliveries
from newsletter.store.tables import (
    PENDING,
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
_IS_SENT = and_(*HELD, is_any(issues.c.state, SENDING))
_MAY_BE_SENT = and_(
    batches.c.issue == issues.c.number,
    batches.c.state == PENDING,
    or_(issues.c.canary != CanaryState.WAITING, batches.c.canary),
)
"""Whether a batch of an issue waits; while the canary is waited for, only its batches count."""
_first = (
    select(batches.c.id)
    .where(_MAY_BE_SENT, or_(batches.c.retry_at.is_(None), batches.c.retry_at <= bindparam("now")))
    .order_by(batches.c.first_seq)
    .limit(1)
    .correlate(issues)
    .scalar_subquery()
)
"""A query of its own: of a join both databases may choose to sort all that is pending, each time."""
_next = batches.alias("next")
NEXT = Prepared(
    select(_next, issues.c.state.label("issue_state"), leases.c.expires_at)
    .join_from(issues, leases, _IS_SENT)
    .join(_next, _next.c.id == _first)
    .where(issues.c.id == bindparam("issue"), _next.c.state == PENDING)
    .with_for_update(skip_locked=True)
)
"""All three rows are locked: a pause or cancel that is committed is seen by every later claim, and nobody
takes the lease over before this one is committed."""
_WAITING = (
    select(leases.c.expires_at, func.count(batches.c.id), func.min(batches.c.retry_at))
    .join_from(issues, leases, _IS_SENT)
    .outerjoin(batches, _MAY_BE_SENT)
    .where(issues.c.id == bindparam("issue"))
    .group_by(leases.c.expires_at)
)
_STAYING = Prepared(
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
_HAND_OVER = Prepared(update(batches).where(batches.c.id == bindparam("batch")))
_ATTEMPT = Prepared(insert(attempts).returning(attempts.c.number))
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
    place = {"issue": issue_id, **holding(lease)}
    found = NEXT.first(connection, {**place, "now": now})
    if found is None:
        return _soonest(connection, lease, place, now=now, deadline=deadline)
    _renew_in_time(connection, lease, found.expires_at, deadline)
    batch: Batch = found
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
    _mark_in_flight(connection, batch, attempt, people=len(people), left=len(left))
    if found.issue_state == IssueState.FROZEN:
        _begin(connection, batch.issue)
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
        (number,) = _ATTEMPT.run(connection, values).fetchone()
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


def _soonest(
    connection: Connection, lease: Lease, place: Mapping[str, object], *, now: datetime, deadline: datetime
) -> NotBefore | None:
    """When the next batch may be handed out; None when none will be."""
    row = connection.execute(_WAITING, place).one_or_none()
    if row is None:
        confirm(connection, lease)
        return None
    expires_at, pending, retry_at = row
    _renew_in_time(connection, lease, expires_at, deadline)
    return NotBefore(moment=retry_at or now, why="the provider is to be left alone") if pending else None


def _renew_in_time(connection: Connection, lease: Lease, expires_at: datetime, deadline: datetime) -> None:
    if expires_at < deadline - RENEWED_EVERY:
        renew(connection, lease, deadline)


def _begin(connection: Connection, issue: int) -> None:
    """None; the issue is being sent."""
    connection.execute(update(issues).where(issues.c.number == issue).values(state=IssueState.SUBMITTING))


def _mark_in_flight(
    connection: Connection, batch: Batch, attempt: AttemptId, *, people: int, left: int
) -> None:
    """None; so many of the batch are in a request."""
    values = {
        "state": BatchState.SUBMITTING if people else BatchState.REFUSED,
        "attempt": attempt if people else None,
        "retry_at": None,
        "pending": 0,
        "submitting": people,
        "suppressed_since": batch.suppressed_since + left,
    }
    _HAND_OVER.run(connection, {"batch": batch.id, **values})


def _people(
    connection: Connection, batch: Batch, now: datetime
) -> tuple[Sequence[Person], Sequence[Row[int, str | None]]]:
    """Who goes along, and who has left since: of those of the batch who are not settled yet."""
    place = {"issue": batch.issue, "first": batch.first_seq, "last": batch.last_seq, "now": now}
    people: Sequence[Person] = _STAYING.run(connection, place).fetchall()
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
