"""The project's `issues/` folder: files are created whole or not at all, and never rewritten."""

from collections.abc import Sequence
from pathlib import Path

from newsletter.errors import BadIssueFile, NotFound
from newsletter.models import IssueId
from newsletter.store.files import create_file, refused

SUFFIX = ".md"


class IssueFolder:
    """The issue files of one project (ports.IssueFiles)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, issue_id: IssueId, text: str) -> bool:
        path = self._path(issue_id)
        try:
            return create_file(path, text.encode())
        except OSError as error:
            remedy = "mend this: the next “newsletter gather” or “run-due” writes the file that is missing"
            raise refused(path, error, remedy) from error

    def read(self, issue_id: IssueId) -> str:
        path = self._path(issue_id)
        try:
            return path.read_text(encoding="utf-8-sig")
        except (FileNotFoundError, IsADirectoryError) as error:
            known = ", ".join(self.list()[-3:]) or "none yet"
            raise NotFound(
                f"there is no issue file {path}",
                remedy=f"the newest issues are: {known}; “newsletter gather” writes a draft's lost file anew",
            ) from error
        except UnicodeDecodeError as error:
            line = path.read_bytes()[: error.start].count(b"\n") + 1
            raise BadIssueFile(
                "the file is not UTF-8", where=f"{path}:{line}", remedy="save it as UTF-8"
            ) from error
        except OSError as error:
            raise refused(path, error, "make it a file that can be read") from error

    def exists(self, issue_id: IssueId) -> bool:
        return self._path(issue_id).is_file()

    def list(self) -> Sequence[IssueId]:
        try:
            files = list(self._folder.iterdir())  # glob() takes a locked folder for an empty one
        except FileNotFoundError:
            return []
        except OSError as error:
            raise refused(self._folder, error, "make it a folder that can be read") from error
        issues = (path for path in files if path.suffix == SUFFIX and not path.name.startswith("."))
        return sorted(IssueId(path.stem) for path in issues if path.is_file())

    def _path(self, issue_id: IssueId) -> Path:
        if not issue_id or Path(issue_id).name != issue_id or issue_id.startswith("."):
            raise NotFound(
                f"{issue_id!r} cannot be the name of an issue",
                remedy=f"write the file's name without {SUFFIX!r}, such as 2026-11-27",
            )
        return self._folder / f"{issue_id}{SUFFIX}"
