"""The people of a file in temporary tables: merged, compared with the list, and not yet on it.

A file of a million rows takes a minute to read. Nothing is locked meanwhile: the rows go to tables
of the connection's own, and the list changes in one short transaction of few statements.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.content.addresses import address_key
from newsletter.models import SubscriberStatus
from newsletter.models.imports import ImportDiff, ImportedPerson, ImportEffect
from newsletter.store import suppressions
from newsletter.store.columns import iso
from newsletter.store.engine import chunks, insert_new
from newsletter.store.readertables import subscriber_tags
from newsletter.store.tables import subscribers

ROWS_AT_ONCE = 500
"""People in memory at a time; SQLite's oldest limit is 999 parameters in a statement."""
ACTIVE = (SubscriberStatus.UNCONFIRMED, SubscriberStatus.CONFIRMED)
ENDED = (SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.SUPPRESSED)
_RANK = {
    SubscriberStatus.SUPPRESSED: 0,
    SubscriberStatus.UNSUBSCRIBED: 1,
    SubscriberStatus.UNCONFIRMED: 2,
    SubscriberStatus.CONFIRMED: 3,
}

_temporary = MetaData()
incoming = Table(
    "incoming",
    _temporary,
    Column("address_key", String, primary_key=True),
    Column("line", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("addr_spec", String, nullable=False),
    Column("display_name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("language", String, nullable=False),
    Column("text_only", Integer, nullable=False),
    Column("paused_until", String),
    Column("joined_at", String),
    Column("confirmed_at", String),
    Column("unsubscribed_at", String),
    Column("consent", Text, nullable=False),
    Column("subscriber_id", Integer),
    Column("effect", String),
    prefixes=["TEMPORARY"],
)
incoming_tags = Table(
    "incoming_tags",
    _temporary,
    Column("address_key", String, nullable=False),
    Column("tag", String, nullable=False),
    PrimaryKeyConstraint("address_key", "tag"),
    prefixes=["TEMPORARY"],
)


def stage(connection: Connection, people: Iterable[ImportedPerson]) -> None:
    """None; everybody stands in `incoming` once, with the strictest of their statuses."""
    _temporary.create_all(connection, checkfirst=False)
    merging = _merging(connection)
    adding_tags = insert_new(connection, incoming_tags)
    rest = iter(people)
    while some := list(islice(rest, ROWS_AT_ONCE)):
        keys = [address_key(person.address.addr_spec) for person in some]
        connection.execute(merging, [_row(key, person) for key, person in zip(keys, some, strict=True)])
        tags = [
            {"address_key": key, "tag": tag}
            for key, person in zip(keys, some, strict=True)
            for tag in person.tags
        ]
        if tags:
            connection.execute(adding_tags, tags)


def compare(connection: Connection) -> ImportDiff:
    """How those who stand in `incoming` stand to the list now; each row there gets its effect."""
    theirs = subscribers.c.address_key == incoming.c.address_key
    connection.execute(
        update(incoming).values(
            subscriber_id=select(subscribers.c.id).where(theirs).scalar_subquery(),
            effect=func.coalesce(
                select(_effect_on_known()).where(theirs).scalar_subquery(), ImportEffect.ADDED
            ),
        )
    )
    _leave_out_suppressed(connection)
    rows = connection.execute(
        select(incoming.c.effect, func.count(), func.sum(incoming.c.rows)).group_by(incoming.c.effect)
    ).all()
    people = {ImportEffect(effect): int(count) for effect, count, _ in rows}
    return ImportDiff(
        rows=sum(int(count) for _, _, count in rows),
        people=sum(people.values()),
        effects={effect: people.get(effect, 0) for effect in ImportEffect},
    )


def told_reason() -> ColumnElement[Any]:
    """Why a person of the file is suppressed."""
    return case((incoming.c.reason == "", "import"), else_=incoming.c.reason)


def _row(key: str, person: ImportedPerson) -> dict[str, Any]:
    paused, joined = person.paused_until, person.joined_at
    confirmed, left = person.confirmed_at, person.unsubscribed_at
    return {
        "address_key": key,
        "line": person.line,
        "rows": 1,
        "rank": _RANK[person.status],
        "addr_spec": person.address.addr_spec,
        "display_name": person.address.display_name,
        "status": person.status,
        "reason": person.reason,
        "language": person.language,
        "text_only": int(person.text_only),
        "paused_until": iso(paused) if paused else None,
        "joined_at": iso(joined) if joined else None,
        "confirmed_at": iso(confirmed) if confirmed else None,
        "unsubscribed_at": iso(left) if left else None,
        "consent": person.consent,
    }


def _merging(connection: Connection) -> Any:
    """The INSERT that joins a row to an earlier one of the same person."""
    kind = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = kind.insert(incoming)
    new, old = statement.excluded, incoming.c
    stricter = new.rank < old.rank

    def first_told(name: str) -> ColumnElement[Any]:
        return case((old[name] == "", new[name]), else_=old[name])

    return statement.on_conflict_do_update(
        index_elements=["address_key"],
        set_={
            "rows": old.rows + 1,
            "display_name": first_told("display_name"),
            "language": first_told("language"),
            "text_only": case((new.text_only > old.text_only, new.text_only), else_=old.text_only),
            "joined_at": func.coalesce(old.joined_at, new.joined_at),
            **{
                name: case((stricter, new[name]), else_=old[name])
                for name in ("rank", "status", "reason", "confirmed_at", "unsubscribed_at")
            },
        },
    )


def _effect_on_known() -> ColumnElement[Any]:
    """What a row does to the subscriber of the same address."""
    person, row = subscribers.c, incoming.c
    has_it = (
        select(subscriber_tags.c.tag)
        .where(subscriber_tags.c.subscriber_id == person.id, subscriber_tags.c.tag == incoming_tags.c.tag)
        .correlate(subscribers, incoming_tags)
    )
    new_tags = (
        select(incoming_tags.c.tag)
        .where(incoming_tags.c.address_key == row.address_key, ~has_it.exists())
        .correlate(subscribers, incoming)
        .exists()
    )
    completed = or_(
        and_(person.display_name == "", row.display_name != ""),
        and_(person.language == "", row.language != ""),
        new_tags,
    )
    hardened = and_(person.status == SubscriberStatus.UNSUBSCRIBED, row.status == SubscriberStatus.SUPPRESSED)
    return case(
        (and_(person.status.in_(ACTIVE), row.status.in_(ENDED)), ImportEffect.ENDED),
        (hardened, ImportEffect.CHANGED),
        (and_(person.status.in_(ACTIVE), completed), ImportEffect.CHANGED),
        else_=ImportEffect.SAME,
    )


def _leave_out_suppressed(connection: Connection) -> None:
    """None; whoever is not on the list, but among the suppressions, has the effect LEFT_OUT."""
    page = (
        select(incoming.c.address_key)
        .where(incoming.c.address_key > bindparam("after"), incoming.c.effect == ImportEffect.ADDED)
        .order_by(incoming.c.address_key)
        .limit(ROWS_AT_ONCE)
    )
    after = ""
    while keys := connection.scalars(page, {"after": after}).all():
        after = keys[-1]
        out = suppressions.reasons(connection, keys)
        for some in chunks(sorted(out), ROWS_AT_ONCE):
            connection.execute(
                update(incoming).where(incoming.c.address_key.in_(some)).values(effect=ImportEffect.LEFT_OUT)
            )
