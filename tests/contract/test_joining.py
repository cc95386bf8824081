"""Joining, leaving and coming back, on every database: the newest step of the record rules."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from newsletter.errors import NewsletterError
from newsletter.models import (
    Address,
    Channel,
    Confirmation,
    Consent,
    ConsentAction,
    Limit,
    SubscriberId,
    SubscriberStatus,
    SystemMailKind,
    SystemMailState,
)
from newsletter.store.engine import Database
from newsletter.store.joining import SqlJoining
from newsletter.store.limits import SqlLimits
from newsletter.store.readertables import system_mails
from newsletter.store.subscribers import SqlSubscriberStore
from newsletter.store.systemmails import SqlMailQueue, queue_mail
from tests.support.clock import FakeClock

NOOR = Address(addr_spec="noor@example.org", display_name="Noor")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def joining(database: Database) -> SqlJoining:
    return SqlJoining(database)


@pytest.fixture
def people(database: Database) -> SqlSubscriberStore:
    return SqlSubscriberStore(database)


def step(action: ConsentAction, clock: FakeClock, channel: Channel = Channel.FORM) -> Consent:
    clock.advance(seconds=60)
    return Consent(action=action, channel=channel, at=clock.now(), text="I agree.", ip="192.0.2.7")


def ask(
    joining: SqlJoining,
    clock: FakeClock,
    who: Address = NOOR,
    tags: Sequence[str] = (),
    limits: Sequence[Limit] = (),
) -> None:
    wish = step(ConsentAction.REQUESTED, clock)
    joining.request(who, wish, language="de", tags=tags, mail=True, limits=limits)


def noor(people: SqlSubscriberStore) -> SubscriberId:
    person = people.find(NOOR.addr_spec)
    assert person is not None
    return person.id


def status(people: SqlSubscriberStore) -> SubscriberStatus:
    person = people.find(NOOR.addr_spec)
    assert person is not None
    return person.status


def confirm(joining: SqlJoining, people: SqlSubscriberStore, clock: FakeClock) -> Confirmation:
    return joining.confirm(noor(people), step(ConsentAction.CONFIRMED, clock, Channel.PAGE))


def test_who_asks_is_unconfirmed_until_they_say_so(
    joining: SqlJoining, people: SqlSubscriberStore, clock: FakeClock
) -> None:
    ask(joining, clock, tags=["berlin"])
    assert status(people) is SubscriberStatus.UNCONFIRMED
    assert confirm(joining, people, clock) is Confirmation.CONFIRMED
    assert status(people) is SubscriberStatus.CONFIRMED
    assert confirm(joining, people, clock) is Confirmation.ALREADY
    record = joining.steps(noor(people))
    assert [each.action for each in record] == [ConsentAction.REQUESTED, ConsentAction.CONFIRMED]
    assert record[0].text == "I agree."
    assert record[0].ip == "192.0.2.7"


def test_a_stranger_changes_nothing_about_somebody_who_is_confirmed(
    joining: SqlJoining, people: SqlSubscriberStore, database: Database, clock: FakeClock
) -> None:
    ask(joining, clock)
    confirm(joining, people, clock)
    ask(joining, clock, Address(addr_spec="Noor@Example.org", display_name="Somebody else"))
    person = people.find(NOOR.addr_spec)
    assert person is not None
    assert person.address.display_name == "Noor"
    kinds = []
    queue = SqlMailQueue(database)
    while mail := queue.claim(clock.now()):
        kinds.append(mail.kind)
    assert kinds == [SystemMailKind.CONFIRMATION, SystemMailKind.MANAGE]


def test_an_old_link_does_not_bring_back_who_left(
    joining: SqlJoining, people: SqlSubscriberStore, clock: FakeClock
) -> None:
    ask(joining, clock)
    confirm(joining, people, clock)
    assert joining.leave(noor(people), step(ConsentAction.UNSUBSCRIBED, clock), mail=True)
    assert not joining.leave(noor(people), step(ConsentAction.UNSUBSCRIBED, clock), mail=True)
    assert confirm(joining, people, clock) is Confirmation.ENDED
    assert status(people) is SubscriberStatus.UNSUBSCRIBED
    ask(joining, clock)
    assert status(people) is SubscriberStatus.UNSUBSCRIBED
    assert confirm(joining, people, clock) is Confirmation.CONFIRMED


def test_the_way_back_is_for_those_who_left_by_themselves(
    joining: SqlJoining, people: SqlSubscriberStore, database: Database, clock: FakeClock
) -> None:
    ask(joining, clock)
    assert not joining.come_back(noor(people), step(ConsentAction.RETURNED, clock))
    confirm(joining, people, clock)
    joining.leave(noor(people), step(ConsentAction.UNSUBSCRIBED, clock), mail=False)
    assert joining.come_back(noor(people), step(ConsentAction.RETURNED, clock))
    assert status(people) is SubscriberStatus.CONFIRMED
    people.import_rows([(NOOR, SubscriberStatus.SUPPRESSED)], consent_source="a complaint", now=clock.now())
    assert not joining.come_back(noor(people), step(ConsentAction.RETURNED, clock))
    assert status(people) is SubscriberStatus.SUPPRESSED


def test_whom_the_author_adds_has_that_on_record(
    joining: SqlJoining, people: SqlSubscriberStore, clock: FakeClock
) -> None:
    for _ in range(2):
        person, _new = people.add(
            NOOR, status=SubscriberStatus.CONFIRMED, consent_source="said so at the fair", now=clock.now()
        )
    (only,) = joining.steps(person.id)
    assert (only.action, only.channel) == (ConsentAction.ADDED, Channel.AUTHOR)
    assert only.evidence == "said so at the fair"


def test_asking_takes_the_same_statements_whoever_is_asked_for(
    joining: SqlJoining, people: SqlSubscriberStore, database: Database, clock: FakeClock
) -> None:
    for status in SubscriberStatus:
        address = Address(addr_spec=f"{status}@example.org")
        people.import_rows([(address, status)], consent_source="test", now=clock.now())
    statements: dict[str, list[str]] = {}
    for who in (*SubscriberStatus, "nobody"):
        heard = statements[who] = []

        def hear(
            _c: object, _cursor: object, statement: str, *_rest: object, heard: list[str] = heard
        ) -> None:
            heard.append(statement)

        event.listen(database.engine, "before_cursor_execute", hear)
        limits = [Limit(bucket=who, count=1, seconds=60), Limit(bucket="all", count=99, seconds=60)]
        ask(joining, clock, Address(addr_spec=f"{who}@example.org"), ["berlin", "harbour"], limits)
        event.remove(database.engine, "before_cursor_execute", hear)
    assert len(statements["nobody"]) > 5
    assert all(each == statements["nobody"] for each in statements.values())


@contextmanager
def heard(database: Database) -> Iterator[list[str]]:
    """The statements that the database is given while the block runs."""
    statements: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    yield statements
    event.remove(database.engine, "before_cursor_execute", hear)


def test_the_unconfirmed_are_forgotten_after_a_while(
    joining: SqlJoining, people: SqlSubscriberStore, clock: FakeClock
) -> None:
    ask(joining, clock)
    assert joining.expire(clock.now() - timedelta(days=7)) == 0
    clock.advance(seconds=5 * 86_400)
    ask(joining, clock)
    clock.advance(seconds=5 * 86_400)
    assert joining.expire(clock.now() - timedelta(days=7)) == 0
    clock.advance(seconds=5 * 86_400)
    assert joining.expire(clock.now() - timedelta(days=7)) == 1
    assert people.find(NOOR.addr_spec) is None


def test_a_consent_record_cannot_be_changed(
    joining: SqlJoining, database: Database, clock: FakeClock
) -> None:
    from sqlalchemy import update
    from sqlalchemy.exc import DatabaseError

    from newsletter.errors import NewsletterError
    from newsletter.store.readertables import consents

    ask(joining, clock)
    with pytest.raises((DatabaseError, NewsletterError), match="final"), database.writing() as connection:
        connection.execute(update(consents).values(ip="203.0.113.9"))


ACTS = ("ask", "confirm", "leave", "come back", "suppress", "expire")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(acts=st.lists(st.sampled_from(ACTS), max_size=12))
def test_only_who_said_so_last_is_ever_confirmed(
    joining: SqlJoining, people: SqlSubscriberStore, clock: FakeClock, acts: list[str]
) -> None:
    ask(joining, clock)
    for act in acts:
        if people.find(NOOR.addr_spec) is None:
            ask(joining, clock)
        match act:
            case "ask":
                ask(joining, clock)
            case "confirm":
                confirm(joining, people, clock)
            case "leave":
                joining.leave(noor(people), step(ConsentAction.UNSUBSCRIBED, clock), mail=True)
            case "come back":
                joining.come_back(noor(people), step(ConsentAction.RETURNED, clock))
            case "suppress":
                people.import_rows([(NOOR, SubscriberStatus.SUPPRESSED)], consent_source="x", now=clock.now())
            case "expire":
                clock.advance(seconds=8 * 86_400)
                joining.expire(clock.now() - timedelta(days=7))
        if (person := people.find(NOOR.addr_spec)) and person.status is SubscriberStatus.CONFIRMED:
            steps = [each.action for each in joining.steps(person.id)]
            said = [each for each in steps if each is not ConsentAction.REQUESTED]
            assert said[-1] in {ConsentAction.CONFIRMED, ConsentAction.RETURNED}


# --- the queue and the limits ------------------------------------------------------------------


@pytest.fixture
def queue(database: Database, clock: FakeClock) -> SqlMailQueue:
    """One that holds a mail."""
    with database.writing() as connection:
        queue_mail(
            connection, SystemMailKind.DRAFT_READY, "ada@example.org", clock.now(), detail="2026-11-27"
        )
    return SqlMailQueue(database)


def test_a_mail_that_was_claimed_is_never_claimed_again(queue: SqlMailQueue, clock: FakeClock) -> None:
    mail = queue.claim(clock.now())
    assert mail is not None
    assert mail.detail == "2026-11-27"
    assert queue.claim(clock.now()) is None
    assert queue.due(clock.now())
    assert queue.recover(clock.now()) == 1
    assert not queue.due(clock.now())
    assert queue.claim(clock.now()) is None


def test_mails_in_doubt_are_counted_from_when_they_came_to_be_so(
    queue: SqlMailQueue, database: Database, clock: FakeClock
) -> None:
    queued = clock.now()
    with database.writing() as connection:
        queue_mail(connection, SystemMailKind.MANAGE, "noor@example.org", queued)
    assert queue.claim(clock.now())
    clock.advance(seconds=60)
    assert queue.uncertain(queued) == 0
    queue.recover(clock.now())
    assert queue.uncertain(clock.now()) == 1
    clock.advance(seconds=60)
    mail = queue.claim(clock.now())
    assert mail is not None
    queue.finish(mail, SystemMailState.UNCERTAIN, clock.now(), why="no answer")
    assert (queue.uncertain(queued), queue.uncertain(clock.now())) == (2, 1)


def test_a_mail_that_was_put_back_waits(queue: SqlMailQueue, clock: FakeClock) -> None:
    mail = queue.claim(clock.now())
    assert mail is not None
    queue.put_back(mail, clock.now() + timedelta(seconds=30))
    assert not queue.due(clock.now())
    assert queue.claim(clock.now()) is None
    clock.advance(seconds=31)
    assert queue.due(clock.now())
    again = queue.claim(clock.now())
    assert again is not None
    assert again.tries == 2
    queue.finish(again, SystemMailState.SUBMITTED, clock.now(), message_id="m-1")
    clock.advance(seconds=3600)
    assert queue.claim(clock.now()) is None


def test_why_a_mail_was_refused_stands_beside_what_it_is_about(
    queue: SqlMailQueue, database: Database, clock: FakeClock
) -> None:
    mail = queue.claim(clock.now())
    assert mail is not None
    queue.finish(mail, SystemMailState.REFUSED, clock.now(), why="550 no such mailbox")
    with database.reading() as connection:
        row = connection.execute(select(system_mails)).one()
    assert (row.state, row.detail, row.why) == ("refused", "2026-11-27", "550 no such mailbox")


def test_a_limit_holds_over_any_span(database: Database, clock: FakeClock) -> None:
    limits = SqlLimits(database)
    mine, all_ = Limit(bucket="a", count=2, seconds=60), Limit(bucket="all", count=3, seconds=600)
    assert limits.allow([mine, all_], clock.now())
    clock.advance(seconds=30)
    assert limits.allow([mine, all_], clock.now())
    assert not limits.allow([mine, all_], clock.now())
    clock.advance(seconds=31)
    assert limits.allow([mine, all_], clock.now())
    clock.advance(seconds=100)
    assert not limits.allow([mine, all_], clock.now())
    assert limits.forget(clock.now()) == 6


ONCE_A_DAY = [Limit(bucket="noor", count=1, seconds=86_400)]


def mails_in(queue: SqlMailQueue, clock: FakeClock) -> int:
    return sum(1 for _ in iter(lambda: queue.claim(clock.now()), None))


def test_of_a_wish_beyond_a_limit_nothing_is_kept(
    joining: SqlJoining, people: SqlSubscriberStore, database: Database, clock: FakeClock
) -> None:
    for _ in range(3):
        ask(joining, clock, tags=["berlin"], limits=ONCE_A_DAY)
    assert len(joining.steps(noor(people))) == 1
    assert mails_in(SqlMailQueue(database), clock) == 1


def test_many_wishes_at_once_are_one_mail(
    joining: SqlJoining, people: SqlSubscriberStore, database: Database, clock: FakeClock
) -> None:
    wish = step(ConsentAction.REQUESTED, clock)

    def once(_: int) -> None:
        joining.request(NOOR, wish, language="de", tags=(), mail=True, limits=ONCE_A_DAY)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(once, range(12))) == [None] * 12
    assert len(joining.steps(noor(people))) == 1
    assert mails_in(SqlMailQueue(database), clock) == 1


def test_a_wish_that_could_not_be_kept_does_not_count(
    joining: SqlJoining, database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("newsletter.store.joining.queue_mail", no_room)
        with pytest.raises(NewsletterError, match="no room"):
            ask(joining, clock, limits=ONCE_A_DAY)
    ask(joining, clock, limits=ONCE_A_DAY)
    assert mails_in(SqlMailQueue(database), clock) == 1


def no_room(*_arguments: object, **_named: object) -> int:
    raise NewsletterError("no room on the disk")
