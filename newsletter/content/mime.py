"""A letter as the octets that SMTP carries and .eml files hold.

Header lines are written here and not by the standard library's folding, which turns a
`List-Unsubscribe` of 75 characters and more into encoded words that no mailbox provider reads, or,
told to allow long lines, makes encoded words longer than RFC 2047 §2 allows.
"""

import html
import re
import unicodedata
from binascii import b2a_base64
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from newsletter.content.addresses import MAX_OCTETS
from newsletter.content.wrapping import wrap
from newsletter.errors import BadAddress, BadInput
from newsletter.models import Address, Recipient, RenderedEmail, Sender

MAX_LINE = 998
"""Octets of a line without its CRLF (RFC 5322 §2.1.1)."""
_BODY = policy.SMTP.clone(cte_type="7bit", max_line_length=76)
"""7-bit octets only, so that no relay rewrites a body; 76 is the longest line of quoted-printable
(RFC 2045 §6.7)."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
"""RFC 5322 §3.2.3: a display name of these needs no quotation marks."""
_ADDR_SPEC = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", re.ASCII)
"""RFC 5321 §4.1.2 without quoted local parts and address literals, which no subscriber has."""
_ENCODABLE = frozenset({"From", "To", "Reply-To", "Subject"})
"""Headers of free text or display names; all others must be ASCII and stand on one line."""
_FOLDABLE = re.compile(r"([!-~]{1,900}( [!-~]{1,900})*)?", re.ASCII)
"""Text that folding at its spaces leaves as it is."""
_OCTETS_IN_WORD = 45
"""Become the 60 characters that an encoded word of at most 75 has room for (RFC 2047 §2)."""
_NEW_LINE = "\r\n "
_FOLD = 78
"""Octets of a line that RFC 5322 §2.1.1 advises."""


def headers_for(email: RenderedEmail, sender: Sender, recipient: Recipient) -> dict[str, str]:
    """The letter's own headers in order, decoded: everything but Date and the MIME headers.

    Raises BadInput for what no header may hold.
    """
    headers = {
        "From": _readable(sender.address),
        "To": _readable(recipient.address),
        **({"Reply-To": _readable(sender.reply_to)} if sender.reply_to else {}),
        "Subject": email.subject,
        **sender.headers,
        **recipient.headers,
    }
    for name, value in headers.items():
        check_header(name, value)
    return headers


def check_header(name: str, value: str) -> None:
    """None when this header is safe to write. Raises BadInput."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name!r} is no header name", where="headers", remedy="use letters and hyphens")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        raise BadInput(
            "holds a control character or a line break", where=name, remedy="type the text anew, on one line"
        )
    if name not in _ENCODABLE and not (value.isascii() and len(name) + 2 + len(value) <= MAX_LINE):
        raise BadInput(
            f"is longer than {MAX_LINE} octets or not ASCII", where=name, remedy="shorten what stands in it"
        )


def merge(email: RenderedEmail, recipient: Recipient) -> tuple[str, str]:
    """The HTML and the text part with this recipient's values in place of the placeholders."""
    page, text = email.html, email.text
    for field in email.merge_fields:
        value = recipient.merge_data[field.name]
        page = page.replace(field.placeholder, html.escape(value))
        text = text.replace(field.placeholder, value)
    return page, text


def to_bytes(email: RenderedEmail, sender: Sender, recipient: Recipient, *, date: datetime) -> bytes:
    """The whole message, CRLF line ends, 7-bit, no line over 998 octets; the text part stands first.

    Raises BadInput or BadAddress for what no header may hold.
    """
    headers = headers_for(email, sender, recipient)
    lines = [
        ("From", _mailbox(sender.address, "From")),
        ("To", _mailbox(recipient.address, "To")),
        *([("Reply-To", _mailbox(sender.reply_to, "Reply-To"))] if sender.reply_to else []),
        ("Subject", _words(headers["Subject"], "Subject")),
        ("Date", format_datetime(date)),
        *((name, headers[name]) for name in (*sender.headers, *recipient.headers)),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return head.encode("ascii") + _body(email, recipient)


def _body(email: RenderedEmail, recipient: Recipient) -> bytes:
    """The MIME headers and both parts. The boundary comes from the letter's digest, so that a letter
    written twice is the same twice."""
    page, text = merge(email, recipient)
    message = EmailMessage(policy=_BODY)
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    message.set_boundary(f"=_{email.sha256[:40]}")
    return message.as_bytes()


def _readable(address: Address) -> str:
    """The mailbox as a person reads it: quoted where RFC 5322 needs it, not yet encoded."""
    name = address.display_name
    if not name:
        return address.addr_spec
    return f"{name if not name.isascii() or _ATOMS.fullmatch(name) else _quoted(name)} <{address.addr_spec}>"


def _mailbox(address: Address, header: str) -> str:
    """The mailbox in ASCII, folded. Raises BadAddress, whose text does not hold the address."""
    if not _ADDR_SPEC.fullmatch(address.addr_spec) or len(address.addr_spec) > MAX_OCTETS:
        raise BadAddress(
            "an address holds characters that no mail header may hold",
            where=header,
            remedy="write it as ada@example.com, the domain in its ASCII form",
        )
    if not address.display_name:
        return address.addr_spec
    plain = address.display_name.isascii() and "=?" not in address.display_name
    name = _readable(address).rpartition(" ")[0] if plain else _words(address.display_name, header)
    fits = len(header) + len(name) + len(address.addr_spec) + 5 <= _FOLD and "\r\n" not in name
    return f"{name}{' ' if fits else _NEW_LINE}<{address.addr_spec}>"


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'


def _words(text: str, header: str) -> str:
    """Free text, folded: plain where ASCII can say it, else in encoded words (RFC 2047)."""
    if _FOLDABLE.fullmatch(text) and "=?" not in text:
        return _NEW_LINE.join(wrap(text, _FOLD - len(header) - 2))
    words, chunk, room = [], b"", _OCTETS_IN_WORD - len(header)
    for character in text:
        octets = character.encode("utf-8")
        if len(chunk) + len(octets) > room:
            words.append(chunk)
            chunk, room = b"", _OCTETS_IN_WORD
        chunk += octets
    encoded = [b2a_base64(each, newline=False).decode("ascii") for each in [*words, chunk] if each]
    return _NEW_LINE.join(f"=?utf-8?b?{each}?=" for each in encoded)
