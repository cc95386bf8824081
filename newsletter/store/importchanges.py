"""What an import makes of people who were known: completed, ended or hardened, never brought back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from newsletter.models import Channel, ConsentAction, SubscriberStatus
from newsletter.models.imports import ImportEffect, ImportSource
from newsletter.store.columns import iso
from newsletter.store.engine import insert_new
from newsletter.store.readertables import consents, import_changes, subscriber_tags
from newsletter.store.staging import ENDED, ROWS_AT_ONCE, incoming, incoming_tags, told_reason
from newsletter.store.tables import subscribers

_STEPS = {
    SubscriberStatus.UNSUBSCRIBED: ConsentAction.UNSUBSCRIBED,
    SubscriberStatus.SUPPRESSED: ConsentAction.SUPPRESSED,
}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What an import made of a person who was known; kept as JSON in `import_changes.before`."""

    COLUMNS: ClassVar = ("status", "suppressed_reason", "unsubscribed_at", "display_name", "language")

    says: str
    """The status that the file tells, whether it changed anything or not."""
    was: dict[str, str] = {}
    made: dict[str, str] = {}
    tags: tuple[str, ...] = ()
    """Those that the person got."""

    def written(self) -> str:
        return msgspec.json.encode(self).decode()

    @staticmethod
    def values(texts: Mapping[str, str]) -> dict[str, Any]:
        """The columns as their table takes them."""
        return {
            name: (datetime.fromisoformat(text) if text else None) if name == "unsubscribed_at" else text
            for name, text in texts.items()
        }


def change_known(connection: Connection, number: int, source: ImportSource, now: datetime) -> None:
    """None; what the file adds to people of the list is done, and what they were is kept for undoing."""
    told = incoming.c.effect.in_((ImportEffect.ENDED, ImportEffect.CHANGED))
    also_ended = (incoming.c.effect == ImportEffect.SAME) & incoming.c.status.in_(ENDED)
    page = (
        select(
            incoming,
            told_reason().label("told_reason"),
            *(subscribers.c[name].label(f"was_{name}") for name in Change.COLUMNS),
        )
        .join_from(incoming, subscribers, subscribers.c.id == incoming.c.subscriber_id)
        .where(told | also_ended, incoming.c.subscriber_id > bindparam("after"))
        .order_by(incoming.c.subscriber_id)
        .limit(ROWS_AT_ONCE)
    )
    after = 0
    while rows := connection.execute(page, {"after": after}).all():
        after = rows[-1].subscriber_id
        tags = _missing_tags(connection, [row.address_key for row in rows if _is_completed(row)])
        changes = {row.subscriber_id: _change(row, tags.get(row.address_key, ()), now) for row in rows}
        _keep_changes(connection, number, source, changes, now)


def _is_completed(row: Row[Any]) -> bool:
    return row.effect == ImportEffect.CHANGED and row.status not in ENDED


def _missing_tags(connection: Connection, keys: Sequence[str]) -> dict[str, list[str]]:
    """address_key → tags of the file that the person does not have."""
    found: dict[str, list[str]] = {}
    rows = connection.execute(
        select(incoming_tags.c.address_key, incoming_tags.c.tag)
        .join_from(incoming_tags, incoming, incoming.c.address_key == incoming_tags.c.address_key)
        .join(
            subscriber_tags,
            (subscriber_tags.c.subscriber_id == incoming.c.subscriber_id)
            & (subscriber_tags.c.tag == incoming_tags.c.tag),
            isouter=True,
        )
        .where(incoming_tags.c.address_key.in_(keys), subscriber_tags.c.tag.is_(None))
    )
    for key, tag in rows:
        found.setdefault(key, []).append(tag)
    return found


def _change(row: Row[Any], tags: Sequence[str], now: datetime) -> Change:
    """What the row makes of a person who is known."""
    was = {name: _text(getattr(row, f"was_{name}")) for name in Change.COLUMNS}
    made = dict(was)
    if row.effect != ImportEffect.SAME and row.status in ENDED:
        made["status"] = row.status
        if row.status == SubscriberStatus.SUPPRESSED:
            made["suppressed_reason"] = row.told_reason
        else:
            made["unsubscribed_at"] = min(row.unsubscribed_at or iso(now), iso(now))
    elif _is_completed(row):
        made["display_name"] = was["display_name"] or row.display_name
        made["language"] = was["language"] or row.language
    differing = [name for name in Change.COLUMNS if was[name] != made[name]]
    return Change(
        says=row.status,
        was={name: was[name] for name in differing},
        made={name: made[name] for name in differing},
        tags=tuple(tags),
    )


def _keep_changes(
    connection: Connection, number: int, source: ImportSource, changes: dict[int, Change], now: datetime
) -> None:
    connection.execute(
        insert(import_changes),
        [
            {"import_number": number, "subscriber_id": person, "before": change.written()}
            for person, change in changes.items()
        ],
    )
    for person, change in changes.items():
        if change.made:
            connection.execute(
                update(subscribers).where(subscribers.c.id == person).values(change.values(change.made))
            )
    if tags := [{"subscriber_id": p, "tag": tag} for p, change in changes.items() for tag in change.tags]:
        connection.execute(insert_new(connection, subscriber_tags), tags)
    if steps := [
        {
            "subscriber_id": person,
            "action": _STEPS[SubscriberStatus(change.says)],
            "channel": Channel.IMPORT,
            "at": now,
            "evidence": source.consent_source,
        }
        for person, change in changes.items()
        if "status" in change.made
    ]:
        connection.execute(insert(consents), steps)


def _text(value: object) -> str:
    return iso(value) if isinstance(value, datetime) else str(value or "")
