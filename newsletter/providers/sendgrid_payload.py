"""Letters and recipients → the body of `POST /v3/mail/send`: pure, and fast (3 µs per recipient).

Limits: SendGrid's OpenAPI description (twilio/sendgrid-oai, January 2026) and its pages
“Mail Send API overview: limitations” and “Mail Send errors” (July 2026).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape

import msgspec
from msgspec import Struct

from newsletter.errors import BatchTooLarge, ProviderRefused, RecipientsRefused
from newsletter.models import (
    Address,
    Batch,
    IssueId,
    Recipient,
    RejectReason,
    RenderedEmail,
    Sender,
    SendOutcome,
    SendStatus,
)

MAX_RECIPIENTS = 1000
"""Personalizations per request."""
MAX_REQUEST_BYTES = 20_000_000
"""SendGrid refuses 30 MB and advises 20."""
MAX_SUBSTITUTION_BYTES = 10_000
"""Per personalization: what the API description says; the prose says 50,000."""
MAX_HEADER_LINE = 998
"""Octets of a header line (RFC 5322 §2.1.1); longer ones would be folded on the way."""
MAX_CATEGORY = 255
FORBIDDEN_HEADERS = frozenset(
    [
        *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
        *("to", "from", "subject", "reply-to", "cc", "bcc"),
    ]
)
_MARKUP = re.compile(r"[<>&\"']")
"""What html.escape changes."""
_HEADER_NAME = re.compile(r"[!-9;-~]+")
"""RFC 5322 §3.6.8: printable ASCII without the colon."""
_CONTROL_CHARACTERS = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_CONTROL = re.compile(f"[{_CONTROL_CHARACTERS}]")
_UNSAFE_IN_NAME = re.compile(f"[ ]*[;,{_CONTROL_CHARACTERS}][ ;,{_CONTROL_CHARACTERS}]*")
"""SendGrid allows neither semicolon nor comma in the name of a recipient."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConstantPart:
    """What is the same for every recipient of an issue, encoded: objects without their opening brace."""

    plain: bytes
    """Each placeholder stands in the text and in the HTML alike."""
    twofold: bytes
    """In the HTML its twin stands in its place, for values that must be escaped there."""


class _CustomArgs(Struct, gc=False):
    nl_rid: str
    nl_att: str


class _Personalization(Struct, gc=False):
    """One person of a request, in SendGrid's words."""

    to: tuple[dict[str, str]]
    headers: Mapping[str, str]
    substitutions: dict[str, str]
    custom_args: _CustomArgs


def constant_part(email: RenderedEmail, sender: Sender) -> ConstantPart:
    """The part that all requests of an issue share.

    Tracking and SendGrid's own unsubscribe footer are switched off in so many words, because an
    account may have them on by default. Raises ProviderRefused for what no request may carry.
    """
    for part, value in (("subject", email.subject), ("text", email.text), ("HTML", email.html)):
        if not value:
            raise ProviderRefused(f"the letter's {part} is empty", remedy="SendGrid takes no such letter")
    for name, value in sender.headers.items():
        _check_header(name, value, "every letter")
    twofold = email.html
    for field in email.merge_fields:
        twofold = twofold.replace(field.placeholder, _twin(field.placeholder))
    constant: dict[str, object] = {
        "from": _mailbox(sender.address, "the newsletter's address"),
        "subject": _one_line(email.subject, "the subject"),
        "headers": dict(sender.headers),
        "custom_args": {"nl_iss": email.issue_id},
        "categories": [category(email.issue_id)],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
        },
    }
    if sender.reply_to:
        constant["reply_to"] = _mailbox(sender.reply_to, "the reply-to address")
    return ConstantPart(
        plain=_encode(constant | _content(email.text, email.html))[1:],
        twofold=_encode(constant | _content(email.text, twofold))[1:],
    )


def _content(text: str, page: str) -> dict[str, object]:
    return {"content": [{"type": "text/plain", "value": text}, {"type": "text/html", "value": page}]}


def _twin(placeholder: str) -> str:
    """A second placeholder, none of which holds the other."""
    return "nl" + sha256(placeholder.encode()).hexdigest()[:25]


def category(issue_id: IssueId) -> str:
    """The category by which SendGrid lists the messages of an issue; a hash stands for a strange id."""
    name = f"nl-iss-{issue_id}"
    if name.isascii() and len(name) <= MAX_CATEGORY:
        return name
    return f"nl-iss-{sha256(issue_id.encode()).hexdigest()}"


def request_body(email: RenderedEmail, constant: ConstantPart, batch: Batch) -> bytes:
    """The whole body of the request; `constant` comes from constant_part.

    Raises RecipientsRefused naming everyone whom the request cannot carry, BatchTooLarge, or
    ProviderRefused when a header or a merge value that this program makes is wrong.
    """
    recipients = batch.recipients
    if len(recipients) > MAX_RECIPIENTS:
        raise BatchTooLarge(f"{len(recipients)} recipients are more than {MAX_RECIPIENTS}")
    given = [value for person in recipients for value in person.merge_data.values()]
    twofold = _MARKUP.search("".join(given)) is not None
    values = _merge_values(email, recipients, twofold=twofold)
    people = _encode(
        [
            _Personalization(
                to=(_to(recipient.address),),
                headers=recipient.headers,
                substitutions=substitutions,
                custom_args=_CustomArgs(nl_rid=recipient.delivery_id, nl_att=batch.attempt),
            )
            for recipient, substitutions in zip(recipients, values, strict=True)
        ]
    )
    longest = max(map(len, given), default=0) * len(values[0])
    if not (_is_plain_json(people) and longest <= MAX_SUBSTITUTION_BYTES // 8 and _differ(recipients)):
        _refuse_unfit(recipients, values)
    rest = constant.twofold if twofold else constant.plain
    body = b'{"personalizations":' + people + _calling_back(batch) + b"," + rest
    if len(body) >= MAX_REQUEST_BYTES:
        raise BatchTooLarge(f"the request has {len(body):,} bytes, {MAX_REQUEST_BYTES:,} or more")
    return body


def _calling_back(batch: Batch) -> bytes:
    """The members by which the request waits, and can be called back until then; none for most batches."""
    members: dict[str, object] = {"batch_id": batch.cancel_id} if batch.cancel_id else {}
    if batch.send_at is not None:
        members["send_at"] = int(batch.send_at.timestamp())
    return b"," + _encode(members)[1:-1] if members else b""


def _to(address: Address) -> dict[str, str]:
    name = address.display_name
    if not name:
        return {"email": address.addr_spec}
    if _UNSAFE_IN_NAME.search(name):
        name = _UNSAFE_IN_NAME.sub(" ", name).strip()
    return {"email": address.addr_spec, "name": name} if name else {"email": address.addr_spec}


def _merge_values(
    email: RenderedEmail, recipients: Sequence[Recipient], *, twofold: bool
) -> list[dict[str, str]]:
    """For each recipient placeholder → value for the letter's merge fields; twin → escaped value when
    twofold.
    """
    fields = [(field.name, field.placeholder) for field in email.merge_fields]
    twins = [(name, _twin(placeholder)) for name, placeholder in fields] if twofold else []
    try:
        values = [
            {placeholder: recipient.merge_data[name] for name, placeholder in fields}
            for recipient in recipients
        ]
    except KeyError as error:
        raise ProviderRefused(f"a delivery of {email.issue_id} has no value for {error}") from error
    for recipient, each in zip(recipients, values, strict=True) if twins else ():
        each |= {twin: escape(recipient.merge_data[name]) for name, twin in twins}
    return values


def _is_plain_json(encoded: bytes) -> bool:
    """Whether every text in it is printable ASCII without quotation marks: JSON escapes all others."""
    return encoded.isascii() and b"\\" not in encoded and b"\x7f" not in encoded


def _differ(recipients: Sequence[Recipient]) -> bool:
    """Whether all addresses are different ones and all headers fit: then, in plain JSON, nobody needs a
    closer look, which costs ten times as much.
    """
    addresses = {recipient.address.addr_spec.lower() for recipient in recipients}
    names = {name for headers in {tuple(person.headers) for person in recipients} for name in headers}
    longest = max([len(line) for person in recipients for line in person.headers.values()], default=0)
    return (
        len(addresses) == len(recipients)
        and all("@" in address for address in addresses)
        and all(_HEADER_NAME.fullmatch(name) and name.lower() not in FORBIDDEN_HEADERS for name in names)
        and longest + max(map(len, names), default=0) + 2 <= MAX_HEADER_LINE
    )


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _refuse_unfit(recipients: Sequence[Recipient], values: Sequence[Mapping[str, str]]) -> None:
    """None, when everyone can be in the request. Raises RecipientsRefused or ProviderRefused."""
    seen: set[str] = set()
    refused = []
    for recipient, substitutions in zip(recipients, values, strict=True):
        if problem := _problem(recipient, substitutions, seen):
            refused.append(_refusal(recipient, problem))
        for name, value in recipient.headers.items():
            _check_header(name, value, recipient.delivery_id)
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
    if not (_is_plain(address) and "@" in address):
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


def _check_header(name: str, value: str, whose: str) -> None:
    """None. Raises ProviderRefused."""
    if not _HEADER_NAME.fullmatch(name):
        raise ProviderRefused(f"{name!a} is no name of a header")
    if name.lower() in FORBIDDEN_HEADERS:
        raise ProviderRefused(f"SendGrid sets the header {name} itself and takes none from a request")
    if not _is_plain(value) or len(name) + len(value) + 2 > MAX_HEADER_LINE:
        raise ProviderRefused(
            f"the header {name} of {whose} is not one line of at most {MAX_HEADER_LINE} characters in "
            "printable ASCII"
        )


def _mailbox(address: Address, what: str) -> dict[str, str]:
    if not (address.addr_spec.isascii() and address.addr_spec.isprintable()):
        raise ProviderRefused(
            f"{what} is not in printable ASCII", remedy="write its domain in the form that begins with xn--"
        )
    box = {"email": address.addr_spec}
    if address.display_name:
        box["name"] = _one_line(address.display_name, f"the name in {what}")
    return box


def _one_line(text: str, what: str) -> str:
    if _CONTROL.search(text):
        raise ProviderRefused(f"{what} holds a line end or another control character", remedy="remove it")
    return text


def _encode(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise ProviderRefused(f"a value cannot be written in UTF-8: {error.reason}") from error
