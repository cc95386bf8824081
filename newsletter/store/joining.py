"""Joining, leaving and coming back, each with its step in the consent record, in one transaction.

The newest step of the record rules: somebody is confirmed only if it says so, and a link of an
earlier mail cannot undo what came after it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from newsletter.content.addresses import address_key
from newsletter.models import (
    Address,
    Confirmation,
    Consent,
    ConsentAction,
    Limit,
    SubscriberId,
    SubscriberStatus,
    SystemMailKind,
)
from newsletter.store import suppressions
from newsletter.store.consents import last_action, record_step, steps
from newsletter.store.engine import Database, insert_new
from newsletter.store.limits import counted_within
from newsletter.store.readertables import consents, subscriber_tags, system_mails
from newsletter.store.systemmails import queue_mail
from newsletter.store.tables import subscribers


class SqlJoining:
    """The joining and leaving of one database's subscribers (ports.Joining)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def request(
        self,
        address: Address,
        step: Consent,
        *,
        language: str,
        tags: Sequence[str],
        mail: bool,
        limits: Sequence[Limit] = (),
    ) -> None:
        key = address_key(address.addr_spec)
        with self._database.writing() as connection:
            if not counted_within(connection, limits, step.at):
                return
            connection.execute(
                insert_new(connection, subscribers).values(
                    addr_spec=address.addr_spec,
                    address_key=key,
                    display_name=address.display_name,
                    status=SubscriberStatus.UNCONFIRMED,
                    created_at=step.at,
                    consent_source=step.form_url or step.channel,
                    language=language,
                )
            )
            row = connection.execute(
                select(subscribers).where(subscribers.c.address_key == key).with_for_update()
            ).one()
            _note_wishes(connection, row.id, address.display_name, language, tags)
            record_step(connection, SubscriberId(row.id), step)
            if mail:
                known = row.status == SubscriberStatus.CONFIRMED
                queue_mail(
                    connection,
                    SystemMailKind.MANAGE if known else SystemMailKind.CONFIRMATION,
                    row.addr_spec,
                    step.at,
                    subscriber_id=SubscriberId(row.id),
                )

    def confirm(self, subscriber_id: SubscriberId, step: Consent) -> Confirmation:
        with self._database.writing() as connection:
            row = connection.execute(
                select(subscribers).where(subscribers.c.id == subscriber_id).with_for_update()
            ).one_or_none()
            if row is None:
                return Confirmation.UNKNOWN
            if row.status == SubscriberStatus.CONFIRMED:
                return Confirmation.ALREADY
            if not _asked_since_the_end(connection, subscriber_id, row.status):
                return Confirmation.ENDED
            _subscribe(connection, subscriber_id, step.at)
            suppressions.forget(connection, row.addr_spec)
            record_step(connection, subscriber_id, step)
            return Confirmation.CONFIRMED

    def leave(self, subscriber_id: SubscriberId, step: Consent, *, mail: bool) -> bool:
        with self._database.writing() as connection:
            row = connection.execute(
                update(subscribers)
                .where(subscribers.c.id == subscriber_id, suppressions.MAY_LEAVE)
                .values(status=SubscriberStatus.UNSUBSCRIBED, suppressed_reason="", unsubscribed_at=step.at)
                .returning(subscribers.c.addr_spec)
            ).one_or_none()
            if row is None:
                return False
            record_step(connection, subscriber_id, step)
            if mail:
                queue_mail(
                    connection, SystemMailKind.GOODBYE, row.addr_spec, step.at, subscriber_id=subscriber_id
                )
            return True

    def come_back(self, subscriber_id: SubscriberId, step: Consent) -> bool:
        with self._database.writing() as connection:
            status = connection.scalar(
                select(subscribers.c.status).where(subscribers.c.id == subscriber_id).with_for_update()
            )
            if status == SubscriberStatus.CONFIRMED:
                return True
            last = last_action(connection, subscriber_id)
            left = last is not None and last[0] is ConsentAction.UNSUBSCRIBED
            if status != SubscriberStatus.UNSUBSCRIBED or not left:
                return False
            _subscribe(connection, subscriber_id, step.at)
            record_step(connection, subscriber_id, step)
            return True

    def steps(self, subscriber_id: SubscriberId) -> Sequence[Consent]:
        with self._database.reading() as connection:
            return steps(connection, subscriber_id)

    def expire(self, before: datetime) -> int:
        newest = (
            select(func.max(consents.c.at))
            .where(consents.c.subscriber_id == subscribers.c.id)
            .scalar_subquery()
        )
        stale = select(subscribers.c.id).where(
            subscribers.c.status == SubscriberStatus.UNCONFIRMED,
            func.coalesce(newest, subscribers.c.created_at) < before,
        )
        with self._database.writing() as connection:
            people = connection.scalars(stale).all()
            for person in people:
                for table in (subscriber_tags, consents, system_mails):
                    connection.execute(delete(table).where(table.c.subscriber_id == person))
                connection.execute(delete(subscribers).where(subscribers.c.id == person))
            return len(people)


def _subscribe(connection: Connection, subscriber_id: SubscriberId, now: datetime) -> None:
    connection.execute(
        update(subscribers)
        .where(subscribers.c.id == subscriber_id)
        .values(
            status=SubscriberStatus.CONFIRMED,
            confirmed_at=now,
            unsubscribed_at=None,
            suppressed_reason="",
        )
    )


def _asked_since_the_end(connection: Connection, subscriber_id: SubscriberId, status: str) -> bool:
    """Whether the link that is followed belongs to a wish that came after the subscription ended."""
    if status == SubscriberStatus.UNCONFIRMED:
        return True
    last = last_action(connection, subscriber_id)
    return last is not None and last[0] is ConsentAction.REQUESTED


def _note_wishes(
    connection: Connection, subscriber_id: int, name: str, language: str, tags: Sequence[str]
) -> None:
    """None; somebody who is unconfirmed has these wishes: nobody else's data is changed by a stranger.

    Everybody else meets the same statements, so that the time that they take tells nothing.
    """
    asking = (subscribers.c.id == subscriber_id, subscribers.c.status == SubscriberStatus.UNCONFIRMED)
    connection.execute(update(subscribers).where(*asking).values(display_name=name, language=language))
    theirs = select(subscribers.c.id).where(*asking)
    connection.execute(delete(subscriber_tags).where(subscriber_tags.c.subscriber_id.in_(theirs)))
    for tag in dict.fromkeys(tags):
        tagged = select(subscribers.c.id, literal(tag)).where(*asking)
        connection.execute(insert(subscriber_tags).from_select(["subscriber_id", "tag"], tagged))
