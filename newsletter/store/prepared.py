"""Statements of the sending loop, handed to the driver as they are.

SQLAlchemy writes their text, once. Executing one through it takes four times as long as the database
does, and with six of them for each request that was a quarter of all that the ledger takes.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError

Convert = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Written:
    """A statement in the words of one database."""

    text: str
    constants: Mapping[str, object]
    given: Mapping[str, Convert]
    """The other parameters, and what makes of each value what the driver takes."""
    order: Sequence[str] | None
    """Of all parameters; None when the driver knows them by name."""
    found: Sequence[Convert]
    """What makes of each column what the program takes."""

    def parameters(self, values: Mapping[str, object]) -> Any:
        filled = {**self.constants}
        for name, value in values.items():
            filled[name] = self.given[name](value)
        return filled if self.order is None else [filled[name] for name in self.order]


class Prepared:
    """A statement that is given values for the same parameters each time."""

    def __init__(self, statement: Insert | Update | Select[Any]) -> None:
        self.statement = statement
        self._columns = list(statement.selected_columns) if isinstance(statement, Select) else []
        self._row = namedtuple("Row", [column.name for column in self._columns])  # type: ignore[misc]
        self._written: dict[str, _Written] = {}

    def run(self, connection: Connection, values: Mapping[str, object]) -> Any:
        """The driver's cursor after the statement. Raises what `connection.execute` would."""
        dialect, written = connection.dialect, self._in_words_of(connection.dialect, values)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(written.text, written.parameters(values))
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(
                written.text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
            ) from error
        return cursor

    def first(self, connection: Connection, values: Mapping[str, object]) -> Any:
        """The first row that is found, with its columns by name; None when there is none."""
        found = self.run(connection, values).fetchone()
        if found is None:
            return None
        converters = self._written[connection.dialect.name].found
        return self._row(*(convert(value) for convert, value in zip(converters, found, strict=True)))

    def _in_words_of(self, dialect: Dialect, values: Mapping[str, object]) -> _Written:
        written = self._written.get(dialect.name)
        if written is None:
            written = self._written[dialect.name] = self._write(dialect, list(values))
        return written

    def _write(self, dialect: Dialect, given: list[str]) -> _Written:
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=given)
        kinds = {name: bind.type.dialect_impl(dialect) for bind, name in compiled.bind_names.items()}
        converters = {name: kind.bind_processor(dialect) or _unchanged for name, kind in kinds.items()}
        found = [column.type.dialect_impl(dialect) for column in self._columns]
        return _Written(
            text=str(compiled),
            constants={
                name: converters[name](value) for name, value in compiled.params.items() if name not in given
            },
            given={name: converters[name] for name in given},
            order=compiled.positiontup,
            found=[kind.result_processor(dialect, None) or _unchanged for kind in found],
        )


def _unchanged(value: object) -> object:
    return value
