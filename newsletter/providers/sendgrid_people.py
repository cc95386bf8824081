"""Recipients → the `personalizations` of `POST /v3/mail/send`: pure, and fast (1 µs each).

A thousand people are the same text again and again around values of their own. So the values stand
in columns, and the text between them is written once for a request.

Limits: SendGrid's OpenAPI description (twilio/sendgrid-oai, January 2026) and its pages
“Mail Send API overview: limitations” and “Personalizations” (July 2026).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from operator import contains

import msgspec

from newsletter.errors import ProviderRefused, RecipientsRefused
from newsletter.models import (
    AttemptId,
    Batch,
    Recipient,
    Recipients,
    RejectReason,
    SendOutcome,
    SendStatus,
)

MAX_SUBSTITUTION_BYTES = 10_000
"""Per personalization: what the API description says; the prose says 50,000."""
MAX_HEADER_LINE = 998
"""Octets of a header line (RFC 5322 §2.1.1); longer ones would be folded on the way."""
FORBIDDEN_HEADERS = frozenset(
    [
        *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
        *("to", "from", "subject", "reply-to", "cc", "bcc"),
    ]
)
CONTROL_CHARACTERS = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_UNSAFE_IN_NAME = re.compile(f"[ ]*[;,{CONTROL_CHARACTERS}][ ;,{CONTROL_CHARACTERS}]*")
"""SendGrid allows neither semicolon nor comma in the name of a recipient."""
_HEADER_NAME = re.compile(r"[!-9;-~]+")
"""RFC 5322 §3.6.8: printable ASCII without the colon."""
_SLOT = "\uffff"
"""Stands in a form where a person's own text belongs: no character, so that nothing else holds it."""

Columns = Mapping[str, Sequence[str]]
"""Under each name one text per person."""


def personalizations(batch: Batch, substitutions: Columns) -> bytes:
    """The JSON array of everyone in the batch; `substitutions` are the letter's tags with their values.

    Raises RecipientsRefused naming everyone whom the request cannot carry, or ProviderRefused when a
    header that this program makes is wrong.
    """
    people = batch.recipients
    columns = _columns(people, substitutions)
    plain = _is_plain_json("".join(chain.from_iterable(columns)))
    if not (plain and _is_short(people, substitutions) and _differ(people.addr_specs)):
        _refuse_unfit(people, substitutions)
    addresses, *rest = columns if plain else map(_escaped, columns)
    names = [_name(name) if name else "" for name in people.display_names]
    form = _form(batch.attempt, headers=people.headers, substitutions=substitutions)
    texts = chain.from_iterable(zip(*_between(form, [addresses, names, *rest]), strict=False))
    return b"[" + "".join(texts)[:-1].encode() + b"]"


def encode(value: object) -> bytes:
    """The value in JSON. Raises ProviderRefused for text that UTF-8 cannot say."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise ProviderRefused(f"a value cannot be written in UTF-8: {error.reason}") from error


def is_plain(text: str) -> bool:
    """Whether it is printable ASCII."""
    return text.isascii() and text.isprintable()


def check_header(name: str, value: str, whose: str) -> None:
    """None. Raises ProviderRefused."""
    if not _HEADER_NAME.fullmatch(name):
        raise ProviderRefused(f"{name!a} is no name of a header")
    if name.lower() in FORBIDDEN_HEADERS:
        raise ProviderRefused(f"SendGrid sets the header {name} itself and takes none from a request")
    if not is_plain(value) or len(name) + len(value) + 2 > MAX_HEADER_LINE:
        raise ProviderRefused(f"{whose}: the header {name} is not one line of printable ASCII")


# --- columns -----------------------------------------------------------------------------------


def _columns(people: Recipients, substitutions: Columns) -> list[Sequence[str]]:
    """Every text of a person, names aside, in the order of the form."""
    return [people.addr_specs, *people.headers.values(), *substitutions.values(), people.delivery_ids]


def _is_short(people: Recipients, substitutions: Columns) -> bool:
    """Whether all headers are lines that SendGrid takes, and all values fit in their personalizations."""
    values = sum(len(tag) + max(map(len, column)) for tag, column in substitutions.items())
    return values <= MAX_SUBSTITUTION_BYTES and all(
        _HEADER_NAME.fullmatch(name)
        and name.lower() not in FORBIDDEN_HEADERS
        and len(name) + max(map(len, column)) + 2 <= MAX_HEADER_LINE
        for name, column in people.headers.items()
    )


def _form(attempt: AttemptId, *, headers: Iterable[str], substitutions: Iterable[str]) -> list[str]:
    """One person in SendGrid's words with a comma behind, cut where their own texts belong: address,
    name, each header, each substitution, delivery id."""
    form = {
        "to": [{"email": _SLOT}],
        "headers": dict.fromkeys(headers, _SLOT),
        "substitutions": dict.fromkeys(substitutions, _SLOT),
        "custom_args": {"nl_rid": _SLOT, "nl_att": attempt},
    }
    text = encode(form).decode() + ","
    return text.replace(f'"{_SLOT}"', f'"{_SLOT}"{_SLOT}', 1).split(_SLOT)


def _between(pieces: Sequence[str], columns: Sequence[Iterable[str]]) -> Iterable[Iterable[str]]:
    """The columns, each after a column of the piece before it, and the last piece."""
    *before, last = pieces
    for piece, column in zip(before, columns, strict=True):
        yield from (repeat(piece), column)
    yield repeat(last)


def _name(name: str) -> str:
    """The member that holds somebody's name; empty when SendGrid allows nothing of it."""
    if _UNSAFE_IN_NAME.search(name):
        name = _UNSAFE_IN_NAME.sub(" ", name).strip()
    return f',"name":{encode(name).decode()}' if name else ""


def _escaped(column: Sequence[str]) -> Sequence[str]:
    return [encode(text)[1:-1].decode() for text in column]


def _is_plain_json(text: str) -> bool:
    """Whether it is printable ASCII without quotation marks and backslashes: JSON escapes all others."""
    return text.isascii() and "\x7f" not in text and len(encode(text)) == len(text) + 2


# --- who cannot be in a request ----------------------------------------------------------------


def _differ(addresses: Sequence[str]) -> bool:
    """Whether all addresses, which are plain, are different ones in any writing, and are addresses."""
    different = {*"\n".join(addresses).lower().split("\n")}
    return len(different) == len(addresses) and all(map(contains, addresses, repeat("@")))


def _refuse_unfit(recipients: Recipients, substitutions: Columns) -> None:
    """None, when everyone can be in the request. Raises RecipientsRefused or ProviderRefused."""
    seen: set[str] = set()
    refused = []
    for place, recipient in enumerate(recipients):
        values = {tag: column[place] for tag, column in substitutions.items()}
        if problem := _problem(recipient, values, seen):
            refused.append(_refusal(recipient, problem))
        for name, value in recipient.headers.items():
            check_header(name, value, recipient.delivery_id)
    if refused:
        raise RecipientsRefused(
            f"{len(refused)} of {len(recipients)} recipients cannot be in this request: {refused[0].detail}",
            rejected=refused,
        )


def _problem(recipient: Recipient, values: Mapping[str, str], seen: set[str]) -> str:
    """Why this person cannot be in the request, empty when they can; `seen` holds the addresses so far."""
    address = recipient.address.addr_spec.lower()
    if address in seen:
        return "the same address stands in this request already"
    seen.add(address)
    if not (is_plain(address) and "@" in address):
        return "not an address in printable ASCII"
    size = sum(len(part.encode("utf-8", "replace")) for pair in values.items() for part in pair)
    if size > MAX_SUBSTITUTION_BYTES:
        return f"personal values of {size:,} bytes, more than {MAX_SUBSTITUTION_BYTES:,}"
    return ""


def _refusal(recipient: Recipient, detail: str) -> SendOutcome:
    return SendOutcome(
        delivery_id=recipient.delivery_id,
        status=SendStatus.REJECTED,
        reject_reason=RejectReason.INVALID,
        detail=detail,
    )
