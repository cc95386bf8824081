"""Subscribers from files, and back into files."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

import msgspec

from newsletter.content.counting import counted
from newsletter.content.csvrecords import MAX_RECORD, csv_line
from newsletter.content.importcells import from_windows
from newsletter.content.importpresets import preset_named
from newsletter.content.subscribercsv import SubscriberFile, csv_lines
from newsletter.errors import BadInput
from newsletter.models import Subscriber
from newsletter.models.imports import (
    ImportDiff,
    ImportedPerson,
    ImportEffect,
    ImportExample,
    ImportRecord,
    ImportSource,
    RejectedRow,
)
from newsletter.ports import ImportStore

EXAMPLES = 20
"""People shown for each thing that an import would do; rows shown of those that it rejects."""
MAX_TOLD = 1000
"""Rejected rows that a report holds; the file of rejected rows holds all."""
_EVERY = 2000
"""Rows between two words about progress."""
_ZIP = b"PK\x03\x04"
"""Also the beginning of Excel's own files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportPlan:
    """What an import would do, before it does."""

    preset: str
    """The title of the program whose export the file is."""
    diff: ImportDiff
    examples: Mapping[ImportEffect, Sequence[ImportExample]]
    rejected: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportReport:
    """What became of the rows of a file; every row is added, known, repeated, left out or rejected."""

    number: int | None
    """What the import is undone by; None when it was not made."""
    preset: str
    added: int
    known: int
    """People who were on the list already."""
    ended: int
    """Of those: whose subscription the file ended."""
    changed: int
    """Of those: who got a name, a language or tags, or are suppressed besides unsubscribed."""
    repeated: int
    """Rows about somebody whom an earlier row named."""
    left_out: int
    """People whose address is among the suppressions."""
    rejected_rows: int
    rejected: tuple[RejectedRow, ...]
    """The first of them, at most MAX_TOLD."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImportWishes:
    """How an import is to go; the calls are told what happens while it does."""

    consent_source: str
    preset: str = ""
    """The name of a preset; empty: as the header says."""
    decide: Callable[[ImportPlan], bool] = lambda _plan: True
    """Whether the import is made, once the file is read."""
    on_rejected: Callable[[str], None] = lambda _line: None
    """Lines of a CSV file of the rejected rows: its header, then a line each with place and reason;
    when they are put right, the file can be imported itself."""
    on_progress: Callable[[int], None] = lambda _octets: None
    """Octets of the file that are read."""


def import_csv(
    stream: BinaryIO, store: ImportStore, wishes: ImportWishes, *, file_name: str, now: datetime
) -> ImportReport:
    """The report of an import in one transaction; nobody who left or is suppressed comes back by it.

    `stream` must be seekable. Raises BadInput, with the list as it was, when the file has no rows, no
    column of addresses or more than a million rows, and for a preset that is not known.
    """
    preset = preset_named(wishes.preset) if wishes.preset else None
    with _decoded(stream) as text:
        lines = _Lines(text)
        people = SubscriberFile(lines, preset=preset, file_name=file_name)
        rows = _Sorted(people, stream, wishes)
        with store.staged(rows) as staged:
            notes = _notes(lines.windows, people.unread_dates)
            plan = ImportPlan(
                preset=people.preset.title,
                diff=staged.diff(),
                examples={effect: staged.examples(effect, EXAMPLES) for effect in ImportEffect},
                rejected=rows.rejected,
                notes=notes,
            )
            if not plan.diff.rows and not plan.rejected:
                raise BadInput(
                    "the file holds no rows", remedy="see that it is the one you mean, and was written whole"
                )
            record, diff = None, plan.diff
            if wishes.decide(plan):
                source = ImportSource(
                    file=file_name, preset=people.preset.name, consent_source=wishes.consent_source
                )
                record, diff = staged.apply(source, rejected=rows.rejected, now=now)
    return _report(record, plan, diff, tuple(rows.first_rejected))


def export_csv(subscribers: Iterable[Subscriber]) -> Iterator[str]:
    """Lines of CSV that spreadsheets open safely and `import_csv` reads again."""
    return csv_lines(subscribers)


def export_json(subscribers: Iterable[Subscriber]) -> Iterator[str]:
    """Lines of one JSON array with an object for each subscriber."""
    before = "[\n"
    for person in subscribers:
        yield before + msgspec.json.encode(_exported(person)).decode()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _exported(person: Subscriber) -> dict[str, object]:
    return {
        "address": person.address.addr_spec,
        "name": person.address.display_name,
        "status": person.status,
        "tags": person.tags,
        "language": person.language,
        "joined": person.created_at,
        "confirmed": person.confirmed_at,
        "left": person.unsubscribed_at,
        "reason": person.suppressed_reason,
        "text_only": person.text_only,
        "paused_until": person.paused_until,
        "consent": person.consent_source,
    }


def _writable(cell: str) -> str:
    """The cell with a mark for each octet that is no text."""
    return cell.encode("utf-8", "replace").decode()


def _report(
    record: ImportRecord | None, plan: ImportPlan, diff: ImportDiff, rejected: tuple[RejectedRow, ...]
) -> ImportReport:
    return ImportReport(
        number=record.number if record else None,
        preset=plan.preset,
        added=diff.added,
        known=diff.known,
        ended=diff.effects[ImportEffect.ENDED],
        changed=diff.effects[ImportEffect.CHANGED],
        repeated=diff.repeated,
        left_out=diff.effects[ImportEffect.LEFT_OUT],
        rejected_rows=plan.rejected,
        rejected=rejected,
        notes=plan.notes,
    )


def _notes(windows: int, unread_dates: int) -> tuple[str, ...]:
    notes = []
    if windows:
        notes.append(f"{counted(windows, 'line')} in no UTF-8, read as Windows-1252")
    if unread_dates:
        notes.append(f"{counted(unread_dates, 'date')} that cannot be read for sure, passed over")
    return tuple(notes)


class _Sorted:
    """The people of a file, while its rejected rows go another way."""

    def __init__(self, people: SubscriberFile, stream: BinaryIO, wishes: ImportWishes) -> None:
        self._people, self._stream, self._wishes = people, stream, wishes
        self.rejected = 0
        self.first_rejected: list[RejectedRow] = []

    def __iter__(self) -> Iterator[ImportedPerson]:
        for count, row in enumerate(self._people, start=1):
            if count % _EVERY == 0:
                self._wishes.on_progress(self._stream.tell())
            if isinstance(row, RejectedRow):
                self._reject(row)
            else:
                yield row
        self._wishes.on_progress(self._stream.tell())

    def _reject(self, row: RejectedRow) -> None:
        self.rejected += 1
        if self.rejected <= MAX_TOLD:
            self.first_rejected.append(row)
        if self.rejected == 1:
            self._wishes.on_rejected(csv_line(("line", "reason", *self._people.header)))
        self._wishes.on_rejected(csv_line((str(row.line), row.reason, *map(_writable, row.cells))))


# --- from octets to lines ----------------------------------------------------------------------


@contextmanager
def _decoded(stream: BinaryIO) -> Iterator[io.TextIOWrapper]:
    """The stream as text; octets that are no UTF-8 come as lone surrogates, which tell what they were.

    Raises BadInput for an archive.
    """
    head = stream.read(4)
    if head == _ZIP:
        raise BadInput(
            "it is a ZIP archive or an Excel workbook",
            remedy="unpack it, or save it as “CSV UTF-8”, and import the .csv files",
        )
    encoding = _encoding(head)
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")
    try:
        yield text
    finally:
        text.detach()


class _Lines:
    """The lines, of which one that is longer than a row may be comes cut, but still too long."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.windows = 0
        """How many lines were read as Windows-1252, so far."""

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(MAX_RECORD + 1):
            yield line if line.isascii() else self._in_unicode(line)
            while len(line) > MAX_RECORD and not line.endswith(("\n", "\r")):
                line = self._text.readline(MAX_RECORD + 1)

    def _in_unicode(self, line: str) -> str:
        read = from_windows(line)
        self.windows += read is not line
        return read


def _encoding(head: bytes) -> str:
    """By the byte order mark, else by where the zero byte of an ASCII letter stands."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if head[:1] == b"\0" else "utf-8-sig"
