"""Imports: people as a file tells of them, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from newsletter.models.addresses import Address
from newsletter.models.people import SubscriberStatus


class ImportedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a file that names somebody; empty or None is what the file does not tell."""

    line: int
    """The line of the file on which the row begins."""
    address: Address
    status: SubscriberStatus
    reason: str = ""
    """Why they are suppressed, in the file's word."""
    language: str = ""
    tags: tuple[str, ...] = ()
    text_only: bool = False
    paused_until: datetime | None = None
    joined_at: datetime | None = None
    confirmed_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    consent: str = ""
    """What the file tells of their consent, beyond the words that stand for the whole file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectedRow:
    """A row that is not taken; the reason never holds the address."""

    line: int
    reason: str
    cells: tuple[str, ...] = field(default=(), repr=False)
    """The row as it was read, as far as it could be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportSource:
    """Where an import comes from."""

    file: str
    preset: str = ""
    """The tool whose export it is; empty: a plain list."""
    consent_source: str


class ImportEffect(StrEnum):
    """What an import does, or would do, about a person."""

    ADDED = "added"
    ENDED = "ended"
    CHANGED = "changed"
    """Known, and gets a name, a language or tags that were missing, or is suppressed besides unsubscribed."""
    SAME = "same"
    """Known, and stays as they are."""
    LEFT_OUT = "left out"
    """Their address is among the suppressions: it is not stored again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportDiff:
    """How the rows of a file stand to the list: `people` is the sum of the five effects."""

    rows: int
    """Rows that name somebody; two of them may name the same person."""
    people: int
    effects: Mapping[ImportEffect, int]

    @property
    def repeated(self) -> int:
        """Rows about somebody whom an earlier row named; the strictest of their statuses counts."""
        return self.rows - self.people

    @property
    def added(self) -> int:
        return self.effects[ImportEffect.ADDED]

    @property
    def known(self) -> int:
        """People who are on the list already, whether something changes about them or not."""
        return sum(
            self.effects[effect] for effect in (ImportEffect.ENDED, ImportEffect.CHANGED, ImportEffect.SAME)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportExample:
    """A person of a file, and how the list has them."""

    line: int
    addr_spec: str
    status: SubscriberStatus
    """The file's."""
    was: SubscriberStatus | None
    """The list's; None for somebody who is not on it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportRecord:
    """An import that was made."""

    number: int
    file: str
    preset: str
    consent_source: str
    at: datetime
    added: int
    known: int
    ended: int
    rejected: int
    undone_at: datetime | None = None


class StayReason(StrEnum):
    """Why something that an import did is not taken back."""

    MAILED = "mailed"
    """They are in the audience of a frozen issue, or a mail went to them."""
    ACTED = "acted"
    """They confirmed, left or came back since."""
    DIFFERS = "differs"
    """Something about them is no longer as the import made it."""
    ENDED_ELSEWHERE = "ended elsewhere"
    """Something else ended their subscription as well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UndoneImport:
    """What undoing an import took back, in people, and what stayed, and why."""

    number: int
    undone_at: datetime
    already: bool = False
    """It was undone before, and nothing was done now."""
    removed: int = 0
    restored: int = 0
    """Known people who are again as they were."""
    stayed: Mapping[StayReason, int] = field(default_factory=dict)
