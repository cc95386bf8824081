"""Whose subscription has ended: people of the list, and keyed hashes of addresses that are not on it."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, insert, or_, select, update

from newsletter.content.addresses import address_key
from newsletter.models import (
    Channel,
    Consent,
    ConsentAction,
    Ending,
    SubscriberId,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from newsletter.store.columns import iso
from newsletter.store.consents import record_step
from newsletter.store.engine import Database, chunks, insert_new
from newsletter.store.tables import meta, subscribers, suppressions

NAMES_AT_ONCE = 500
"""Parameters of one statement; SQLite takes at least 999."""
_KEY = "suppression_key"
_MARK = "mark "
_GONE = (SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.SUPPRESSED)
MAY_LEAVE = or_(
    subscribers.c.status.in_((SubscriberStatus.UNCONFIRMED, SubscriberStatus.CONFIRMED)),
    subscribers.c.suppressed_reason == SuppressionReason.BOUNCES_IN_A_ROW,
)
"""Whose own wish to leave changes something: also those whom an arriving letter would bring back."""
_END = (
    update(subscribers)
    .where(subscribers.c.id == bindparam("person"))
    .values({name: bindparam(name) for name in ("status", "suppressed_reason", "unsubscribed_at")})
)
_RETELL = (
    update(suppressions)
    .where(suppressions.c.address_hash == bindparam("hash"))
    .values({name: bindparam(name) for name in ("reason", "source", "at")})
)


class SqlSuppressionStore:
    """The suppressions of one database (ports.SuppressionStore)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, entries: Sequence[Suppression], source: str, now: datetime) -> int:
        with self._database.writing() as connection:
            strangers, endings = _met(connection, entries)
            remember(connection, strangers, source)
            return end(connection, endings, now)

    def mark(self, name: str) -> datetime | None:
        with self._database.reading() as connection:
            text = connection.scalar(select(meta.c.value).where(meta.c.key == _MARK + name))
        return None if text is None else datetime.fromisoformat(text)

    def set_mark(self, name: str, moment: datetime) -> None:
        row = {"key": _MARK + name, "value": iso(moment)}
        with self._database.writing() as connection:
            known = connection.execute(update(meta).where(meta.c.key == row["key"]).values(row))
            if known.rowcount == 0:
                connection.execute(insert(meta).values(row))


# --- people of the list ------------------------------------------------------------------------


def end(connection: Connection, endings: Mapping[int, Ending], now: datetime) -> int:
    """How many of these subscribers changed: what their events say, and what they were, the stronger.

    What ends for good stands in the record of their consent.
    """
    changes = []
    for some in chunks(sorted(endings), NAMES_AT_ONCE):
        rows = connection.execute(select(subscribers).where(subscribers.c.id.in_(some)).with_for_update())
        for row in rows.all():
            values = _ended(row, endings[row.id])
            if any(getattr(row, name) != value for name, value in values.items()):
                changes.append({"person": row.id, **values})
                _record(connection, row, values, now)
    if changes:
        connection.execute(_END, changes)
    return len(changes)


def end_known(connection: Connection, people: ColumnElement[bool], now: datetime) -> int:
    """How many of these subscribers, who are new on the list, ended at once: their address is remembered."""
    key = _key(connection, make=False)
    if not key:
        return 0
    rows = connection.execute(select(subscribers.c.id, subscribers.c.address_key).where(people)).all()
    hashes = {address_hash(key, name): person for person, name in rows}
    endings = {hashes[name]: _ending(reason, at) for name, reason, at in _rows(connection, hashes)}
    return end(connection, endings, now)


def _record(connection: Connection, row: Row[Any], values: Mapping[str, Any], now: datetime) -> None:
    """None; the step is recorded if it is one. A row of bounces says nothing about anybody's wish."""
    action = {
        SubscriberStatus.SUPPRESSED: ConsentAction.SUPPRESSED,
        SubscriberStatus.UNSUBSCRIBED: ConsentAction.UNSUBSCRIBED,
    }.get(values["status"])
    weak = SuppressionReason.BOUNCES_IN_A_ROW
    was_ended = row.status == values["status"] and row.suppressed_reason != weak
    if action is None or values["suppressed_reason"] == weak or was_ended:
        return
    step = Consent(action=action, channel=Channel.PROVIDER, at=now, evidence=str(values["suppressed_reason"]))
    record_step(connection, SubscriberId(row.id), step)


def _ended(row: Row[Any], ending: Ending) -> dict[str, Any]:
    """The columns of a person's end.

    A suppression is absorbing but for the one by bounces in a row, which later events take back;
    the person is then what they were before it.
    """
    left_at = _earliest(row, ending)
    reason = _stronger(row, ending.reason)
    if reason:
        status = SubscriberStatus.SUPPRESSED
    elif left_at:
        status = SubscriberStatus.UNSUBSCRIBED
    elif row.status == SubscriberStatus.SUPPRESSED:
        status = SubscriberStatus.CONFIRMED if row.confirmed_at else SubscriberStatus.UNCONFIRMED
    else:
        status = SubscriberStatus(row.status)
    return {"status": status, "suppressed_reason": reason, "unsubscribed_at": left_at or row.unsubscribed_at}


def _earliest(row: Row[Any], ending: Ending) -> datetime | None:
    """When the person left, if they have not come back since."""
    left: datetime | None = row.unsubscribed_at if row.status in _GONE else None
    if left and row.confirmed_at and left < row.confirmed_at:
        left = None
    return min((each for each in (left, ending.left_at) if each), default=None)


def _stronger(row: Row[Any], reason: SuppressionReason | None) -> str:
    """The reason that stays; one that is not from events, such as the author's, always does."""
    told = str(row.suppressed_reason) if row.status == SubscriberStatus.SUPPRESSED else ""
    if told not in set(SuppressionReason):
        return told or reason or ""
    if told == SuppressionReason.BOUNCES_IN_A_ROW:
        return reason or ""
    known = SuppressionReason(told)
    return reason if reason and reason.strength > known.strength else known


# --- addresses of nobody -----------------------------------------------------------------------


def remember(connection: Connection, entries: Collection[Suppression], source: str) -> None:
    """None; the addresses are known as keyed hashes, each with its strongest reason and the earliest time."""
    if not entries:
        return
    key = _key(connection, make=True)
    told: dict[str, tuple[int, str, SuppressionReason]] = {}
    for entry in entries:
        name = address_hash(key, entry.addr_spec)
        candidate = (-entry.reason.strength, iso(entry.created_at), entry.reason)
        told[name] = min(told.get(name, candidate), candidate)
    known = {name: (-reason.strength, iso(at), reason) for name, reason, at in _rows(connection, told)}
    rows = [
        {"address_hash": name, "reason": each[2], "source": source, "at": datetime.fromisoformat(each[1])}
        for name, each in told.items()
        if name not in known or each < known[name]
    ]
    if fresh := [row for row in rows if row["address_hash"] not in known]:
        connection.execute(insert_new(connection, suppressions), fresh)
    if changed := [{"hash": row.pop("address_hash"), **row} for row in rows if row["address_hash"] in known]:
        connection.execute(_RETELL, changed)


def reasons(connection: Connection, keys: Collection[str]) -> dict[str, SuppressionReason]:
    """Why these people, by `address_key`, may not be written to; nothing of those who may."""
    key = _key(connection, make=False)
    if not key:
        return {}
    hashes = {address_hash(key, each): each for each in keys}
    return {hashes[name]: reason for name, reason, _ in _rows(connection, hashes)}


def forget(connection: Connection, addr_spec: str) -> None:
    """None; nothing stands against this address any more: its owner has confirmed anew."""
    if key := _key(connection, make=False):
        name = address_hash(key, addr_spec)
        connection.execute(delete(suppressions).where(suppressions.c.address_hash == name))


def address_hash(key: bytes, addr_spec: str) -> str:
    """What stands for an address: it can be recognised and not be read back."""
    return hmac.new(key, address_key(addr_spec).encode(), hashlib.sha256).hexdigest()


def _rows(
    connection: Connection, hashes: Collection[str]
) -> Iterator[tuple[str, SuppressionReason, datetime]]:
    for some in chunks(sorted(hashes), NAMES_AT_ONCE):
        for row in connection.execute(select(suppressions).where(suppressions.c.address_hash.in_(some))):
            yield row.address_hash, _reason(row.reason), row.at


def _reason(text: str) -> SuppressionReason:
    """The reason; one that this program does not know stands for the person's own wish."""
    return SuppressionReason(text) if text in set(SuppressionReason) else SuppressionReason.UNSUBSCRIBED


def _key(connection: Connection, *, make: bool) -> bytes:
    """The key of the hashes, empty while none was ever made. It is not the one of links, which changes."""
    wanted = select(meta.c.value).where(meta.c.key == _KEY)
    text = connection.scalar(wanted)
    if text is None and make:
        row = {"key": _KEY, "value": secrets.token_hex(32)}
        connection.execute(insert_new(connection, meta).values(row))
        text = connection.scalar(wanted)
    return bytes.fromhex(text or "")


def _met(
    connection: Connection, entries: Sequence[Suppression]
) -> tuple[list[Suppression], dict[int, Ending]]:
    """(entries of nobody on the list, subscriber → what the entry says)"""
    by_key = {address_key(entry.addr_spec): entry for entry in entries}
    endings: dict[int, Ending] = {}
    people = select(subscribers.c.id, subscribers.c.address_key)
    for some in chunks(sorted(by_key), NAMES_AT_ONCE):
        for person, key in connection.execute(people.where(subscribers.c.address_key.in_(some))):
            entry = by_key.pop(key)
            endings[person] = _ending(entry.reason, entry.created_at)
    return list(by_key.values()), endings


def _ending(reason: SuppressionReason, at: datetime) -> Ending:
    if reason is SuppressionReason.UNSUBSCRIBED:
        return Ending(left_at=at)
    return Ending(reason=reason, at=at)
