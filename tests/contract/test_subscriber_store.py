"""The list of people over every database: one row per address, and nobody comes back by accident."""

from collections.abc import Iterator

import pytest

from newsletter.models import Address, Subscriber, SubscriberId, SubscriberStatus
from newsletter.store.engine import Database
from newsletter.store.joining import SqlJoining
from newsletter.store.subscribers import SqlSubscriberStore
from tests.support.clock import FakeClock
from tests.support.leaving import leave

CONFIRMED, UNCONFIRMED = SubscriberStatus.CONFIRMED, SubscriberStatus.UNCONFIRMED
UNSUBSCRIBED, SUPPRESSED = SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.SUPPRESSED
CLOCK = FakeClock()


@pytest.fixture
def store(database: Database) -> SqlSubscriberStore:
    return SqlSubscriberStore(database)


@pytest.fixture
def joining(database: Database) -> SqlJoining:
    return SqlJoining(database)


def add(
    store: SqlSubscriberStore, text: str, status: SubscriberStatus = CONFIRMED
) -> tuple[Subscriber, bool]:
    address = Address(addr_spec=text, display_name="Ada")
    return store.add(address, status=status, consent_source="test", now=CLOCK.now())


def rows(*people: tuple[str, SubscriberStatus]) -> Iterator[tuple[Address, SubscriberStatus]]:
    return ((Address(addr_spec=addr_spec), status) for addr_spec, status in people)


def test_who_is_added_is_found_with_all_that_was_said(store: SqlSubscriberStore) -> None:
    added, new = add(store, "Ada@Example.com")
    assert new
    assert added == Subscriber(
        id=added.id,
        address=Address(addr_spec="Ada@Example.com", display_name="Ada"),
        status=CONFIRMED,
        created_at=CLOCK.now(),
        confirmed_at=CLOCK.now(),
        consent_source="test",
    )
    assert store.get(added.id) == added
    assert store.find("ada@example.com") == added
    assert store.get(SubscriberId(999)) is None
    assert store.find("nobody@example.com") is None


@pytest.mark.parametrize(
    "writing", ["ada@example.com", "ADA@EXAMPLE.COM", "ada\u00a0@example.com", " ada@example.com "]
)
def test_other_writings_of_an_address_are_the_same_person(store: SqlSubscriberStore, writing: str) -> None:
    first, _ = add(store, "Ada@example.com")
    assert add(store, writing) == (first, False)
    assert store.find(writing) == first
    assert store.count()[CONFIRMED] == 1


def test_adding_who_has_left_changes_nothing(store: SqlSubscriberStore) -> None:
    person, _ = add(store, "ada@example.com", UNSUBSCRIBED)
    assert add(store, "ada@example.com", CONFIRMED) == (person, False)
    assert person.unsubscribed_at == CLOCK.now()


def test_unsubscribing_twice_is_harmless(store: SqlSubscriberStore, joining: SqlJoining) -> None:
    person, _ = add(store, "ada@example.com")
    assert leave(joining, person.id, CLOCK.now())
    assert not leave(joining, person.id, CLOCK.now())
    assert not leave(joining, SubscriberId(999), CLOCK.now())
    left = store.get(person.id)
    assert left is not None
    assert (left.status, left.unsubscribed_at) == (UNSUBSCRIBED, CLOCK.now())


def test_who_is_suppressed_stays_so_when_they_unsubscribe(
    store: SqlSubscriberStore, joining: SqlJoining
) -> None:
    person, _ = add(store, "ada@example.com", SUPPRESSED)
    assert not leave(joining, person.id, CLOCK.now())
    assert store.get(person.id) == person
    assert person.suppressed_reason == "test"


def test_an_import_adds_the_new_and_leaves_the_known(store: SqlSubscriberStore) -> None:
    known, _ = add(store, "known@example.com", UNCONFIRMED)
    people = rows(
        ("new@example.com", CONFIRMED), ("KNOWN@example.com", CONFIRMED), ("New@Example.com", CONFIRMED)
    )
    assert store.import_rows(people, consent_source="import list.csv", now=CLOCK.now()) == (1, 2)
    assert store.find("known@example.com") == known
    new = store.find("new@example.com")
    assert new is not None
    assert (new.status, new.consent_source) == (CONFIRMED, "import list.csv")


@pytest.mark.parametrize("ended", [UNSUBSCRIBED, SUPPRESSED])
def test_an_import_never_brings_anybody_back(store: SqlSubscriberStore, ended: SubscriberStatus) -> None:
    left, _ = add(store, "left@example.com", ended)
    store.import_rows(rows(("left@example.com", CONFIRMED)), consent_source="import", now=CLOCK.now())
    assert store.find("left@example.com") == left


@pytest.mark.parametrize("ended", [UNSUBSCRIBED, SUPPRESSED])
def test_an_import_of_who_has_left_ends_their_subscription(
    store: SqlSubscriberStore, ended: SubscriberStatus
) -> None:
    add(store, "ada@example.com")
    people = rows(("ada@example.com", ended), ("bea@example.com", CONFIRMED), ("bea@example.com", ended))
    assert store.import_rows(people, consent_source="import", now=CLOCK.now()) == (1, 2)
    for addr_spec in ("ada@example.com", "bea@example.com"):
        person = store.find(addr_spec)
        assert person is not None
        assert person.status is ended


def test_an_import_that_breaks_leaves_nothing_behind(store: SqlSubscriberStore) -> None:
    def broken() -> Iterator[tuple[Address, SubscriberStatus]]:
        for number in range(1200):
            yield Address(addr_spec=f"reader{number}@example.com"), CONFIRMED
        raise ValueError("line 1201")

    with pytest.raises(ValueError, match="line 1201"):
        store.import_rows(broken(), consent_source="import", now=CLOCK.now())
    assert sum(store.count().values()) == 0


def test_everybody_is_listed_once_by_age_however_many_came_at_the_same_moment(
    store: SqlSubscriberStore,
) -> None:
    people = [
        (f"reader{number}@example.com", CONFIRMED if number % 3 else UNSUBSCRIBED) for number in range(1203)
    ]
    assert store.import_rows(rows(*people), consent_source="import", now=CLOCK.now()) == (1203, 0)
    assert [person.address.addr_spec for person in store.list()] == [addr_spec for addr_spec, _ in people]
    assert sum(1 for _ in store.list(CONFIRMED)) == 802
    assert store.count() == {CONFIRMED: 802, UNSUBSCRIBED: 401, UNCONFIRMED: 0, SUPPRESSED: 0}


def test_places_are_counted_among_the_confirmed_as_freezing_counts_them(
    store: SqlSubscriberStore, joining: SqlJoining
) -> None:
    statuses = (CONFIRMED, UNCONFIRMED, CONFIRMED, CONFIRMED)
    people = [add(store, f"{n}@example.com", status)[0].id for n, status in enumerate(statuses)]
    assert [store.place(person, CLOCK.now()) for person in people] == [1, 0, 2, 3]
    leave(joining, people[0], CLOCK.now())
    assert [store.place(person, CLOCK.now()) for person in people] == [0, 0, 1, 2]
    assert store.place(SubscriberId(999), CLOCK.now()) == 0
