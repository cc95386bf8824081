"""Audience filters: to which of the confirmed an issue goes, in the author's own terms."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias


class Trait(StrEnum):
    """What is known of a person as text; written `tag:berlin`."""

    TAG = "tag"
    LANGUAGE = "language"
    EMAIL = "email"
    SOURCE = "source"


class Event(StrEnum):
    """What happened to a person on a day; written `joined > 2026-01-01`."""

    JOINED = "joined"
    CONFIRMED = "confirmed"


class Order(StrEnum):
    """How one day stands to another."""

    BEFORE = "<"
    UNTIL = "<="
    ON = "="
    SINCE = ">="
    AFTER = ">"


@dataclass(frozen=True, kw_only=True, slots=True)
class Has:
    """People with this trait. In an address and a source `*` stands for any letters."""

    trait: Trait
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """People to whom it happened then, by the calendar of the newsletter's time zone."""

    event: Event
    order: Order
    day: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Without:
    """Everybody else."""

    rule: "Rule"


@dataclass(frozen=True, kw_only=True, slots=True)
class AllOf:
    """People for whom each of two or more rules holds."""

    rules: "tuple[Rule, ...]"


@dataclass(frozen=True, kw_only=True, slots=True)
class AnyOf:
    """People for whom at least one of two or more rules holds."""

    rules: "tuple[Rule, ...]"


Rule: TypeAlias = Has | When | Without | AllOf | AnyOf


@dataclass(frozen=True, kw_only=True, slots=True)
class AudienceFilter:
    """A rule, as it was written, with what its words mean in this newsletter."""

    text: str
    rule: Rule
    timezone: str
    """IANA name of the zone in which its days begin and end."""
    language: str
    """The newsletter's, which people have who chose none."""
