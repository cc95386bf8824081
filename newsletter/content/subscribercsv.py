"""Lines of CSV → people, and subscribers → lines that are read back as they were.

Read: files of this program and of others (a header in any of their words, see `importwords` and
`importpresets`, or the columns address, name, status without one). A row that cannot be read is told
with its line and never stops the others.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from newsletter.content.addresses import make_address, parse_address
from newsletter.content.csvrecords import Record, csv_line, read_records, without_prefix
from newsletter.content.importcells import (
    UNREAD,
    join_tags,
    one_line,
    read_language,
    read_moment,
    read_tags,
    unusable,
)
from newsletter.content.importpresets import PLAIN, Preset, find_preset
from newsletter.content.importwords import (
    HEADERS,
    LAST_RESORT,
    NO_WORDS,
    STATUS_OF,
    STRICTEST_FIRST,
    YES_WORDS,
    Field,
    plain_word,
)
from newsletter.errors import BadAddress, BadInput
from newsletter.models import Subscriber, SubscriberStatus
from newsletter.models.imports import ImportedPerson, RejectedRow

MAX_ROWS = 1_000_000
MAX_CONSENT = 300
"""Characters of what a row tells of its consent."""
COLUMNS = (
    "address",
    "name",
    "status",
    "tags",
    "language",
    "joined",
    "confirmed",
    "left",
    "reason",
    "text_only",
    "paused_until",
    "consent",
)
_DATES = (Field.JOINED, Field.CONFIRMED, Field.LEFT, Field.PAUSED)


# --- reading -----------------------------------------------------------------------------------


class SubscriberFile:
    """The people of a CSV text, row by row as its lines come in; `preset` is known at once.

    `file_name` helps with exports whose kind is told by it alone. Raises BadInput when no column
    holds addresses, and while it is read, when there are more than MAX_ROWS rows.
    """

    def __init__(self, lines: Iterable[str], *, preset: Preset | None = None, file_name: str = "") -> None:
        self._rows = read_records(lines)
        self._ahead: list[Record | RejectedRow] = []
        self._header: tuple[str, ...] = ()
        self._preset, self._columns = self._begin(preset, file_name)
        self.unread_dates = 0
        """How many dates could not be read and were passed over, so far."""

    @property
    def preset(self) -> Preset:
        """The program whose export this is."""
        return self._preset

    @property
    def header(self) -> tuple[str, ...]:
        """The titles of the file's columns; none when it has no header."""
        return self._header

    def __iter__(self) -> Iterator[ImportedPerson | RejectedRow]:
        for count, record in enumerate(self._records(), start=1):
            if count > MAX_ROWS:
                raise BadInput(f"the file has more than {MAX_ROWS:,} rows", remedy="import it in parts")
            yield record if isinstance(record, RejectedRow) else self._person(*record)

    def _begin(self, preset: Preset | None, file_name: str) -> "tuple[Preset, _Columns]":
        """What the first row that can be read tells; it is kept for later when it is no header."""
        for record in self._rows:
            if isinstance(record, RejectedRow):
                self._ahead.append(record)
                continue
            words = [plain_word(without_prefix(cell)) for cell in record[1]]
            preset = preset or find_preset(words)
            columns = _columns(record[1], words, preset, file_name)
            if columns.from_header:
                self._header = tuple(record[1])
            else:
                self._ahead.append(record)
            return preset, columns
        return preset or PLAIN, _Columns(places={}, from_header=False)

    def _records(self) -> Iterator[Record | RejectedRow]:
        yield from self._ahead
        yield from self._rows

    def _person(self, line: int, cells: list[str]) -> ImportedPerson | RejectedRow:
        """The person of a row, or why there is none."""
        if why := unusable("".join(cells)):
            return RejectedRow(line=line, reason=why, cells=tuple(cells))
        row = _Row(cells, self._columns)
        status, reason = self._status(row)
        if status is None:
            known = ", ".join(SubscriberStatus)
            return RejectedRow(line=line, reason=f"its status is none of: {known}", cells=tuple(cells))
        text, name = row.text(Field.ADDRESS), row.name()
        try:
            address = make_address(text, name) if name else parse_address(text)
        except BadAddress as error:
            return RejectedRow(line=line, reason=error.message, cells=tuple(cells))
        joined, confirmed, left, paused = (self._moment(row.text(field)) for field in _DATES)
        is_confirmed = status is SubscriberStatus.CONFIRMED
        return ImportedPerson(
            line=line,
            address=address,
            status=status,
            reason=reason if status is SubscriberStatus.SUPPRESSED else "",
            language=read_language(row.text(Field.LANGUAGE)),
            tags=read_tags(row.text(Field.TAGS)),
            text_only=plain_word(row.text(Field.TEXT_ONLY)) in YES_WORDS,
            paused_until=paused,
            joined_at=joined or confirmed,
            confirmed_at=confirmed or (joined if is_confirmed else None),
            unsubscribed_at=left,
            consent=row.consent(),
        )

    def _status(self, row: "_Row") -> tuple[SubscriberStatus | None, str]:
        """The strictest of what the row and the file's kind say, and the reason; None for a word
        that nobody knows."""
        told = list(self._columns.kinds)
        for text in row.texts(Field.STATUS):
            word = plain_word(text)
            status = self._preset.words.get(word) or STATUS_OF.get(word)
            if status is None:
                return None, ""
            told.append((status, text.strip()))
        if any(plain_word(text) not in NO_WORDS for text in row.texts(Field.ENDED)):
            told.append((SubscriberStatus.UNSUBSCRIBED, ""))
        if not told:
            return SubscriberStatus.CONFIRMED, ""
        status, word = min(told, key=lambda each: STRICTEST_FIRST.index(each[0]))
        return status, one_line(row.text(Field.REASON) or word)[:MAX_CONSENT]

    def _moment(self, text: str) -> datetime | None:
        moment = read_moment(text) if text else None
        if moment is UNREAD:
            self.unread_dates += 1
            return None
        return moment


@dataclass(frozen=True, kw_only=True, slots=True)
class _Columns:
    """Where things stand in a row."""

    places: dict[Field, tuple[int, ...]]
    kinds: tuple[tuple[SubscriberStatus, str], ...] = ()
    """What the header and the file's name say of everybody in the file."""
    consents: tuple[tuple[str, int], ...] = ()
    """Titles and places of what is told of the consent."""
    from_header: bool = True


class _Row:
    """The cells of a row, by what they hold."""

    def __init__(self, cells: list[str], columns: _Columns) -> None:
        self._cells = cells
        self._columns = columns

    def texts(self, field: Field) -> list[str]:
        return [self._cell(place) for place in self._columns.places.get(field, ())]

    def text(self, field: Field) -> str:
        """The first of the field's columns that holds anything."""
        for place in self._columns.places.get(field, ()):
            if cell := self._cell(place):
                return cell
        return ""

    def name(self) -> str:
        """The whole name, joined from its parts when the file has it so."""
        whole = self.text(Field.NAME).strip()
        first = self.text(Field.FIRST_NAME).strip()
        last = self.text(Field.LAST_NAME).strip()
        if whole and (last or not first or whole.startswith(first)):
            return whole
        return " ".join(filter(None, (first, whole or last)))  # a German “Name” beside “Vorname” is the last

    def consent(self) -> str:
        told = ((title, self._cell(place).strip()) for title, place in self._columns.consents)
        text = ", ".join(f"{title} {cell}".strip() for title, cell in told if cell)
        return one_line(text)[:MAX_CONSENT] if text else ""

    def _cell(self, place: int) -> str:
        return without_prefix(self._cells[place]) if place < len(self._cells) else ""


def _columns(cells: list[str], words: list[str], preset: Preset, file_name: str) -> _Columns:
    """What the first row tells of the columns. Raises BadInput when none of them holds addresses."""

    def of(wanted: Iterable[str]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(words.index(word) for word in wanted if word in words))

    places = {field: of((*preset.columns.get(field, ()), *HEADERS[field])) for field in Field}
    if places[Field.ADDRESS]:
        places[Field.STATUS] = places[Field.STATUS] or of(LAST_RESORT)
        places[Field.ADDRESS] = places[Field.ADDRESS][:1]
        kind_of_file = plain_word(file_name)
        titles = ("",) if preset.columns.get(Field.CONSENT) == ("consent",) else cells
        return _Columns(
            places={field: found for field, found in places.items() if found},
            kinds=(
                *(kind for word, kind in preset.kinds.items() if word in words),
                *(kind for start, kind in preset.file_names.items() if kind_of_file.startswith(start)),
            ),
            consents=tuple(
                (titles[place] if place < len(titles) else "", place) for place in places[Field.CONSENT]
            ),
        )
    if "@" in cells[0]:
        return _Columns(places={Field.ADDRESS: (0,), Field.NAME: (1,), Field.STATUS: (2,)}, from_header=False)
    raise BadInput(
        "the file has no column of addresses",
        remedy=f"name its columns in the first line: {', '.join(COLUMNS[:3])}",
    )


# --- writing -----------------------------------------------------------------------------------


def csv_lines(subscribers: Iterable[Subscriber]) -> Iterator[str]:
    """The lines of a file that `SubscriberFile` reads back: a header, then one subscriber a line."""
    yield csv_line(COLUMNS)
    for person in subscribers:
        yield csv_line(
            (
                person.address.addr_spec,
                person.address.display_name,
                person.status,
                join_tags(person.tags),
                person.language,
                person.created_at.isoformat(),
                _written(person.confirmed_at),
                _written(person.unsubscribed_at),
                one_line(person.suppressed_reason),
                "yes" if person.text_only else "",
                _written(person.paused_until),
                one_line(person.consent_source),
            )
        )


def _written(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
