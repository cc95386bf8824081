"""The receipts beside the issue files: `issues/<id>.receipt.json`, replaced whole."""

from collections.abc import Sequence
from pathlib import Path

from newsletter.models import IssueId
from newsletter.store.files import refused, replace_file

SUFFIX = ".receipt.json"


class ReceiptFolder:
    """The receipts of one project (ports.ReceiptFiles)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, issue_id: IssueId, text: str) -> None:
        path = self._path(issue_id)
        try:
            replace_file(path, text.encode())
        except OSError as error:
            raise refused(path, error) from error

    def read(self, issue_id: IssueId) -> str | None:
        path = self._path(issue_id)
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, IsADirectoryError):
            return None
        except OSError as error:
            raise refused(path, error) from error

    def list(self) -> Sequence[IssueId]:
        try:
            files = [each.name for each in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise refused(self._folder, error) from error
        return sorted(
            IssueId(name.removesuffix(SUFFIX))
            for name in files
            if name.endswith(SUFFIX) and not name.startswith(".")
        )

    def _path(self, issue_id: IssueId) -> Path:
        return self._folder / f"{issue_id}{SUFFIX}"
