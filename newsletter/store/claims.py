"""The claim: the next batch is handed to one sender, less those who have left since the freeze."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, or_, select, update

from newsletter import faults
from newsletter.models import (
    Address,
    AttemptId,
    BatchId,
    BatchState,
    Claim,
    Delivery,
    DeliveryId,
    DeliveryStatus,
    IssueId,
    IssueState,
    Lease,
    SubscriberId,
    SubscriberStatus,
)
from newsletter.store.moves import SENDING, Batch, keep_outcomes
from newsletter.store.tables import (
    AttemptState,
    attempts,
    batches,
    deliveries,
    issues,
    outcomes,
    subscribers,
)

# Statements of the sending loop are made once: building one costs more than running it.
_ISSUE = select(issues.c.number, issues.c.state).where(issues.c.id == bindparam("issue")).with_for_update()
"""Locked, so that a pause or cancel that is committed is seen by every later claim."""
_NEXT = (
    select(batches)
    .where(
        batches.c.issue == bindparam("issue"),
        batches.c.state == BatchState.PENDING,
        or_(batches.c.retry_at.is_(None), batches.c.retry_at <= bindparam("now")),
    )
    .order_by(batches.c.first_seq)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_HERE = and_(
    deliveries.c.issue == bindparam("issue"),
    deliveries.c.seq.between(bindparam("first"), bindparam("last")),
)
_STAYING = (
    select(deliveries.c.seq, deliveries.c.subscriber_id, deliveries.c.addr_spec, deliveries.c.display_name)
    .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    .where(_HERE, subscribers.c.status == SubscriberStatus.CONFIRMED)
    .order_by(deliveries.c.seq)
)
"""The frozen recipients of a batch who are subscribed now."""
_LEFT = (
    select(deliveries.c.seq, subscribers.c.status)
    .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
    .where(_HERE, func.coalesce(subscribers.c.status, "") != SubscriberStatus.CONFIRMED)
    .order_by(deliveries.c.seq)
)
"""The others, with what their subscription is now (NULL: forgotten)."""
_SETTLED = select(outcomes.c.seq).where(
    outcomes.c.issue == bindparam("issue"),
    outcomes.c.seq.between(bindparam("first"), bindparam("last")),
    # What a provider reported of an earlier request settles nothing about this one.
    outcomes.c.status.in_((DeliveryStatus.REJECTED, DeliveryStatus.SUPPRESSED_SINCE)),
)
_HAND_OVER = update(batches).where(batches.c.id == bindparam("batch"))
_ATTEMPT = insert(attempts)

Person = tuple[int, SubscriberId, str, str]
"""seq, subscriber_id, addr_spec, display_name"""


def take_next(
    connection: Connection, lease: Lease, issue_id: IssueId, *, now: datetime, deadline: datetime
) -> Claim | None:
    """The next batch that may be handed out, marked as in flight; None when there is none.

    A claim without deliveries means that everyone of the batch has left: ask again.
    """
    batch = _next_batch(connection, issue_id, now)
    if batch is None:
        return None
    attempt = AttemptId(secrets.token_hex(16))
    people, left = _people(connection, batch)
    _keep_departures(connection, batch.issue, left, now)
    values = {
        "state": BatchState.SUBMITTING if people else BatchState.REFUSED,
        "attempt": attempt if people else None,
        "retry_at": None,
        "pending": 0,
        "submitting": len(people),
        "suppressed_since": batch.suppressed_since + len(left),
    }
    connection.execute(_HAND_OVER, {"batch": batch.id, **values})
    number = 0
    if people:
        values = {
            "id": attempt,
            "batch": batch.id,
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
        deliveries=tuple(_deliveries(issue_id, people)),
        number=number,
    )


def _next_batch(connection: Connection, issue_id: IssueId, now: datetime) -> Batch | None:
    issue = connection.execute(_ISSUE, {"issue": issue_id}).one_or_none()
    if issue is None or issue.state not in SENDING:
        return None
    batch = connection.execute(_NEXT, {"issue": issue.number, "now": now}).one_or_none()
    if batch is not None and issue.state == IssueState.FROZEN:
        connection.execute(
            update(issues).where(issues.c.number == issue.number).values(state=IssueState.SUBMITTING)
        )
    return batch


def _people(connection: Connection, batch: Batch) -> tuple[Sequence[Person], Sequence[Row[int, str | None]]]:
    """Who goes along, and who has left since: of those of the batch who are not settled yet."""
    place = {"issue": batch.issue, "first": batch.first_seq, "last": batch.last_seq}
    # The driver's own tuples: a Row for each of a million people is made for nothing.
    people: Sequence[Person] = connection.execute(_STAYING, place).cursor.fetchall()
    if len(people) == batch.pending == batch.size:
        return people, ()
    left: Sequence[Row[int, str | None]] = connection.execute(_LEFT, place).all()
    settled = set(connection.scalars(_SETTLED, place))
    return (
        [person for person in people if person[0] not in settled],
        [person for person in left if person[0] not in settled],
    )


def _deliveries(issue_id: IssueId, people: Sequence[Person]) -> list[Delivery]:
    return [
        Delivery(
            id=DeliveryId(f"{issue_id}.{seq}"),
            subscriber_id=subscriber_id,
            address=Address(addr_spec=addr_spec, display_name=name),
        )
        for seq, subscriber_id, addr_spec, name in people
    ]


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
    keep_outcomes(connection, issue, rows)
