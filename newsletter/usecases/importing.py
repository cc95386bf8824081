"""Subscribers from and to CSV files."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from newsletter.content.subscribercsv import MAX_RECORD, RejectedRow, csv_lines, read_rows
from newsletter.models import Address, Subscriber, SubscriberStatus
from newsletter.ports import SubscriberStore


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportReport:
    """What became of the rows of a file; every row is in one of the three."""

    added: int
    known: int
    """Rows about people who were on the list already, or in the file before."""
    rejected: tuple[RejectedRow, ...]


def import_csv(
    stream: BinaryIO, store: SubscriberStore, *, consent_source: str, now: datetime
) -> ImportReport:
    """The report of an import in one transaction; nobody who left or is suppressed comes back by it.

    `stream` must be seekable. Raises BadInput, with the list as it was, when the file has no
    column of addresses or more than a million rows.
    """
    rejected: list[RejectedRow] = []

    def people(lines: Iterable[str]) -> Iterator[tuple[Address, SubscriberStatus]]:
        for row in read_rows(lines):
            if isinstance(row, RejectedRow):
                rejected.append(row)
            else:
                yield row.address, row.status

    with _decoded(stream) as text:
        added, known = store.import_rows(people(_lines(text)), consent_source=consent_source, now=now)
    return ImportReport(added=added, known=known, rejected=tuple(rejected))


def export_csv(subscribers: Iterable[Subscriber]) -> Iterator[str]:
    """Lines of CSV that spreadsheets open safely and `import_csv` reads again."""
    return csv_lines(subscribers)


@contextmanager
def _decoded(stream: BinaryIO) -> Iterator[io.TextIOWrapper]:
    """The stream as text; bytes that are no UTF-8 come as lone surrogates, so that their row alone
    is rejected."""
    encoding = _encoding(stream.read(4))
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")
    try:
        yield text
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines, of which one that is longer than a row may be comes cut, but still too long."""
    while line := text.readline(MAX_RECORD + 1):
        yield line
        while len(line) > MAX_RECORD and not line.endswith(("\n", "\r")):
            line = text.readline(MAX_RECORD + 1)


def _encoding(head: bytes) -> str:
    """By the byte order mark, else by where the zero byte of an ASCII letter stands."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if head[:1] == b"\0" else "utf-8-sig"
