"""The receipts beside the issue files: `issues/<id>.receipt.json`, replaced whole."""

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from newsletter.errors import NewsletterError
from newsletter.models import IssueId

SUFFIX = ".receipt.json"


class ReceiptFolder:
    """The receipts of one project (ports.ReceiptFiles)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, issue_id: IssueId, text: str) -> None:
        path = self._path(issue_id)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._replace(path, text)
        except OSError as error:
            raise _trouble(path, error) from error

    def read(self, issue_id: IssueId) -> str | None:
        path = self._path(issue_id)
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, IsADirectoryError):
            return None
        except OSError as error:
            raise _trouble(path, error) from error

    def list(self) -> Sequence[IssueId]:
        try:
            files = [each.name for each in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _trouble(self._folder, error) from error
        return sorted(
            IssueId(name.removesuffix(SUFFIX))
            for name in files
            if name.endswith(SUFFIX) and not name.startswith(".")
        )

    def _path(self, issue_id: IssueId) -> Path:
        return self._folder / f"{issue_id}{SUFFIX}"

    def _replace(self, path: Path, text: str) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".new")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        finally:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()


def _trouble(path: Path, error: OSError) -> NewsletterError:
    return NewsletterError(f"{path}: {error.strerror}", remedy="make room, or let this user write there")
