"""Taking back an import: who came by it and did nothing since goes, who was ended by it is put back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.types import String

from newsletter.errors import NotFound
from newsletter.models import Channel, ConsentAction, SubscriberStatus
from newsletter.models.imports import StayReason, UndoneImport
from newsletter.store import suppressions
from newsletter.store.importchanges import Change
from newsletter.store.readertables import (
    address_changes,
    consents,
    import_changes,
    imports,
    subscriber_tags,
    system_mails,
)
from newsletter.store.staging import ENDED, ROWS_AT_ONCE
from newsletter.store.tables import deliveries, subscribers

_ADDED = "added "
"""How `import_changes.before` begins for people whom the import added; the rest is what they were then."""
_BETWEEN = "\x1f"
_MOMENTS = ("text_only", "confirmed_at", "unsubscribed_at", "paused_until")
_REASONS = (StayReason.MAILED, StayReason.ACTED, StayReason.DIFFERS)
"""Why somebody whom the import added stays; the first that holds is told."""


def added_as(number: int) -> Select[Any]:
    """(import, subscriber, what is known of them now) for everybody whom the import added."""
    people, text = _known_now(number)
    added = select(literal(number), subscribers.c.id, literal(_ADDED).concat(text)).select_from(people)
    return added.where(subscribers.c.import_number == number)


def undo(connection: Connection, number: int, now: datetime) -> UndoneImport:
    """What was taken back, in the caller's transaction; nothing when that was done before.

    Raises NotFound.
    """
    record = connection.execute(
        select(imports).where(imports.c.number == number).with_for_update()
    ).one_or_none()
    if record is None:
        raise NotFound(f"there is no import {number}", remedy="see “newsletter subscribers imports”")
    if record.undone_at:
        return UndoneImport(number=number, undone_at=record.undone_at, already=True)
    removed, stayed = _remove_added(connection, record)
    restored, also_stayed = _restore_known(connection, record, now)
    connection.execute(update(imports).where(imports.c.number == number).values(undone_at=now))
    for reason, count in also_stayed.items():
        stayed[reason] = stayed.get(reason, 0) + count
    return UndoneImport(number=number, undone_at=now, removed=removed, restored=restored, stayed=stayed)


# --- people whom it added ----------------------------------------------------------------------


def _remove_added(connection: Connection, record: Row[Any]) -> tuple[int, dict[StayReason, int]]:
    """(people removed, those who stay by reason)"""
    number: int = record.number
    staying = _staying(record)
    counts = connection.execute(select(staying.c.reason, func.count()).group_by(staying.c.reason)).all()
    came = select(subscribers.c.id).where(subscribers.c.import_number == number)
    goes = came.except_(select(staying.c.id)).subquery()
    # They are marked first: what is deleted below decides who stays.
    removed = connection.execute(
        update(subscribers).where(subscribers.c.id.in_(select(goes.c.id))).values(import_number=-number),
        execution_options={"preserve_rowcount": True},
    ).rowcount
    marked = select(subscribers.c.id).where(subscribers.c.import_number == -number)
    for table in (import_changes, subscriber_tags, consents, address_changes):
        connection.execute(delete(table).where(table.c.subscriber_id.in_(marked)))
    connection.execute(delete(subscribers).where(subscribers.c.import_number == -number))
    return removed, {_REASONS[rank]: int(count) for rank, count in counts}


def _staying(record: Row[Any]) -> Any:
    """(id, rank of the reason) for everybody whom the import added and who must stay."""
    theirs = subscribers.c.import_number == record.number

    def because(reason: StayReason, table: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
        return (
            select(subscribers.c.id, literal(_REASONS.index(reason)).label("rank"))
            .join_from(subscribers, table, table.c.subscriber_id == subscribers.c.id)
            .where(theirs, *conditions)
        )

    people, text = _known_now(record.number)
    as_it_came = (import_changes.c.subscriber_id == subscribers.c.id) & (
        import_changes.c.import_number == record.number
    )
    differs = (
        select(subscribers.c.id, literal(_REASONS.index(StayReason.DIFFERS)).label("rank"))
        .select_from(people.join(import_changes, as_it_came))
        .where(theirs, import_changes.c.before != literal(_ADDED).concat(text))
    )
    every = union_all(
        because(StayReason.MAILED, deliveries),
        because(StayReason.MAILED, system_mails),
        because(StayReason.ACTED, consents, consents.c.channel != Channel.IMPORT),
        differs,
    ).subquery()
    return select(every.c.id, func.min(every.c.rank).label("reason")).group_by(every.c.id).subquery()


def _known_now(number: int) -> tuple[Any, ColumnElement[Any]]:
    """Subscribers beside their tags, and all that a person or the author can change, in one text."""
    each = (
        select(subscriber_tags.c.subscriber_id, subscriber_tags.c.tag)
        .join_from(subscriber_tags, subscribers, subscribers.c.id == subscriber_tags.c.subscriber_id)
        .where(subscribers.c.import_number == number)
        .order_by(subscriber_tags.c.subscriber_id, subscriber_tags.c.tag)
        .subquery()
    )
    tags = (
        select(each.c.subscriber_id, func.aggregate_strings(each.c.tag, _BETWEEN).label("tags"))
        .group_by(each.c.subscriber_id)
        .subquery()
    )
    text: ColumnElement[Any] = subscribers.c.status
    for part in (
        *(subscribers.c[name] for name in ("display_name", "language", "suppressed_reason")),
        *(func.coalesce(subscribers.c[name].cast(String), "") for name in _MOMENTS),
        func.coalesce(tags.c.tags, ""),
    ):
        text = text.concat(_BETWEEN).concat(part)
    return subscribers.join(tags, tags.c.subscriber_id == subscribers.c.id, isouter=True), text


# --- people who were known ---------------------------------------------------------------------


def _restore_known(
    connection: Connection, record: Row[Any], now: datetime
) -> tuple[int, dict[StayReason, int]]:
    """(people put back, those who stay as the import left them by reason)"""
    restored = 0
    stayed: dict[StayReason, int] = {}
    for rows in _changed_people(connection, record.number):
        elsewhere = _ended_elsewhere(connection, record, rows)
        back = []
        for row in rows:
            change = msgspec.json.decode(row.before, type=Change)
            if not change.made and not change.tags:
                continue
            if reason := _why_not(row, change, elsewhere):
                stayed[reason] = stayed.get(reason, 0) + 1
            else:
                back.append((row.id, change))
        _put_back(connection, record, back, now)
        restored += len(back)
    return restored, stayed


def _changed_people(connection: Connection, number: int) -> Iterator[Sequence[Row[Any]]]:
    page = (
        select(subscribers, import_changes.c.before)
        .join_from(import_changes, subscribers, subscribers.c.id == import_changes.c.subscriber_id)
        .where(
            import_changes.c.import_number == number,
            ~import_changes.c.before.startswith(_ADDED),
            subscribers.c.id > bindparam("after"),
        )
        .order_by(subscribers.c.id)
        .limit(ROWS_AT_ONCE)
    )
    after = 0
    while rows := connection.execute(page, {"after": after}).all():
        after = rows[-1].id
        yield rows


def _why_not(row: Row[Any], change: Change, elsewhere: Mapping[int, set[str]]) -> StayReason | None:
    if any(getattr(row, name) != value for name, value in Change.values(change.made).items()):
        return StayReason.DIFFERS
    if "status" in change.made and elsewhere.get(row.id, set()) - {change.was["status"]}:
        return StayReason.ENDED_ELSEWHERE
    return None


def _ended_elsewhere(
    connection: Connection, record: Row[Any], rows: Sequence[Row[Any]]
) -> Mapping[int, set[str]]:
    """Person → what they are, unsubscribed or suppressed, by something besides this import."""
    found: dict[int, set[str]] = {row.id: set() for row in rows}
    steps = select(consents.c.subscriber_id, consents.c.action).where(
        consents.c.subscriber_id.in_(found),
        consents.c.action.in_((ConsentAction.UNSUBSCRIBED, ConsentAction.SUPPRESSED)),
        consents.c.channel != Channel.IMPORT,
        consents.c.at >= record.at,
    )
    for person, action in connection.execute(steps):
        found[person].add(action)
    others = (
        select(import_changes.c.subscriber_id, import_changes.c.before)
        .join_from(import_changes, imports, imports.c.number == import_changes.c.import_number)
        .where(
            import_changes.c.subscriber_id.in_(found),
            imports.c.number != record.number,
            imports.c.undone_at.is_(None),
            ~import_changes.c.before.startswith(_ADDED),
        )
    )
    for person, before in connection.execute(others):
        if (says := msgspec.json.decode(before, type=Change).says) in ENDED:
            found[person].add(says)
    refused = suppressions.reasons(connection, [row.address_key for row in rows])
    for row in rows:
        if row.address_key in refused:
            found[row.id].add(SubscriberStatus.SUPPRESSED)
    return found


def _put_back(
    connection: Connection, record: Row[Any], changes: Sequence[tuple[int, Change]], now: datetime
) -> None:
    for person, change in changes:
        if change.was:
            connection.execute(
                update(subscribers).where(subscribers.c.id == person).values(Change.values(change.was))
            )
        if change.tags:
            theirs = subscriber_tags.c.subscriber_id == person
            connection.execute(delete(subscriber_tags).where(theirs, subscriber_tags.c.tag.in_(change.tags)))
    if steps := [
        {
            "subscriber_id": person,
            "action": ConsentAction.IMPORTED,
            "channel": Channel.IMPORT,
            "at": now,
            "evidence": f"import {record.number} was undone",
        }
        for person, change in changes
        if "status" in change.was
    ]:
        connection.execute(insert(consents), steps)
