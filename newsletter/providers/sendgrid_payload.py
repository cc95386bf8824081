"""Letters and batches → the body of `POST /v3/mail/send`: pure; who is in it: sendgrid_people.py.

Limits: SendGrid's OpenAPI description (twilio/sendgrid-oai, January 2026) and its pages
“Mail Send API overview: limitations” and “Mail Send errors” (July 2026).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from itertools import chain

from newsletter.errors import BatchTooLarge, ProviderRefused
from newsletter.models import Address, Batch, IssueId, Recipients, RenderedEmail, Sender
from newsletter.providers.sendgrid_people import (
    CONTROL_CHARACTERS,
    check_header,
    encode,
    is_plain,
    personalizations,
)

MAX_RECIPIENTS = 1000
"""Personalizations per request."""
MAX_REQUEST_BYTES = 20_000_000
"""SendGrid refuses 30 MB and advises 20."""
MAX_CATEGORY = 255
_MARKUP = "<>&\"'"
"""What html.escape changes."""
_CONTROL = re.compile(f"[{CONTROL_CHARACTERS}]")


@dataclass(frozen=True, kw_only=True, slots=True)
class ConstantPart:
    """What is the same for every recipient of an issue, encoded: objects without their opening brace."""

    plain: bytes
    """Each placeholder stands in the text and in the HTML alike."""
    twofold: bytes
    """In the HTML its twin stands in its place, for values that must be escaped there."""


def constant_part(email: RenderedEmail, sender: Sender) -> ConstantPart:
    """The part that all requests of an issue share.

    Tracking and SendGrid's own unsubscribe footer are switched off in so many words, because an
    account may have them on by default. Raises ProviderRefused for what no request may carry.
    """
    for part, value in (("subject", email.subject), ("text", email.text)):
        if not value:
            raise ProviderRefused(f"the letter's {part} is empty", remedy="SendGrid takes no such letter")
    for name, value in sender.headers.items():
        check_header(name, value, "every letter")
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
        plain=encode(constant | _content(email.text, email.html))[1:],
        twofold=encode(constant | _content(email.text, twofold))[1:],
    )


def _content(text: str, page: str) -> dict[str, object]:
    """Both parts; the text alone for a letter without HTML."""
    parts = [{"type": "text/plain", "value": text}, {"type": "text/html", "value": page}]
    return {"content": parts if page else parts[:1]}


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
    values = _merge_values(email, recipients)
    rest = constant.plain
    personal = "".join(chain.from_iterable(values.values()))
    if any(sign in personal for sign in _MARKUP):
        values |= {_twin(tag): [escape(text) for text in column] for tag, column in values.items()}
        rest = constant.twofold
    people = personalizations(batch, values)
    body = b"".join((b'{"personalizations":', people, _calling_back(batch), b",", rest))
    if len(body) >= MAX_REQUEST_BYTES:
        raise BatchTooLarge(f"the request has {len(body):,} bytes, {MAX_REQUEST_BYTES:,} or more")
    return body


def _calling_back(batch: Batch) -> bytes:
    """The members by which the request waits, and can be called back until then; none for most batches."""
    members: dict[str, object] = {"batch_id": batch.cancel_id} if batch.cancel_id else {}
    if batch.send_at is not None:
        members["send_at"] = int(batch.send_at.timestamp())
    return b"," + encode(members)[1:-1] if members else b""


def _merge_values(email: RenderedEmail, recipients: Recipients) -> dict[str, Sequence[str]]:
    """For each placeholder of the letter one value per recipient."""
    try:
        return {field.placeholder: recipients.merge_data[field.name] for field in email.merge_fields}
    except KeyError as error:
        raise ProviderRefused(f"a delivery of {email.issue_id} has no value for {error}") from error


def _mailbox(address: Address, what: str) -> dict[str, str]:
    if not is_plain(address.addr_spec):
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
