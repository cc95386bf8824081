"""Files that are whole at every moment: written beside their place, flushed, and then given their name."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newsletter.errors import NewsletterError


def create_file(path: Path, octets: bytes) -> bool:
    """Whether the file was made, and its name is on the disk, too; False when there is one of that name,
    which stays as it is. Raises OSError; then the file is whole, too, or not there."""
    with _written(path, octets, mode=0o644) as new:
        try:
            # A link, unlike a rename, fails when somebody has a file of that name already.
            os.link(new, path)
        except FileExistsError:
            return False
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def replace_file(path: Path, octets: bytes, *, mode: int = 0o644) -> None:
    """None; the file holds this, whatever it held. Raises OSError: it is as it was."""
    with _written(path, octets, mode=mode) as new:
        new.replace(path)


def refused(
    path: Path, error: OSError, remedy: str = "make room, or let this user write there"
) -> NewsletterError:
    """What the disk said of the path, in one clear line."""
    return NewsletterError(f"{path}: {error.strerror}", remedy=remedy)


@contextmanager
def _written(path: Path, octets: bytes, *, mode: int) -> Iterator[Path]:
    """A file with this content on the disk, in the folder of `path`; afterwards its own name is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        yield new
    finally:
        new.unlink(missing_ok=True)
