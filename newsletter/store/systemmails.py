"""The queue of mails that are no letters. As with batches, what may have been accepted is never
handed over again: a mail is claimed on the disk before a byte of it leaves."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, or_, select, update

from newsletter.models import Address, SubscriberId, SystemMail, SystemMailKind, SystemMailState
from newsletter.store.engine import Database
from newsletter.store.readertables import system_mails


def queue_mail(
    connection: Connection,
    kind: SystemMailKind,
    addr_spec: str,
    now: datetime,
    *,
    subscriber_id: SubscriberId | None = None,
    detail: str = "",
) -> int:
    """The number of the mail, which will go out when the caller's transaction is committed.

    `detail` is what its kind needs to know, such as the issue that waits for review.
    """
    return int(
        connection.execute(
            insert(system_mails).values(
                kind=kind,
                addr_spec=addr_spec,
                subscriber_id=subscriber_id,
                state=SystemMailState.PENDING,
                created_at=now,
                detail=detail,
            )
        ).inserted_primary_key[0]  # type: ignore[index]
    )


class SqlMailQueue:
    """The mails of one database (ports.MailQueue). One process empties it at a time, by a lease."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, now: datetime) -> bool:
        begun = system_mails.c.state == SystemMailState.SUBMITTING
        wanted = select(system_mails.c.number).where(begun | _may_go(now)).limit(1)
        with self._database.reading() as connection:
            return connection.scalar(wanted) is not None

    def recover(self, now: datetime) -> int:
        with self._database.writing() as connection:
            return connection.execute(
                update(system_mails)
                .where(system_mails.c.state == SystemMailState.SUBMITTING)
                .values(state=SystemMailState.UNCERTAIN, submitted_at=now)
            ).rowcount

    def uncertain(self, since: datetime) -> int:
        doubts = select(func.count()).where(
            system_mails.c.state == SystemMailState.UNCERTAIN, system_mails.c.submitted_at >= since
        )
        with self._database.reading() as connection:
            return connection.scalar(doubts) or 0

    def claim(self, now: datetime) -> SystemMail | None:
        with self._database.writing() as connection:
            row = connection.execute(_due(now).with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            _set(connection, row.number, state=SystemMailState.SUBMITTING, tries=row.tries + 1)
        return SystemMail(
            number=row.number,
            kind=SystemMailKind(row.kind),
            to=Address(addr_spec=row.addr_spec),
            subscriber_id=None if row.subscriber_id is None else SubscriberId(row.subscriber_id),
            created_at=row.created_at,
            tries=row.tries + 1,
            detail=row.detail,
        )

    def finish(
        self, mail: SystemMail, state: SystemMailState, now: datetime, *, message_id: str = "", why: str = ""
    ) -> None:
        with self._database.writing() as connection:
            _set(
                connection,
                mail.number,
                state=state,
                submitted_at=now,
                provider_message_id=message_id,
                why=why,
            )

    def put_back(self, mail: SystemMail, retry_at: datetime) -> None:
        with self._database.writing() as connection:
            _set(connection, mail.number, state=SystemMailState.PENDING, retry_at=retry_at)


def _due(now: datetime) -> Select[Any]:
    """The first mail that may be handed over."""
    return select(system_mails).where(_may_go(now)).order_by(system_mails.c.number).limit(1)


def _may_go(now: datetime) -> ColumnElement[bool]:
    return and_(
        system_mails.c.state == SystemMailState.PENDING,
        or_(system_mails.c.retry_at.is_(None), system_mails.c.retry_at <= now),
    )


def _set(connection: Connection, number: int, **values: object) -> None:
    connection.execute(update(system_mails).where(system_mails.c.number == number).values(values))
