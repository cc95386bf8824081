"""What the ledger answers about an issue without changing anything."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, and_, bindparam, func, select

from newsletter.models import (
    Address,
    BatchState,
    Deliveries,
    DeliveryId,
    DeliveryStatus,
    IssueId,
    SendProgress,
    SubscriberId,
)
from newsletter.store.engine import Database
from newsletter.store.tables import COUNTERS, batches, deliveries, issues, letters, outcomes

_PEOPLE = (
    select(deliveries.c.seq, deliveries.c.addr_spec, deliveries.c.display_name, outcomes.c.status)
    .join_from(
        deliveries,
        outcomes,
        and_(outcomes.c.issue == deliveries.c.issue, outcomes.c.seq == deliveries.c.seq),
        isouter=True,
    )
    .where(
        deliveries.c.issue == bindparam("issue"),
        deliveries.c.seq.between(bindparam("first"), bindparam("last")),
    )
    .order_by(deliveries.c.seq)
)

Person = tuple[int, SubscriberId, str, str]
"""seq, subscriber_id, addr_spec, display_name"""


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


def recipients(
    database: Database, issue_id: IssueId, *states: BatchState
) -> Iterator[tuple[DeliveryId, Address, str]]:
    """The recipients of the batches in these states, in the frozen order, a batch in memory at a time."""
    chosen = (
        select(batches)
        .join_from(batches, issues, issues.c.number == batches.c.issue)
        .where(issues.c.id == issue_id, batches.c.state.in_(states))
        .order_by(batches.c.first_seq)
    )
    with database.reading() as connection:
        ranges = connection.execute(chosen).all()
    for batch in ranges:
        place = {"issue": batch.issue, "first": batch.first_seq, "last": batch.last_seq}
        with database.reading() as connection:
            rows = connection.execute(_PEOPLE, place).all()
        usual = DeliveryStatus.UNKNOWN if batch.state == BatchState.UNKNOWN_FINAL else batch.state
        for seq, addr_spec, name, status in rows:
            address = Address(addr_spec=addr_spec, display_name=name)
            yield DeliveryId(f"{issue_id}.{seq}"), address, str(status or usual)
