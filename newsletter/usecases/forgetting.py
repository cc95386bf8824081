"""Forgetting a person at their own wish, or the author's; and telling them all that is held."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from newsletter.content.addresses import make_address
from newsletter.content.csvrecords import csv_line
from newsletter.content.tokens import Keyring
from newsletter.models import SubscriberId
from newsletter.models.privacy import Held
from newsletter.usecases.joining import limits_of


class Forgetting(Protocol):
    """The side of the store that shows a person what is held, and forgets them."""

    def held(self, subscriber_id: SubscriberId) -> Held | None:
        """Everything that belongs to the person; None when there is no such person."""
        ...

    def forget(self, addr_spec: str, now: datetime, *, buckets: Sequence[str] = ()) -> bool:
        """Whether anything was held of this address, in any writing. Nothing is afterwards, but a keyed
        hash that keeps every import from bringing it back. `buckets` are its counts among the limits.

        Harmless to repeat. Raises Busy, and OSError when the list of the erased cannot be written.
        """
        ...

    def catch_up(self) -> int:
        """How many people were forgotten again: the database is from before they were, and the list
        beside it says so. Whoever came back by themselves since stays."""
        ...

    def remove_traces(self) -> bool:
        """Whether the database's files hold nothing of the erased in their unused space any more. It is
        not tried while an issue is being sent. Raises Busy."""
        ...


def forget(addr_spec: str, *, forgetting: Forgetting, keys: Keyring, now: datetime) -> bool:
    """Whether anything was held of this address. Raises BadAddress, and what Forgetting.forget does."""
    address = make_address(addr_spec)
    buckets = {limits_of(address, "", key)[0].bucket for key in keys.keys.values()}
    return forgetting.forget(address.addr_spec, now, buckets=sorted(buckets))


KINDS = (
    "address", "name", "status", "suppressed", "source", "import", "language", "text only", "new address",
    "topic", "joined", "confirmed", "unsubscribed", "paused", "consent", "letter", "mail", "report",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldCell:
    """One thing that is held, as a line of a table."""

    kind: str
    """One of KINDS."""
    when: str = ""
    value: str = ""
    detail: str = ""


def held_lines(held: Held) -> Iterator[str]:
    """The lines of a CSV file with all that is held, safe to open in a spreadsheet."""
    yield csv_line(["what", "when", "value", "detail"])
    for cell in held_cells(held):
        yield csv_line([cell.kind, cell.when, cell.value, cell.detail])
    for event in held.events:
        if event.raw:
            yield csv_line(["report in full", _written(event.at), event.type, event.raw])


def held_cells(held: Held) -> Iterator[HeldCell]:
    """Everything that is held and not empty; of the provider's reports what they say of themselves."""
    yield from _person_cells(held)
    for step in held.steps:
        told = (step.ip, step.user_agent, step.form_url, step.text, step.policy, step.evidence)
        value = f"{step.action} ({step.channel})"
        yield HeldCell(kind="consent", when=_written(step.at), value=value, detail=_joined(*told))
    for letter in held.letters:
        to = f"{letter.name} <{letter.address}>" if letter.name else letter.address
        detail = _joined(to, letter.outcome.replace("_", " "), letter.detail)
        value = f"{letter.issue}: {letter.subject}"
        yield HeldCell(kind="letter", when=_written(letter.at), value=value, detail=detail)
    for mail in held.mails:
        value = f"{mail.kind.replace('_', ' ')} ({mail.state})"
        yield HeldCell(kind="mail", when=_written(mail.at), value=value, detail=mail.address)
    for event in held.events:
        detail = _joined(event.address, event.detail)
        yield HeldCell(kind="report", when=_written(event.at), value=event.type, detail=detail)


def _person_cells(held: Held) -> Iterator[HeldCell]:
    person = held.person
    values = {
        "address": person.address.addr_spec,
        "name": person.address.display_name,
        "status": person.status.value,
        "suppressed": person.suppressed_reason,
        "source": person.consent_source,
        "import": held.import_file,
        "language": person.language,
        "text only": "✓" if person.text_only else "",
        "new address": held.new_address,
    }
    yield from (HeldCell(kind=kind, value=value) for kind, value in values.items() if value)
    yield from (HeldCell(kind="topic", value=tag) for tag in person.tags)
    moments = {
        "joined": person.created_at,
        "confirmed": person.confirmed_at,
        "unsubscribed": person.unsubscribed_at,
        "paused": person.paused_until,
    }
    yield from (HeldCell(kind=kind, when=_written(at)) for kind, at in moments.items() if at)


def _joined(*texts: str) -> str:
    return "; ".join(filter(None, texts))


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
