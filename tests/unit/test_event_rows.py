"""Bounces in a row: a letter that arrived ends a row, in whatever order the events come."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from newsletter.models import AttemptId, DeliveryId, EventType, ProviderEvent
from newsletter.usecases.events import ending

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def event(kind: EventType, letter: str, minutes: int) -> ProviderEvent:
    return ProviderEvent(
        type=kind,
        provider="sendgrid",
        provider_event_id=f"{kind} {letter} {minutes}",
        occurred_at=NOON + timedelta(minutes=minutes),
        delivery_id=DeliveryId(f"{letter}.1"),
        attempt_id=AttemptId("a"),
        addr_spec="noor@example.org",
    )


def test_an_arrival_never_makes_a_row() -> None:
    told = [
        event(EventType.DELIVERED, "2026-11-20", 1),
        event(EventType.BOUNCED, "2026-11-06", 0),
        event(EventType.BOUNCED, "2026-11-13", 1),
        event(EventType.DELIVERED, "2026-11-20", 0),
    ]
    for order in permutations(told):
        before = None
        for number in range(1, len(order) + 1):
            reason = ending(order[:number], None, row=2).reason
            if order[number - 1].type is EventType.DELIVERED:
                assert reason is None or reason == before
            before = reason
        assert before is None
