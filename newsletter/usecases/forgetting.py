"""Forgetting a person at their own wish, or the author's; and telling them all that is held."""

from collections.abc import Iterator, Sequence
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


def held_lines(held: Held) -> Iterator[str]:
    """The lines of a CSV file with all that is held, safe to open in a spreadsheet."""
    yield csv_line(["what", "when", "value", "detail"])
    for cells in held_cells(held):
        yield csv_line(cells)


def held_cells(held: Held) -> Iterator[tuple[str, str, str, str]]:
    """(what, when, value, detail) for each thing that is held and not empty."""
    person = held.person
    since = _written(person.created_at)
    values = {
        "address": person.address.addr_spec,
        "name": person.address.display_name,
        "status": person.status.value,
        "why suppressed": person.suppressed_reason,
        "source of the consent": person.consent_source,
        "import": held.import_file,
        "language": person.language,
        "text only": "yes" if person.text_only else "",
        "address not confirmed yet": held.new_address,
    }
    yield from ((name, since, value, "") for name, value in values.items() if value)
    yield from (("topic", "", tag, "") for tag in person.tags)
    moments = {
        "confirmed": person.confirmed_at,
        "unsubscribed": person.unsubscribed_at,
        "paused until": person.paused_until,
    }
    yield from ((name, _written(moment), "", "") for name, moment in moments.items() if moment)
    for step in held.steps:
        evidence = (step.ip, step.user_agent, step.form_url, step.text, step.policy, step.evidence)
        yield f"consent: {step.action}", _written(step.at), step.channel.value, _joined(*evidence)
    for letter in held.letters:
        to = f"{letter.name} <{letter.address}>" if letter.name else letter.address
        told = (to, letter.outcome.replace("_", " "), letter.detail)
        yield f"letter: {letter.issue}", _written(letter.at), letter.subject, _joined(*told)
    for mail in held.mails:
        yield f"mail: {mail.kind}", _written(mail.at), mail.state, mail.address
    for event in held.events:
        yield f"report: {event.type}", _written(event.at), event.address, event.raw or event.detail


def _joined(*texts: str) -> str:
    return "; ".join(filter(None, texts))


def _written(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""
