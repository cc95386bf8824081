"""Imports: a file's people come to the list in one transaction, and can be taken back by its number."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    cast,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.types import Boolean, String

from newsletter.models import Channel, ConsentAction, SubscriberStatus
from newsletter.models.imports import (
    ImportDiff,
    ImportedPerson,
    ImportEffect,
    ImportExample,
    ImportRecord,
    ImportSource,
    UndoneImport,
)
from newsletter.store.columns import iso
from newsletter.store.engine import Database, writing_on
from newsletter.store.importchanges import change_known
from newsletter.store.readertables import consents, import_changes, imports, subscriber_tags
from newsletter.store.staging import compare, incoming, incoming_tags, stage, told_reason
from newsletter.store.tables import subscribers
from newsletter.store.undoing import added_as, undo


class SqlImportStore:
    """The imports of one database (ports.ImportStore)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def staged(self, people: Iterable[ImportedPerson]) -> Iterator["SqlStagedImport"]:
        with self._database.private() as connection:
            with connection.begin():
                stage(connection, people)
            yield SqlStagedImport(connection)

    def list(self) -> Sequence[ImportRecord]:
        with self._database.reading() as connection:
            rows = connection.execute(select(imports).order_by(imports.c.number)).all()
        return [_record(row) for row in rows]

    def undo(self, number: int, now: datetime) -> UndoneImport:
        with self._database.writing() as connection:
            return undo(connection, number, now)


class SqlStagedImport:
    """A file that was read whole, in tables of its connection's own (ports.StagedImport)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def diff(self) -> ImportDiff:
        with self._connection.begin():
            return compare(self._connection)

    def examples(self, effect: ImportEffect, count: int) -> Sequence[ImportExample]:
        found = (
            select(
                incoming.c.line, incoming.c.addr_spec, incoming.c.status, subscribers.c.status.label("was")
            )
            .join_from(incoming, subscribers, subscribers.c.id == incoming.c.subscriber_id, isouter=True)
            .where(incoming.c.effect == effect)
            .order_by(incoming.c.line)
            .limit(count)
        )
        with self._connection.begin():
            rows = self._connection.execute(found).all()
        return [
            ImportExample(
                line=row.line,
                addr_spec=row.addr_spec,
                status=SubscriberStatus(row.status),
                was=SubscriberStatus(row.was) if row.was else None,
            )
            for row in rows
        ]

    def apply(self, source: ImportSource, *, rejected: int, now: datetime) -> tuple[ImportRecord, ImportDiff]:
        connection = self._connection
        with writing_on(connection):
            diff = compare(connection)
            number = _open_import(connection, source, diff, rejected, now)
            change_known(connection, number, source, now)
            _add_new(connection, number, source, now)
            record = connection.execute(select(imports).where(imports.c.number == number)).one()
        return _record(record), diff


def _record(row: Row[Any]) -> ImportRecord:
    return ImportRecord(**row._mapping)


def _open_import(
    connection: Connection, source: ImportSource, diff: ImportDiff, rejected: int, now: datetime
) -> int:
    number: int = connection.execute(
        insert(imports)
        .values(
            file=source.file,
            preset=source.preset,
            consent_source=source.consent_source,
            at=now,
            added=diff.added,
            known=diff.known,
            ended=diff.effects[ImportEffect.ENDED],
            rejected=rejected,
        )
        .returning(imports.c.number)
    ).scalar_one()
    return number


# --- people who are new ------------------------------------------------------------------------


def _add_new(connection: Connection, number: int, source: ImportSource, now: datetime) -> None:
    """None; everybody whose effect is ADDED is on the list, with their tags and their consent."""
    people = _new_people(number, source, now)
    connection.execute(
        insert(subscribers).from_select(
            [column.name for column in people.selected_columns], people, include_defaults=False
        )
    )
    tags = (
        select(subscribers.c.id, incoming_tags.c.tag)
        .join_from(incoming_tags, subscribers, subscribers.c.address_key == incoming_tags.c.address_key)
        .where(subscribers.c.import_number == number)
    )
    connection.execute(insert(subscriber_tags).from_select(["subscriber_id", "tag"], tags))
    words = source.consent_source
    evidence = case(
        (subscribers.c.consent_source == words, words),
        else_=literal(f"{words}; ").concat(subscribers.c.consent_source),
    )
    steps = select(subscribers.c.id, *_step(ConsentAction.IMPORTED, now), evidence.label("evidence")).where(
        subscribers.c.import_number == number
    )
    connection.execute(insert(consents).from_select(_STEP_COLUMNS, steps, include_defaults=False))
    connection.execute(
        insert(import_changes).from_select(
            ["import_number", "subscriber_id", "before"], added_as(number), include_defaults=False
        )
    )


def _new_people(number: int, source: ImportSource, now: datetime) -> Select[Any]:
    """The rows of `subscribers` that the new people become, in the order of the file."""
    moment = literal(iso(now), String)
    row = incoming.c
    confirmed, left = SubscriberStatus.CONFIRMED, SubscriberStatus.UNSUBSCRIBED

    def until_now(column: ColumnElement[Any]) -> ColumnElement[Any]:
        """What lies in the future is a slip of the pen, or of a zone."""
        return case((column > moment, moment), else_=column)

    joined = func.coalesce(until_now(row.joined_at), moment)
    return (
        select(
            row.addr_spec,
            row.address_key,
            row.display_name,
            row.status,
            case((row.status == SubscriberStatus.SUPPRESSED, told_reason()), else_=literal("")).label(
                "suppressed_reason"
            ),
            joined.label("created_at"),
            case(
                (row.status == confirmed, func.coalesce(until_now(row.confirmed_at), moment)),
                else_=until_now(row.confirmed_at),
            ).label("confirmed_at"),
            case(
                (row.status == left, func.coalesce(until_now(row.unsubscribed_at), moment)),
                else_=until_now(row.unsubscribed_at),
            ).label("unsubscribed_at"),
            case((row.consent == "", source.consent_source), else_=row.consent).label("consent_source"),
            row.language,
            cast(row.text_only, Boolean).label("text_only"),
            row.paused_until,
            literal(number).label("import_number"),
        )
        .where(row.effect == ImportEffect.ADDED)
        .order_by(row.line)
    )


_STEP_COLUMNS = ["subscriber_id", "action", "channel", "at", "evidence"]


def _step(action: ConsentAction, now: datetime) -> Sequence[ColumnElement[Any]]:
    return (
        literal(action.value).label("action"),
        literal(Channel.IMPORT.value).label("channel"),
        literal(iso(now), String).label("at"),
    )
