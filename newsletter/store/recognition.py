"""Whom an event is about: the request, the delivery and the subscriber that it names.

An address alone names nobody, but for an event that has lost our ids on its way.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from newsletter.content.addresses import address_key
from newsletter.models import AttemptId, Consequence, EventType, IssueId, ProviderEvent, SuppressionReason
from newsletter.ports import EventRules
from newsletter.store import suppressions
from newsletter.store.engine import chunks
from newsletter.store.outcomes import Place
from newsletter.store.tables import AttemptState, attempts, batches, deliveries, issues, subscribers

NAMES_AT_ONCE = 500
"""Parameters of one statement; SQLite takes at least 999."""
VOID = (AttemptState.REFUSED, AttemptState.RELEASED, AttemptState.VOID)
"""Requests of which nothing was accepted, as far as anybody knew."""
WITHOUT_IDS = (EventType.BOUNCED, EventType.COMPLAINED)
"""What may come without our ids, when the other server answers by a mail of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """An attempt of ours, as an event names it."""

    issue: int
    issue_id: IssueId
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """An event with what it means and whom it is about, as far as that is known."""

    event: ProviderEvent
    means: Consequence
    request: Request | None = None
    place: Place | None = None
    subscriber: int | None = None
    erased: bool = False
    """It is about somebody who was forgotten: nothing of it may name them."""

    @property
    def contradicts(self) -> bool:
        """Whether something was accepted of a request that was taken for void.

        One that was called back in time was accepted before, and events may say so.
        """
        if self.request is None or self.request.state not in VOID:
            return False
        return self.means.mailed if self.request.state == AttemptState.VOID else self.means.proves


def recognise(connection: Connection, events: Sequence[ProviderEvent], rules: EventRules) -> list[Told]:
    """Each event with its meaning and whom it is about, in order."""
    requests = _requests(connection, {event.attempt_id for event in events if event.attempt_id})
    named = [requests.get(event.attempt_id) if event.attempt_id else None for event in events]
    places = [_place(event, request) for event, request in zip(events, named, strict=True)]
    people, erased = _people(connection, {place for place in places if place})
    lost = _by_address(connection, {address_key(event.addr_spec) for event in events if _lost_ids(event)})
    told = [
        Told(
            event=event,
            means=rules.consequence(event),
            request=request,
            place=place,
            subscriber=people.get(place) if place else _by_address_alone(event, lost),
            erased=place in erased,
        )
        for event, request, place in zip(events, named, places, strict=True)
    ]
    return _without_the_erased(connection, told)


def _place(event: ProviderEvent, request: Request | None) -> Place | None:
    """Where the delivery stands; None when it is not one of the request's issue."""
    issue_id, _, seq = (event.delivery_id or "").rpartition(".")
    if request is None or issue_id != request.issue_id or not seq.isdecimal() or len(seq) > 9:
        return None
    return request.issue, int(seq)


def _lost_ids(event: ProviderEvent) -> bool:
    return event.type in WITHOUT_IDS and event.attempt_id is None and event.delivery_id is None


def _by_address_alone(event: ProviderEvent, people: Mapping[str, int]) -> int | None:
    return people.get(address_key(event.addr_spec)) if _lost_ids(event) else None


def _requests(connection: Connection, named: Collection[AttemptId]) -> dict[AttemptId, Request]:
    ours = (
        select(attempts.c.id, attempts.c.state, issues.c.number, issues.c.id)
        .join_from(attempts, batches, batches.c.id == attempts.c.batch)
        .join(issues, issues.c.number == batches.c.issue)
    )
    return {
        AttemptId(attempt): Request(issue=number, issue_id=IssueId(issue_id), state=state)
        for some in chunks(sorted(named), NAMES_AT_ONCE)
        for attempt, state, number, issue_id in connection.execute(ours.where(attempts.c.id.in_(some)))
    }


def _without_the_erased(connection: Connection, told: list[Told]) -> list[Told]:
    """The same; events of nobody on the list may be about somebody who was."""
    strangers = {address_key(each.event.addr_spec) for each in told if each.subscriber is None}
    reasons = suppressions.reasons(connection, strangers - {""})
    gone = {key for key, reason in reasons.items() if reason is SuppressionReason.ERASED}
    if not gone:
        return told
    return [
        replace(each, erased=True)
        if each.subscriber is None and address_key(each.event.addr_spec) in gone
        else each
        for each in told
    ]


def _people(connection: Connection, places: Collection[Place]) -> tuple[dict[Place, int], set[Place | None]]:
    """(place → subscriber, the places of those who were erased)"""
    by_issue: dict[int, list[int]] = {}
    for issue, seq in places:
        by_issue.setdefault(issue, []).append(seq)
    who = select(deliveries.c.seq, deliveries.c.subscriber_id, deliveries.c.addr_spec == "")
    people: dict[Place, int] = {}
    erased: set[Place | None] = set()
    for issue, seqs in by_issue.items():
        for some in chunks(seqs, NAMES_AT_ONCE):
            here = who.where(deliveries.c.issue == issue, deliveries.c.seq.in_(some))
            for seq, subscriber, is_erased in connection.execute(here):
                if is_erased:
                    erased.add((issue, seq))
                else:
                    people[issue, seq] = subscriber
    return people, erased


def _by_address(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    who = select(subscribers.c.address_key, subscribers.c.id)
    return {
        key: person
        for some in chunks(sorted(keys), NAMES_AT_ONCE)
        for key, person in connection.execute(who.where(subscribers.c.address_key.in_(some)))
    }
