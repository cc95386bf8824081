"""Text → Address, and the key under which two writings of one address are the same person.

Domains are kept in their ASCII form (IDNA), which every header and every provider takes. Local
parts must be ASCII: without SMTPUTF8 (RFC 6531) on the whole way no mail reaches the others.
"""

import re
from functools import lru_cache

from newsletter.errors import BadAddress
from newsletter.models import Address

MAX_OCTETS = 254
"""RFC 5321 §4.5.3.1.3 with erratum 1690: a path of 256 octets holds its angle brackets too."""
MAX_LOCAL_OCTETS = 64
"""RFC 5321 §4.5.3.1.1."""
MAX_NAME = 100
"""Characters of a display name; more is no name but an attempt at something else."""

_INVISIBLE = dict.fromkeys(
    [
        0x00AD,
        0x200B,
        0x200C,
        0x200D,
        0x200E,
        0x200F,
        0x2060,
        0xFEFF,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    ]
)
"""Soft hyphen, zero-width characters and direction marks: pasted along, never part of an address."""
_JOINERS = {0x200C, 0x200D}
"""They shape Persian and Indic names and emoji."""
_INVISIBLE_IN_NAMES = {code: None for code in _INVISIBLE if code not in _JOINERS}
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(\.{_ATOM})*", re.ASCII)
"""RFC 5322 §3.2.3, dot-atom-text."""
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAILBOX = re.compile(r"(?P<name>.*?)\s*<(?P<addr_spec>[^<>]*)>", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


def parse_address(text: str) -> Address:
    """The mailbox that `Name <local@domain>`, `"Name" <local@domain>` or `local@domain` names.

    Raises BadAddress, whose text never holds the address itself.
    """
    mailbox = _MAILBOX.fullmatch(text.strip())
    if not mailbox:
        return make_address(text)
    name = mailbox["name"].strip()
    if quoted := _QUOTED.fullmatch(name):
        name = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
    elif re.search(r'[,;<>"]', name):
        raise BadAddress(
            "the name before the address holds a comma, semicolon, quotation mark or angle bracket",
            remedy='put the whole name in quotation marks: "Writer, Ada" <ada@example.com>',
        )
    return make_address(mailbox["addr_spec"], name)


def make_address(addr_spec: str, display_name: str = "") -> Address:
    """The Address of these two parts, normalised; white space around them and invisible characters
    are gone, the domain is in lower-case ASCII.

    Raises BadAddress, whose text never holds the address itself.
    """
    bare = addr_spec.translate(_INVISIBLE).strip()
    if not bare:
        raise _unreachable("the address is empty")
    if len(bare) > MAX_OCTETS:
        raise _unreachable(f"the address is longer than {MAX_OCTETS} octets")
    local, at, domain = bare.rpartition("@")
    if not at:
        raise _unreachable("not an address: it has no @")
    if not _LOCAL_PART.fullmatch(local) or len(local) > MAX_LOCAL_OCTETS:
        raise _unreachable("not an address that mail can reach: the part before the @ is no plain ASCII word")
    valid = f"{local}@{_reachable_domain(domain)}"
    if len(valid) > MAX_OCTETS:
        raise _unreachable(f"the address is longer than {MAX_OCTETS} octets")
    return Address(addr_spec=valid, display_name=_clean_name(display_name))


@lru_cache(maxsize=4096)  # a list has few domains, and checking one takes most of the time
def _reachable_domain(domain: str) -> str:
    """The domain in ASCII and lower case. Raises BadAddress; the DNS is not asked."""
    from email_validator import EmailNotValidError, validate_email  # 30 ms: not for every command

    try:
        return validate_email(f"postmaster@{domain}", check_deliverability=False).ascii_domain
    except EmailNotValidError as error:
        raise _unreachable(f"not an address that mail can reach: {str(error).rstrip('.')}") from error


def _unreachable(what: str) -> BadAddress:
    return BadAddress(what, remedy="write it as ada@example.com")


def address_key(addr_spec: str) -> str:
    """What is equal for all writings of one address: case, white space and invisible characters
    are gone and the domain is in ASCII. Any text is taken, also one that is no address.
    """
    folded = "".join(addr_spec.translate(_INVISIBLE).split()).casefold()
    local, at, domain = folded.rpartition("@")
    return f"{local}{at}{domain if domain.isascii() else _ascii_domain(domain)}"


def _ascii_domain(domain: str) -> str:
    import idna

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return domain


def _clean_name(text: str) -> str:
    name = " ".join(text.translate(_INVISIBLE_IN_NAMES).split())
    if _CONTROLS.search(name):
        raise BadAddress("the name holds control characters", remedy="type the name anew")
    if len(name) > MAX_NAME:
        raise BadAddress(f"the name is longer than {MAX_NAME} characters", remedy="shorten it")
    return name
