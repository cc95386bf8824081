"""The list of people, one row per address however it is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, or_, select

from newsletter.content.addresses import address_key
from newsletter.errors import WrongState
from newsletter.models import (
    Address,
    AudienceFilter,
    Channel,
    Consent,
    ConsentAction,
    Subscriber,
    SubscriberId,
    SubscriberStatus,
    SuppressionReason,
)
from newsletter.models.imports import ImportedPerson, ImportSource
from newsletter.store import suppressions
from newsletter.store.audience import matching, reached
from newsletter.store.consents import record_step
from newsletter.store.engine import Database, insert_new
from newsletter.store.importing import SqlImportStore
from newsletter.store.readertables import subscriber_tags
from newsletter.store.tables import subscribers

ROWS_AT_ONCE = 500
"""People in memory at a time; SQLite's oldest limit is 999 parameters in a statement."""

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
            number = connection.scalar(
                insert_new(connection, subscribers).values(values).returning(subscribers.c.id)
            )
            if number is not None:
                _require_not_erased(connection, values["address_key"])
                record_step(connection, SubscriberId(number), _added(consent_source, now))
                suppressions.end_known(connection, subscribers.c.id == number, now)
            row = connection.execute(_by_key(values["address_key"])).one()
            return _subscriber(row), number is not None

    def get(self, subscriber_id: SubscriberId) -> Subscriber | None:
        with self._database.reading() as connection:
            return _one(connection, subscribers.c.id == subscriber_id)

    def find(self, addr_spec: str) -> Subscriber | None:
        with self._database.reading() as connection:
            return _one(connection, subscribers.c.address_key == address_key(addr_spec))

    def list(self, *statuses: SubscriberStatus, where: AudienceFilter | None = None) -> Iterator[Subscriber]:
        return self._stream(statuses, where, tagged=False)

    def export(self, *statuses: SubscriberStatus) -> Iterator[Subscriber]:
        return self._stream(statuses, None, tagged=True)

    def _stream(
        self, statuses: Sequence[SubscriberStatus], where: AudienceFilter | None, *, tagged: bool
    ) -> Iterator[Subscriber]:
        page = select(subscribers).order_by(subscribers.c.id).limit(ROWS_AT_ONCE)
        if statuses:
            page = page.where(subscribers.c.status.in_(statuses))
        if where:
            page = page.where(matching(where))
        after = 0
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(page.where(subscribers.c.id > after)).all()
                tags = _tags(connection, [row.id for row in rows]) if tagged else {}
            if not rows:
                return
            yield from (_subscriber(row, tags.get(row.id, ())) for row in rows)
            after = rows[-1].id

    def count(self) -> Mapping[SubscriberStatus, int]:
        by_status = select(subscribers.c.status, func.count()).group_by(subscribers.c.status)
        with self._database.reading() as connection:
            found = {SubscriberStatus(status): int(count) for status, count in connection.execute(by_status)}
        return {status: found.get(status, 0) for status in SubscriberStatus}

    def reach(self, now: datetime, audience: AudienceFilter | None = None) -> int:
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).where(reached(now, audience))) or 0

    def place(
        self, subscriber_id: SubscriberId, now: datetime, audience: AudienceFilter | None = None
    ) -> int:
        these = reached(now, audience)
        themselves = select(subscribers.c.text_only).where(these, subscribers.c.id == subscriber_id)
        with self._database.reading() as connection:
            text_only = connection.scalar(themselves)
            if text_only is None:
                return 0
            before = and_(subscribers.c.text_only == text_only, subscribers.c.id <= subscriber_id)
            if text_only:
                before = or_(before, ~subscribers.c.text_only)
            return connection.scalar(select(func.count()).where(these, before)) or 0

    def tags(self) -> Mapping[str, int]:
        counts = select(subscriber_tags.c.tag, func.count()).group_by(subscriber_tags.c.tag)
        with self._database.reading() as connection:
            return {row.tag: row[1] for row in connection.execute(counts.order_by(subscriber_tags.c.tag))}

    def tag(self, subscriber_id: SubscriberId, tag: str) -> bool:
        with self._database.writing() as connection:
            added = connection.execute(
                insert_new(connection, subscriber_tags).values(subscriber_id=subscriber_id, tag=tag),
                execution_options={"preserve_rowcount": True},
            )
            return added.rowcount == 1

    def untag(self, subscriber_id: SubscriberId, tag: str) -> bool:
        mine = and_(subscriber_tags.c.subscriber_id == subscriber_id, subscriber_tags.c.tag == tag)
        with self._database.writing() as connection:
            return connection.execute(delete(subscriber_tags).where(mine)).rowcount == 1

    def import_rows(
        self, rows: Iterable[tuple[Address, SubscriberStatus]], *, consent_source: str, now: datetime
    ) -> tuple[int, int]:
        people = (
            ImportedPerson(line=line, address=address, status=status)
            for line, (address, status) in enumerate(rows, start=1)
        )
        with SqlImportStore(self._database).staged(people) as staged:
            source = ImportSource(file="", consent_source=consent_source)
            _, diff = staged.apply(source, rejected=0, now=now)
        return diff.added, diff.rows - diff.added


def _require_not_erased(connection: Connection, key: str) -> None:
    """None. Raises WrongState for somebody who asked to be forgotten."""
    if suppressions.reasons(connection, [key]).get(key) is SuppressionReason.ERASED:
        raise WrongState(
            "whoever has this address asked to be forgotten",
            remedy="they may come back by the sign-up form, and nobody can for them",
        )


def _one(connection: Connection, condition: ColumnElement[bool]) -> Subscriber | None:
    """The person of whom this is true, with their tags; None when there is none."""
    row = connection.execute(select(subscribers).where(condition)).one_or_none()
    return None if row is None else _subscriber(row, _tags(connection, [row.id]).get(row.id, ()))


def _tags(connection: Connection, people: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Each person's tags in order; nothing for who has none."""
    found: dict[int, list[str]] = {}
    wanted = select(subscriber_tags).where(subscriber_tags.c.subscriber_id.in_(people))
    for person, tag in connection.execute(wanted.order_by(subscriber_tags.c.tag)):
        found.setdefault(person, []).append(tag)
    return found


def _by_key(key: str) -> Any:
    return select(subscribers).where(subscribers.c.address_key == key)


def _added(consent_source: str, now: datetime) -> Consent:
    """The first step of somebody for whose consent the author vouches."""
    return Consent(action=ConsentAction.ADDED, channel=Channel.AUTHOR, at=now, evidence=consent_source)


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


def _subscriber(row: Row[Any], tags: Sequence[str] = ()) -> Subscriber:
    return Subscriber(
        id=SubscriberId(row.id),
        address=Address(addr_spec=row.addr_spec, display_name=row.display_name),
        status=SubscriberStatus(row.status),
        created_at=row.created_at,
        suppressed_reason=row.suppressed_reason,
        confirmed_at=row.confirmed_at,
        unsubscribed_at=row.unsubscribed_at,
        consent_source=row.consent_source,
        language=row.language,
        text_only=row.text_only,
        paused_until=row.paused_until,
        tags=tuple(tags),
    )
