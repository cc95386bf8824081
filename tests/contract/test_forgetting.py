"""Who was forgotten is nowhere: not in a table, not in a file, not after an import, not after a restore."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import MetaData, insert, select

from newsletter.content.addresses import parse_address
from newsletter.content.tokens import Keyring
from newsletter.errors import WrongState
from newsletter.models import (
    Address,
    Channel,
    Claim,
    Confirmation,
    Consent,
    ConsentAction,
    DeliveryId,
    EventType,
    ProviderEvent,
    SendOutcome,
    SendStatus,
    SubscriberId,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
    SystemMailKind,
)
from newsletter.models.imports import ImportedPerson, ImportEffect, ImportSource
from newsletter.store.accounts import SqlAccounts
from newsletter.store.engine import Database
from newsletter.store.erasedlist import ErasedList
from newsletter.store.events import SqlEventStore
from newsletter.store.forgetting import SqlForgetting
from newsletter.store.importing import SqlImportStore
from newsletter.store.joining import SqlJoining
from newsletter.store.keys import keyring
from newsletter.store.readertables import address_changes
from newsletter.store.schema import backup
from newsletter.store.suppressions import SqlSuppressionStore
from newsletter.store.systemmails import queue_mail
from newsletter.usecases.events import EventJudge
from newsletter.usecases.forgetting import forget, held_lines
from newsletter.usecases.joining import sign_up
from tests.support.ledgers import ISSUE, Desk, desk

ADDRESS = "Quintessa.Obermaier-Lindqvist@Mail.Example.org"
NAME = "Quintessa Obermaier"
TELLING = ("quintessa", "obermaier", "lindqvist")
RULES = EventJudge(soft_bounces=3, max_bounced=0.5, max_complained=0.5)


@dataclass(kw_only=True)
class House:
    """A desk on which one person has left traces everywhere."""

    desk: Desk
    erased: ErasedList
    keys: Keyring
    person: SubscriberId = field(default=SubscriberId(0))

    @property
    def database(self) -> Database:
        return self.desk.database

    @property
    def forgetting(self) -> SqlForgetting:
        return SqlForgetting(self.database, self.erased, key=self.keys.first)

    @property
    def now(self) -> datetime:
        return self.desk.clock.now()

    def forget(self, address: str = ADDRESS) -> bool:
        self.desk.clock.advance(seconds=60)
        return forget(address, forgetting=self.forgetting, keys=self.keys, now=self.now)

    def step(self, action: ConsentAction) -> Consent:
        return Consent(
            action=action,
            channel=Channel.FORM,
            at=self.now,
            ip="192.0.2.7",
            form_url=f"https://blog.example.com/?for={ADDRESS}",
        )

    def join(self) -> None:
        """The person signs up and confirms."""
        sign_up(
            parse_address(f"{NAME} <{ADDRESS}>"),
            self.step(ConsentAction.REQUESTED),
            client="192.0.2.7/32",
            language="de",
            tags=["berlin"],
            key=self.keys.signing,
            joining=SqlJoining(self.database),
        )
        found = self.desk.subscribers.find(ADDRESS)
        assert found is not None
        self.person = found.id
        joining = SqlJoining(self.database)
        assert joining.confirm(found.id, self.step(ConsentAction.CONFIRMED)) is Confirmation.CONFIRMED

    def load(self, *addresses: str, name: str = "") -> dict[ImportEffect, int]:
        people = (
            ImportedPerson(
                line=n,
                address=Address(addr_spec=each, display_name=name),
                status=SubscriberStatus.CONFIRMED,
                tags=("fair",),
            )
            for n, each in enumerate(addresses, start=2)
        )
        with SqlImportStore(self.database).staged(people) as staged:
            source = ImportSource(file="fair.csv", consent_source="the fair")
            _, diff = staged.apply(source, rejected=0, now=self.now)
        return {effect: count for effect, count in diff.effects.items() if count}

    def report(self, claim: Claim, place: int, kind: EventType, *, known: bool = True) -> None:
        """The provider tells of the person's letter, with their address in its words."""
        event = ProviderEvent(
            type=kind,
            provider="sendgrid",
            provider_event_id=f"{kind}-{self.now}",
            occurred_at=self.now,
            delivery_id=DeliveryId(f"{ISSUE}.{place}") if known else None,
            attempt_id=claim.attempt if known else None,
            addr_spec=ADDRESS,
            detail=f"550 <{ADDRESS}> is on holiday",
            raw=f'{{"email": "{ADDRESS}"}}',
        )
        SqlEventStore(self.database).take([event], RULES, self.now)

    def everything(self) -> str:
        """Every value of every table, in lower case."""
        tables = MetaData()
        with self.database.reading() as connection:
            tables.reflect(connection)
            rows = [
                str(tuple(row))
                for table in tables.tables.values()
                for row in connection.execute(select(table))
            ]
        return "\n".join(rows).lower()

    def files(self) -> bytes:
        """The bytes of every file beside a SQLite database, in lower case."""
        folder = Path(str(self.database.url.database)).parent
        return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file()).lower()


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    erased = ErasedList(tmp_path / "data" / "erased")
    made = House(desk=desk(database), erased=erased, keys=keyring(database))
    made.join()
    return made


def traces_everywhere(house: House) -> Claim:
    """The claim that carried the person's letter, after everything that can name somebody has happened."""
    house.load(ADDRESS.upper(), name=NAME)
    house.load("someone@example.org")
    house.desk.freeze(40, batch_size=100)
    claim = house.desk.claim(house.desk.lease())
    outcomes = [
        SendOutcome(
            delivery_id=each.id,
            status=SendStatus.REJECTED if each.subscriber_id == house.person else SendStatus.SUBMITTED,
            detail=f"550 no <{each.address.addr_spec}> here" if each.subscriber_id == house.person else "",
        )
        for each in claim.deliveries
    ]
    house.desk.record(claim, outcomes)
    house.report(claim, 1, EventType.BOUNCED)
    house.report(claim, 1, EventType.DELIVERED, known=False)
    house.desk.ledger.pause(ISSUE, note=f"the provider refused {ADDRESS.lower()}")
    with house.database.writing() as connection:
        queue_mail(connection, SystemMailKind.NEW_ADDRESS, ADDRESS.upper(), house.now)
        wish = {"subscriber_id": 2, "addr_spec": ADDRESS.upper(), "at": house.now}
        connection.execute(insert(address_changes).values(wish))
    return claim


def names_in(text: str) -> Sequence[str]:
    return [name for name in TELLING if name in text]


def test_nothing_names_them_in_any_table_or_file(house: House) -> None:
    traces_everywhere(house)
    assert names_in(house.everything()) == list(TELLING)
    if house.database.is_sqlite:
        assert TELLING[0].encode() in house.files()
    assert house.forget(ADDRESS.upper())
    assert house.forgetting.remove_traces()
    assert not names_in(house.everything())
    if house.database.is_sqlite:
        assert not [name for name in TELLING if name.encode() in house.files()]


def test_a_copy_made_later_does_not_hold_them(house: House, tmp_path: Path) -> None:
    if not house.database.is_sqlite:
        pytest.skip("PostgreSQL is copied by its own tools")
    traces_everywhere(house)
    house.forget()
    backup(house.database, tmp_path / "copy.db")
    copied = (tmp_path / "copy.db").read_bytes().lower()
    assert not [name for name in TELLING if name.encode() in copied]


def test_their_letters_stay_as_numbers(house: House) -> None:
    traces_everywhere(house)
    before = house.desk.progress()
    house.forget()
    assert house.desk.progress() == before
    accounts = SqlAccounts(house.database)
    assert accounts.erased(ISSUE) == 1
    frozen = house.desk.ledger.frozen(ISSUE)
    assert frozen is not None
    assert accounts.audience_sha256(ISSUE) != frozen.audience_sha256
    assert [each.status for each in accounts.people(ISSUE) if not each.address.addr_spec] == ["rejected"]


def test_neither_import_nor_author_brings_them_back(house: House) -> None:
    house.forget()
    assert house.load(ADDRESS.swapcase(), "new@example.org") == {
        ImportEffect.ADDED: 1,
        ImportEffect.LEFT_OUT: 1,
    }
    with pytest.raises(WrongState, match="asked to be forgotten"):
        house.desk.subscribers.add(
            Address(addr_spec=ADDRESS.lower()),
            status=SubscriberStatus.CONFIRMED,
            consent_source="added by the author",
            now=house.now,
        )
    entry = Suppression(addr_spec=ADDRESS, reason=SuppressionReason.BOUNCED, created_at=house.now)
    SqlSuppressionStore(house.database).keep([entry], "sendgrid", house.now)
    assert house.load(ADDRESS) == {ImportEffect.LEFT_OUT: 1}
    assert not names_in(house.everything())


def test_their_own_confirmation_brings_them_back(house: House) -> None:
    house.forget()
    first = house.person
    house.join()
    assert house.person != first, "a number is never given twice"
    found = house.desk.subscribers.find(ADDRESS)
    assert found is not None
    assert found.status is SubscriberStatus.CONFIRMED
    assert house.forgetting.catch_up() == 0
    assert house.load(ADDRESS) == {ImportEffect.CHANGED: 1}


def test_what_a_provider_reports_later_names_nobody(house: House) -> None:
    claim = traces_everywhere(house)
    house.forget()
    house.desk.clock.advance(seconds=60)
    house.report(claim, 1, EventType.COMPLAINED)
    house.report(claim, 1, EventType.BOUNCED, known=False)
    assert not names_in(house.everything())


def test_who_is_forgotten_while_an_issue_is_sent_gets_nothing_more(house: House) -> None:
    house.desk.freeze(4, batch_size=2)
    lease = house.desk.lease()
    house.forget()
    sent = []
    while claim := house.desk.next_claim(lease):
        sent += [each.subscriber_id for each in claim.deliveries]
        house.desk.record(claim)
        assert not house.forgetting.remove_traces(), "the file is left alone while an issue is sent"
    assert house.person not in sent
    house.desk.ledger.finish(lease, ISSUE, house.now)
    progress = house.desk.progress()
    assert (progress.submitted, progress.suppressed_since, progress.balanced) == (4, 1, True)
    assert house.forgetting.remove_traces()


def test_a_letter_on_its_way_settles_without_a_name(house: House) -> None:
    house.desk.freeze(1, batch_size=5)
    lease = house.desk.lease()
    claim = house.desk.claim(lease)
    house.forget()
    mine, *others = [
        SendOutcome(delivery_id=each.id, status=SendStatus.SUBMITTED) for each in claim.deliveries
    ]
    said = SendOutcome(
        delivery_id=mine.delivery_id, status=SendStatus.REJECTED, detail=f"550 <{ADDRESS}>: no"
    )
    house.desk.record(claim, [said, *others])
    house.desk.ledger.finish(lease, ISSUE, house.now)
    assert house.forgetting.remove_traces()
    assert not names_in(house.everything())


def test_an_older_copy_forgets_them_again(
    house: House, tmp_path: Path, opened: Callable[[str], Database]
) -> None:
    if not house.database.is_sqlite:
        pytest.skip("PostgreSQL is copied by its own tools")
    traces_everywhere(house)
    backup(house.database, tmp_path / "copy.db")
    house.forget()
    house.desk.clock.advance(seconds=60)
    old = opened(f"sqlite:///{tmp_path}/copy.db")
    restored = replace(house, desk=desk(old, house.desk.clock))
    assert names_in(restored.everything())
    assert restored.forgetting.catch_up() == 1
    assert restored.forgetting.catch_up() == 0
    assert not names_in(restored.everything())
    assert restored.load(ADDRESS) == {ImportEffect.LEFT_OUT: 1}


def test_who_came_back_since_stays_when_the_list_is_read_again(
    house: House, tmp_path: Path, opened: Callable[[str], Database]
) -> None:
    """A database that lost its notes of the list, as one that was put together from parts."""
    house.forget()
    house.desk.clock.advance(seconds=60)
    house.join()
    other = House(desk=house.desk, erased=ErasedList(tmp_path / "other"), keys=house.keys)
    (line,) = house.erased.read()
    other.erased.add(replace(line, at=line.at + timedelta(seconds=1)))
    assert other.forgetting.catch_up() == 0
    assert house.desk.subscribers.find(ADDRESS) is not None


def test_a_cut_line_spoils_no_other(tmp_path: Path, house: House) -> None:
    path = tmp_path / "data" / "erased"
    path.parent.mkdir(exist_ok=True)
    path.write_text("2026-11-27T08:00:00.000000Z abcdef", encoding="ascii")
    house.forget()
    house.forget("someone@example.org")
    assert len(house.erased.read()) == 2


def test_all_that_is_held_is_shown(house: House) -> None:
    traces_everywhere(house)
    found = house.forgetting.held(house.person)
    assert found is not None
    assert found.person.tags == ("berlin", "fair")
    assert [step.action for step in found.steps[:2]] == [ConsentAction.REQUESTED, ConsentAction.CONFIRMED]
    (letter,) = found.letters
    assert (letter.issue, letter.outcome) == (ISSUE, "rejected")
    assert [mail.kind for mail in found.mails] == ["confirmation"]
    assert [event.type for event in found.events] == ["bounced"]
    lines = "".join(held_lines(found))
    assert lines.lower().count(ADDRESS.lower()) >= 4
    assert house.forgetting.held(SubscriberId(10_000)) is None
