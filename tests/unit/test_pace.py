"""The pace of a provider: never more than its rate in any span, and no waiting while enough is free."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import NotBefore, Pace, Window
from newsletter.store.pace import Usage, allowance

START = datetime(2026, 11, 27, 8, tzinfo=UTC)
HOURLY = Pace(provider="x", rate=Window(recipients=60, seconds=3600))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def used(*requests: tuple[float, int]) -> Usage:
    return Usage(recent=[(at(seconds), recipients) for seconds, recipients in requests])


def test_without_a_rate_everything_fits() -> None:
    assert allowance(Pace(provider="x"), Usage(), wanted=1000, now=START) == 1000


def test_what_is_left_of_the_rate_is_handed_over() -> None:
    assert allowance(HOURLY, Usage(), wanted=1000, now=START) == 60
    assert allowance(HOURLY, Usage(), wanted=7, now=START) == 7
    assert allowance(HOURLY, used((0, 20)), wanted=1000, now=at(10)) == 40


def test_a_trickle_is_waited_for_until_it_is_a_tenth_or_all_that_is_wanted() -> None:
    nearly_full = used((0, 3), (100, 54))
    assert allowance(HOURLY, nearly_full, wanted=1000, now=at(200)) == NotBefore(
        moment=at(3600), why="sending.rate allows 60 recipients in 3600 s"
    )
    assert allowance(HOURLY, nearly_full, wanted=3, now=at(200)) == 3
    assert allowance(HOURLY, used((0, 60)), wanted=3, now=at(200)) == NotBefore(
        moment=at(3600), why="sending.rate allows 60 recipients in 3600 s"
    )


@pytest.mark.parametrize(
    ("now", "timezone", "midnight"),
    [
        ("2026-11-27T08:00:00+00:00", "Europe/Berlin", "2026-11-27T23:00:00+00:00"),
        ("2026-11-27T23:00:00+00:00", "Europe/Berlin", "2026-11-28T23:00:00+00:00"),
        ("2026-03-28T23:30:00+00:00", "Europe/Berlin", "2026-03-29T22:00:00+00:00"),  # a day of 23 hours
        ("2026-10-24T22:30:00+00:00", "Europe/Berlin", "2026-10-25T23:00:00+00:00"),  # one of 25
        ("2026-03-07T12:00:00+00:00", "America/Havana", "2026-03-08T05:00:00+00:00"),  # midnight is left out
        ("2026-11-27T08:00:00+00:00", "UTC", "2026-11-28T00:00:00+00:00"),
    ],
)
def test_a_day_of_the_warm_up_ends_at_local_midnight(now: str, timezone: str, midnight: str) -> None:
    pace = Pace(provider="x", warm_up=(50, 100), timezone=timezone)
    wait = allowance(pace, Usage(days_before=1, today=100), wanted=5, now=datetime.fromisoformat(now))
    assert wait == NotBefore(
        moment=datetime.fromisoformat(midnight), why="sending.warm_up allows 100 recipients on day 2"
    )


def test_a_warm_up_hands_out_the_last_of_its_day_and_ends_after_its_last_number() -> None:
    pace = Pace(provider="x", warm_up=(50, 100))
    assert allowance(pace, Usage(), wanted=1000, now=START) == 50
    assert allowance(pace, Usage(days_before=1, today=99), wanted=1000, now=START) == 1
    assert allowance(pace, Usage(days_before=2, today=5000), wanted=1000, now=START) == 1000


def test_rate_and_warm_up_hold_together() -> None:
    pace = Pace(provider="x", rate=Window(recipients=60, seconds=3600), warm_up=(50,))
    assert allowance(pace, Usage(), wanted=1000, now=START) == 50
    # The last three of the day are no trickle: no more may follow today.
    usage = Usage(recent=[(START, 47)], today=47)
    assert allowance(pace, usage, wanted=1000, now=at(1)) == 3


@dataclass
class Log:
    """What was handed over, as the ledger would keep it."""

    handed: list[tuple[datetime, int]] = field(default_factory=list)

    def recent(self, now: datetime, seconds: int) -> Usage:
        since = now - timedelta(seconds=seconds)
        return Usage(recent=[(moment, count) for moment, count in self.handed if moment > since])


@given(
    recipients=st.integers(1, 40),
    seconds=st.integers(1, 60),
    steps=st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 60)), min_size=1, max_size=60),
)
def test_no_span_ever_holds_more_than_the_rate_and_a_wait_ends_when_it_says(
    recipients: int, seconds: int, steps: list[tuple[int, int]]
) -> None:
    pace = Pace(provider="x", rate=Window(recipients=recipients, seconds=seconds))
    log, now = Log(), START
    for milliseconds, wanted in steps:
        now += timedelta(milliseconds=milliseconds)
        answer = allowance(pace, log.recent(now, seconds), wanted=wanted, now=now)
        if isinstance(answer, NotBefore):
            assert answer.moment > now
            just_before = answer.moment - timedelta(microseconds=1)
            usage = log.recent(just_before, seconds)
            assert isinstance(allowance(pace, usage, wanted=wanted, now=just_before), NotBefore)
            now = answer.moment
            answer = allowance(pace, log.recent(now, seconds), wanted=wanted, now=now)
        assert isinstance(answer, int)
        assert 1 <= answer <= wanted
        log.handed.append((now, answer))
    for begin, _ in log.handed:
        end = begin + timedelta(seconds=seconds)
        assert sum(count for moment, count in log.handed if begin <= moment < end) <= recipients
