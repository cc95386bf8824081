"""All that is held of one person, as they may see it and take it along."""

from dataclasses import dataclass
from datetime import datetime

from newsletter.models.people import Consent, Subscriber


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldLetter:
    """One issue whose audience the person was in."""

    issue: str
    subject: str
    at: datetime
    """When the audience was frozen."""
    address: str
    name: str
    outcome: str = ""
    """What is known of this one letter; empty while nothing sets it apart from the others."""
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldMail:
    """One mail that was no letter: a confirmation, a link, a goodbye."""

    kind: str
    at: datetime
    address: str
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldEvent:
    """One thing that the provider reported about a letter to the person."""

    type: str
    at: datetime
    address: str
    detail: str = ""
    raw: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """Everything in the database that belongs to one person."""

    person: Subscriber
    import_file: str = ""
    """The name of the file with which they came to the list."""
    new_address: str = ""
    """One that they asked for and did not confirm yet."""
    steps: tuple[Consent, ...] = ()
    letters: tuple[HeldLetter, ...] = ()
    mails: tuple[HeldMail, ...] = ()
    events: tuple[HeldEvent, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasure:
    """One line of the list of those who were forgotten."""

    address_hash: str
    """Keyed by the database's first key, so that every copy of the database can tell who it is."""
    at: datetime
