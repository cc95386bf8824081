"""Every golden letter, whatever its theme: found by its file, so that a new one is proven at once."""

import html
import re
from datetime import UTC, datetime
from pathlib import Path

from newsletter.content.links import READER_TOKEN, Personaliser, sender_for
from newsletter.content.mime import to_bytes
from newsletter.content.render import letter_digest
from newsletter.content.tokens import Keyring
from newsletter.models import Address, Delivery, DeliveryId, IssueId, MergeField, RenderedEmail, SubscriberId
from tests.support.letters import KEY, NEWSLETTER

_FOLDER = Path(__file__).parents[1] / "golden"
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_PLACEHOLDER = re.compile(r"/u/(nl[0-9a-f]{25})")
SENT = datetime(2026, 11, 27, 8, tzinfo=UTC)
_RECEIVED = b"""\
Received: from mail.news.example.com (mail.news.example.com [IPv6:2001:db8::25])
\tby mx.example.org (Postfix) with ESMTPS id 4XyZ1
\tfor <noor@example.org>; Fri, 27 Nov 2026 08:00:02 +0000 (UTC)
""".replace(b"\n", b"\r\n")
"""What the reader's own server writes: without it no rule about servers is tried."""


def golden_letters() -> dict[str, RenderedEmail]:
    """Golden HTML and text as the letters that they were, by file name without ending."""
    letters = {path.stem: _letter(path) for path in sorted(_FOLDER.glob("*.html"))}
    assert letters, f"no golden letters in {_FOLDER}"
    return letters


def some_letter() -> RenderedEmail:
    """A golden letter, into which a test puts a fault."""
    return next(iter(golden_letters().values()))


def as_received(name: str, email: RenderedEmail) -> bytes:
    """The message as one reader's server hands it to its spam filter, with the name in a header."""
    delivery = Delivery(
        id=DeliveryId("2026-11-27.1"),
        subscriber_id=SubscriberId(7),
        address=Address(addr_spec="noor@example.org", display_name="Noor Reader"),
    )
    recipient = Personaliser(NEWSLETTER, Keyring(keys={1: KEY}), email).recipient(delivery)
    return received(name, to_bytes(email, sender_for(NEWSLETTER), recipient, date=SENT))


def received(name: str, message: bytes) -> bytes:
    """The message with what the reader's server writes above it, and the name in a header."""
    return _RECEIVED + f"X-Proof-Name: {name}\r\n".encode() + message


def _letter(path: Path) -> RenderedEmail:
    page, text = (path.with_suffix(ending).read_text(encoding="utf-8") for ending in (".html", ".txt"))
    title, placeholder = _TITLE.search(page), _PLACEHOLDER.search(page)
    assert title is not None
    assert placeholder is not None
    subject = html.unescape(title[1])
    return RenderedEmail(
        issue_id=IssueId("2026-11-27"),
        subject=subject,
        preheader="",
        html=page,
        text=text,
        merge_fields=(MergeField(name=READER_TOKEN, placeholder=placeholder[1]),),
        sha256=letter_digest(subject, "", page, text),
    )
