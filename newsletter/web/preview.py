"""What a preview shows: the letter that one reader would get, to the octet."""

import base64
import hashlib
import html
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from newsletter.content.headers import headers_for
from newsletter.content.mime import merge, to_bytes
from newsletter.errors import NotFound, SourceFailed
from newsletter.models import (
    Address,
    Delivery,
    DeliveryId,
    IssueId,
    Subscriber,
    SubscriberId,
)
from newsletter.net import Fetcher
from newsletter.usecases.review import Review
from newsletter.wiring import App

SAMPLE_READER = Delivery(
    id=DeliveryId("preview.0"),
    subscriber_id=SubscriberId(0),
    address=Address(addr_spec="reader@example.org", display_name="Sample Reader"),
)
"""Nobody's number: the links in a preview lead to a page that says so."""
_IMAGE = re.compile(r'(<img\b[^>]*?\bsrc=")(https?://[^"]+)(")', re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A rendered email with one reader's values joined in: what that reader would get."""

    reader: Delivery
    html: str
    text: str
    eml: bytes
    headers: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """Hex digest over the message as it is submitted; with another Date it is another."""
        return hashlib.sha256(self.eml).hexdigest()


def personal_letter(app: App, review: Review, reader: Delivery = SAMPLE_READER) -> Letter:
    """The reader's letter: the very octets that the provider would get at this moment."""
    recipient = app.personaliser(review.email).recipient(reader)
    page, text = merge(review.email, recipient)
    return Letter(
        reader=reader,
        html=page,
        text=text,
        eml=to_bytes(review.email, review.sender, recipient, date=app.clock.now()),
        headers=headers_for(review.email, review.sender, recipient),
    )


# --- readers -----------------------------------------------------------------------------------


def delivery_for(app: App, issue_id: IssueId, subscriber: Subscriber) -> Delivery:
    """The subscriber's delivery as freezing would number it now: their place in an audience of everybody.

    Somebody who is not confirmed gets no letter; theirs is numbered 0.
    """
    return Delivery(
        id=DeliveryId(f"{issue_id}.{app.subscribers.place(subscriber.id, app.clock.now())}"),
        subscriber_id=subscriber.id,
        address=subscriber.address,
    )


def reader_named(app: App, issue_id: IssueId, addr_spec: str) -> Delivery:
    """The delivery of the subscriber of this address. Raises NotFound."""
    subscriber = app.subscribers.find(addr_spec)
    if subscriber is None:
        raise NotFound("nobody on the list has this address", remedy="see “newsletter subscribers list”")
    return delivery_for(app, issue_id, subscriber)


# --- pictures ----------------------------------------------------------------------------------


def embed_images(letter: str, fetcher: Fetcher) -> str:
    """The letter with each picture that can be fetched inside it; the others keep their address."""
    return replace_images(letter, lambda address: _fetched(address, fetcher))


def replace_images(letter: str, replacement: Callable[[str], str | None]) -> str:
    """The letter with another address for each picture of the web; None leaves one as it is."""
    addresses = {html.unescape(match[2]) for match in _IMAGE.finditer(letter)}
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = dict(zip(addresses, pool.map(replacement, addresses), strict=True))
    return _IMAGE.sub(
        lambda match: f"{match[1]}{found[html.unescape(match[2])] or match[2]}{match[3]}", letter
    )


def _fetched(address: str, fetcher: Fetcher) -> str | None:
    try:
        response = fetcher.get(address, {"Accept": "image/*"})
    except SourceFailed:
        return None
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    if response.status != 200 or not re.fullmatch(r"image/[\w.+-]+", kind):
        return None
    return f"data:{kind};base64,{base64.b64encode(response.body).decode()}"
