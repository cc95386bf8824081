"""What events mean: one table for single events, rules for all events of a person, and the alarm."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from newsletter.models import (
    BounceClass,
    Consequence,
    DeliveryId,
    DeliveryStatus,
    EventType,
    IssueId,
    ProviderEvent,
    SuppressionReason,
    Tally,
)
from newsletter.usecases.events import EventJudge, consequence

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
JUDGE = EventJudge(soft_bounces=3, max_bounced=0.05, max_complained=0.001)


def event(
    kind: EventType,
    *,
    letter: int = 1,
    minutes: float = 0,
    permanent: bool = False,
    status: str = "",
    about: BounceClass | None = None,
    machine: bool = False,
    delivery: bool = True,
) -> ProviderEvent:
    """An event of one reader's letter of the issue `2026-11-<letter>`."""
    return ProviderEvent(
        type=kind,
        provider="sendgrid",
        provider_event_id=f"{kind}-{letter}-{minutes}-{status}",
        occurred_at=NOW + timedelta(days=7 * letter, minutes=minutes),
        delivery_id=DeliveryId(f"2026-{letter}.7") if delivery else None,
        attempt_id=None,
        addr_spec="reader@example.org",
        permanent=permanent,
        enhanced_status=status,
        bounce_class=about,
        machine=machine,
    )


# --- all events of a person --------------------------------------------------------------------


class Step(NamedTuple):
    """One event in a person's story: b bounced temporarily, d delivered, p permanently, c complained,
    u unsubscribed, r blamed on reputation, o opened, m opened by a machine."""

    kind: str
    letter: int


def story(words: str) -> list[ProviderEvent]:
    """The events of `b1 b2 d3`: what happened, and to which letter."""
    return [_event(Step(word[0], int(word[1:]))) for word in words.split()]


def _event(step: Step) -> ProviderEvent:
    match step.kind:
        case "b":
            return event(EventType.BOUNCED, letter=step.letter, status="4.2.2")
        case "p":
            return event(EventType.BOUNCED, letter=step.letter, permanent=True, status="5.1.1")
        case "r":
            return event(EventType.BOUNCED, letter=step.letter, about=BounceClass.REPUTATION)
        case "m":
            return event(EventType.OPENED, letter=step.letter, minutes=2, machine=True)
    kinds = {
        "d": EventType.DELIVERED,
        "c": EventType.COMPLAINED,
        "u": EventType.UNSUBSCRIBED,
        "o": EventType.OPENED,
    }
    return event(kinds[step.kind], letter=step.letter, minutes=1)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("b1 b2", None),
        ("b1 b2 b3", SuppressionReason.BOUNCES_IN_A_ROW),
        ("b1 b1 b1", None),  # three reports of one letter are one letter
        ("b1 b2 d3", None),
        ("b1 d2 b3 b4", None),
        ("b1 d2 b3 b4 b5", SuppressionReason.BOUNCES_IN_A_ROW),
        ("d1 b2 b3 b4", SuppressionReason.BOUNCES_IN_A_ROW),
        ("b1 b2 b3 d3", None),  # it bounced, and arrived after all
        ("b1 b2 b3 o2", None),
        ("b1 b2 b3 m2", SuppressionReason.BOUNCES_IN_A_ROW),
        (
            "b1 r2 b3 r4 b5",
            SuppressionReason.BOUNCES_IN_A_ROW,
        ),  # what is nobody's fault is no letter of the row
        ("r1 r2 r3 r4 r5", None),
        ("p1", SuppressionReason.BOUNCED),
        ("b1 b2 b3 p4", SuppressionReason.BOUNCED),
        ("p1 d2 d3", SuppressionReason.BOUNCED),
        ("c1 p2", SuppressionReason.COMPLAINED),
        ("p1 c2", SuppressionReason.COMPLAINED),
        ("d1 d2 o2 m1", None),
        ("u1", None),
    ],
)
def test_what_a_person_s_events_add_up_to(words: str, reason: SuppressionReason | None) -> None:
    events = story(words)
    assert JUDGE.ending(events, None).reason == reason
    assert JUDGE.ending(reversed(events), None) == JUDGE.ending(events, None)


def test_who_unsubscribed_at_the_provider_left_at_the_first_time() -> None:
    found = JUDGE.ending(story("u2 u1 c3"), None)
    assert found.left_at == NOW + timedelta(days=7, minutes=1)
    assert found.reason is SuppressionReason.COMPLAINED


def test_what_was_before_a_confirmation_says_nothing_any_more() -> None:
    confirmed_at = NOW + timedelta(days=14, milliseconds=300)
    assert JUDGE.ending(story("p1 c1 u1 b1"), confirmed_at) == JUDGE.ending([], None)
    # providers tell whole seconds: what happened in the second of the confirmation counts
    assert JUDGE.ending(story("p2"), confirmed_at).reason is SuppressionReason.BOUNCED


def test_bounces_that_name_no_letter_are_no_row() -> None:
    events = [event(EventType.BOUNCED, minutes=n, status="4.2.2", delivery=False) for n in range(5)]
    assert JUDGE.ending(events, None).reason is None


# --- the alarm ---------------------------------------------------------------------------------


def tally(submitted: int, bounced: int = 0, complained: int = 0) -> Tally:
    return Tally(issue_id=IssueId("2026-11-27"), submitted=submitted, bounced=bounced, complained=complained)


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (tally(1000, 50), tally(1000, 51), "bounced"),
        (tally(1000, 49), tally(1000, 50), ""),
        (tally(100, 10), tally(100, 19), ""),  # a share too large, of a list too small to tell
        (tally(100, 19), tally(100, 20), "bounced"),
        (tally(1000, 51), tally(1000, 60), ""),  # it was told, and the author resumed
        (tally(10_000, 0, 10), tally(10_000, 0, 11), "spam"),
        (tally(1000, 0, 1), tally(1000, 0, 2), ""),
        (tally(1000, 0, 2), tally(1000, 0, 3), "spam"),
        (tally(0, 0), tally(0, 20), "bounced"),
    ],
)
def test_an_issue_is_paused_when_it_begins_to_fare_badly(before: Tally, after: Tally, word: str) -> None:
    note = JUDGE.alarm(before, after)
    assert bool(note) == bool(word)
    assert word in note


# --- single events -----------------------------------------------------------------------------


def test_events_that_say_nothing_about_delivery() -> None:
    assert consequence(event(EventType.UNKNOWN)) == Consequence()
    assert consequence(event(EventType.SUBMITTED)) == Consequence(proves=True)


@pytest.mark.parametrize("kind", [each for each in EventType if each is not EventType.UNKNOWN])
def test_every_known_event_proves_that_the_request_was_accepted(kind: EventType) -> None:
    assert consequence(event(kind)).proves


@pytest.mark.parametrize("kind", [EventType.SUBMITTED, EventType.REJECTED, EventType.UNKNOWN])
def test_what_need_not_have_left_the_provider_is_no_letter(kind: EventType) -> None:
    assert not consequence(event(kind)).mailed


@pytest.mark.parametrize("about", [None, *BounceClass])
@pytest.mark.parametrize("permanent", [True, False])
def test_content_reputation_volume_and_technique_never_count_against_a_person(
    about: BounceClass | None, permanent: bool
) -> None:
    found = consequence(event(EventType.BOUNCED, permanent=permanent, about=about))
    blameless = about in {
        BounceClass.CONTENT,
        BounceClass.REPUTATION,
        BounceClass.FREQUENCY,
        BounceClass.TECHNICAL,
    }
    assert found.status is DeliveryStatus.BOUNCED
    assert bool(found.ends) == (permanent and not blameless)
    assert found.counts == (not permanent and not blameless)
