"""Lines of CSV → subscribers, and subscribers → lines of CSV.

Read: files of this program and of others (a header in any of their words, or the columns address,
name, status without one), separated by comma, semicolon or tab. A row that cannot be read is
told with its line and never stops the others. Written: RFC 4180 with every cell quoted and no
cell that a spreadsheet would run as a formula (OWASP, CSV injection).
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newsletter.content.addresses import make_address, parse_address
from newsletter.errors import BadAddress, BadInput
from newsletter.models import Address, Subscriber, SubscriberStatus

MAX_ROWS = 1_000_000
MAX_RECORD = 65_536
"""Characters of one row; notes in other programs' exports may be long."""
_MAX_LINES = 200
"""Lines that one quoted row may run over before its quotation mark counts as forgotten."""
COLUMNS = ("address", "name", "status")

_ADDRESS = {"address", "email", "emailaddress", "mail", "mailaddress", "subscriberemail", "contactemail"}
_NAME = {"name", "fullname", "displayname", "subscribername"}
_FIRST_NAME = {"firstname", "first", "fname", "givenname"}
_LAST_NAME = {"lastname", "last", "lname", "surname", "familyname"}
_STATUS = {"status", "state", "subscriptionstatus", "subscribed", "subscribedtoemails"}
_DISABLED = {"emaildisabled", "unsubscribed"}
"""Columns of which “true” means the opposite of subscribed."""

STATUS_WORDS = {
    SubscriberStatus.CONFIRMED: (
        "", "confirmed", "subscribed", "active", "enabled", "optedin", "true", "yes", "1",
    ),
    SubscriberStatus.UNCONFIRMED: ("unconfirmed", "pending", "notconfirmed", "waiting"),
    SubscriberStatus.UNSUBSCRIBED: (
        "unsubscribed", "inactive", "optedout", "cleaned", "disabled", "cancelled", "canceled", "removed",
        "deleted", "nonsubscribed", "notsubscribed", "false", "no", "0",
    ),
    SubscriberStatus.SUPPRESSED: (
        "suppressed", "bounced", "hardbounced", "complained", "spam", "blocked", "blocklisted", "blacklisted",
        "banned", "unreachable", "invalid",
    ),
}  # fmt: skip
"""What other programs call these, without case, blanks and punctuation; a whole word must match."""
_NOT = {"", "false", "no", "0"}
_UNUSABLE = re.compile("[\0\udc80-\udcff]")
"""NUL, and what Python makes of bytes that are no UTF-8 (PEP 383)."""
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_EXCEL_SEPARATOR = re.compile(r"sep=([,;\t])\s*", re.IGNORECASE)
_STATUS_OF = {word: status for status, words in STATUS_WORDS.items() for word in words}
_STRICTEST = (
    SubscriberStatus.SUPPRESSED,
    SubscriberStatus.UNSUBSCRIBED,
    SubscriberStatus.UNCONFIRMED,
    SubscriberStatus.CONFIRMED,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One person of a file."""

    line: int
    address: Address
    status: SubscriberStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectedRow:
    """A row that is not taken; the reason never holds the address."""

    line: int
    reason: str


# --- reading -----------------------------------------------------------------------------------


def read_rows(lines: Iterable[str]) -> Iterator[Row | RejectedRow]:
    """The rows of a CSV text, in order, as its lines come in; blank lines are passed over.

    Raises BadInput when no column holds addresses or there are more than MAX_ROWS rows.
    """
    columns: _Columns | None = None
    for count, record in enumerate(_records(lines)):
        if count > MAX_ROWS:
            raise BadInput(f"the file has more than {MAX_ROWS:,} rows", remedy="import it in parts")
        if isinstance(record, RejectedRow):
            yield record
            continue
        line, cells = record
        if columns is None:
            columns = _columns(cells)
            if columns.from_header:
                continue
        yield _read_row(line, cells, columns)


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


def _records(lines: Iterable[str]) -> Iterator[tuple[int, list[str]] | RejectedRow]:
    """The cells of each row, with the line on which it begins."""
    numbered = _Lines(lines)
    delimiter = ""
    for line, first in numbered:
        declared = _EXCEL_SEPARATOR.fullmatch(first)
        if declared and not delimiter:
            delimiter = declared[1]
        elif first.strip():
            delimiter = delimiter or _sniff(first)
            row = _read_record((line, first), numbered, delimiter)
            yield (line, row) if isinstance(row, list) else RejectedRow(line=line, reason=row)


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
    return max(",;\t", key=lambda delimiter: len(_parse([line], delimiter) or ()))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Columns:
    """Where things stand in a row."""

    address: int
    names: tuple[int, ...]
    """One column, or the first name's and the last name's."""
    statuses: tuple[int, ...]
    disabled: tuple[int, ...] = ()
    from_header: bool = True


def _columns(cells: list[str]) -> _Columns:
    """What the first row tells of the columns. Raises BadInput when none of them holds addresses."""
    words = [_word(cell) for cell in cells]

    def of(*known: set[str]) -> tuple[int, ...]:
        return tuple(place for names in known for place, word in enumerate(words) if word in names)

    if addresses := of(_ADDRESS):
        return _Columns(
            address=addresses[0],
            names=of(_NAME)[:1] or of(_FIRST_NAME, _LAST_NAME),
            statuses=of(_STATUS),
            disabled=of(_DISABLED),
        )
    if "@" in cells[0]:
        return _Columns(address=0, names=(1,), statuses=(2,), from_header=False)
    raise BadInput(
        "the file has no column of addresses",
        remedy=f"name its columns in the first line: {', '.join(COLUMNS)}",
    )


def _read_row(line: int, cells: list[str], columns: _Columns) -> Row | RejectedRow:
    def cell(place: int) -> str:
        return _without_prefix(cells[place]) if place < len(cells) else ""

    if unusable := _UNUSABLE.search("".join(cells)):
        return RejectedRow(
            line=line,
            reason="it holds a NUL character"
            if unusable[0] == "\0"
            else "it is not UTF-8: save the file as “CSV UTF-8”",
        )
    text = cell(columns.address)
    name = " ".join(filter(None, (cell(place).strip() for place in columns.names)))
    statuses = [_STATUS_OF.get(_word(cell(place))) for place in columns.statuses]
    if any(_word(cell(place)) not in _NOT for place in columns.disabled):
        statuses.append(SubscriberStatus.UNSUBSCRIBED)
    known = [status for status in statuses if status]
    if len(known) < len(statuses):
        return RejectedRow(line=line, reason=f"its status is none of: {', '.join(SubscriberStatus)}")
    try:
        address = make_address(text, name) if name else parse_address(text)
    except BadAddress as error:
        return RejectedRow(line=line, reason=error.message)
    return Row(
        line=line,
        address=address,
        status=min(known, key=_STRICTEST.index, default=SubscriberStatus.CONFIRMED),
    )


def _word(cell: str) -> str:
    return "".join(character for character in cell.casefold() if character.isalnum())


# --- writing -----------------------------------------------------------------------------------


def csv_lines(subscribers: Iterable[Subscriber]) -> Iterator[str]:
    """The lines of a file that `read_rows` reads back: a header, then one subscriber a line."""
    yield _csv_line(COLUMNS)
    for subscriber in subscribers:
        address = subscriber.address
        yield _csv_line((address.addr_spec, address.display_name, subscriber.status))


def _csv_line(cells: Iterable[str]) -> str:
    quoted = (_with_prefix(cell).replace('"', '""') for cell in cells)
    return ",".join(f'"{cell}"' for cell in quoted) + "\n"


def _with_prefix(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _without_prefix(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
