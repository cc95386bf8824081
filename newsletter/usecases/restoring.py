"""What to do when the database was put back from an old copy: nobody gets a second letter by it.

What the copy does not know stands elsewhere: the receipts tell which issues were sent since, the
issue files which posts are spent. What nobody can tell is uncertain, and what might be sent again by
itself waits for a person.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from newsletter.errors import NewsletterError
from newsletter.models import (
    DRAFTS,
    Decision,
    Issue,
    IssueId,
    IssueRecord,
    IssueState,
    PostDecision,
    SourceId,
)
from newsletter.ports import IssueFiles, IssueStore, ReceiptFiles
from newsletter.usecases.receipts import Receipt, read_receipt

RESTORED = "the database was restored"
"""The detail of every request that is in doubt because of it."""


class Restoring(Protocol):
    """The side of the store that makes good what an old copy does not know."""

    def doubt_pending(self, detail: str, *, provider: str, now: datetime) -> "dict[IssueId, int]":
        """By issue, how many people wait no longer, but are uncertain: the copy is older than what
        may have been handed over. Harmless to repeat."""
        ...

    def take_over(
        self,
        issue_id: IssueId,
        *,
        slot: str | None,
        state: IssueState,
        note: str,
        now: datetime,
        posts: Sequence[PostDecision] = (),
    ) -> None:
        """None; the issue is in this state, made when it was not known, with its slot and its posts
        used up. A slot that another issue has stays with that one."""
        ...


class Fate(StrEnum):
    """What becomes of an issue that has a file, a receipt, or a record in the old copy."""

    LEFT = "left"
    """The copy knows of its end, or its people were made uncertain."""
    SUBMITTED = "submitted"
    BROKEN_OFF = "broken off"
    """Its sending had begun, and nobody knows how far it came."""
    HELD = "held"
    """A draft: it may have been sent, approved, taken back or cancelled since."""


def fate(record: IssueRecord | None, receipt: Receipt | None) -> Fate:
    """What becomes of an issue of which the database and the folder say this."""
    if record is not None and record.state not in DRAFTS:
        return Fate.LEFT
    if receipt is None:
        return Fate.HELD
    return Fate.SUBMITTED if receipt.state is IssueState.SUBMITTED else Fate.BROKEN_OFF


def settle_restored(
    *,
    restoring: Restoring,
    issues: IssueStore,
    files: IssueFiles,
    receipts: ReceiptFiles,
    read: Callable[[IssueId], Issue],
    sources: Sequence[SourceId],
    provider: str,
    now: datetime,
) -> Iterator[str]:
    """What was done, issue by issue. `read` reads an issue file, `sources` are those whose posts are spent.

    Harmless to repeat, also after it was broken off.
    """
    for issue_id, count in restoring.doubt_pending(RESTORED, provider=provider, now=now).items():
        yield f"{issue_id}: {count} recipients are uncertain now: see “newsletter reconcile {issue_id}”"
    known = {record.id: record for record in issues.list()}
    for issue_id in sorted({*known, *files.list(), *receipts.list()}):
        record, receipt = known.get(issue_id), read_receipt(receipts.read(issue_id) or "")
        what = fate(record, receipt)
        if what is Fate.LEFT:
            continue
        try:
            issue = read(issue_id) if files.exists(issue_id) else None
        except NewsletterError as error:
            issue = None
            yield str(error)
        slot = issue.slot if issue else receipt.slot if receipt else None
        restoring.take_over(
            issue_id,
            slot=record.slot if record else slot,
            state=_STATES[what],
            note=_NOTES[what],
            now=now,
            posts=_posts(issue, sources) if issue else (),
        )
        yield f"{issue_id}: {_NOTES[what]}"


_STATES = {
    Fate.SUBMITTED: IssueState.SUBMITTED,
    Fate.BROKEN_OFF: IssueState.CANCELLED,
    Fate.HELD: IssueState.DRAFT,
}
_NOTES = {
    Fate.SUBMITTED: f"submitted before {RESTORED}; its receipt accounts for it",
    Fate.BROKEN_OFF: f"its sending had begun before {RESTORED}; only the provider knows who has it",
    Fate.HELD: f"held since {RESTORED}; see that it was not sent, then approve or send it",
}


def _posts(issue: Issue, sources: Sequence[SourceId]) -> list[PostDecision]:
    """The posts of an issue file. It does not name their source by its address, so that each of them
    is spent for every source: a post's id is its own."""
    return [
        PostDecision(
            source=source,
            post=section.post,
            title=section.title,
            url=section.url,
            published=section.published,
            decision=Decision.TAKEN,
            reason=f"in an issue from before {RESTORED}",
        )
        for section in issue.sections
        if section.post is not None
        for source in sources
    ]
