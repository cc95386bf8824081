"""The pace over every database: two senders of two issues through two days, pauses and restarts."""

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from newsletter.models import Claim, IssueId, IssueState, Lease, NotBefore, Pace, Window
from newsletter.store import tables
from newsletter.store.engine import Database
from tests.support.clock import FakeClock
from tests.support.ledgers import ISSUE, TTL, Desk, desk

Opened = Callable[[str], Database]
OTHER = IssueId("special")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
HOURLY = Window(recipients=30, seconds=3600)
STEP = timedelta(minutes=13)
"""How often the simulated senders look, besides when they are told to."""


@pytest.fixture
def at(database: Database) -> Desk:
    return desk(database)


def test_a_batch_that_does_not_fit_is_divided_and_everybody_gets_their_turn(at: Desk) -> None:
    at.freeze(10, batch_size=10)
    at.unsubscribe("reader2@example.com")
    at.unsubscribe("reader9@example.com")
    pace = Pace(provider="x", rate=Window(recipients=4, seconds=60))
    lease = at.lease()
    first = at.next_claim(lease, pace=pace)
    assert first is not None
    assert [d.id.rpartition(".")[2] for d in first.deliveries] == ["1", "3", "4", "5"]
    at.record(first)
    assert at.progress().suppressed_since == 1
    wait = at.wait(lease, pace=pace)
    assert wait.moment == at.clock.now() + timedelta(seconds=60)
    at.clock.advance(seconds=60)
    second = at.next_claim(lease, pace=pace)
    assert second is not None
    assert [d.id.rpartition(".")[2] for d in second.deliveries] == ["6", "7", "8", "10"]
    at.record(second)
    assert at.ledger.finish(lease, ISSUE, at.clock.now()) is IssueState.SUBMITTED
    assert at.progress().submitted == 8


def test_only_what_the_provider_took_or_may_have_taken_counts(at: Desk) -> None:
    at.freeze(20, batch_size=4)
    pace = Pace(provider="x", rate=Window(recipients=4, seconds=60))
    lease = at.lease()

    def claim() -> Claim:
        claim = at.next_claim(lease, pace=pace)
        assert claim is not None
        return claim

    at.release(claim(), seconds=0)
    at.ledger.refuse(claim(), detail="401", now=at.clock.now())
    at.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=[IssueState.PAUSED])
    at.ledger.mark_uncertain(claim(), detail="lost", now=at.clock.now())
    assert isinstance(at.wait(lease, pace=pace), NotBefore)
    other = Pace(provider="another", rate=pace.rate)
    assert at.next_claim(lease, pace=other) is not None


def test_two_senders_never_both_take_the_last_places(at: Desk, database_url: str, opened: Opened) -> None:
    at.freeze(30, batch_size=1)
    at.freeze(30, batch_size=1, issue_id=OTHER)
    pace = Pace(provider="x", rate=Window(recipients=20, seconds=3600))

    def take(issue_id: IssueId) -> int:
        sender = desk(opened(database_url), at.clock)
        lease = sender.lease(issue_id, issue_id)
        taken = 0
        while (claim := sender.next_claim(lease, issue_id, pace=pace)) is not None:
            taken += len(claim.deliveries)
        return taken

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(take, (ISSUE, OTHER))) == 20


# --- two days ---------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Days:
    """Two senders of two issues, who hand over what they may, and what they handed over."""

    at: Desk
    pace: Pace
    handed: list[tuple[datetime, int]] = field(default_factory=list)
    leases: dict[IssueId, Lease] = field(default_factory=dict)

    def begin(self) -> None:
        """Both senders come, as they would after the processes were killed."""
        self.at = desk(self.at.database, self.at.clock)
        self.at.clock.advance(seconds=TTL + 1)
        for issue_id in (ISSUE, OTHER):
            self.leases[issue_id] = self.at.lease(f"sender of {issue_id}", issue_id)
            self.at.ledger.recover(self.leases[issue_id], issue_id, self.at.clock.now())

    def hand_over(self) -> datetime:
        """When to look again; all that may be handed over now is, in turns."""
        waits: dict[IssueId, datetime] = {}
        now = self.at.clock.now()
        while len(waits) < len(self.leases):
            for issue_id in self.leases.keys() - waits.keys():
                claim = self.at.ledger.claim(
                    self.leases[issue_id], issue_id, ttl=TTL, now=now, pace=self.pace
                )
                if isinstance(claim, Claim):
                    self.answer(claim)
                else:
                    waits[issue_id] = claim.moment if claim else now + STEP
        self.nobody_waits_in_vain(now)
        return min(*waits.values(), now + STEP)

    def answer(self, claim: Claim) -> None:
        """Most requests are accepted; now and then one is lost, and one must be made again."""
        now, number = self.at.clock.now(), len(self.handed)
        if number % 17 == 16:
            self.at.ledger.mark_uncertain(claim, detail="lost", now=now)
        elif number % 11 == 10 and claim.issue_id == ISSUE:
            self.at.release(claim, seconds=60)
            self.handed.append((now, 0))
            return
        else:
            self.at.record(claim)
        self.handed.append((now, len(claim.deliveries)))

    def nobody_waits_in_vain(self, now: datetime) -> None:
        """Full use: when both issues have something to send and are not held back, nothing is left over."""
        assert self.pace.rate
        held = self.at.state() is IssueState.PAUSED or self.released_at(now)
        free = self.pace.rate.recipients - self.within(now - HOUR, now)
        if not held and not self.day_is_full(now):
            assert free < max(1, self.pace.rate.recipients // 10)

    def released_at(self, now: datetime) -> bool:
        with self.at.database.reading() as connection:
            waiting = select(tables.batches.c.id).where(tables.batches.c.retry_at > now).limit(1)
            return connection.scalar(waiting) is not None

    def within(self, after: datetime, until: datetime) -> int:
        return sum(count for moment, count in self.handed if after < moment <= until)

    def by_day(self) -> dict[str, int]:
        days: dict[str, int] = defaultdict(int)
        for moment, count in self.handed:
            days[str(moment.astimezone(BERLIN).date())] += count
        return dict(days)

    def day_is_full(self, now: datetime) -> bool:
        days = self.by_day()
        today = str(now.astimezone(BERLIN).date())
        number = list(days).index(today)
        return number < len(self.pace.warm_up) and days[today] >= self.pace.warm_up[number]


@pytest.mark.parametrize(
    ("start", "hours_of_day_2", "warm_up"),
    [
        ("2026-03-28T11:00+00:00", 23, (25, 310)),
        ("2026-10-24T10:00+00:00", 25, (25, 310)),
        ("2026-10-24T10:00+00:00", 25, ()),
    ],
    ids=["spring", "autumn", "autumn without warm-up"],
)
def test_two_days_of_two_senders_keep_the_rate_in_every_span_and_use_all_of_it(
    database: Database, start: str, hours_of_day_2: int, warm_up: tuple[int, ...]
) -> None:
    at = desk(database, FakeClock(start))
    at.freeze(800, batch_size=50)
    at.freeze(800, batch_size=20, issue_id=OTHER)
    pace = Pace(provider="x", rate=HOURLY, warm_up=warm_up, timezone="Europe/Berlin")
    days = Days(at=at, pace=pace)
    days.begin()
    began = at.clock.now()
    events: list[tuple[float, Callable[[], None]]] = [
        (9.2, lambda: at.ledger.pause(ISSUE, note="by hand")),
        (
            14.6,
            lambda: at.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=[IssueState.PAUSED]),
        ),
        (21.3, days.begin),
        (33.9, days.begin),
    ]
    while (now := at.clock.now()) < began + 48 * HOUR:
        if events and now >= began + events[0][0] * HOUR:
            events.pop(0)[1]()
        at.clock.set(days.hand_over().isoformat())
    for moment, _ in days.handed:
        assert days.within(moment - HOUR, moment) <= HOURLY.recipients
    total = sum(count for _, count in days.handed)
    by_day = list(days.by_day().values())
    if warm_up:
        assert by_day[:2] == [25, 310]
        assert total > 25 + 310 + 11 * HOURLY.recipients
    else:
        assert total >= 46 * HOURLY.recipients
        assert by_day[1] >= (hours_of_day_2 - 1) * HOURLY.recipients
