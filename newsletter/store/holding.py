"""All that one database holds of a person, read for themselves (usecases.forgetting.Forgetting.held)."""

from typing import Any

from sqlalchemy import Connection, and_, select

from newsletter.models import SubscriberId
from newsletter.models.privacy import Held, HeldEvent, HeldLetter, HeldMail
from newsletter.store.consents import steps
from newsletter.store.engine import Database
from newsletter.store.readertables import address_changes, imports, system_mails
from newsletter.store.subscribers import SqlSubscriberStore
from newsletter.store.tables import deliveries, issues, letters, outcomes, provider_events, subscribers


def held(database: Database, subscriber_id: SubscriberId) -> Held | None:
    """Everything that belongs to the person; None when there is no such person."""
    person = SqlSubscriberStore(database).get(subscriber_id)
    if person is None:
        return None
    came_with = (
        select(imports.c.file)
        .join_from(imports, subscribers, subscribers.c.import_number == imports.c.number)
        .where(subscribers.c.id == subscriber_id)
    )
    changing = select(address_changes.c.addr_spec).where(address_changes.c.subscriber_id == subscriber_id)
    with database.reading() as connection:
        file, wished = connection.scalar(came_with), connection.scalar(changing)
        return Held(
            person=person,
            import_file=file or "",
            new_address=wished or "",
            steps=tuple(steps(connection, subscriber_id)),
            letters=_letters(connection, subscriber_id),
            mails=_mails(connection, subscriber_id),
            events=_events(connection, subscriber_id),
        )


def _letters(connection: Connection, person: SubscriberId) -> tuple[HeldLetter, ...]:
    outcome = and_(outcomes.c.issue == deliveries.c.issue, outcomes.c.seq == deliveries.c.seq)
    theirs = and_(deliveries.c.issue.in_(select(issues.c.number)), deliveries.c.subscriber_id == person)
    wanted = (
        select(
            issues.c.id,
            issues.c.frozen_at,
            letters.c.subject,
            deliveries.c.addr_spec,
            deliveries.c.display_name,
            outcomes.c.status,
            outcomes.c.detail,
        )
        .join_from(deliveries, issues, issues.c.number == deliveries.c.issue)
        .join(letters, letters.c.issue == deliveries.c.issue)
        .join(outcomes, outcome, isouter=True)
        .where(theirs)
        .order_by(issues.c.number)
    )
    return tuple(
        HeldLetter(
            issue=row.id,
            subject=row.subject,
            at=row.frozen_at,
            address=row.addr_spec,
            name=row.display_name,
            outcome=row.status or "",
            detail=row.detail or "",
        )
        for row in connection.execute(wanted)
    )


def _mails(connection: Connection, person: SubscriberId) -> tuple[HeldMail, ...]:
    mails: Any = system_mails.c
    wanted = select(system_mails).where(mails.subscriber_id == person).order_by(mails.number)
    return tuple(
        HeldMail(kind=row.kind, at=row.created_at, address=row.addr_spec, state=row.state)
        for row in connection.execute(wanted)
    )


def _events(connection: Connection, person: SubscriberId) -> tuple[HeldEvent, ...]:
    events: Any = provider_events.c
    wanted = select(provider_events).where(events.subscriber_id == person).order_by(events.occurred_at)
    return tuple(
        HeldEvent(type=row.type, at=row.occurred_at, address=row.addr_spec, detail=row.detail, raw=row.raw)
        for row in connection.execute(wanted)
    )
