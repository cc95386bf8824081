"""Issues, their states, and what checks find in them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from newsletter.models.ids import IssueId, PostId


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One titled part of an issue: a gathered post, or the author's own words (`post` is None)."""

    title: str
    body_markdown: str
    url: str = ""
    post: PostId | None = None
    source_name: str = ""
    author: str = ""
    published: datetime | None = None
    language: str = ""
    direction: str = ""
    line: int = field(default=0, compare=False)
    """Line of the issue file on which the section begins, from 1; 0 when it comes from no file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """An issue as its file holds it: the author's, to edit in any way."""

    id: IssueId
    subject: str
    preheader: str
    theme: str
    language: str
    sections: tuple[Section, ...]
    intro_markdown: str = ""
    outro_markdown: str = ""
    to: str = ""
    """The audience filter of those whom it is for; empty: everybody."""
    slot: str | None = None
    """Local calendar time without offset, such as `2026-11-27T09:00`; None outside the schedule."""


class IssueState(StrEnum):
    """Where an issue stands; `docs/explanation/sending.md` draws the chart."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    FROZEN = "frozen"
    SUBMITTING = "submitting"
    PAUSED = "paused"
    SUBMITTED = "submitted"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


DRAFTS = (IssueState.DRAFT, IssueState.SCHEDULED)
"""The states in which an issue can still be edited; its words and its audience are not frozen."""
SENDING = (IssueState.FROZEN, IssueState.SUBMITTING)
"""The states in which batches of an issue are handed out."""
OPEN = (*SENDING, IssueState.PAUSED)
"""The states of an issue that is frozen and has not ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueRecord:
    """What the database knows of an issue; its words are in the file until it is frozen."""

    id: IssueId
    state: IssueState
    slot: str | None
    created_at: datetime
    frozen_at: datetime | None = None
    submitted_at: datetime | None = None
    send_at: datetime | None = None
    """When an approved issue goes out."""
    note: str = ""
    """Why it is paused, held, skipped or cancelled, in a sentence for the author. A draft with a note is
    held: nothing but a person's word sends it."""


class Severity(StrEnum):
    """`error` stops an unattended send, `warning` is shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that a check found wrong with an issue."""

    code: str
    severity: Severity
    message: str
    remedy: str
    where: str = ""
    """`file:line`, a header's name, or the part of the letter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One scheduled time: `local` names it for ever, `instant` is when it comes."""

    local: str
    """`YYYY-MM-DDTHH:MM` in the newsletter's time zone, without offset, so that DST makes no second one."""
    instant: datetime
