"""Search over all letters of the archive: the words of their posts and authors, folded once and
kept in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.content.searching import Snippet, folded, holds, own_paragraphs, read_query, snippet
from newsletter.models import IssueId
from newsletter.models.archives import ArchivedIssue
from newsletter.ports import Archive

MOST_LETTERS = 2_000
"""The newest so many are searched: of a letter a day, those of five years."""
MOST_HITS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One letter that holds what was asked for."""

    issue: ArchivedIssue
    snippet: Snippet


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The newest hits, and whether there are more of them."""

    hits: tuple[Hit, ...] = ()
    more: bool = False


class Search:
    """Finds letters in one archive. A letter never changes, so that its folded words stay true."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._folded: dict[IssueId, str] = {}

    def find(self, query: str) -> Found:
        """The newest letters that hold all of the query's words; nothing for a query without words."""
        terms = read_query(query)
        if not terms:
            return Found()
        issues = self._archive.list()[:MOST_LETTERS]
        words = self._words(issues)
        found = [issue for issue in issues if issue.id in words and holds(words[issue.id], terms)]
        shown = found[:MOST_HITS]
        texts = self._archive.texts([issue.id for issue in shown])
        hits = [
            Hit(
                issue=issue,
                snippet=snippet([issue.preheader, *own_paragraphs(texts.get(issue.id, ""))], terms),
            )
            for issue in shown
        ]
        return Found(hits=tuple(hits), more=len(found) > len(shown))

    def _words(self, issues: Sequence[ArchivedIssue]) -> dict[IssueId, str]:
        known = self._folded
        new = [issue for issue in issues if issue.id not in known]
        texts = self._archive.texts([issue.id for issue in new])
        added = {
            issue.id: folded("\n".join([issue.subject, issue.preheader, *own_paragraphs(texts[issue.id])]))
            for issue in new
            if issue.id in texts
        }
        if added:
            listed = {issue.id for issue in issues}
            kept = {issue_id: words for issue_id, words in known.items() if issue_id in listed}
            self._folded = known = kept | added
        return known
