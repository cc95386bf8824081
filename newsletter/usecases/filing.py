"""Issue files that are to be written: for the first time, or anew because they were lost."""

from collections.abc import Sequence

from newsletter.models import DRAFTS, IssueId
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


def rewrite_lost_files(issues: IssueStore, files: IssueFiles) -> Sequence[IssueId]:
    """The drafts whose files were gone and are written anew, with the text that was gathered."""
    lost = [record.id for record in issues.list(*DRAFTS) if not files.exists(record.id)]
    texts = {issue_id: issues.gathered_text(issue_id) for issue_id in lost}
    return [issue_id for issue_id, text in texts.items() if text and files.create(issue_id, text)]
