"""Readers' links and the list headers that carry them.

A reader's token is the Base64url form of

    key id (1 octet) · purpose (1) · subscriber id (8, big-endian) · first 16 octets of HMAC-SHA256

where the HMAC covers all that stands before it. 26 octets become 35 characters, so that
`https://n.example.com/u/` and a token stay under the 75 characters beyond which some mail programs
fold and break a `List-Unsubscribe` header.

The sender process imports this module for a million recipients: nothing heavy is imported here.
"""

import hmac
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import quote

from newsletter.config.settings import NewsletterSettings
from newsletter.content.addresses import parse_address
from newsletter.content.tokens import Keyring
from newsletter.errors import BadSetting
from newsletter.models import (
    Deliveries,
    Delivery,
    DeliveryId,
    IssueId,
    Recipient,
    Recipients,
    RenderedEmail,
    Sender,
    SubscriberId,
)

READER_TOKEN = "reader_token"  # noqa: S105 -- the merge field's name, not a secret
"""The one merge field of a letter: the token that stands at the end of every personal link."""
ONE_CLICK = "List-Unsubscribe=One-Click"
"""RFC 8058 §3.1."""

_READER = b"r"
"""The purpose of tokens that let their holder read, manage and end one subscription."""
_MAC_OCTETS = 16
_TOKEN = re.compile(r"[A-Za-z0-9_-]{35}", re.ASCII)
_BASE64URL = bytes.maketrans(b"+/", b"-_")
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)
"""What may stand in a Message-ID as it is (RFC 5322 §3.2.3, dot-atom-text)."""
_LIST_ID = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_NOT_PLAIN_PHRASE = re.compile(r"[^A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]")


# --- tokens ------------------------------------------------------------------------------------


def token_maker(keys: Keyring) -> Callable[[SubscriberId], str]:
    """A function from subscribers to their tokens: 35 URL-safe characters that name the subscriber and
    that nobody without the newest key can make.

    HMAC is written out (RFC 2104 §2, for keys of at most 64 octets), because the key's two pads are
    then made once and not for each of a million readers, which takes twice the time.
    """
    block = keys.signing.ljust(64, b"\0")
    inner, outer = (bytes(octet ^ pad for octet in block) for pad in (0x36, 0x5C))
    begin = bytes([keys.newest]) + _READER

    def token(subscriber_id: SubscriberId) -> str:
        named = begin + subscriber_id.to_bytes(8, "big")
        signed = named + sha256(outer + sha256(inner + named).digest()).digest()[:_MAC_OCTETS]
        return b2a_base64(signed, newline=False).translate(_BASE64URL, b"=").decode("ascii")

    return token


def reader_token(keys: Keyring, subscriber_id: SubscriberId) -> str:
    """The subscriber's token under the newest key."""
    return token_maker(keys)(subscriber_id)


def read_reader_token(keys: Keyring, token: str) -> SubscriberId | None:
    """The subscriber whom the token names, under whichever key it was made; None for every other text."""
    if not _TOKEN.fullmatch(token):
        return None
    octets = a2b_base64(token.replace("-", "+").replace("_", "/") + "=")
    subscriber_id = SubscriberId(int.from_bytes(octets[2:10], "big"))
    number = octets[0]
    if number not in keys.keys:
        return None
    made = reader_token(Keyring(keys={number: keys.keys[number]}), subscriber_id)
    return subscriber_id if hmac.compare_digest(made, token) else None


def issue_placeholder(key: bytes, issue_id: IssueId) -> str:
    """What stands for the reader's token in a letter: 27 letters and digits that no text holds by
    chance, the same for an issue each time, so that a preview and the frozen letter are equal.
    """
    return "nl" + hmac.digest(key, b"placeholder:" + issue_id.encode(), "sha256").hex()[:25]


# --- addresses of pages ------------------------------------------------------------------------


def unsubscribe_url(public_url: str, token: str) -> str:
    """The reader's own page, which also takes the one-click POST of RFC 8058."""
    return f"{public_url.rstrip('/')}/u/{token}"


def settings_url(public_url: str, token: str) -> str:
    """The page on which the reader chooses what comes."""
    return f"{public_url.rstrip('/')}/m/{token}"


def archive_url(public_url: str, issue_id: IssueId) -> str:
    """The issue on the web, the same for everybody."""
    return f"{public_url.rstrip('/')}/a/{quote(issue_id, safe='')}"


# --- headers -----------------------------------------------------------------------------------


def list_id(newsletter: NewsletterSettings) -> str:
    """The identifier of RFC 2919 §2, without angle brackets: the setting, else `newsletter.` and
    the domain of the sender's address. Raises BadSetting.
    """
    domain = parse_address(newsletter.sender).addr_spec.rpartition("@")[2]
    identifier = newsletter.list_id or f"newsletter.{domain}"
    if not _LIST_ID.fullmatch(identifier) or len(identifier) > 255:  # RFC 2919 §2
        raise BadSetting(
            f"“list_id” is no list identifier: {identifier!r}",
            where="newsletter.toml",
            remedy="use letters, digits, hyphens and dots, such as friday.news.example.com",
        )
    return identifier


def sender_for(newsletter: NewsletterSettings) -> Sender:
    """Whom letters come from, with the list headers that are the same for every recipient."""
    return Sender(
        address=parse_address(newsletter.sender),
        reply_to=parse_address(newsletter.reply_to) if newsletter.reply_to else None,
        headers={
            "List-Id": f"{_phrase(newsletter.name)}<{list_id(newsletter)}>",
            "List-Unsubscribe-Post": ONE_CLICK,
        },
    )


def _phrase(name: str) -> str:
    """The name as the phrase of RFC 2919 §3, or nothing when it could only stand there encoded."""
    if not name.isascii() or not name.isprintable():
        return ""
    if _NOT_PLAIN_PHRASE.search(name):
        return '"' + name.replace("\\", r"\\").replace('"', r"\"") + '" '
    return f"{name} "


class Personaliser:
    """Deliveries of one letter → its recipients, who have a token and the headers that hold it."""

    def __init__(self, newsletter: NewsletterSettings, keys: Keyring, email: RenderedEmail) -> None:
        self._token = token_maker(keys)
        self._url = f"<{unsubscribe_url(newsletter.public_url, '')}"
        self._at_domain = f"@{parse_address(newsletter.sender).addr_spec.rpartition('@')[2]}>"
        self._ids_are_plain = bool(_PLAIN_ID.fullmatch(email.issue_id))

    def recipients(self, deliveries: Deliveries) -> Recipients:
        """The people of these deliveries, in order."""
        tokens = list(map(self._token, deliveries.subscriber_ids))
        ids = deliveries.ids if self._ids_are_plain else map(_quoted, deliveries.ids)
        return Recipients(
            delivery_ids=deliveries.ids,
            addr_specs=deliveries.addr_specs,
            display_names=deliveries.display_names,
            merge_data={READER_TOKEN: tokens},
            headers={
                "List-Unsubscribe": [f"{self._url}{token}>" for token in tokens],
                "Message-ID": [f"<i{name}{self._at_domain}" for name in ids],
            },
        )

    def recipient(self, delivery: Delivery) -> Recipient:
        """The person of one delivery."""
        return self.recipients(Deliveries.of([delivery]))[0]


def _quoted(delivery_id: DeliveryId) -> str:
    """The id in characters that may stand in a Message-ID."""
    return quote(delivery_id, safe="").replace(".", "%2E")
