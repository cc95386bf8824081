"""The list of people, one row per address however it is written."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from newsletter.content.addresses import address_key
from newsletter.models import Address, Subscriber, SubscriberId, SubscriberStatus
from newsletter.store import suppressions
from newsletter.store.engine import Database, insert_new
from newsletter.store.tables import subscribers

ROWS_AT_ONCE = 500
"""People in memory at a time; SQLite's oldest limit is 999 parameters in a statement."""
ACTIVE = (SubscriberStatus.UNCONFIRMED, SubscriberStatus.CONFIRMED)
ENDED = (SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.SUPPRESSED)
"""Nothing that the author does leads out of these."""

Values = dict[str, Any]


class SqlSubscriberStore:
    """The subscribers of one database (ports.SubscriberStore)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, address: Address, *, status: SubscriberStatus, consent_source: str, now: datetime
    ) -> tuple[Subscriber, bool]:
        values = _new(address, status, consent_source, now)
        with self._database.writing() as connection:
            added = connection.execute(
                insert_new(connection, subscribers).values(values),
                execution_options={"preserve_rowcount": True},
            )
            is_new = added.rowcount == 1
            if is_new:
                mine = subscribers.c.address_key == values["address_key"]
                suppressions.end_known(connection, mine, now)
            row = connection.execute(_by_key(values["address_key"])).one()
            return _subscriber(row), is_new

    def get(self, subscriber_id: SubscriberId) -> Subscriber | None:
        with self._database.reading() as connection:
            row = connection.execute(
                select(subscribers).where(subscribers.c.id == subscriber_id)
            ).one_or_none()
        return None if row is None else _subscriber(row)

    def find(self, addr_spec: str) -> Subscriber | None:
        with self._database.reading() as connection:
            row = connection.execute(_by_key(address_key(addr_spec))).one_or_none()
        return None if row is None else _subscriber(row)

    def list(self, *statuses: SubscriberStatus) -> Iterator[Subscriber]:
        page = select(subscribers).order_by(subscribers.c.id).limit(ROWS_AT_ONCE)
        if statuses:
            page = page.where(subscribers.c.status.in_(statuses))
        after = 0
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(page.where(subscribers.c.id > after)).all()
            if not rows:
                return
            yield from map(_subscriber, rows)
            after = rows[-1].id

    def count(self) -> Mapping[SubscriberStatus, int]:
        by_status = select(subscribers.c.status, func.count()).group_by(subscribers.c.status)
        with self._database.reading() as connection:
            found = {SubscriberStatus(status): int(count) for status, count in connection.execute(by_status)}
        return {status: found.get(status, 0) for status in SubscriberStatus}

    def place(self, subscriber_id: SubscriberId) -> int:
        confirmed = subscribers.c.status == SubscriberStatus.CONFIRMED
        until = select(func.count()).where(confirmed, subscribers.c.id <= subscriber_id)
        themselves = select(subscribers.c.id).where(confirmed, subscribers.c.id == subscriber_id)
        with self._database.reading() as connection:
            return connection.scalar(until.where(themselves.exists())) or 0

    def import_rows(
        self, rows: Iterable[tuple[Address, SubscriberStatus]], *, consent_source: str, now: datetime
    ) -> tuple[int, int]:
        people = (_new(address, status, consent_source, now) for address, status in rows)
        added = seen = 0
        with self._database.writing() as connection:
            while some := list(islice(people, ROWS_AT_ONCE)):
                seen += len(some)
                added += _import(connection, some)
        return added, seen - added

    def unsubscribe(self, subscriber_id: SubscriberId, now: datetime) -> bool:
        with self._database.writing() as connection:
            ended = connection.execute(
                update(subscribers)
                .where(subscribers.c.id == subscriber_id, suppressions.MAY_LEAVE)
                .values(status=SubscriberStatus.UNSUBSCRIBED, suppressed_reason="", unsubscribed_at=now)
            )
            return ended.rowcount == 1


def _by_key(key: str) -> Any:
    return select(subscribers).where(subscribers.c.address_key == key)


def _new(address: Address, status: SubscriberStatus, consent_source: str, now: datetime) -> Values:
    return {
        "addr_spec": address.addr_spec,
        "address_key": address_key(address.addr_spec),
        "display_name": address.display_name,
        "status": status,
        "created_at": now,
        "confirmed_at": now if status is SubscriberStatus.CONFIRMED else None,
        "consent_source": consent_source,
        **_ending(status, consent_source, now),
    }


def _ending(status: SubscriberStatus, reason: str, now: datetime) -> Values:
    """The columns that tell how a subscription ended, empty while it has not."""
    return {
        "suppressed_reason": reason if status is SubscriberStatus.SUPPRESSED else "",
        "unsubscribed_at": now if status is SubscriberStatus.UNSUBSCRIBED else None,
    }


def _import(connection: Connection, people: list[Values]) -> int:
    """How many of these people are new. Nobody comes back by it, and whoever ended stays ended."""
    known = set(
        connection.scalars(
            select(subscribers.c.address_key).where(
                subscribers.c.address_key.in_([person["address_key"] for person in people])
            )
        )
    )
    fresh: dict[str, Values] = {}
    ended: dict[str, Values] = {}
    for person in people:
        key = person["address_key"]
        if key not in known:
            fresh.setdefault(key, person)
        if person["status"] in ENDED:
            ended.setdefault(key, person)
    if fresh:
        connection.execute(insert_new(connection, subscribers), list(fresh.values()))
    for key, person in ended.items():
        connection.execute(
            update(subscribers)
            .where(subscribers.c.address_key == key, subscribers.c.status.in_(ACTIVE))
            .values({name: person[name] for name in ("status", "suppressed_reason", "unsubscribed_at")})
        )
    return len(fresh)


def _subscriber(row: Row[Any]) -> Subscriber:
    return Subscriber(
        id=SubscriberId(row.id),
        address=Address(addr_spec=row.addr_spec, display_name=row.display_name),
        status=SubscriberStatus(row.status),
        created_at=row.created_at,
        suppressed_reason=row.suppressed_reason,
        confirmed_at=row.confirmed_at,
        unsubscribed_at=row.unsubscribed_at,
        consent_source=row.consent_source,
    )
