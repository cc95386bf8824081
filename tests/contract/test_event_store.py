"""Events over every database: taken once, in any order, and by nobody they do not name."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, func, select

from newsletter.models import (
    Address,
    AttemptId,
    BounceClass,
    Claim,
    DeliveryId,
    EventType,
    IssueId,
    IssueState,
    ProviderEvent,
    SubscriberStatus,
    Taken,
)
from newsletter.store import suppressions
from newsletter.store.engine import Database
from newsletter.store.events import SqlEventStore
from newsletter.store.joining import SqlJoining
from newsletter.store.schema import open_database
from newsletter.store.tables import outcomes, provider_events, subscribers
from newsletter.usecases.events import EventJudge
from tests.support.clock import FakeClock
from tests.support.leaving import leave
from tests.support.ledgers import ISSUE, Desk, desk

RULES = EventJudge(soft_bounces=3, max_bounced=0.05, max_complained=0.001)
NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
CONFIRMED, SUPPRESSED = SubscriberStatus.CONFIRMED, SubscriberStatus.SUPPRESSED
UNSUBSCRIBED = SubscriberStatus.UNSUBSCRIBED
ISSUES = tuple(IssueId(f"2026-11-{day}") for day in (6, 13, 20, 27))


@dataclass(frozen=True, kw_only=True)
class Post:
    """A desk with the store of events, and claims that were answered."""

    desk: Desk
    store: SqlEventStore
    claims: dict[IssueId, Claim]

    def event(
        self,
        kind: EventType,
        reader: int = 1,
        *,
        issue: IssueId = ISSUE,
        minutes: float = 1,
        permanent: bool = False,
        about: BounceClass | None = None,
        name: str = "",
    ) -> ProviderEvent:
        """An event of the issue's letter to `reader<n>@example.com`; with a `name` always the same one."""
        name = name or secrets.token_hex(8)
        return ProviderEvent(
            type=kind,
            provider="sendgrid",
            provider_event_id=name,
            fingerprint=f"print of {name}",
            occurred_at=NOW + timedelta(minutes=minutes),
            delivery_id=DeliveryId(f"{issue}.{reader}"),
            attempt_id=self.claims[issue].attempt,
            addr_spec=f"reader{reader}@example.com",
            permanent=permanent,
            bounce_class=about,
            detail=f"words of {name}",
            raw="{}" if kind is EventType.BOUNCED else "",
        )

    def take(self, *events: ProviderEvent, rules: EventJudge = RULES) -> Taken:
        return self.store.take(events, rules, self.desk.clock.now())

    def outcome(self, reader: int = 1, issue: IssueId = ISSUE) -> tuple[str, str] | None:
        """(status, reason) of the delivery; None while nothing differs from its batch."""
        number = [record.id for record in self.desk.issues.list()].index(issue) + 1
        wanted = select(outcomes.c.status, outcomes.c.reason)
        with self.desk.database.reading() as connection:
            row = connection.execute(
                wanted.where(outcomes.c.issue == number, outcomes.c.seq == reader)
            ).one_or_none()
        return None if row is None else (row.status, row.reason)

    def person(self, reader: int = 1) -> tuple[SubscriberStatus, str]:
        found = self.desk.subscribers.find(f"reader{reader}@example.com")
        assert found is not None
        return found.status, found.suppressed_reason

    def rows(self, *readers: int) -> list[list[tuple[object, ...]]]:
        """Everything that events may change of these readers, but for what they say of their own arrival."""
        names = [f"reader{reader}@example.com" for reader in readers]
        with self.desk.database.reading() as connection:
            told = outcomes.c.seq.in_(readers)
            people = subscribers.c.id.in_(readers)
            return [
                *(
                    [tuple(row) for row in connection.execute(query)]
                    for query in (
                        select(outcomes).where(told).order_by(outcomes.c.issue, outcomes.c.seq),
                        select(subscribers).where(people).order_by(subscribers.c.id),
                    )
                ),
                sorted(suppressions.reasons(connection, names).items()),
            ]

    def kept(self) -> int:
        with self.desk.database.reading() as connection:
            return connection.scalars(select(func.count()).select_from(provider_events)).one()


def post(database: Database, *, readers: int = 4, issues: Sequence[IssueId] = (ISSUE,)) -> Post:
    """Issues that were submitted to the same readers, one batch each."""
    at = desk(database, FakeClock(NOW))
    at.subscribe(readers)
    claims = {}
    for issue in issues:
        at.freeze(0, batch_size=readers, issue_id=issue)
        lease = at.lease(issue_id=issue)
        claim = at.next_claim(lease, issue)
        assert claim is not None
        at.record(claim)
        at.ledger.drop(lease)
        claims[issue] = claim
    return Post(desk=at, store=SqlEventStore(database), claims=claims)


@pytest.fixture
def at(database: Database) -> Post:
    return post(database)


# --- deliveries --------------------------------------------------------------------------------


def test_what_became_of_a_delivery_only_moves_forwards(at: Post) -> None:
    at.take(at.event(EventType.SUBMITTED))
    assert at.outcome() is None
    steps = [
        (EventType.DEFERRED, False, ("deferred", "")),
        (EventType.DELIVERED, False, ("delivered", "")),
        (EventType.DEFERRED, False, ("delivered", "")),
        (EventType.BOUNCED, False, ("bounced", "temporary")),
        (EventType.BOUNCED, True, ("bounced", "permanent")),
        (EventType.DELIVERED, False, ("bounced", "permanent")),
        (EventType.COMPLAINED, False, ("complained", "")),
        (EventType.BOUNCED, True, ("complained", "")),
    ]
    for kind, permanent, expected in steps:
        at.take(at.event(kind, permanent=permanent))
        assert at.outcome() == expected


def test_the_counts_of_the_ledger_stay_what_they_were(at: Post) -> None:
    before = at.desk.progress()
    at.take(*(at.event(kind, n, permanent=True) for kind in EventType for n in (1, 2)))
    assert at.desk.progress() == before
    assert at.desk.statuses()["reader1@example.com"] == "complained"
    assert at.desk.statuses()["reader3@example.com"] == "submitted"


def test_an_event_counts_once_under_whatever_id_it_comes(at: Post) -> None:
    first = at.event(EventType.BOUNCED, permanent=True)
    assert at.take(first, first) == Taken(new=1, known=1)
    assert at.take(first).known == 1
    assert at.take(replace(first, provider_event_id="another")) == Taken(known=1)
    assert at.take(replace(first, fingerprint="another")) == Taken(known=1)
    assert at.kept() == 1


# --- people ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "about", "permanent", "expected"),
    [
        (EventType.BOUNCED, None, True, (SUPPRESSED, "bounced")),
        (EventType.BOUNCED, BounceClass.INVALID_ADDRESS, True, (SUPPRESSED, "invalid address")),
        (EventType.COMPLAINED, None, False, (SUPPRESSED, "complained")),
        (EventType.UNSUBSCRIBED, None, False, (UNSUBSCRIBED, "")),
        (EventType.REJECTED, BounceClass.BOUNCED_BEFORE, False, (SUPPRESSED, "bounced")),
        (EventType.REJECTED, BounceClass.COMPLAINED_BEFORE, False, (SUPPRESSED, "complained")),
        (EventType.REJECTED, BounceClass.UNSUBSCRIBED_BEFORE, False, (UNSUBSCRIBED, "")),
        (EventType.REJECTED, BounceClass.CONTENT, False, (CONFIRMED, "")),
        (EventType.BOUNCED, BounceClass.REPUTATION, True, (CONFIRMED, "")),
        (EventType.BOUNCED, None, False, (CONFIRMED, "")),
        (EventType.DEFERRED, None, False, (CONFIRMED, "")),
    ],
)
def test_what_an_event_does_to_the_person(
    at: Post,
    kind: EventType,
    about: BounceClass | None,
    permanent: bool,
    expected: tuple[SubscriberStatus, str],
) -> None:
    at.take(at.event(kind, about=about, permanent=permanent))
    assert at.person(1) == expected
    assert at.person(2) == (CONFIRMED, "")


def test_letters_that_bounce_in_a_row_suppress_and_one_that_arrives_takes_it_back(database: Database) -> None:
    at = post(database, issues=ISSUES)
    for n, issue in enumerate(ISSUES[:3]):
        assert at.person() == (CONFIRMED, "")
        at.take(at.event(EventType.BOUNCED, issue=issue, minutes=n))
    assert at.person() == (SUPPRESSED, "bounces in a row")
    at.take(at.event(EventType.DELIVERED, issue=ISSUES[1], minutes=1))
    assert at.person() == (CONFIRMED, "")


def test_who_leaves_while_suppressed_by_bounces_stays_away(database: Database) -> None:
    at = post(database, issues=ISSUES)
    for n, issue in enumerate(ISSUES[:3]):
        at.take(at.event(EventType.BOUNCED, issue=issue, minutes=n))
    person = at.desk.subscribers.find("reader1@example.com")
    assert person is not None
    leave(SqlJoining(database), person.id, NOW + timedelta(hours=1))
    at.take(at.event(EventType.DELIVERED, issue=ISSUES[2], minutes=9))
    assert at.person() == (UNSUBSCRIBED, "")


def test_what_the_author_said_stays(at: Post) -> None:
    rows = [(Address(addr_spec="reader1@example.com"), SUPPRESSED)]
    at.desk.subscribers.import_rows(rows, consent_source="the author's list", now=NOW)
    before = at.person()
    assert before[0] is SUPPRESSED
    at.take(at.event(EventType.COMPLAINED), at.event(EventType.BOUNCED, permanent=True))
    assert at.person() == before


# --- who is named ------------------------------------------------------------------------------


def test_an_address_alone_unsubscribes_nobody(at: Post) -> None:
    strange = [
        replace(at.event(kind, permanent=True, about=about), attempt_id=attempt, delivery_id=delivery)
        for kind, about in (
            (EventType.UNSUBSCRIBED, None),
            (EventType.BOUNCED, None),
            (EventType.COMPLAINED, None),
            (EventType.REJECTED, BounceClass.BOUNCED_BEFORE),
        )
        for attempt, delivery in (
            (AttemptId("f" * 32), DeliveryId(f"{ISSUE}.1")),
            (None, DeliveryId(f"{ISSUE}.1")),
            (at.claims[ISSUE].attempt, None),
            (at.claims[ISSUE].attempt, DeliveryId("another.1")),
            (at.claims[ISSUE].attempt, DeliveryId(f"{ISSUE}.999")),
        )
    ]
    before = at.rows(1, 2, 3, 4)
    assert at.take(*strange).new == len(strange)
    assert at.rows(1, 2, 3, 4) == before
    assert at.kept() == len(strange)


@pytest.mark.parametrize("kind", [EventType.UNSUBSCRIBED, EventType.REJECTED, EventType.DELIVERED])
def test_only_bounces_and_complaints_may_have_lost_their_ids(at: Post, kind: EventType) -> None:
    lost = replace(at.event(kind, about=BounceClass.BOUNCED_BEFORE), attempt_id=None, delivery_id=None)
    assert at.take(lost) == Taken(new=1, foreign=1)
    assert at.person() == (CONFIRMED, "")


@pytest.mark.parametrize("spelling", ["reader1@example.com", "READER1@Example.COM"])
def test_an_asynchronous_bounce_is_known_by_its_address(at: Post, spelling: str) -> None:
    lost = replace(
        at.event(EventType.BOUNCED, permanent=True), attempt_id=None, delivery_id=None, addr_spec=spelling
    )
    assert at.take(lost) == Taken(new=1)
    assert at.person() == (SUPPRESSED, "bounced")
    assert at.outcome() is None


# --- requests in doubt, and contradictions -----------------------------------------------------


def test_an_event_settles_the_request_that_it_names(database: Database) -> None:
    at = desk(database, FakeClock(NOW))
    at.freeze(4, batch_size=4)
    claim = at.claim(at.lease())
    at.ledger.mark_uncertain(claim, detail="time-out", now=NOW)
    there = Post(desk=at, store=SqlEventStore(database), claims={ISSUE: claim})
    assert there.take(there.event(EventType.DELIVERED, 3)).settled == 4
    assert at.progress().submitted == 4
    assert there.take(there.event(EventType.DELIVERED, 4)).settled == 0


def test_a_letter_of_a_refused_request_is_a_contradiction_that_is_told_once(database: Database) -> None:
    at = desk(database, FakeClock(NOW))
    at.freeze(4, batch_size=4)
    claim = at.claim(at.lease())
    at.ledger.refuse(claim, detail="401", now=NOW)
    there = Post(desk=at, store=SqlEventStore(database), claims={ISSUE: claim})
    (line,) = there.take(there.event(EventType.DELIVERED, 3), there.event(EventType.OPENED, 2)).contradictions
    assert claim.attempt in line
    assert "two letters" in line
    assert there.take(there.event(EventType.DELIVERED, 1)).contradictions == ()
    log = at.issues.log(ISSUE)
    assert log is not None
    assert log.notes == (line,)
    assert there.outcome(3) is None  # what a void request brought is not the letter that counts


# --- the alarm ---------------------------------------------------------------------------------


def test_an_issue_with_too_many_bounces_is_paused_and_stays_resumed(database: Database) -> None:
    at = desk(database, FakeClock(NOW))
    at.freeze(60, batch_size=50)
    lease = at.lease()
    claim = at.claim(lease)
    at.record(claim)
    there = Post(desk=at, store=SqlEventStore(database), claims={ISSUE: claim})
    bounces = [there.event(EventType.BOUNCED, n, permanent=True) for n in range(1, 23)]
    assert there.take(*bounces[:19]).alarms == ()
    assert at.state() is IssueState.SUBMITTING
    (line,) = there.take(bounces[19]).alarms
    assert at.state() is IssueState.PAUSED
    record = at.issues.get(ISSUE)
    assert record is not None
    assert record.note in line
    assert "20 of 50 letters bounced permanently" in record.note
    at.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=[IssueState.PAUSED])
    assert there.take(*bounces[20:]).alarms == ()
    assert at.state() is IssueState.SUBMITTING


# --- I6: any order, any repetition -------------------------------------------------------------

KINDS = (
    (EventType.SUBMITTED, False, None),
    (EventType.DEFERRED, False, None),
    (EventType.DELIVERED, False, None),
    (EventType.BOUNCED, False, None),
    (EventType.BOUNCED, False, BounceClass.REPUTATION),
    (EventType.BOUNCED, True, None),
    (EventType.REJECTED, False, BounceClass.UNSUBSCRIBED_BEFORE),
    (EventType.COMPLAINED, False, None),
    (EventType.UNSUBSCRIBED, False, None),
    (EventType.OPENED, False, None),
)
ALL = range(len(KINDS))
MILD = (2, 3, 3, 3, 4)
"""Without what ends a subscription at once, so that rows of bounces begin and end."""
SHORT_ROWS = replace(RULES, soft_bounces=2)
MOST_READERS = 1000
"""One for each example, also while a failure is made smaller."""
EVENTS = st.sampled_from((ALL, MILD)).flatmap(
    lambda kinds: st.lists(
        st.tuples(st.sampled_from(kinds), st.sampled_from(ISSUES), st.integers(0, 3)),
        min_size=3,
        max_size=12,
        unique=True,
    )
)


@pytest.fixture
def twins(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], tuple[Post, Post, int]]]:
    """A call that tells two databases alike and a reader of theirs of whom, as of the next one, nothing
    was told yet."""
    with ExitStack() as stack:

        def one(name: str) -> Post:
            url = f"sqlite:///{tmp_path}/{name}/newsletter.db"
            if request.param == "postgresql":
                create: Callable[[], URL] = request.getfixturevalue("postgresql_database")
                url = create().render_as_string(hide_password=False)
            opened = open_database(url, now=NOW, locks=tmp_path / "locks")
            stack.callback(opened.close)
            return post(opened, readers=MOST_READERS, issues=ISSUES)

        pair = one("one"), one("other")
        readers = count(1)
        yield lambda: (*pair, next(readers))


@pytest.mark.parametrize("twins", ["sqlite", "postgresql"], indirect=True)
@given(st.data())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_order_and_any_repetition_ends_alike(
    twins: Callable[[], tuple[Post, Post, int]], data: st.DataObject
) -> None:
    one, other, reader = twins()
    assume(reader <= MOST_READERS)
    told = data.draw(EVENTS)

    def events(at: Post) -> list[ProviderEvent]:
        return [
            at.event(
                KINDS[kind][0],
                reader,
                issue=issue,
                minutes=minutes,
                permanent=KINDS[kind][1],
                about=KINDS[kind][2],
                name=f"{kind} {issue} {reader} {minutes}",
            )
            for kind, issue, minutes in told
        ]

    one.take(*events(one), rules=SHORT_ROWS)
    mine = events(other)
    again = data.draw(st.permutations(mine + data.draw(st.lists(st.sampled_from(mine), max_size=5))))
    for event in again:
        other.take(event, rules=SHORT_ROWS)
    assert told_alike(one.rows(reader)) == told_alike(other.rows(reader))


def told_alike(rows: list[list[tuple[object, ...]]]) -> list[list[tuple[object, ...]]]:
    """The rows without the random ids of attempts."""
    return [[tuple(value for value in row if not _is_attempt(value)) for row in table] for table in rows]


def _is_attempt(value: object) -> bool:
    return isinstance(value, str) and len(value) == 32 and set(value) <= set("0123456789abcdef")
