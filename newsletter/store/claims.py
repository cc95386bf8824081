"""The claim: the next batch is handed to one sender, less those who have left since the freeze."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

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
from newsletter.store.moves import SENDING, Batch
from newsletter.store.tables import (
    AttemptState,
    attempts,
    batches,
    deliveries,
    issues,
    outcomes,
    subscribers,
)

_PEOPLE = (
    select(
        deliveries.c.seq,
        deliveries.c.subscriber_id,
        deliveries.c.addr_spec,
        deliveries.c.display_name,
        subscribers.c.status,
    )
    .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
    .where(
        deliveries.c.issue == bindparam("issue"),
        deliveries.c.seq.between(bindparam("first"), bindparam("last")),
    )
    .order_by(deliveries.c.seq)
)
"""The frozen recipients of a batch, with what each one's subscription is now (NULL: forgotten)."""

_SETTLED = select(outcomes.c.seq).where(
    outcomes.c.issue == bindparam("issue"),
    outcomes.c.seq.between(bindparam("first"), bindparam("last")),
)


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
    place = {"issue": batch.issue, "first": batch.first_seq, "last": batch.last_seq}
    people = connection.execute(_PEOPLE, place).all()
    if batch.rejected or batch.suppressed_since:
        settled = set(connection.scalars(_SETTLED, place))
        people = [person for person in people if person[0] not in settled]
    left = [person for person in people if person[4] != SubscriberStatus.CONFIRMED]
    if left:
        _keep_departures(connection, batch.issue, left, now)
        people = [person for person in people if person[4] == SubscriberStatus.CONFIRMED]
    _hand_over(connection, batch, attempt if people else None, len(people), len(left))
    if people:
        connection.execute(
            insert(attempts).values(
                id=attempt,
                batch=batch.id,
                state=AttemptState.INFLIGHT,
                owner=lease.owner,
                fence=lease.fence,
                recipients=len(people),
                started_at=now,
                deadline=deadline,
            )
        )
    faults.point("inside-claim")
    return Claim(
        batch_id=BatchId(batch.id),
        issue_id=issue_id,
        attempt=attempt,
        deliveries=tuple(
            Delivery(
                id=DeliveryId(f"{issue_id}.{seq}"),
                subscriber_id=SubscriberId(subscriber_id),
                address=Address(addr_spec=addr_spec, display_name=name),
            )
            for seq, subscriber_id, addr_spec, name, _ in people
        ),
    )


def _next_batch(connection: Connection, issue_id: IssueId, now: datetime) -> Batch | None:
    # Locked, so that a pause or cancel that is committed is seen by every later claim.
    issue = connection.execute(
        select(issues.c.number, issues.c.state).where(issues.c.id == issue_id).with_for_update()
    ).one_or_none()
    if issue is None or issue.state not in SENDING:
        return None
    batch = connection.execute(
        select(batches)
        .where(
            batches.c.issue == issue.number,
            batches.c.state == BatchState.PENDING,
            or_(batches.c.retry_at.is_(None), batches.c.retry_at <= now),
        )
        .order_by(batches.c.first_seq)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if batch is not None and issue.state == IssueState.FROZEN:
        connection.execute(
            update(issues).where(issues.c.number == issue.number).values(state=IssueState.SUBMITTING)
        )
    return batch


def _hand_over(
    connection: Connection, batch: Batch, attempt: AttemptId | None, staying: int, left: int
) -> None:
    values = {
        "state": BatchState.SUBMITTING if staying else BatchState.REFUSED,
        "attempt": attempt,
        "retry_at": None,
        "pending": 0,
        "submitting": staying,
        "suppressed_since": batch.suppressed_since + left,
    }
    connection.execute(update(batches).where(batches.c.id == batch.id).values(values))


def _keep_departures(
    connection: Connection, issue: int, left: Sequence[Row[*tuple[Any, ...]]], now: datetime
) -> None:
    rows = [
        {
            "issue": issue,
            "seq": person[0],
            "status": DeliveryStatus.SUPPRESSED_SINCE,
            "reason": person[4] or "forgotten",
            "at": now,
        }
        for person in left
    ]
    connection.execute(insert(outcomes), rows)
