"""Lines of CSV → cells of rows, and cells → lines.

Read: RFC 4180 and its dialects, separated by comma, semicolon, tab or bar. A row that cannot be read
is told with its line and never stops the others. Written: every cell quoted, and none that a
spreadsheet would run as a formula (OWASP, CSV injection).
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator

from newsletter.models.imports import RejectedRow

MAX_RECORD = 65_536
"""Characters of one row; notes in other programs' exports may be long."""
_MAX_LINES = 200
"""Lines that one quoted row may run over before its quotation mark counts as forgotten."""
_DELIMITERS = ",;\t|"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_EXCEL_SEPARATOR = re.compile(r"\"?sep=([,;\t|])\"?\s*", re.IGNORECASE)
_EXCEL_TEXT = re.compile(r'="(.*)"', re.DOTALL)
"""How Excel is made to keep a cell as text."""

Record = tuple[int, list[str]]
"""The line on which a row begins, and its cells."""


def read_records(lines: Iterable[str]) -> Iterator[Record | RejectedRow]:
    """The rows in order, as the lines come in; rows of blanks alone are passed over."""
    numbered = _Lines(lines)
    delimiter = ""
    for line, first in numbered:
        declared = _EXCEL_SEPARATOR.fullmatch(first) if not delimiter else None
        if declared:
            delimiter = declared[1]
        elif first.strip():
            delimiter = delimiter or _sniff(first)
            row = _read_record((line, first), numbered, delimiter)
            if isinstance(row, str):
                yield RejectedRow(line=line, reason=row, cells=(first[:MAX_RECORD].strip("\r\n"),))
            elif any(cell and not cell.isspace() for cell in row):
                yield line, row


def csv_line(cells: Iterable[str]) -> str:
    """One line that `read_records` reads back and a spreadsheet opens without running anything."""
    quoted = (with_prefix(cell).replace('"', '""') for cell in cells)
    return ",".join(f'"{cell}"' for cell in quoted) + "\n"


def with_prefix(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def without_prefix(cell: str) -> str:
    """The cell as it was before `with_prefix`, and out of Excel's own way to keep text as text."""
    if cell.startswith("'") and _FORMULA.match(cell):
        return cell[1:]
    if cell.startswith('="') and (text := _EXCEL_TEXT.fullmatch(cell)):
        return text[1]
    return cell


class _Lines:
    """Numbered lines, of which some can be put back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = enumerate(lines, start=1)
        self._returned: deque[tuple[int, str]] = deque()

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self

    def __next__(self) -> tuple[int, str]:
        return self._returned.popleft() if self._returned else next(self._lines)

    def put_back(self, lines: Iterable[tuple[int, str]]) -> None:
        self._returned.extendleft(reversed(list(lines)))


def _read_record(first: tuple[int, str], numbered: _Lines, delimiter: str) -> list[str] | str:
    """The cells of the row that begins with this line, or why there are none.

    A row whose quotation marks never match costs its first line only: the others are put back.
    """
    if len(first[1]) > MAX_RECORD:
        return f"it is longer than {MAX_RECORD:,} characters"
    row = [first]
    cells = _parse([first[1]], delimiter)
    while cells is None and len(row) < _MAX_LINES and (following := next(numbered, None)):
        row.append(following)
        if sum(text.count('"') for _, text in row) % 2 == 0:
            cells = _parse([text for _, text in row], delimiter)
            break
    if cells is None:
        numbered.put_back(row[1:])
    return cells or "its quotation marks do not match"


def _parse(lines: list[str], delimiter: str) -> list[str] | None:
    """The cells of the one row that these lines are; None when they are not one row."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        cells = next(reader)
    except csv.Error:
        return None
    return cells if reader.line_num == len(lines) else None


def _sniff(line: str) -> str:
    """The delimiter that cuts the line into the most cells."""
    return max(_DELIMITERS, key=lambda delimiter: len(_parse([line], delimiter) or ()))
