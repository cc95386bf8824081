"""An issue as it would be sent, written as files that open in a browser without a server."""

import base64
import html
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from newsletter.content.mime import headers_for, to_bytes
from newsletter.errors import SourceFailed
from newsletter.models import Address, Delivery, DeliveryId, IssueId, Recipient, SubscriberId
from newsletter.net import Fetcher
from newsletter.usecases.review import Review
from newsletter.web.pages import render_page
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

    html: str
    text: str
    eml: bytes
    headers: Mapping[str, str]


def write_preview(app: App, issue_id: IssueId, folder: Path) -> Path:
    """The preview's first page, after it and the letter's parts were written to `folder`.

    Pictures are fetched once and stand inside the framed copy, so that the page shows them
    offline and opening it tells nobody; `letter.html` and `letter.eml` are the bytes themselves.
    """
    review = app.review(issue_id)
    letter = personal_letter(app, review)
    framed = embed_images(letter.html, app.fetcher())
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "index.html"
    (folder / "letter.html").write_text(letter.html, encoding="utf-8")
    (folder / "letter.txt").write_text(letter.text, encoding="utf-8")
    (folder / "letter.eml").write_bytes(letter.eml)
    page.write_text(
        render_page(
            "preview.html.j2",
            issue=review.issue.id,
            subject=review.email.subject,
            preheader=review.email.preheader,
            sender=app.settings.newsletter.name,
            findings=[
                {
                    "severity": finding.severity.value,
                    "code": finding.code,
                    "where": finding.where,
                    "message": finding.message,
                    "remedy": finding.remedy,
                }
                for finding in review.findings
            ],
            framed=framed,
            text=letter.text,
            headers=dict(letter.headers),
            size=len(letter.html.encode()),
            sha256=review.email.sha256,
        ),
        encoding="utf-8",
    )
    return page


def personal_letter(app: App, review: Review) -> Letter:
    """The sample reader's letter."""
    recipient = app.personaliser(review.email).recipient(SAMPLE_READER)
    return Letter(
        html=_joined(review.email.html, review, recipient),
        text=_joined(review.email.text, review, recipient),
        eml=to_bytes(review.email, review.sender, recipient, date=app.clock.now()),
        headers=headers_for(review.email, review.sender, recipient),
    )


def _joined(text: str, review: Review, recipient: Recipient) -> str:
    for field in review.email.merge_fields:
        text = text.replace(field.placeholder, recipient.merge_data[field.name])
    return text


def embed_images(letter: str, fetcher: Fetcher) -> str:
    """The letter with each picture that can be fetched inside it; the others keep their address."""
    addresses = {html.unescape(match[2]) for match in _IMAGE.finditer(letter)}

    def embedded(address: str) -> str | None:
        try:
            response = fetcher.get(address, {"Accept": "image/*"})
        except SourceFailed:
            return None
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        if response.status != 200 or not re.fullmatch(r"image/[\w.+-]+", kind):
            return None
        return f"data:{kind};base64,{base64.b64encode(response.body).decode()}"

    with ThreadPoolExecutor(max_workers=8) as pool:
        found = dict(zip(addresses, pool.map(embedded, addresses), strict=True))
    return _IMAGE.sub(
        lambda match: f"{match[1]}{found[html.unescape(match[2])] or match[2]}{match[3]}", letter
    )
