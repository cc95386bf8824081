"""Import and export through the real list of subscribers, on both databases."""

import io
from datetime import UTC, datetime

import pytest

from newsletter.content import subscribercsv
from newsletter.errors import BadInput
from newsletter.models import Address, SubscriberStatus
from newsletter.store.engine import Database
from newsletter.store.subscribers import SqlSubscriberStore
from newsletter.usecases.importing import ImportReport, export_csv, import_csv

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def imported(store: SqlSubscriberStore, *lines: str) -> ImportReport:
    stream = io.BytesIO("\n".join(lines).encode())
    return import_csv(stream, store, consent_source="import people.csv", now=NOW)


def statuses(store: SqlSubscriberStore) -> dict[str, str]:
    return {person.address.addr_spec: person.status.value for person in store.list()}


def test_no_import_brings_back_who_left(database: Database) -> None:
    store = SqlSubscriberStore(database)
    imported(store, "email,status", "left@example.com,unsubscribed", "bounced@example.com,bounced")
    gone, _ = store.add(
        Address(addr_spec="gone@example.com"),
        status=SubscriberStatus.CONFIRMED,
        consent_source="form",
        now=NOW,
    )
    store.unsubscribe(gone.id, NOW)
    report = imported(
        store,
        "email,status",
        "LEFT@example.com,active",
        " bounced@example.com ,subscribed",
        "gone@Example.com,confirmed",
        "new@example.com,active",
    )
    assert (report.added, report.known, report.rejected) == (1, 3, ())
    assert statuses(store) == {
        "left@example.com": "unsubscribed",
        "bounced@example.com": "suppressed",
        "gone@example.com": "unsubscribed",
        "new@example.com": "confirmed",
    }


def test_an_import_can_end_a_subscription(database: Database) -> None:
    store = SqlSubscriberStore(database)
    imported(store, "a@example.com", "b@example.com")
    imported(store, "email,status", "a@example.com,cleaned", "b@example.com,complained")
    assert statuses(store) == {"a@example.com": "unsubscribed", "b@example.com": "suppressed"}


def test_duplicates_and_bad_rows_cost_nobody_else_anything(database: Database) -> None:
    store = SqlSubscriberStore(database)
    rows = [f"a{n}@example.com" for n in range(1200)]
    rows[600:600] = ["A0@EXAMPLE.com", "nobody", "a1@example.com", '"open', "b@example.com\0"]
    report = imported(store, "email", *rows)
    assert (report.added, report.known) == (1200, 2)
    assert [row.line for row in report.rejected] == [603, 605, 606]
    assert sum(store.count().values()) == 1200


def test_a_refused_file_leaves_the_list_as_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribercsv, "MAX_ROWS", 1000)
    store = SqlSubscriberStore(database)
    with pytest.raises(BadInput, match="more than 1,000 rows"):
        imported(store, *(f"a{n}@example.com" for n in range(1100)))
    assert list(store.list()) == []


def test_an_export_is_imported_into_another_list(database: Database) -> None:
    store = SqlSubscriberStore(database)
    imported(store, "email,name,status", "=a@example.com,=1+1,active", '-b@example.com,"Ö, ""x""",no')
    assert imported(store, *"".join(export_csv(store.list())).splitlines()) == ImportReport(
        added=0, known=2, rejected=()
    )
    assert [(p.address.addr_spec, p.address.display_name) for p in store.list()] == [
        ("=a@example.com", "=1+1"),
        ("-b@example.com", 'Ö, "x"'),
    ]
