"""A folder of files that the program writes again and again, and that may hold others' files too.

A manifest in it names every file that was written, in the form of `sha256sum`. A line is added before
its file is written, so that a run that was cut off leaves nothing behind that the next would not know.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from newsletter.errors import WrongState
from newsletter.store.files import refused, replace_file

BUILD = "build"
"""The one command whose `--force` writes among what others made."""
MANIFEST = f".newsletter-{BUILD}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What a run did to the folder, in files."""

    written: int
    unchanged: int
    removed: int
    kept: tuple[str, ...]
    """Files of an earlier run that are needed no more but were changed since by others."""


class SiteFolder:
    """A folder of the files that one command writes; one run at a time."""

    def __init__(self, folder: Path, command: str = BUILD) -> None:
        self._folder = folder
        self._command = command
        self._manifest = folder / f".newsletter-{command}"

    def require_ours(self, *, force: bool) -> None:
        """None. Raises WrongState when the folder holds things and none of them was written by a run,
        unless `force`."""
        try:
            others = self._folder.is_dir() and any(self._folder.iterdir()) and not self._manifest.exists()
        except OSError as error:
            raise refused(self._folder, error) from error
        if others and not force:
            raise WrongState(
                f"{self._folder} holds other things",
                remedy=f"name an empty folder{self._or_by_force('put the archive among them')}",
            )

    def write(self, files: Iterable[tuple[str, bytes]], *, force: bool) -> Written:
        """What was done. Files that hold their bytes already are not touched; each other is there whole
        or as before; those of earlier runs that are not among them now are removed.

        Raises WrongState for a file that somebody else made where one is to be written, unless `force`;
        NewsletterError when the disk refuses.
        """
        self.require_ours(force=force)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return self._write(files, force=force)
        except OSError as error:
            raise refused(Path(error.filename or self._folder), error) from error

    def _write(self, files: Iterable[tuple[str, bytes]], *, force: bool) -> Written:
        earlier = self._read()
        now: dict[str, str] = {}
        written = 0
        for name, octets in files:
            path, digest = self._inside(name), _digest(octets)
            now[name] = digest
            if path.is_file() and path.read_bytes() == octets:
                self._note(name, digest, known=earlier)
                continue
            if path.exists() and name not in earlier and not force:
                raise WrongState(
                    f"{path} is there already and was not written by “{self._command}”",
                    remedy=f"move it away{self._or_by_force('replace it')}",
                )
            self._note(name, digest, known=earlier)
            replace_file(path, octets)
            written += 1
        removed, kept = self._remove({name: seal for name, seal in earlier.items() if name not in now})
        replace_file(self._manifest, "".join(f"{digest}  {name}\n" for name, digest in now.items()).encode())
        return Written(written=written, unchanged=len(now) - written, removed=removed, kept=tuple(kept))

    def _or_by_force(self, deed: str) -> str:
        """The end of a remedy; empty for a command that knows no force."""
        return f", or repeat with --force to {deed}" if self._command == BUILD else ""

    def _read(self) -> dict[str, str]:
        """The digests that were last written, by name; the last line about a file holds."""
        if not self._manifest.exists():
            return {}
        lines = self._manifest.read_text(encoding="utf-8", errors="replace").splitlines()
        pairs = (line.partition("  ") for line in lines)
        return {name: digest for digest, mark, name in pairs if mark and name}

    def _note(self, name: str, digest: str, *, known: dict[str, str]) -> None:
        if known.get(name) != digest:
            with self._manifest.open("a", encoding="utf-8", newline="\n") as manifest:
                manifest.write(f"{digest}  {name}\n")

    def _remove(self, names: dict[str, str]) -> tuple[int, list[str]]:
        """How many files were removed, and those that are no longer as they were written."""
        removed, kept = 0, []
        for name, digest in names.items():
            path = self._inside(name)
            if not path.is_file():
                continue
            if _digest(path.read_bytes()) != digest:
                kept.append(name)
                continue
            path.unlink()
            removed += 1
            for folder in path.parents:
                if folder == self._folder or any(folder.iterdir()):
                    break
                folder.rmdir()
        return removed, kept

    def _inside(self, name: str) -> Path:
        """The file's path. Raises WrongState for one that would lie outside the folder."""
        path = self._folder.joinpath(*PurePosixPath(name).parts)
        inside = path.parent.resolve().is_relative_to(self._folder.resolve())
        if not inside or ".." in PurePosixPath(name).parts or path.is_symlink():
            raise WrongState(
                f"{path} leads out of {self._folder}", remedy="remove the link, or name another folder"
            )
        return path


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()
