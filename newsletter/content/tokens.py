"""Signed links that stop working: confirming, managing, coming back, a new address.

Each token is bound to one purpose, one person and one time, and is the Base64url form of

    key id (1 octet) · purpose (1) · subscriber id (8, big-endian) · minute (4) · HMAC-SHA256 (16)

where the HMAC covers all that stands before it and what the token is bound to besides, and `minute`
counts from 1970. 30 octets become 40 characters. The token that stands in letters, with which people
leave, does not run out and is made in `content.links`.

A keyring holds every key that ever signed: the newest signs, all of them read, so that a key can be
changed without breaking the links that are in people's mailboxes.
"""

import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from newsletter.models import SubscriberId


class Purpose(Enum):
    """What a token lets its holder do, and for how long."""

    CONFIRM = (b"c", timedelta(days=7))
    MANAGE = (b"m", timedelta(days=1))
    RETURN = (b"b", timedelta(days=1))
    NEW_ADDRESS = (b"a", timedelta(days=1))

    @property
    def letter(self) -> bytes:
        return self.value[0]

    @property
    def lifetime(self) -> timedelta:
        return self.value[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyring:
    """The keys that sign readers' links, by their number from 1 to 255; the highest signs."""

    keys: Mapping[int, bytes] = field(repr=False)

    @property
    def newest(self) -> int:
        return max(self.keys)

    @property
    def first(self) -> bytes:
        """The key that the database was made with."""
        return self.keys[1]

    @property
    def signing(self) -> bytes:
        return self.keys[self.newest]


_TOKEN = re.compile(r"[A-Za-z0-9_-]{40}", re.ASCII)
_MAC_OCTETS = 16
_MINUTE = 60


def make_token(
    keys: Keyring, purpose: Purpose, subscriber_id: SubscriberId, *, now: datetime, bound: str = ""
) -> str:
    """40 URL-safe characters that nobody without the key can make.

    `bound` is what the token is about, besides the person; it does not stand in it, but another makes
    another token.
    """
    named = (
        bytes([keys.newest])
        + purpose.letter
        + subscriber_id.to_bytes(8, "big")
        + (int(now.timestamp()) // _MINUTE).to_bytes(4, "big")
    )
    signed = named + _mac(keys.signing, named, bound)
    return binascii.b2a_base64(signed, newline=False).decode("ascii").replace("+", "-").replace("/", "_")


def read_token(
    keys: Keyring,
    purpose: Purpose,
    token: str,
    *,
    now: datetime,
    bound: Callable[[SubscriberId], str] = lambda _person: "",
) -> SubscriberId | None:
    """The person whom the token names; None for one that is forged, for another purpose or too old, or
    bound to something else than what `bound` says of the person."""
    if not _TOKEN.fullmatch(token):
        return None
    octets = binascii.a2b_base64(token.replace("-", "+").replace("_", "/"))
    named, mac = octets[:-_MAC_OCTETS], octets[-_MAC_OCTETS:]
    key = keys.keys.get(named[0], b"no key has this number")
    person = SubscriberId(int.from_bytes(named[2:10], "big"))
    genuine = hmac.compare_digest(_mac(key, named, bound(person)), mac) and named[0] in keys.keys
    age = now.timestamp() - int.from_bytes(named[10:14], "big") * _MINUTE
    if not genuine or named[1:2] != purpose.letter or age > purpose.lifetime.total_seconds() + _MINUTE:
        return None
    return person


def _mac(key: bytes, named: bytes, bound: str) -> bytes:
    return hmac.digest(key, named + bound.encode(), "sha256")[:_MAC_OCTETS]
