"""What the tables are made of: times, words out of a list, counters, and the names of constraints."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, Column, ColumnElement, Dialect, Integer, MetaData, String, or_
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """An aware instant, kept as ISO 8601 text in UTC with microseconds."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> str | None:
        return None if value is None else iso(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


def iso(moment: datetime) -> str:
    """The instant as these tables write it: 27 characters that sort as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


def counter(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def is_any(column: ColumnElement[str], states: Iterable[str]) -> ColumnElement[bool]:
    """Whether the column is one of these states; in a statement that is made once this is faster than
    IN, whose members are written into the text anew at each execution."""
    return or_(*(column == state for state in states))
