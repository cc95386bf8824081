"""Forgetting a person: their rows go, their letters stay as numbers, and a keyed hash keeps them out.

Being forgotten is a line in a list outside the database (`erasedlist`) and then one transaction. A
copy of the database from before that transaction forgets them again as soon as it is opened.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    String,
    Table,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from newsletter.content.addresses import address_key
from newsletter.models import IssueState, SubscriberId, Suppression, SuppressionReason, SystemMailKind
from newsletter.models.privacy import Erasure, Held
from newsletter.store import suppressions
from newsletter.store.columns import iso
from newsletter.store.engine import Database
from newsletter.store.erasedlist import ErasedList
from newsletter.store.holding import held
from newsletter.store.readertables import (
    address_changes,
    consents,
    hits,
    import_changes,
    imports,
    subscriber_tags,
    system_mails,
)
from newsletter.store.tables import (
    attempts,
    deliveries,
    issues,
    meta,
    outcomes,
    provider_events,
    subscribers,
)

ROWS_AT_ONCE = 5_000
"""People in memory at a time while a list is compared with the database."""
_APPLIED = "erased "
_TRACES = "traces of the erased"
"""While this stands in `meta`, what was erased may still be read in the file's unused space."""
_HELD_STILL = (provider_events, deliveries, subscribers, import_changes, consents, system_mails)
"""In the order in which other transactions come to them."""


class SqlForgetting:
    """The forgetting of one database's people (usecases.forgetting.Forgetting)."""

    def __init__(self, database: Database, erased: ErasedList, *, key: bytes) -> None:
        self._database = database
        self._erased = erased
        self._key = key

    def held(self, subscriber_id: SubscriberId) -> Held | None:
        return held(self._database, subscriber_id)

    def forget(self, addr_spec: str, now: datetime, *, buckets: Sequence[str] = ()) -> bool:
        person = address_key(addr_spec)
        erasure = Erasure(address_hash=self._hash(person), at=now)
        self._erased.add(erasure)  # first: a process that dies now has forgotten them at its next start
        with self._database.writing() as connection:
            _hold_still(connection)
            known = _erase(connection, person, now)
            connection.execute(delete(hits).where(hits.c.bucket.in_(buckets)))
            _set(connection, _APPLIED + erasure.address_hash, iso(now))
        return known

    def catch_up(self) -> int:
        listed = self._erased.read()
        if not listed:
            return 0
        with self._database.reading() as connection:
            if not _missing(connection, listed):
                return 0
        with self._database.writing() as connection:
            _hold_still(connection)
            missing = _missing(connection, listed)
            people = self._recognised(connection, missing)
            for person, moment in people.items():
                _erase(connection, person, moment)
            for digest, moment in missing.items():
                _set(connection, _APPLIED + digest, iso(moment))
        return len(people)

    def remove_traces(self) -> bool:
        with self._database.reading() as connection:
            if connection.scalar(select(meta.c.value).where(meta.c.key == _TRACES)) is None:
                return True
            sending = select(issues.c.number).where(issues.c.state == IssueState.SUBMITTING).limit(1)
            if connection.scalar(sending) is not None:
                return False
        with self._database.writing() as connection:
            _empty_details(connection)
        if not _rewrite(self._database):
            return False
        with self._database.writing() as connection:
            connection.execute(delete(meta).where(meta.c.key == _TRACES))
        return True

    def _hash(self, person: str) -> str:
        return hmac.new(self._key, f"erased:{person}".encode(), hashlib.sha256).hexdigest()

    def _recognised(self, connection: Connection, missing: Mapping[str, datetime]) -> dict[str, datetime]:
        """address_key → when they were forgotten, of those who are on the list as they were before that.

        Whoever came to the list later has come by themselves, and stays.
        """
        page = (
            select(subscribers.c.id, subscribers.c.address_key, subscribers.c.created_at)
            .where(subscribers.c.id > bindparam("after"))
            .order_by(subscribers.c.id)
            .limit(ROWS_AT_ONCE)
        )
        found = {}
        after = 0
        while rows := connection.execute(page, {"after": after}).all():
            after = rows[-1].id
            for row in rows:
                moment = missing.get(self._hash(row.address_key))
                if moment and row.created_at < moment:
                    found[row.address_key] = moment
        return found


def _missing(connection: Connection, listed: Sequence[Erasure]) -> dict[str, datetime]:
    """hash → when they were last forgotten, of the lines that this database does not know."""
    rows = connection.execute(select(meta).where(meta.c.key.startswith(_APPLIED)))
    known = {row.key.removeprefix(_APPLIED): row.value for row in rows}
    return {
        each.address_hash: each.at
        for each in sorted(listed, key=lambda each: each.at)
        if known.get(each.address_hash, "") < iso(each.at)
    }


def _hold_still(connection: Connection) -> None:
    """None; no other transaction writes what could name a person until this one ends. SQLite has one
    writer anyway."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in _HELD_STILL)
        connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))


# --- one person --------------------------------------------------------------------------------


def _erase(connection: Connection, person: str, now: datetime) -> bool:
    """Whether anything of them was held. No import and no author can bring them back afterwards."""
    row = connection.execute(
        select(subscribers.c.id, subscribers.c.addr_spec).where(subscribers.c.address_key == person)
    ).one_or_none()
    names = {person, row.addr_spec.lower()} if row else {person}
    touched = _erase_by_address(connection, names)
    if row:
        touched += _erase_subscriber(connection, row.id)
    gone = Suppression(addr_spec=person, reason=SuppressionReason.ERASED, created_at=now)
    suppressions.remember(connection, [gone], "erased")
    _set(connection, _TRACES, iso(now))
    return touched > 0


def _erase_subscriber(connection: Connection, number: int) -> int:
    """How many rows went or lost what named the person."""
    every_issue, every_import = select(issues.c.number), select(imports.c.number)
    theirs = and_(deliveries.c.issue.in_(every_issue), deliveries.c.subscriber_id == number)
    places = connection.execute(select(deliveries.c.issue, deliveries.c.seq).where(theirs)).all()
    for issue, seq in places:
        told = and_(outcomes.c.issue == issue, outcomes.c.seq == seq)
        connection.execute(update(outcomes).where(told).values(detail=""))
    connection.execute(update(deliveries).where(theirs).values(addr_spec="", display_name=""))
    _blank_events(connection, provider_events.c.subscriber_id == number)
    changed = and_(import_changes.c.import_number.in_(every_import), import_changes.c.subscriber_id == number)
    connection.execute(delete(import_changes).where(changed))
    for table in (subscriber_tags, consents, address_changes, system_mails):
        connection.execute(delete(table).where(table.c.subscriber_id == number))
    return connection.execute(delete(subscribers).where(subscribers.c.id == number)).rowcount


def _erase_by_address(connection: Connection, names: Collection[str]) -> int:
    """How many rows named the address without being the person's own, and do so no more."""
    wished = func.lower(address_changes.c.addr_spec).in_(names)
    mailed = func.lower(system_mails.c.addr_spec).in_(names)
    of_readers = system_mails.c.kind != SystemMailKind.DRAFT_READY
    of_nobody = provider_events.c.subscriber_id.is_(None)
    return (
        connection.execute(delete(address_changes).where(wished)).rowcount
        + connection.execute(delete(system_mails).where(mailed, of_readers)).rowcount
        + _blank_events(connection, and_(of_nobody, func.lower(provider_events.c.addr_spec).in_(names)))
        + _unname(connection, attempts, attempts.c.detail, names)
        + _unname(connection, issues, issues.c.note, names)
    )


def _blank_events(connection: Connection, which: Any) -> int:
    """How many events say no more whom they were about; that they were, and when, they still say."""
    event = provider_events.c
    anonymous = literal("erased ").concat(cast(event.id, String))
    return connection.execute(
        update(provider_events)
        .where(which)
        .values(
            addr_spec="",
            detail="",
            raw="",
            subscriber_id=None,
            # Digests of what an event says, its address included.
            fingerprint=anonymous,
            provider_event_id=case(
                (event.provider_event_id == event.fingerprint, anonymous), else_=event.provider_event_id
            ),
        )
    ).rowcount


def _unname(connection: Connection, table: Table, column: Column[str], names: Collection[str]) -> int:
    """How many texts that quote a provider's words name the address no more."""
    (key,) = table.primary_key.columns
    quoting = or_(*(func.lower(column).contains(name, autoescape=True) for name in names))
    rows = connection.execute(select(key, column).where(quoting)).all()
    pattern = re.compile("|".join(re.escape(name) for name in names), re.IGNORECASE)
    for number, words in rows:
        connection.execute(update(table).where(key == number).values({column.name: pattern.sub("…", words)}))
    return len(rows)


def _set(connection: Connection, key: str, value: str) -> None:
    known = connection.execute(update(meta).where(meta.c.key == key).values(value=value))
    if known.rowcount == 0:
        connection.execute(insert(meta).values(key=key, value=value))


# --- what stays in the file --------------------------------------------------------------------


def _empty_details(connection: Connection) -> None:
    """None; a provider's words about an erased recipient, told after they were erased, are gone."""
    erased = (
        select(deliveries.c.seq)
        .where(
            deliveries.c.issue == outcomes.c.issue,
            deliveries.c.seq == outcomes.c.seq,
            deliveries.c.addr_spec == "",
        )
        .exists()
    )
    connection.execute(update(outcomes).where(outcomes.c.detail != "", erased).values(detail=""))


def _rewrite(database: Database) -> bool:
    """Whether nothing but what the tables hold is left in the database's files.

    SQLite copies itself without its unused space, and empties its write-ahead log when no reader needs
    it any more. PostgreSQL gives the space free, and writes over it by and by.
    """
    with database.alone() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("VACUUM")
            busy: int = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
            return busy == 0
        free = connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in (*_HELD_STILL, subscriber_tags, address_changes, outcomes, attempts, issues, hits):
            free.exec_driver_sql(f"VACUUM {table.name}")
        return True
