"""Issues as everybody may read them on the web."""

from dataclasses import dataclass
from datetime import datetime

from newsletter.models.ids import IssueId


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchivedIssue:
    """One line of the archive."""

    id: IssueId
    subject: str
    preheader: str
    published: datetime
    """When its words were frozen; nothing of them changes afterwards."""
    changed: datetime
    """When it was submitted to everybody, or frozen while it still is under way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchivedLetter:
    """An issue with the bytes that were frozen."""

    issue: ArchivedIssue
    html: str
    placeholders: tuple[str, ...]
    """What stands literally where a reader's own token would."""
