"""Taking back an import: what it did goes, and what anybody did since stays."""

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from newsletter.errors import NotFound
from newsletter.models import (
    Channel,
    Consent,
    ConsentAction,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from newsletter.models.imports import StayReason, UndoneImport
from newsletter.store.consents import record_step, steps
from newsletter.store.engine import Database
from newsletter.store.readertables import consents, import_changes, subscriber_tags
from newsletter.store.suppressions import SqlSuppressionStore
from newsletter.store.tables import subscribers
from tests.support.clock import FakeClock
from tests.support.ledgers import SENDER, letter
from tests.support.ledgers import desk as ledger_desk
from tests.support.people import PeopleDesk


@pytest.fixture
def desk(database: Database) -> PeopleDesk:
    return PeopleDesk(database=database)


def undo(desk: PeopleDesk, number: int) -> UndoneImport:
    desk.now += timedelta(minutes=1)
    return desk.imports.undo(number, desk.now)


def act(desk: PeopleDesk, addr_spec: str, action: ConsentAction) -> None:
    with desk.database.writing() as connection:
        step = Consent(action=action, channel=Channel.PAGE, at=desk.now + timedelta(seconds=1))
        record_step(connection, desk.find(addr_spec).id, step)


def change(desk: PeopleDesk, addr_spec: str, **values: object) -> None:
    with desk.database.writing() as connection:
        connection.execute(update(subscribers).where(subscribers.c.addr_spec == addr_spec).values(values))


def test_whom_it_added_goes_without_a_trace(desk: PeopleDesk) -> None:
    desk.load("email,tags", "old@example.com,a")
    report = desk.load("email,tags", *(f"a{n}@example.com,a" for n in range(600)), "old@example.com,b")
    assert report.number == 2
    undone = undo(desk, 2)
    assert (undone.removed, undone.restored, undone.stayed) == (600, 1, {})
    assert desk.statuses() == {"old": "confirmed"}
    assert desk.find("old@example.com").tags == ("a",)
    with desk.database.reading() as connection:
        for table, rows in ((subscriber_tags, 1), (consents, 1), (import_changes, 2)):
            assert connection.scalar(select(func.count()).select_from(table)) == rows


def test_it_is_done_once(desk: PeopleDesk) -> None:
    desk.load("ada@example.com")
    first = undo(desk, 1)
    desk.load("ada@example.com")
    again = undo(desk, 1)
    assert (again.already, again.undone_at, again.removed) == (True, first.undone_at, 0)
    assert desk.statuses() == {"ada": "confirmed"}
    assert desk.imports.list()[0].undone_at == first.undone_at
    with pytest.raises(NotFound):
        undo(desk, 9)


def test_who_was_mailed_stays(desk: PeopleDesk) -> None:
    desk.load("email,status", "ada@example.com,", "new@example.com,pending")
    ledger = ledger_desk(desk.database, FakeClock(desk.now))
    ledger.draft()
    ledger.ledger.freeze(letter(), SENDER, batch_size=10, now=desk.now)
    undone = undo(desk, 1)
    assert (undone.removed, undone.stayed) == (1, {StayReason.MAILED: 1})
    assert desk.statuses() == {"ada": "confirmed"}


@pytest.mark.parametrize("action", [ConsentAction.CONFIRMED, ConsentAction.REQUESTED, ConsentAction.CHANGED])
def test_who_did_anything_stays(desk: PeopleDesk, action: ConsentAction) -> None:
    desk.load("ada@example.com", "bob@example.com")
    act(desk, "ada@example.com", action)
    undone = undo(desk, 1)
    assert (undone.removed, undone.stayed) == (1, {StayReason.ACTED: 1})
    assert desk.statuses() == {"ada": "confirmed"}


@pytest.mark.parametrize(
    "values",
    [
        {"display_name": "Ada"},
        {"language": "de"},
        {"text_only": True},
        {"status": SubscriberStatus.SUPPRESSED, "suppressed_reason": "bounced"},
        {"status": SubscriberStatus.UNSUBSCRIBED},
    ],
)
def test_who_is_not_as_they_came_stays(desk: PeopleDesk, values: dict[str, object]) -> None:
    desk.load("ada@example.com", "bob@example.com")
    change(desk, "ada@example.com", **values)
    undone = undo(desk, 1)
    assert (undone.removed, undone.stayed) == (1, {StayReason.DIFFERS: 1})


def test_who_has_other_tags_since_stays(desk: PeopleDesk) -> None:
    desk.load("email,tags", "ada@example.com,a", "bob@example.com,a")
    with desk.database.writing() as connection:
        row = {"subscriber_id": desk.find("ada@example.com").id, "tag": "b"}
        connection.execute(insert(subscriber_tags).values(row))
    assert undo(desk, 1).stayed == {StayReason.DIFFERS: 1}


# --- whom it ended -----------------------------------------------------------------------------


def ended(desk: PeopleDesk, status: str = "unsubscribed") -> int:
    """The number of an import that ended Ada's subscription."""
    desk.load("email,name", "ada@example.com,Ada")
    number = desk.load("email,status", f"ada@example.com,{status}").number
    assert number
    assert desk.statuses() == {"ada": "suppressed" if status == "bounced" else "unsubscribed"}
    return number


@pytest.mark.parametrize("status", ["unsubscribed", "bounced"])
def test_whom_it_ended_is_put_back_with_a_record(desk: PeopleDesk, status: str) -> None:
    desk.load("email,name", "ada@example.com,Ada")
    before = desk.find("ada@example.com")
    undone = undo(desk, ended(desk, status))
    assert (undone.restored, undone.stayed) == (1, {})
    assert desk.find("ada@example.com") == before
    with desk.database.reading() as connection:
        last = steps(connection, before.id)[-1]
    assert (last.action, last.evidence) == (ConsentAction.IMPORTED, "import 3 was undone")


@pytest.mark.parametrize("action", [ConsentAction.UNSUBSCRIBED, ConsentAction.SUPPRESSED])
def test_who_left_themselves_since_is_not_put_back(desk: PeopleDesk, action: ConsentAction) -> None:
    number = ended(desk)
    act(desk, "ada@example.com", action)
    assert undo(desk, number).stayed == {StayReason.ENDED_ELSEWHERE: 1}
    assert desk.statuses() == {"ada": "unsubscribed"}


def test_who_was_suppressed_since_is_not_put_back(desk: PeopleDesk) -> None:
    number = ended(desk)
    change(desk, "ada@example.com", status=SubscriberStatus.SUPPRESSED, suppressed_reason="complained")
    assert undo(desk, number).stayed == {StayReason.DIFFERS: 1}
    assert desk.statuses() == {"ada": "suppressed"}


def test_whom_the_provider_suppresses_is_not_put_back(desk: PeopleDesk) -> None:
    number = ended(desk, "bounced")
    SqlSuppressionStore(desk.database).keep(
        [Suppression(addr_spec="ada@example.com", reason=SuppressionReason.COMPLAINED, created_at=desk.now)],
        "test",
        desk.now,
    )
    assert undo(desk, number).restored == 0
    assert desk.statuses() == {"ada": "suppressed"}


def test_whom_a_second_import_ended_as_well_is_put_back_by_neither(desk: PeopleDesk) -> None:
    number = ended(desk)
    desk.load("email,status", "ada@example.com,unsubscribed")
    assert undo(desk, number).stayed == {StayReason.ENDED_ELSEWHERE: 1}
    assert undo(desk, number + 1).restored == 0
    assert desk.statuses() == {"ada": "unsubscribed"}
