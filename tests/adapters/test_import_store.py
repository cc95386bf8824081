"""Import and export through the real list of subscribers, on both databases."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from newsletter.content import subscribercsv
from newsletter.errors import BadAddress, BadInput
from newsletter.models import (
    Address,
    Channel,
    ConsentAction,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from newsletter.models.imports import ImportedPerson, ImportEffect
from newsletter.store.consents import steps
from newsletter.store.engine import Database
from newsletter.store.joining import SqlJoining
from newsletter.store.readertables import consents, import_changes, imports, subscriber_tags
from newsletter.store.suppressions import SqlSuppressionStore
from newsletter.usecases.importing import ImportPlan, ImportReport, export_csv
from newsletter.usecases.subscribe import add_subscriber
from tests.support.leaving import leave
from tests.support.people import NOW, PeopleDesk

STRICTNESS = ("confirmed", "unconfirmed", "unsubscribed", "suppressed")


@pytest.fixture
def desk(database: Database) -> PeopleDesk:
    return PeopleDesk(database=database)


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.added, report.known, report.repeated, report.left_out, report.rejected_rows


# --- who is in and who stays out ---------------------------------------------------------------


@pytest.mark.parametrize("listed", STRICTNESS)
def test_no_import_makes_anybodys_status_looser(desk: PeopleDesk, listed: str) -> None:
    desk.load("email,status", *(f"{told}@example.com,{listed}" for told in STRICTNESS))
    before = {told: desk.find(f"{told}@example.com") for told in STRICTNESS}
    report = desk.load("email,status", *(f"{told.upper()}@Example.com,{told}" for told in STRICTNESS))
    assert counts(report) == (0, 4, 0, 0, 0)
    for told in STRICTNESS:
        person = desk.find(f"{told}@example.com")
        ends = told in {"unsubscribed", "suppressed"} and STRICTNESS.index(told) > STRICTNESS.index(listed)
        assert person.status.value == (told if ends else listed)
        if not ends:
            assert person == before[told]


def test_who_left_by_themselves_stays_out(desk: PeopleDesk) -> None:
    gone, _ = desk.people.add(
        Address(addr_spec="gone@example.com"), status=SubscriberStatus.CONFIRMED, consent_source="x", now=NOW
    )
    leave(SqlJoining(desk.database), gone.id, NOW)
    report = desk.load("email,status", "gone@Example.com,confirmed", "new@example.com,active")
    assert counts(report) == (1, 1, 0, 0, 0)
    assert desk.statuses() == {"gone": "unsubscribed", "new": "confirmed"}


def test_whoever_is_among_the_suppressions_is_not_stored_again(desk: PeopleDesk) -> None:
    SqlSuppressionStore(desk.database).keep(
        [Suppression(addr_spec="Erased@example.com", reason=SuppressionReason.UNSUBSCRIBED, created_at=NOW)],
        "test",
        NOW,
    )
    report = desk.load("email", *(f"a{n}@example.com" for n in range(700)), "ERASED@example.com")
    assert counts(report) == (700, 0, 0, 1, 0)
    assert "erased" not in {each.casefold() for each in desk.statuses()}


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_rows_about_one_person_the_strictest_counts(desk: PeopleDesk, order: int) -> None:
    rows = [f"ada@example.com,{status},{status}" for status in STRICTNESS]
    others = [f"a{n}@example.com,," for n in range(600)]  # more than are read at once
    report = desk.load("email,status,tags", *[*rows[:2], *others, *rows[2:]][::order])
    assert counts(report) == (601, 0, 3, 0, 0)
    ada = desk.find("ada@example.com")
    assert (ada.status, ada.suppressed_reason) == (SubscriberStatus.SUPPRESSED, "suppressed")
    assert ada.tags == tuple(sorted(STRICTNESS))


def test_an_unconfirmed_row_and_a_confirmed_one_are_nobodys_consent(desk: PeopleDesk) -> None:
    desk.load("email,status", "ada@example.com,pending", "ada@example.com,active")
    assert desk.statuses() == {"ada": "unconfirmed"}
    assert desk.find("ada@example.com").confirmed_at is None


def test_duplicates_and_bad_rows_cost_nobody_else_anything(desk: PeopleDesk) -> None:
    rows = [f"a{n}@example.com" for n in range(1200)]
    rows[600:600] = ["A0@EXAMPLE.com", "nobody", "a1@example.com", '"open', "b@example.com\0"]
    report = desk.load("email", *rows)
    assert counts(report) == (1200, 0, 2, 0, 3)
    assert [row.line for row in report.rejected] == [603, 605, 606]
    assert sum(desk.people.count().values()) == 1200
    assert [person.address.addr_spec for person in desk.people.list()] == [
        f"a{n}@example.com" for n in range(1200)
    ]


def test_rejected_rows_are_told_with_their_cells_and_can_be_put_right(desk: PeopleDesk) -> None:
    desk.load("email,name,status", "ada,=1+1,active", '"x@example.com', "bob@example.com,Bob,active")
    assert list(csv.reader(desk.rejected)) == [
        ["line", "reason", "email", "name", "status"],
        ["2", "not an address: it has no @", "ada", "'=1+1", "active"],
        ["3", "its quotation marks do not match", '"x@example.com'],
    ]
    mended = "".join(desk.rejected).replace('"ada"', '"ada@example.com"')
    report = desk.load(*mended.splitlines())
    assert counts(report) == (1, 0, 0, 0, 1)
    assert desk.find("ada@example.com").address.display_name == "=1+1"


def test_a_refused_file_leaves_the_list_as_it_was(desk: PeopleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribercsv, "MAX_ROWS", 1000)
    with pytest.raises(BadInput, match="more than 1,000 rows"):
        desk.load(*(f"a{n}@example.com" for n in range(1100)))
    assert [*desk.people.list(), *desk.imports.list()] == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_encoding_is_read(desk: PeopleDesk, encoding: str) -> None:
    report = desk.load_bytes("email;name\nzoe@example.com;Zoë – “Z”\n".encode(encoding))
    assert desk.find("zoe@example.com").address.display_name == "Zoë – “Z”"
    assert report.notes == (("1 line in no UTF-8, read as Windows-1252",) if encoding == "cp1252" else ())


def test_an_archive_is_refused_with_what_to_do(desk: PeopleDesk) -> None:
    with pytest.raises(BadInput, match="unpack it"):
        desk.load_bytes(b"PK\x03\x04 and more")


# --- what is kept ------------------------------------------------------------------------------


def test_what_the_file_tells_is_kept_and_what_lies_ahead_is_cut_to_now(desk: PeopleDesk) -> None:
    desk.load(
        "email,name,status,tags,language,created_at,confirmed_at,unsubscribed_at",
        'ada@example.com,Ada,active,"b,a",DE,2024-01-02,2024-01-03,',
        "bob@example.com,,active,,,2099-01-01,2099-01-01,",
        "cy@example.com,,unsubscribed,,,2024-01-02,,2024-02-03",
        "di@example.com,,bounced,,,,,",
        "ed@example.com,,pending,,,2024-01-02,,",
    )
    ada, bob, cy, di, ed = desk.people.export()
    assert (ada.tags, ada.language, ada.address.display_name) == (("a", "b"), "de", "Ada")
    assert ada.created_at == datetime(2024, 1, 2, tzinfo=UTC)
    assert ada.confirmed_at == datetime(2024, 1, 3, tzinfo=UTC)
    assert bob.created_at == bob.confirmed_at == desk.now
    assert (cy.unsubscribed_at, cy.confirmed_at) == (datetime(2024, 2, 3, tzinfo=UTC), None)
    assert (di.suppressed_reason, di.created_at) == ("bounced", desk.now)
    assert (ed.status, ed.confirmed_at) == (SubscriberStatus.UNCONFIRMED, None)


def test_everybody_new_has_a_record_of_their_consent(desk: PeopleDesk) -> None:
    desk.load(
        "Email Address,OPTIN_TIME,OPTIN_IP,LEID,EUID",
        "ada@example.com,2024-01-02 03:04:05,192.0.2.7,1,a",
        "bob@example.com,,,2,b",
        consent="the fair of 2024",
    )
    ada, bob = desk.people.list()
    with desk.database.reading() as connection:
        [step] = steps(connection, ada.id)
        [other] = steps(connection, bob.id)
    told = "OPTIN_TIME 2024-01-02 03:04:05, OPTIN_IP 192.0.2.7"
    assert (step.action, step.channel, step.at) == (ConsentAction.IMPORTED, Channel.IMPORT, desk.now)
    assert step.evidence == f"the fair of 2024; {told}"
    assert (ada.consent_source, bob.consent_source) == (told, "the fair of 2024")
    assert other.evidence == "the fair of 2024"


def test_who_is_known_gets_what_was_missing_and_keeps_the_rest(desk: PeopleDesk) -> None:
    desk.load("email,name,tags", "ada@example.com,Ada,a", "bob@example.com,,", "cy@example.com,,")
    report = desk.load(
        "email,name,tags,language",
        'ada@example.com,Other,"a,b",de',
        "bob@example.com,Bob,,",
        "cy@example.com,,,",
    )
    assert (report.known, report.changed, report.ended) == (3, 2, 0)
    ada, bob, cy = desk.people.export()
    assert (ada.address.display_name, ada.tags, ada.language) == ("Ada", ("a", "b"), "de")
    assert (bob.address.display_name, cy.address.display_name) == ("Bob", "")


def test_who_is_ended_by_a_file_has_a_record_of_it(desk: PeopleDesk) -> None:
    desk.load("ada@example.com")
    report = desk.load("email,status", "ada@example.com,unsubscribed", consent="Mailchimp")
    assert (report.known, report.ended) == (1, 1)
    ada = desk.find("ada@example.com")
    with desk.database.reading() as connection:
        step = steps(connection, ada.id)[-1]
    assert ada.unsubscribed_at == desk.now
    assert (step.action, step.channel) == (ConsentAction.UNSUBSCRIBED, Channel.IMPORT)
    assert step.evidence == "Mailchimp"


# --- looking first -----------------------------------------------------------------------------


def everything(desk: PeopleDesk) -> list[object]:
    tables = (subscriber_tags, consents, imports, import_changes)
    with desk.database.reading() as connection:
        rows = [tuple(row) for table in tables for row in connection.execute(select(table))]
    return [*desk.people.export(), *rows]


def test_a_dry_run_tells_the_difference_and_changes_nothing(desk: PeopleDesk) -> None:
    desk.load("ada@example.com", "bob@example.com", "cy@example.com")
    before = everything(desk)
    plans: list[ImportPlan] = []

    def look(plan: ImportPlan) -> bool:
        plans.append(plan)
        return False

    report = desk.load(
        "email,name,status",
        *(f"new{n}@example.com,," for n in range(30)),
        "ada@example.com,,unsubscribed",
        "bob@example.com,Bob,",
        "cy@example.com,,",
        "CY@example.com,,",
        "nobody,,",
        decide=look,
    )
    assert everything(desk) == before
    assert report.number is None
    [plan] = plans
    assert (plan.diff.added, plan.diff.known, plan.diff.repeated, plan.rejected) == (30, 3, 1, 1)
    assert len(plan.examples[ImportEffect.ADDED]) == 20
    [ended] = plan.examples[ImportEffect.ENDED]
    assert (ended.addr_spec, ended.was, ended.status) == ("ada@example.com", "confirmed", "unsubscribed")
    assert [person.addr_spec for person in plan.examples[ImportEffect.CHANGED]] == ["bob@example.com"]


def test_the_report_is_of_the_list_as_it_is_when_the_import_is_made(desk: PeopleDesk) -> None:
    def somebody_joins(_plan: ImportPlan) -> bool:
        add_subscriber("ada@example.com", desk.people, consent_source="form", now=NOW)
        return True

    report = desk.load("ada@example.com", "bob@example.com", decide=somebody_joins)
    assert counts(report) == (1, 1, 0, 0, 0)
    assert desk.find("ada@example.com").consent_source == "form"


def test_nobody_waits_while_a_file_is_read(desk: PeopleDesk) -> None:
    def rows() -> Iterator[ImportedPerson]:
        for number in range(1100):
            address = Address(addr_spec=f"a{number}@example.com")
            yield ImportedPerson(line=number, address=address, status=SubscriberStatus.CONFIRMED)
        add_subscriber("ada@example.com", desk.people, consent_source="form", now=NOW)

    with desk.imports.staged(rows()) as staged:
        assert staged.diff().added == 1100
        add_subscriber("bob@example.com", desk.people, consent_source="form", now=NOW)
    assert desk.statuses() == {"ada": "confirmed", "bob": "confirmed"}


# --- out and in again --------------------------------------------------------------------------


def test_an_export_makes_the_same_list_elsewhere(desk: PeopleDesk) -> None:
    desk.load(
        "email,name,status,tags,language,created_at,text_only,paused_until",
        '=a@example.com,=1+1,active,"x;y,z",de,2024-01-02,yes,2027-01-01',
        '-b@example.com,"Ö, ""x""",no,,,2024-01-02,,',
        "c@example.com,,bounced,,,,,",
    )
    before = list(desk.people.export())
    lines = "".join(export_csv(before)).splitlines()
    undone = desk.imports.undo(1, desk.now)
    assert (undone.removed, list(desk.people.list())) == (3, [])
    assert counts(desk.load(*lines)) == (3, 0, 0, 0, 0)
    after = list(desk.people.export())
    assert [replace(person, id=before[0].id) for person in after] == [
        replace(person, id=before[0].id) for person in before
    ]


def test_a_person_is_added_once_and_stays_as_they_are(desk: PeopleDesk) -> None:
    person, is_new = add_subscriber("Ada <ada@example.com>", desk.people, consent_source="asked", now=NOW)
    assert (is_new, person.status, person.consent_source) == (True, SubscriberStatus.CONFIRMED, "asked")
    later = NOW + timedelta(days=1)
    assert add_subscriber("ADA@example.com", desk.people, consent_source="again", now=later) == (
        person,
        False,
    )
    with pytest.raises(BadAddress):
        add_subscriber("ada", desk.people, consent_source="", now=NOW)


def test_imports_are_numbered_and_listed(desk: PeopleDesk) -> None:
    first = desk.load("ada@example.com", "nobody")
    second = desk.load("email,status", "ada@example.com,unsubscribed")
    records = desk.imports.list()
    assert [record.number for record in records] == [first.number, second.number]
    assert [(r.file, r.preset, r.added, r.known, r.ended, r.rejected) for r in records] == [
        ("people.csv", "plain", 1, 0, 0, 1),
        ("people.csv", "plain", 0, 1, 1, 0),
    ]
    with desk.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(import_changes)) == 2
