"""What sources bring, and what a gather decides about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.models.ids import PostId, SourceId


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A picture that a post brings; width and height in CSS pixels when the post gives them."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One entry of a source, cleaned: `body_markdown` is all that a letter may show of it."""

    id: PostId
    source: SourceId
    source_name: str
    url: str
    title: str
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    summary: str = ""
    body_markdown: str = ""
    image: Image | None = None
    tags: tuple[str, ...] = ()
    language: str = ""
    """BCP 47 tag, empty when the source names none."""
    direction: str = ""
    """`rtl`, `ltr` or empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What one source answered: its posts as it lists them, the state to hand back next time."""

    posts: tuple[Post, ...]
    state: bytes
    """Opaque to everyone but the source (ETag, Last-Modified, the last good copy)."""
    notes: tuple[str, ...] = ()
    """Sentences for the decision log, such as `503 Service Unavailable: the last good copy was used`."""


class Decision(StrEnum):
    """What a gather did with a post that it saw."""

    TAKEN = "taken"
    DROPPED = "dropped"
    SEEN_BEFORE = "seen before"
    WAITING = "waiting"
    """Neither taken nor recorded: a later gather decides."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PostDecision:
    """One line of the decision log: a post, what became of it, and why."""

    source: SourceId
    post: PostId
    title: str
    url: str
    published: datetime | None
    decision: Decision
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionLog:
    """Everything that one gather saw and decided, kept with the issue."""

    gathered_at: datetime
    decisions: tuple[PostDecision, ...]
    notes: tuple[str, ...] = ()
    """Sentences about sources and about the run as a whole, each beginning with what it is about."""
