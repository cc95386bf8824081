"""The header lines of a letter, in the octets that SMTP carries and .eml files hold.

They are written here and not by the standard library's folding, which turns a `List-Unsubscribe`
of 75 characters and more into encoded words that no mailbox provider reads, or, told to allow long
lines, makes encoded words longer than RFC 2047 §2 allows.
"""

import re
import unicodedata
from binascii import b2a_base64

from newsletter.content.addresses import MAX_OCTETS
from newsletter.content.wrapping import wrap
from newsletter.errors import BadAddress, BadInput
from newsletter.models import Address, Recipient, RenderedEmail, Sender

MAX_LINE = 998
"""Octets of a line without its CRLF (RFC 5322 §2.1.1)."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
"""RFC 5322 §3.2.3: a display name of these needs no quotation marks."""
_ADDR_SPEC = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", re.ASCII)
"""RFC 5321 §4.1.2 without quoted local parts and address literals, which no subscriber has."""
_UTF8_ADDR_SPEC = re.compile(r'[^\s()<>\[\]:;,@\\"]+@[A-Za-z0-9.-]+')
"""The same with the letters that RFC 6531 §3.3 adds to local parts."""
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
        "From": readable(sender.address),
        "To": readable(recipient.address),
        **({"Reply-To": readable(sender.reply_to)} if sender.reply_to else {}),
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
    plain = value.isascii() and value.isprintable()  # nearly all are, and there is one per recipient
    if not plain and any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in value):
        raise BadInput(
            "holds a control character or a line break", where=name, remedy="type the text anew, on one line"
        )
    if name not in _ENCODABLE and not (value.isascii() and len(name) + 2 + len(value) <= MAX_LINE):
        raise BadInput(
            f"is longer than {MAX_LINE} octets or not ASCII", where=name, remedy="shorten what stands in it"
        )


def readable(address: Address) -> str:
    """The mailbox as a person reads it: quoted where RFC 5322 needs it, not yet encoded."""
    name = address.display_name
    if not name:
        return address.addr_spec
    return f"{name if not name.isascii() or _ATOMS.fullmatch(name) else _quoted(name)} <{address.addr_spec}>"


def mailbox(address: Address, header: str, *, utf8: bool = False) -> str:
    """The mailbox folded, in ASCII, or with `utf8` in the letters that its local part has (RFC 6532).

    Raises BadAddress, whose text does not hold the address.
    """
    spec = address.addr_spec
    possible = _ADDR_SPEC.fullmatch(spec) or (utf8 and _UTF8_ADDR_SPEC.fullmatch(spec))
    if not possible or len(spec.encode("utf-8", "replace")) > MAX_OCTETS:
        raise BadAddress(
            "an address holds characters that no mail header may hold",
            where=header,
            remedy="write it as ada@example.com, the domain in its ASCII form",
        )
    if not address.display_name:
        return spec
    plain = address.display_name.isascii() and "=?" not in address.display_name
    name = readable(address).rpartition(" ")[0] if plain else words_of(address.display_name, header)
    fits = len(header) + len(name) + len(spec) + 5 <= _FOLD and "\r\n" not in name
    return f"{name}{' ' if fits else _NEW_LINE}<{spec}>"


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'


def words_of(text: str, header: str) -> str:
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
