"""What readers choose and how they move, on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from newsletter.models import (
    Address,
    Channel,
    Choices,
    Consent,
    ConsentAction,
    Subscriber,
    SubscriberId,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from newsletter.store.engine import Database
from newsletter.store.joining import SqlJoining
from newsletter.store.preferences import SqlPreferences
from newsletter.store.readertables import system_mails
from newsletter.store.subscribers import SqlSubscriberStore
from newsletter.store.suppressions import SqlSuppressionStore

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
STEP = Consent(action=ConsentAction.CHANGED, channel=Channel.PAGE, at=NOW)
ADA, BO = SubscriberId(1), SubscriberId(2)
NEW = Address(addr_spec="New@example.net")


@pytest.fixture
def people(database: Database) -> SqlSubscriberStore:
    store = SqlSubscriberStore(database)
    for name in ("ada", "bo"):
        address = Address(addr_spec=f"{name}@example.org", display_name=name.title())
        store.add(address, status=SubscriberStatus.CONFIRMED, consent_source="test", now=NOW)
    return store


@pytest.fixture
def preferences(database: Database) -> SqlPreferences:
    return SqlPreferences(database)


def get(people: SqlSubscriberStore, person: SubscriberId = ADA) -> Subscriber:
    found = people.get(person)
    assert found is not None
    return found


def mailed_to(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(select(system_mails.c.addr_spec).order_by(system_mails.c.number)))


def test_choices_replace_what_is_offered_and_leave_all_else(
    people: SqlSubscriberStore, preferences: SqlPreferences
) -> None:
    for tag in ("vip", "a", "b"):
        people.tag(ADA, tag)
    people.tag(BO, "a")
    choices = Choices(language="de", text_only=True, paused_until=NOW, topics=("b", "c", "vip", "forbidden"))
    for _ in range(2):
        preferences.choose(ADA, choices, ["a", "b", "c"])
    ada = get(people)
    assert (ada.language, ada.text_only, ada.paused_until, ada.tags) == ("de", True, NOW, ("b", "c", "vip"))
    assert ada.address.display_name == "Ada"
    assert get(people, BO).tags == ("a",)
    preferences.choose(SubscriberId(99), choices, ["a", "b"])
    assert people.tags() == {"a": 1, "b": 1, "c": 1, "vip": 1}


def test_an_address_moves_once_and_says_so_in_the_record(
    database: Database, people: SqlSubscriberStore, preferences: SqlPreferences
) -> None:
    assert preferences.next_address(ADA) == "ada@example.org"
    preferences.ask_for_change(ADA, NEW, NOW)
    assert preferences.next_address(ADA) == "New@example.net"
    assert mailed_to(database) == ["New@example.net"]
    assert [preferences.change_address(ADA, STEP) for _ in range(2)] == [True, True]
    assert get(people).address == Address(addr_spec="New@example.net", display_name="Ada")
    assert people.find("new@EXAMPLE.net") == get(people)
    assert people.find("ada@example.org") is None
    steps = [step.action for step in SqlJoining(database).steps(ADA)]
    assert steps == [ConsentAction.ADDED, ConsentAction.CHANGED]


@pytest.mark.parametrize("wish", ["bo@example.org", "BO@Example.org", "gone@example.net"])
def test_an_address_that_is_somebody_elses_or_suppressed_is_not_written_to(
    database: Database, people: SqlSubscriberStore, preferences: SqlPreferences, wish: str
) -> None:
    complaint = Suppression(addr_spec="gone@example.net", reason=SuppressionReason.COMPLAINED, created_at=NOW)
    SqlSuppressionStore(database).keep([complaint], "test", NOW)
    preferences.ask_for_change(ADA, Address(addr_spec=wish), NOW)
    assert mailed_to(database) == []
    assert preferences.next_address(ADA) == "ada@example.org"
    assert get(people).address.addr_spec == "ada@example.org"


def test_an_address_that_became_somebody_elses_is_not_taken(
    people: SqlSubscriberStore, preferences: SqlPreferences
) -> None:
    preferences.ask_for_change(ADA, NEW, NOW)
    people.add(NEW, status=SubscriberStatus.UNCONFIRMED, consent_source="test", now=NOW)
    assert not preferences.change_address(ADA, STEP)
    assert get(people).address.addr_spec == "ada@example.org"


def test_another_writing_of_the_own_address_may_be_taken(
    people: SqlSubscriberStore, preferences: SqlPreferences
) -> None:
    preferences.ask_for_change(ADA, Address(addr_spec="Ada@example.org"), NOW)
    assert preferences.change_address(ADA, STEP)
    assert get(people).address.addr_spec == "Ada@example.org"


def test_nobody_is_mailed_for_somebody_who_is_not_there(
    database: Database, people: SqlSubscriberStore, preferences: SqlPreferences
) -> None:
    preferences.mail_link(SubscriberId(99), NOW)
    preferences.ask_for_change(SubscriberId(99), NEW, NOW)
    assert preferences.next_address(SubscriberId(99)) == ""
    assert mailed_to(database) == []
    preferences.mail_link(ADA, NOW)
    assert mailed_to(database) == ["ada@example.org"]
