"""A small letter and batches of it, for whoever tests what takes letters."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from newsletter.models import (
    Address,
    AttemptId,
    Batch,
    BatchId,
    DeliveryId,
    IssueId,
    MergeField,
    Recipient,
    Recipients,
    RenderedEmail,
    Sender,
)

ISSUE = IssueId("2026-11-27")
PLACEHOLDER = "nl4c1f9e0b7a6d5e4f3c2b1a098"
UNSUBSCRIBE = "https://news.example.com/u/"
EMAIL = RenderedEmail(
    issue_id=ISSUE,
    subject="The Friday Roundup",
    preheader="Ferries and bread",
    html=f'<html><p>Good morning &amp; hello.</p><a href="{UNSUBSCRIBE}{PLACEHOLDER}">Leave</a></html>',
    text=f"Good morning & hello.\n\nLeave: {UNSUBSCRIBE}{PLACEHOLDER}\n",
    merge_fields=(MergeField(name="reader_token", placeholder=PLACEHOLDER),),
    sha256=sha256(b"the letter of the tests").hexdigest(),
)
SENDER = Sender(
    address=Address(addr_spec="ada@news.example.com", display_name="Ada Writer"),
    reply_to=Address(addr_spec="letters@news.example.com"),
    headers={
        "List-Id": "The Friday Roundup <friday.news.example.com>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
)


def recipient(
    place: int,
    *,
    addr_spec: str = "",
    name: str = "",
    merge_data: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Recipient:
    """The person at this place of the audience, with a token and headers of their own."""
    return Recipient(
        delivery_id=DeliveryId(f"{ISSUE}.{place}"),
        address=Address(addr_spec=addr_spec or f"reader{place}@example.org", display_name=name),
        merge_data={"reader_token": f"token-of-{place}"} if merge_data is None else merge_data,
        headers={
            "List-Unsubscribe": f"<{UNSUBSCRIBE}token-of-{place}>",
            "Message-ID": f"<i{ISSUE}.{place}@news.example.com>",
        }
        if headers is None
        else headers,
    )


def batch(*recipients: Recipient, attempt: str = "0" * 31 + "1") -> Batch:
    return Batch(
        id=BatchId(1), issue_id=ISSUE, attempt=AttemptId(attempt), recipients=Recipients.of(recipients)
    )


def batch_of(count: int) -> Batch:
    return batch(*(recipient(place) for place in range(1, count + 1)))


def email(**changes: str) -> RenderedEmail:
    """EMAIL with other words."""
    return replace(EMAIL, **changes)  # type: ignore[arg-type]  # words are all that is changed
