"""Issue files that are still to be written, because the process that made their issues died before."""

from collections.abc import Sequence

from newsletter.models import IssueId
from newsletter.ports import IssueFiles, IssueStore


def finish_files(issues: IssueStore, files: IssueFiles) -> Sequence[IssueId]:
    """The issues whose files were written now: those of this process, and of one that died before.

    A file that stands there already is the author's and stays as it is.
    """
    unwritten = issues.unwritten_files()
    for issue_id, text in unwritten.items():
        files.create(issue_id, text)
        issues.file_written(issue_id)
    return list(unwritten)
