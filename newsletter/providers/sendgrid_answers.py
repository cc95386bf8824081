"""SendGrid's answer to a request → the outcomes, or the error that says what may be done next: pure.

Statuses and bodies: SendGrid's OpenAPI description (twilio/sendgrid-oai, January 2026) and its
page “Mail Send errors” (July 2026). Only 202 is an acceptance; a status that is not known to mean
“nothing was accepted” is uncertain.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

import msgspec

from newsletter.errors import (
    BatchTooLarge,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RecipientsRefused,
    SubmissionUncertain,
)
from newsletter.models import Accepted, Recipient, Recipients, RejectReason, SendOutcome, SendStatus
from newsletter.providers.words import without_secrets

MAX_WAIT_SECONDS = 86_400.0
"""A wait that the other side names is never taken to be longer."""
_PERSON = re.compile(r"personalizations[.\[](\d+)\b")
_MESSAGE_ID = re.compile(r"[!-~]{1,200}")
_REMEDIES = {
    401: "check SENDGRID_API_KEY: it is wrong, expired or of another region than base_url",
    403: "give the API key the scope mail.send, and verify the sender identity of the address in “from”",
    404: "check base_url in [provider.sendgrid]",
    405: "check base_url in [provider.sendgrid]",
}


def outcomes(status: int, headers: Message, body: bytes, recipients: Recipients, now: datetime) -> Accepted:
    """Everybody's acceptance, for a 202; its X-Message-Id may be missing.

    Raises the ProviderError that any other answer means; no text of it holds an address.
    """
    if status != 202:
        raise _refusal(status, headers, body, recipients, now)
    given = headers.get("X-Message-Id", "")
    message_id = given if _MESSAGE_ID.fullmatch(given) else ""
    return Accepted(delivery_ids=recipients.delivery_ids, provider_message_id=message_id)


def _refusal(
    status: int, headers: Message, body: bytes, recipients: Sequence[Recipient], now: datetime
) -> ProviderError:
    if status == 429:
        return ProviderUnavailable(
            "SendGrid asks for a pause (429)", retry_after=seconds_to_wait(headers, now)
        )
    if status not in {400, 401, 403, 404, 405, 413, 415, 422}:
        return SubmissionUncertain(f"SendGrid answered {status}, which does not say whether it accepted")
    complaints = _complaints(body)
    words = "; ".join(message for _, message in complaints) or "no reason given"
    text = f"SendGrid refused the request ({status}): {without_secrets(words, recipients)}"
    if status == 413:
        return BatchTooLarge(text)
    if status == 400 and (rejected := _rejected(complaints, recipients)):
        return RecipientsRefused(text, rejected=rejected)
    return ProviderRefused(text, remedy=_REMEDIES.get(status, ""))


def _rejected(complaints: Sequence[tuple[str, str]], recipients: Sequence[Recipient]) -> list[SendOutcome]:
    """The recipients whom the complaints name by their place in the request, in order."""
    by_place: dict[int, str] = {}
    for field, message in complaints:
        place = _PERSON.match(field)
        if place and len(place[1]) <= 4 and int(place[1]) < len(recipients):
            by_place.setdefault(int(place[1]), message)
    return [
        SendOutcome(
            delivery_id=recipients[place].delivery_id,
            status=SendStatus.REJECTED,
            reject_reason=RejectReason.INVALID,
            detail=without_secrets(message, [recipients[place]]),
        )
        for place, message in sorted(by_place.items())
    ]


def _complaints(body: bytes) -> list[tuple[str, str]]:
    """(field, message) of each error in the body; empty when it is not as SendGrid writes it."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    errors = content.get("errors") if isinstance(content, Mapping) else None
    return [
        (str(error.get("field") or ""), str(error.get("message") or ""))
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, Mapping)
    ]


def seconds_to_wait(headers: Message, now: datetime) -> float | None:
    """Until X-RateLimit-Reset (unix seconds), else as Retry-After says (RFC 9110 §10.2.3), else None."""
    reset = headers.get("X-RateLimit-Reset", "").strip()
    if reset.isascii() and reset.isdigit():
        return _bounded(int(reset[:15]) - now.timestamp())
    wait = headers.get("Retry-After", "").strip()
    if wait.isascii() and wait.isdigit():
        return _bounded(int(wait[:15]))
    try:
        moment = parsedate_to_datetime(wait)
    except ValueError:
        return None
    return _bounded((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp())


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_WAIT_SECONDS)
