"""The list of those who were forgotten, outside the database: `data/erased`, only ever added to.

A database that is put back from an older copy holds them again; this list tells it whom to forget
once more. A line is `<time> <keyed hash of the address>`.
"""

import fcntl
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from newsletter.models.privacy import Erasure
from newsletter.store.columns import iso

PRIVATE = 0o600


class ErasedList:
    """The list of one project."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, erasure: Erasure) -> None:
        """None; the line is on the disk. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # It begins with a line feed, too: an earlier line may have been cut by a power failure.
            os.write(descriptor, f"\n{iso(erasure.at)} {erasure.address_hash}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self) -> Sequence[Erasure]:
        """The lines that can be read; none when there is no list. Raises OSError."""
        try:
            lines = self._path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        return [found for line in lines if (found := _parsed(line))]


def _parsed(line: str) -> Erasure | None:
    moment, _, digest = line.partition(" ")
    try:
        return Erasure(address_hash=digest, at=datetime.fromisoformat(moment)) if len(digest) == 64 else None
    except ValueError:
        return None
