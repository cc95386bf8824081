"""A database of the first tables, with something in every state, loses nothing by its migration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import URL, Connection, text

from newsletter.models import BatchState, IssueId, IssueState
from newsletter.store import schema
from newsletter.store.engine import connect
from newsletter.store.issues import SqlIssueStore
from newsletter.store.ledger import SqlLedger
from newsletter.store.tables import AttemptState
from tests.support.databases import BORN

TIME = "2026-11-27T08:00:00.000000Z"
COUNTER = {
    BatchState.PENDING: "pending",
    BatchState.SUBMITTING: "submitting",
    BatchState.SUBMITTED: "submitted",
    BatchState.REFUSED: "rejected",
    BatchState.UNCERTAIN: "uncertain",
    BatchState.UNKNOWN_FINAL: "unknown",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with the first tables only."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/newsletter.db"
    else:
        create: Callable[[], URL] = request.getfixturevalue("postgresql_database")
        url = create().render_as_string(hide_password=False)
    database = connect(url)
    with database.writing() as connection:
        if request.param == "postgresql":
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        command.upgrade(schema._alembic(connection), "0001")
        _fill(connection)
    database.close()
    return url


def _fill(connection: Connection) -> None:
    """An issue, a batch and an attempt in each state, and a subscriber and a delivery for each batch."""
    born = {"created_at": TIME, "signing_key": "00" * 32}
    _insert(connection, "meta", [{"key": key, "value": value} for key, value in born.items()])
    issues = [
        {"number": n, "id": f"issue-{state}", "state": state, "created_at": TIME, "frozen_at": TIME}
        for n, state in enumerate(IssueState, 1)
    ]
    _insert(connection, "issues", [{**row, "file_written": True} for row in issues])
    people = [
        {"id": n, "addr_spec": f"r{n}@example.com", "address_key": f"r{n}@example.com", "created_at": TIME}
        for n in range(1, len(AttemptState) + 1)
    ]
    _insert(connection, "subscribers", [{**row, "status": "confirmed"} for row in people])
    letter = dict.fromkeys(("subject", "preheader", "html", "text", "sha256", "audience_sha256"), "x")
    sender = '{"address":{"addr_spec":"ada@example.com"}}'
    size = {"merge_fields": "[]", "sender": sender, "audience": len(AttemptState)}
    _insert(connection, "letters", [{"issue": 1, **letter, **size}])
    _insert(
        connection,
        "deliveries",
        [
            {"issue": 1, "seq": row["id"], "subscriber_id": row["id"], "addr_spec": row["addr_spec"]}
            | {"display_name": ""}
            for row in people
        ],
    )
    states = [*BatchState, BatchState.SUBMITTED, BatchState.SUBMITTED]
    batches = [
        {"id": n, "issue": 1, "first_seq": n, "last_seq": n, "size": 1, "state": state, "attempt": f"a{n}"}
        for n, state in enumerate(states, 1)
    ]
    for row in batches:
        _insert(connection, "batches", [{**row, COUNTER[BatchState(row["state"])]: 1}])
    attempts = [
        {"id": f"a{n}", "batch": n, "state": state, "owner": "one", "fence": n, "recipients": 1}
        for n, state in enumerate(AttemptState, 1)
    ]
    times = {"started_at": TIME, "deadline": TIME}
    _insert(connection, "attempts", [{**row, **times} for row in attempts])
    outcome = {"issue": 1, "seq": 4, "status": "rejected", "reason": "invalid", "at": TIME}
    _insert(connection, "outcomes", [outcome])


def _insert(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    places = ", ".join(f":{name}" for name in names)
    connection.execute(text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"), rows)


TABLES = ("issues", "subscribers", "letters", "deliveries", "batches", "attempts", "outcomes")


def _rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        table: sorted(
            (dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()), key=str
        )
        for table in TABLES
    }


def test_every_row_of_the_first_tables_is_kept(old_url: str) -> None:
    database = connect(old_url)
    with database.reading() as connection:
        before = _rows(connection)
    schema.upgrade(old_url, now=BORN)
    assert schema.check(database).current
    with database.reading() as connection:
        after = _rows(connection)
        numbers = connection.scalars(text("SELECT number FROM attempts ORDER BY id")).all()
    for table in TABLES:
        old_columns = before[table][0].keys()
        kept = sorted(({name: row[name] for name in old_columns} for row in after[table]), key=str)
        assert kept == before[table], table
    assert list(numbers) == list(range(1, len(AttemptState) + 1))
    progress = SqlLedger(database).progress(IssueId("issue-draft"))
    assert progress is not None
    assert (progress.audience, progress.submitted, progress.pending, progress.uncertain) == (8, 3, 1, 1)
    assert {record.state for record in SqlIssueStore(database).list()} == set(IssueState)
    database.close()
