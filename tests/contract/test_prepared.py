"""A prepared statement does what SQLAlchemy does with the same one, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from newsletter.errors import NewsletterError
from newsletter.models import BatchState
from newsletter.store.engine import Database
from newsletter.store.prepared import Prepared
from newsletter.store.tables import AttemptState, attempts, batches
from tests.support.ledgers import desk

NOW = datetime(2026, 11, 27, 8, 30, 0, 123456, tzinfo=UTC)
BATCH = select(batches).where(batches.c.first_seq == bindparam("first"))
CHANGE = update(batches).where(batches.c.first_seq == bindparam("first"), batches.c.state == "pending")


def a_batch(database: Database) -> None:
    desk(database).freeze(3, batch_size=3)


def test_a_row_reads_as_sqlalchemys(database: Database) -> None:
    a_batch(database)
    with database.writing() as connection:
        connection.execute(update(batches).values(retry_at=NOW, text_only=True))
        theirs = connection.execute(BATCH, {"first": 1}).one()
        ours = Prepared(BATCH).first(connection, {"first": 1})
    assert ours._asdict() == theirs._asdict()
    assert (ours.retry_at, ours.text_only, ours.canary) == (NOW, True, False)


def test_no_row_is_none(database: Database) -> None:
    with database.reading() as connection:
        assert Prepared(BATCH).first(connection, {"first": 1}) is None


def test_values_are_written_as_sqlalchemys_and_constants_stay(database: Database) -> None:
    a_batch(database)
    change = Prepared(CHANGE.values(text_only=True))
    for values in ({"tries": 2, "retry_at": NOW}, {"tries": 3, "retry_at": NOW + timedelta(hours=1)}):
        with database.writing() as connection:
            assert change.run(connection, {"first": 1, **values}).rowcount == 1
            batch = connection.execute(BATCH, {"first": 1}).one()
        assert (batch.tries, batch.retry_at, batch.text_only) == (*values.values(), True)
    with database.writing() as connection:
        assert change.run(connection, {"first": 2, "tries": 4, "retry_at": None}).rowcount == 0


def test_an_insert_returns_what_it_asks_for(database: Database) -> None:
    a_batch(database)
    add = Prepared(insert(attempts).returning(attempts.c.number))
    values = {"provider": "sendgrid", "state": AttemptState.INFLIGHT, "owner": "one", "fence": 1}
    with database.writing() as connection:
        batch = connection.execute(BATCH, {"first": 1}).one()
        values |= {"batch": batch.id, "recipients": 3, "started_at": NOW, "deadline": NOW}
        numbers = [add.run(connection, {"id": name, **values}).fetchone()[0] for name in "ab"]
        rows = connection.execute(select(attempts).order_by(attempts.c.number)).all()
    assert [(row.number, row.id, row.started_at, row.state) for row in rows] == [
        (number, name, NOW, "inflight") for number, name in zip(numbers, "ab", strict=True)
    ]


def test_a_transaction_that_fails_changes_nothing_and_says_so_as_sqlalchemy_does(database: Database) -> None:
    a_batch(database)

    def change() -> None:
        with database.writing() as connection:
            Prepared(CHANGE).run(connection, {"first": 1, "tries": 2})
            Prepared(CHANGE).run(connection, {"first": 1, "state": BatchState.SUBMITTED})  # pending stays 3

    with pytest.raises(IntegrityError):
        change()
    with database.reading() as connection:
        assert connection.execute(BATCH, {"first": 1}).one().tries == 0


def test_a_database_that_gives_up_is_one_clear_line(database: Database) -> None:
    a_batch(database)

    def change() -> None:
        with database.writing() as connection:
            if database.is_sqlite:
                connection.execute(text("PRAGMA query_only = ON"))
            else:
                me = connection.scalar(text("SELECT pg_backend_pid()"))
                with database.reading() as other:
                    other.execute(text("SELECT pg_terminate_backend(:me)"), {"me": me})
            Prepared(CHANGE).run(connection, {"first": 1, "tries": 2})

    with pytest.raises(NewsletterError, match="can be written and has room"):
        change()
