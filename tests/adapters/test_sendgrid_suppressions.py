"""SendGrid's suppression lists, read by spans of time and told of ours; against a SendGrid on loopback."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.drill.sendgrid.emulator import KEY, SendGridEmulator
from newsletter.drill.sendgrid.faults import Kind
from newsletter.errors import ProviderRefused, ProviderUnavailable
from newsletter.models import Address, SubscriberStatus, Suppression, SuppressionReason
from newsletter.providers.connection import KeptConnection
from newsletter.providers.sendgrid_suppressions import PAGE, SendGridSuppressions
from newsletter.store.engine import Database
from newsletter.store.schema import open_database
from newsletter.store.subscribers import SqlSubscriberStore
from newsletter.store.suppressions import SqlSuppressionStore
from newsletter.usecases.suppressions import Pulled, pull, push, when_due
from tests.support.clock import FakeClock

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
SUPPRESSED, CONFIRMED = SubscriberStatus.SUPPRESSED, SubscriberStatus.CONFIRMED


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    with closing(open_database(sqlite_url, now=NOW)) as opened:
        yield opened


@pytest.fixture
def sendgrid() -> Iterator[SendGridEmulator]:
    with SendGridEmulator() as emulator:
        yield emulator


@pytest.fixture
def lists(sendgrid: SendGridEmulator) -> Iterator[SendGridSuppressions]:
    made = _lists(sendgrid.url)
    with closing(made):
        yield made


def _lists(url: str, key: str = KEY) -> SendGridSuppressions:
    return SendGridSuppressions(KeptConnection(url, timeout=5, headers={"Authorization": f"Bearer {key}"}))


def subscribe(people: SqlSubscriberStore, *names: str) -> None:
    for name in names:
        people.add(Address(addr_spec=name), status=CONFIRMED, consent_source="test", now=NOW)


def statuses(people: SqlSubscriberStore) -> dict[str, tuple[str, str]]:
    return {each.address.addr_spec: (each.status.value, each.suppressed_reason) for each in people.list()}


def test_who_is_on_a_list_is_written_to_no_more(
    database: Database, sendgrid: SendGridEmulator, lists: SendGridSuppressions
) -> None:
    people, store = SqlSubscriberStore(database), SqlSuppressionStore(database)
    names = ["bounces", "invalid_emails", "spam_reports", "unsubscribes", "blocks"]
    subscribe(people, *(f"{name}@example.org" for name in names))
    for name in names:
        sendgrid.suppressions.put(name, f"{name.title()}@Example.org", NOW - timedelta(days=400))
    assert pull(lists, store=store, clock=FakeClock(NOW)) == Pulled(read=4, ended=4)
    assert statuses(people) == {
        "bounces@example.org": ("suppressed", "bounced"),
        "invalid_emails@example.org": ("suppressed", "invalid address"),
        "spam_reports@example.org": ("suppressed", "complained"),
        "unsubscribes@example.org": ("unsubscribed", ""),
        "blocks@example.org": ("confirmed", ""),
    }


def test_who_is_not_on_our_list_is_remembered_without_their_address(
    database: Database, sendgrid: SendGridEmulator, lists: SendGridSuppressions, sqlite_url: str
) -> None:
    people, store = SqlSubscriberStore(database), SqlSuppressionStore(database)
    sendgrid.suppressions.put("spam_reports", "noor@example.org", NOW - timedelta(days=3))
    sendgrid.suppressions.put("unsubscribes", "soren@example.org", NOW - timedelta(days=3))
    assert pull(lists, store=store, clock=FakeClock(NOW)).ended == 0
    files = Path(sqlite_url.removeprefix("sqlite:///")).parent.glob("newsletter.db*")
    assert not any(name in file.read_bytes() for file in files for name in (b"noor", b"soren"))
    subscribe(people, "Noor@example.org", "soren@example.org", "mina@example.org")
    assert statuses(people) == {
        "Noor@example.org": ("suppressed", "complained"),
        "soren@example.org": ("unsubscribed", ""),
        "mina@example.org": ("confirmed", ""),
    }


def test_a_long_list_is_read_by_spans_and_from_then_on_only_what_is_new(
    database: Database, sendgrid: SendGridEmulator, lists: SendGridSuppressions
) -> None:
    people, store = SqlSubscriberStore(database), SqlSuppressionStore(database)
    clock = FakeClock(NOW)
    # twice a page in one second, then one each minute
    moments = [NOW - timedelta(days=30)] * (2 * PAGE) + [NOW - timedelta(minutes=n) for n in range(PAGE + 50)]
    for number, moment in enumerate(moments):
        sendgrid.suppressions.put("bounces", f"reader{number}@example.org", moment)
    subscribe(
        people, *(f"reader{number}@example.org" for number in (0, PAGE, 2 * PAGE - 1, len(moments) - 1))
    )
    assert pull(lists, store=store, clock=clock).ended == 4
    clock.advance(days=2)
    sendgrid.suppressions.put("bounces", "late@example.org", clock.now() - timedelta(hours=50))  # overlap
    subscribe(people, "late@example.org")
    again = pull(lists, store=store, clock=clock)
    assert again.ended == 1
    assert again.read < PAGE + 100


class Interrupted(SendGridSuppressions):
    """Lists whose server goes away after so many answers."""

    answers = 0

    def page(
        self, reason: SuppressionReason, since: datetime, until: datetime, *, offset: int
    ) -> tuple[Sequence[Suppression], bool]:
        self.answers += 1
        if self.answers > 6:
            raise ProviderUnavailable("gone")
        return super().page(reason, since, until, offset=offset)


def test_what_was_read_stays_when_the_reading_is_interrupted(
    database: Database, sendgrid: SendGridEmulator
) -> None:
    store = SqlSuppressionStore(database)
    clock = FakeClock(NOW)
    for number in range(PAGE + 1):
        sendgrid.suppressions.put("bounces", f"r{number}@example.org", NOW - timedelta(days=number))
    connection = KeptConnection(sendgrid.url, timeout=5, headers={"Authorization": f"Bearer {KEY}"})
    with closing(Interrupted(connection)) as lists, pytest.raises(ProviderUnavailable, match="gone"):
        pull(lists, store=store, clock=clock)
    mark = store.mark("sendgrid bounced")
    assert mark is not None
    assert mark < NOW
    with closing(_lists(sendgrid.url)) as lists:
        pull(lists, store=store, clock=clock)
    assert store.mark("sendgrid bounced") == NOW


def test_ours_are_told_to_the_provider(
    database: Database, sendgrid: SendGridEmulator, lists: SendGridSuppressions
) -> None:
    people = SqlSubscriberStore(database)
    subscribe(people, "noor@example.org", "mina@example.org")
    entry = Suppression(addr_spec="noor@example.org", reason=SuppressionReason.BOUNCED, created_at=NOW)
    SqlSuppressionStore(database).keep([entry], "test", NOW)
    for _ in range(2):
        assert push(lists, subscribers=people) == 1
    assert sendgrid.suppressions.on("unsubscribes") == ["noor@example.org"]


def test_a_key_without_the_right_says_which_one_it_needs(sendgrid: SendGridEmulator) -> None:
    sendgrid.scopes = ["mail.send"]
    with closing(_lists(sendgrid.url)) as lists, pytest.raises(ProviderRefused, match="Suppressions"):
        lists.page(SuppressionReason.BOUNCED, NOW, NOW, offset=0)


@pytest.mark.parametrize("kind", [Kind.HANG_BEFORE_READING, Kind.CLOSE_BEFORE_READING])
def test_no_answer_is_no_list_yet(sendgrid: SendGridEmulator, kind: Kind) -> None:
    sendgrid.script(kind, path="/v3/suppression/bounces")
    connection = KeptConnection(sendgrid.url, timeout=0.4, headers={"Authorization": f"Bearer {KEY}"})
    with closing(SendGridSuppressions(connection)) as lists, pytest.raises(ProviderUnavailable):
        lists.page(SuppressionReason.BOUNCED, NOW, NOW, offset=0)


def test_the_daily_reading_comes_once_a_day_and_stops_nothing(database: Database) -> None:
    store, clock = SqlSuppressionStore(database), FakeClock(NOW)
    calls = 0

    def failing() -> Pulled:
        nonlocal calls
        calls += 1
        raise ProviderRefused("403", remedy="the scope")

    (line,) = when_due(failing, store=store, clock=clock)
    assert "403" in line
    assert when_due(failing, store=store, clock=clock) == ()
    clock.advance(days=1)
    assert when_due(lambda: Pulled(read=9, ended=2), store=store, clock=clock) == (
        "2 subscribers ended: on the provider's lists of suppressed addresses",
    )
    clock.advance(days=1)
    assert when_due(lambda: None, store=store, clock=clock) == ()
    assert calls == 1
