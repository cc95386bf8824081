"""What the ledger answers about an issue without changing anything."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, bindparam, func, select

from newsletter.models import (
    Deliveries,
    DeliveryId,
    IssueId,
    SendProgress,
    SubscriberId,
)
from newsletter.store.tables import COUNTERS, batches, deliveries, issues, letters

PERSON = (deliveries.c.seq, deliveries.c.subscriber_id, deliveries.c.addr_spec, deliveries.c.display_name)
"""What as_deliveries is given of somebody."""
Person = tuple[int, SubscriberId, str, str]
"""A row of these columns."""
IN_RANGE = and_(
    deliveries.c.issue == bindparam("issue"),
    deliveries.c.seq.between(bindparam("first"), bindparam("last")),
)
"""Whether somebody stands between two places of an issue's audience, themselves included."""


def as_deliveries(issue_id: IssueId, people: Sequence[Person]) -> Deliveries:
    """These people of the issue, in order."""
    if not people:
        return Deliveries()
    seqs, subscriber_ids, addr_specs, display_names = zip(*people, strict=True)
    return Deliveries(
        ids=[DeliveryId(f"{issue_id}.{seq}") for seq in seqs],
        subscriber_ids=subscriber_ids,
        addr_specs=addr_specs,
        display_names=display_names,
    )


def progress(connection: Connection, issue_id: IssueId) -> SendProgress | None:
    """The sums over the batches; None when the issue is not frozen."""
    sums = (
        select(letters.c.audience, *(func.sum(batches.c[name]) for name in COUNTERS))
        .join_from(letters, issues, issues.c.number == letters.c.issue)
        .join(batches, batches.c.issue == letters.c.issue)
        .where(issues.c.id == issue_id)
        .group_by(letters.c.audience)
    )
    row = connection.execute(sums).one_or_none()
    if row is None:
        return None
    counts = dict(zip(COUNTERS, map(int, row[1:]), strict=True))
    return SendProgress(audience=row.audience, **counts)
