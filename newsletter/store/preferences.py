"""What readers choose for themselves, and how their address becomes another one."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from newsletter.content.addresses import address_key
from newsletter.models import Address, Choices, Consent, SubscriberId, SystemMailKind
from newsletter.store import suppressions
from newsletter.store.consents import record_step
from newsletter.store.engine import Database
from newsletter.store.readertables import address_changes, subscriber_tags
from newsletter.store.systemmails import queue_mail
from newsletter.store.tables import subscribers


class SqlPreferences:
    """The preferences of one database's subscribers (ports.Preferences)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def choose(self, subscriber_id: SubscriberId, choices: Choices, offered: Collection[str]) -> None:
        values: dict[str, Any] = {
            "language": choices.language,
            "text_only": choices.text_only,
            "paused_until": choices.paused_until,
        }
        if choices.name is not None:
            values["display_name"] = choices.name
        with self._database.writing() as connection:
            changed = connection.execute(
                update(subscribers).where(subscribers.c.id == subscriber_id).values(values)
            )
            if changed.rowcount and offered:
                _set_topics(connection, subscriber_id, choices.topics, offered)

    def mail_link(self, subscriber_id: SubscriberId, now: datetime) -> None:
        with self._database.writing() as connection:
            addr_spec = connection.scalar(
                select(subscribers.c.addr_spec).where(subscribers.c.id == subscriber_id)
            )
            if addr_spec:
                queue_mail(connection, SystemMailKind.MANAGE, addr_spec, now, subscriber_id=subscriber_id)

    def ask_for_change(self, subscriber_id: SubscriberId, address: Address, now: datetime) -> None:
        mine = address_changes.c.subscriber_id == subscriber_id
        with self._database.writing() as connection:
            connection.execute(delete(address_changes).where(mine))
            if not _may_become(connection, subscriber_id, address.addr_spec):
                return
            connection.execute(
                insert(address_changes).values(
                    subscriber_id=subscriber_id, addr_spec=address.addr_spec, at=now
                )
            )
            queue_mail(
                connection,
                SystemMailKind.NEW_ADDRESS,
                address.addr_spec,
                now,
                subscriber_id=subscriber_id,
            )

    def next_address(self, subscriber_id: SubscriberId) -> str:
        wished = select(address_changes.c.addr_spec).where(address_changes.c.subscriber_id == subscriber_id)
        own = select(subscribers.c.addr_spec).where(subscribers.c.id == subscriber_id)
        with self._database.reading() as connection:
            return connection.scalar(wished) or connection.scalar(own) or ""

    def change_address(self, subscriber_id: SubscriberId, step: Consent) -> bool:
        mine = address_changes.c.subscriber_id == subscriber_id
        with self._database.writing() as connection:
            addr_spec = connection.scalar(select(address_changes.c.addr_spec).where(mine).with_for_update())
            if addr_spec is None:  # done before
                return True
            connection.execute(delete(address_changes).where(mine))
            if not _may_become(connection, subscriber_id, addr_spec):
                return False
            moved = (
                update(subscribers)
                .where(subscribers.c.id == subscriber_id)
                .values(addr_spec=addr_spec, address_key=address_key(addr_spec))
            )
            try:
                with connection.begin_nested():
                    connection.execute(moved)
            except IntegrityError:  # somebody else took it in this very moment
                return False
            record_step(connection, subscriber_id, step)
            return True


def _may_become(connection: Connection, subscriber_id: SubscriberId, addr_spec: str) -> bool:
    """Whether the person is there, and the address is nobody else's, and not one that is suppressed."""
    key = address_key(addr_spec)
    holders = connection.scalars(
        select(subscribers.c.id).where(
            (subscribers.c.address_key == key) | (subscribers.c.id == subscriber_id)
        )
    ).all()
    return holders == [subscriber_id] and not suppressions.reasons(connection, [key])


def _set_topics(
    connection: Connection, subscriber_id: SubscriberId, chosen: Collection[str], offered: Collection[str]
) -> None:
    connection.execute(
        delete(subscriber_tags).where(
            subscriber_tags.c.subscriber_id == subscriber_id, subscriber_tags.c.tag.in_(offered)
        )
    )
    rows = [{"subscriber_id": subscriber_id, "tag": tag} for tag in offered if tag in chosen]
    if rows:
        connection.execute(insert(subscriber_tags), rows)
