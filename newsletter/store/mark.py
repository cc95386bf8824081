"""A mark outside the database: how far it had come, so that an old copy of it is known for one.

A database that is put back from a copy knows nothing of the letters that went out since, and would
send them again. The mark is one short line in a file of its own, `<database id> <number>`, where the
number is that of the newest request. It is written after each claim's commit, without a flush to
the disk: after a power cut it may lie behind the database, which is harmless, but never before it.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from sqlalchemy import func, select

from newsletter.content.counting import counted
from newsletter.store.engine import Database
from newsletter.store.tables import attempts, meta

log = logging.getLogger(__name__)

PRIVATE = 0o600
MOST_BYTES = 200
"""More than any mark has: what is longer is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """A database's id and the number of the newest request that was made from it."""

    database_id: str
    number: int


class Mark:
    """The mark of one database; of several processes that write it the highest number stays."""

    def __init__(self, path: Path, database: Database) -> None:
        self._path = path
        self._database = database
        self._database_id = ""
        self._descriptor: int | None = None
        self._turn = Lock()
        """One thread writes at a time: of one descriptor, the lock on the file is everybody's."""

    def close(self) -> None:
        """None; a later call opens the file again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def reached(self, number: int) -> None:
        """None; the mark is at this number or above. A disk that refuses is told and stops nothing."""
        try:
            self._write(number, least=True)
        except OSError as error:
            log.warning(
                "%s: %s: an old copy of the database would not be noticed", self._path, error.strerror
            )

    def set_anew(self) -> None:
        """None; the mark is where the database is, even when that is behind. Raises OSError."""
        self._write(self.database().number, least=False)

    def read(self) -> Reached | None:
        """What the mark says; None when there is none yet. Raises OSError."""
        try:
            return _parsed(self._path.read_bytes()[:MOST_BYTES])
        except (FileNotFoundError, NotADirectoryError):
            return None

    def doubts(self) -> str:
        """Why this database is not the one from which the last letters were sent; empty when it is.

        The mark is read first: whoever sends meanwhile moves the database before it.
        """
        mark = self.read()
        here = self.database()
        if mark is None or mark.number == 0:
            return ""
        if mark.database_id != here.database_id:
            return "this is not the database from which the last letters were sent"
        if mark.number > here.number:
            since = counted(mark.number - here.number, "request")
            return f"this database is older than the last send ({since} later)"
        return ""

    def database(self) -> Reached:
        """Where the database itself is."""
        with self._database.reading() as connection:
            number = connection.scalar(select(func.max(attempts.c.number)))
            name = connection.scalars(select(meta.c.value).where(meta.c.key == "database_id")).one()
        return Reached(database_id=name, number=number or 0)

    def _write(self, number: int, *, least: bool) -> None:
        with self._turn, _locked(self._opened()) as descriptor:
            found = os.pread(descriptor, MOST_BYTES + 1, 0)
            known = _parsed(found) if least else None
            if known and known.database_id == self._database_id and known.number >= number:
                return
            line = f"{self._database_id} {number:020}\n".encode()
            os.pwrite(descriptor, line, 0)
            if len(found) > len(line):
                os.ftruncate(descriptor, len(line))

    def _opened(self) -> int:
        """The file's descriptor, which is kept: to open it takes longer than to write the mark."""
        if self._descriptor is not None and os.fstat(self._descriptor).st_nlink == 0:
            self.close()  # the file was deleted or replaced
        if self._descriptor is None:
            self._database_id = self.database().database_id
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        return self._descriptor


@contextmanager
def _locked(descriptor: int) -> Iterator[int]:
    """The descriptor, while no other process writes the file."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield descriptor
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _parsed(line: bytes) -> Reached | None:
    match line.decode("ascii", errors="replace").split():
        case [name, number] if number.isdecimal():
            return Reached(database_id=name, number=int(number))
    return None
