"""The taking in of events: one transaction for a whole webhook call (ports.EventStore).

Calls are taken one at a time, and what they change is derived from all events that are stored, never
from the order in which they came.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, text

from newsletter import faults
from newsletter.models import (
    BounceClass,
    EventType,
    ProviderEvent,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
    Taken,
)
from newsletter.ports import EventRules
from newsletter.store import issuemoves, settling, suppressions
from newsletter.store.contradictions import keep_contradictions
from newsletter.store.engine import Database, chunks, insert_new
from newsletter.store.outcomes import News, tallies, tell
from newsletter.store.recognition import VOID, WITHOUT_IDS, Told, recognise
from newsletter.store.tables import provider_events as kept
from newsletter.store.tables import subscribers

NAMES_AT_ONCE = 500
"""Parameters of one statement; SQLite takes at least 999."""
ADVISORY_LOCK = 0x6576656E74  # "event": the key of PostgreSQL's lock while a call is taken in
_TELLING = (*WITHOUT_IDS, EventType.REJECTED, EventType.UNSUBSCRIBED, EventType.DELIVERED,
            EventType.OPENED, EventType.CLICKED)  # fmt: skip
"""What can say something of a person."""


class SqlEventStore:
    """The events of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, events: Sequence[ProviderEvent], rules: EventRules, now: datetime) -> Taken:
        with self._database.writing() as connection:
            _one_at_a_time(connection)
            taken = _take(connection, events, rules, now)
            faults.point("before-event-commit")
        faults.point("after-event-commit")
        return taken


def _take(connection: Connection, events: Sequence[ProviderEvent], rules: EventRules, now: datetime) -> Taken:
    told = _keep(connection, recognise(connection, events, rules), now)
    proven = {each.event.attempt_id for each in told if each.request and each.means.proves}
    settled = settling.confirm(connection, {attempt for attempt in proven if attempt}, now)
    return Taken(
        new=len(told),
        known=len(events) - len(told),
        foreign=sum(each.request is None and each.subscriber is None for each in told),
        settled=settled,
        alarms=_change(connection, told, rules, now),
        contradictions=keep_contradictions(
            connection,
            {
                (each.request.issue_id, each.event.attempt_id)
                for each in told
                if each.request and each.contradicts
            },
        ),
    )


def _change(
    connection: Connection, told: Sequence[Told], rules: EventRules, now: datetime
) -> tuple[str, ...]:
    """One line for each issue that began to fare badly; deliveries and subscriptions are what was told."""
    ended = {each.request.issue for each in told if each.request and each.means.ends}
    before = tallies(connection, ended)
    tell(connection, _news(told))
    _end_subscriptions(connection, told, rules, now)
    alarms = []
    for number, tally in tallies(connection, ended).items():
        if note := rules.alarm(before[number], tally):
            issuemoves.pause(connection, tally.issue_id, note)
            alarms.append(f"{tally.issue_id}: {note}")
    return tuple(alarms)


def _one_at_a_time(connection: Connection) -> None:
    """None; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))


# --- what it changes ---------------------------------------------------------------------------


def _keep(connection: Connection, told: Sequence[Told], now: datetime) -> list[Told]:
    """Those that were not here before, under the same id or saying the same; now they are."""
    if not told:
        return []
    newest = connection.scalar(select(func.max(kept.c.id))) or 0
    connection.execute(insert_new(connection, kept), [_row(each, now) for each in told])
    fresh = select(kept.c.provider, kept.c.provider_event_id).where(kept.c.id > newest)
    waiting = {(provider, event_id) for provider, event_id in connection.execute(fresh)}
    new = []
    for each in told:
        name = (each.event.provider, each.event.provider_event_id)
        if name in waiting:
            waiting.remove(name)
            new.append(each)
    return new


def _row(told: Told, now: datetime) -> dict[str, Any]:
    event = _nobodys(told.event) if told.erased else told.event
    return {
        "provider": event.provider,
        "provider_event_id": event.provider_event_id,
        "fingerprint": event.fingerprint or event.provider_event_id,
        "type": event.type,
        "occurred_at": event.occurred_at,
        "received_at": now,
        "delivery_id": event.delivery_id,
        "attempt_id": event.attempt_id,
        "addr_spec": event.addr_spec,
        "permanent": event.permanent,
        "enhanced_status": event.enhanced_status,
        "bounce_class": event.bounce_class or "",
        "machine": event.machine,
        "subscriber_id": told.subscriber,
        "detail": event.detail,
        "raw": event.raw,
    }


def _nobodys(event: ProviderEvent) -> ProviderEvent:
    """The event without whom it is about."""
    return replace(event, addr_spec="", detail="", raw="", fingerprint=f"erased {event.provider_event_id}")


def _news(told: Iterable[Told]) -> list[News]:
    """What the events say of deliveries; those of a void request say nothing of the one that counts."""
    return [
        News(
            place=each.place,
            status=each.means.status,
            reason=each.means.reason,
            detail=each.event.detail,
            attempt=each.event.attempt_id,
            at=each.event.occurred_at,
        )
        for each in told
        if each.request and each.place and each.subscriber and each.means.status and each.event.attempt_id
        if each.request.state not in VOID
    ]


def _end_subscriptions(
    connection: Connection, told: Sequence[Told], rules: EventRules, now: datetime
) -> None:
    """None; everybody of whom something was told is what all their events together say."""
    people = {each.subscriber for each in told if each.means.ends or each.means.counts}
    reached = {each.subscriber for each in told if each.means.reached}
    people |= _bounced_in_a_row(connection, {person for person in reached - people if person})
    endings = {}
    gone = []
    for some in chunks(sorted(person for person in people if person), NAMES_AT_ONCE):
        events = _events(connection, some)
        rows = select(subscribers.c.id, subscribers.c.addr_spec, subscribers.c.confirmed_at)
        for person, addr_spec, confirmed_at in connection.execute(rows.where(subscribers.c.id.in_(some))):
            ending = endings[person] = rules.ending(events.get(person, []), confirmed_at)
            if ending.reason and ending.at and ending.reason is not SuppressionReason.BOUNCES_IN_A_ROW:
                gone.append(Suppression(addr_spec=addr_spec, reason=ending.reason, created_at=ending.at))
    suppressions.end(connection, endings, now)
    suppressions.remember(connection, gone, "events")


def _bounced_in_a_row(connection: Connection, people: Collection[int]) -> set[int]:
    """Which of these are suppressed for a reason that an arrival takes back."""
    weak = select(subscribers.c.id).where(
        subscribers.c.status == SubscriberStatus.SUPPRESSED,
        subscribers.c.suppressed_reason == SuppressionReason.BOUNCES_IN_A_ROW,
    )
    return {
        person
        for some in chunks(sorted(people), NAMES_AT_ONCE)
        for person in connection.scalars(weak.where(subscribers.c.id.in_(some)))
    }


def _events(connection: Connection, people: Sequence[int]) -> dict[int, list[ProviderEvent]]:
    """Subscriber → all that was ever told of them and can mean something for their subscription."""
    found: dict[int, list[ProviderEvent]] = {}
    wanted = select(kept).where(kept.c.subscriber_id.in_(people), kept.c.type.in_(_TELLING))
    for row in connection.execute(wanted):
        found.setdefault(row.subscriber_id, []).append(_event(row))
    return found


def _event(row: Row[Any]) -> ProviderEvent:
    return ProviderEvent(
        type=EventType(row.type),
        provider=row.provider,
        provider_event_id=row.provider_event_id,
        occurred_at=row.occurred_at,
        delivery_id=row.delivery_id,
        attempt_id=row.attempt_id,
        addr_spec=row.addr_spec,
        permanent=row.permanent,
        enhanced_status=row.enhanced_status,
        bounce_class=BounceClass(row.bounce_class) if row.bounce_class in set(BounceClass) else None,
        machine=row.machine,
        fingerprint=row.fingerprint,
    )
