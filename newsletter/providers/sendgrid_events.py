"""SendGrid's signed Event Webhook → events: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event.

What is signed and how: “Getting Started with the Event Webhook Security Features” (Twilio, 2026).
Custom arguments stand at the top level of an event, beside SendGrid's own fields; ours begin with
`nl_` so that they collide with none. No field is trusted to have the type that the page gives it.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Self

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.config.settings import Settings
from newsletter.errors import BadSetting, WebhookRejected
from newsletter.models import AttemptId, BounceClass, DeliveryId, EventType, ProviderEvent, WebhookRequest
from newsletter.providers.words import MAX_WORDS, without_secrets

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
MAX_BODY_BYTES = 2_000_000
"""SendGrid posts at 768 KB (Event Webhook, 2026)."""
MAX_AGE = timedelta(hours=25)
"""SendGrid tries for 24 hours, and does not say that it signs each try anew."""
MAX_AHEAD = timedelta(minutes=5)
MAX_RAW = 10_000

_TYPES = {
    "processed": EventType.SUBMITTED,
    "dropped": EventType.REJECTED,
    "delivered": EventType.DELIVERED,
    "deferred": EventType.DEFERRED,
    "bounce": EventType.BOUNCED,
    "open": EventType.OPENED,
    "click": EventType.CLICKED,
    "spamreport": EventType.COMPLAINED,
    "unsubscribe": EventType.UNSUBSCRIBED,
    "group_unsubscribe": EventType.UNSUBSCRIBED,
}
"""`group_resubscribe` is left out with purpose: nobody comes back by an event."""
_ROUTINE = {
    EventType.SUBMITTED,
    EventType.DELIVERED,
    EventType.DEFERRED,
    EventType.OPENED,
    EventType.CLICKED,
}
_CLASSES = {each.value: each for each in BounceClass} | {
    "mailbox unavailable": BounceClass.MAILBOX_UNAVAILABLE,
    "technical": BounceClass.TECHNICAL,
    "invalid": BounceClass.INVALID_ADDRESS,
}
_DROPS = (
    ("unsubscribed", BounceClass.UNSUBSCRIBED_BEFORE),
    ("bounced", BounceClass.BOUNCED_BEFORE),
    ("spam report", BounceClass.COMPLAINED_BEFORE),
    ("spam content", BounceClass.CONTENT),
    ("smtpapi", BounceClass.TECHNICAL),
    ("invalid", BounceClass.INVALID_ADDRESS),
    ("quota", BounceClass.TECHNICAL),
)
"""What the reason of a drop begins with or holds; the first that fits."""
_UNIX_SECONDS = re.compile(r"\d{10}", re.ASCII)
_ATTEMPT = re.compile(r"[0-9a-f]{32}")
_DELIVERY = re.compile(r"\S{1,200}\.[1-9]\d{0,9}", re.ASCII)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)
_YEARS = (datetime(2009, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""SendGrid's first year, and one that none of us sees."""


class SendGridEventParser:
    """The EventParser of SendGrid. `public_key` is base64 as SendGrid shows it, or PEM.

    Raises BadSetting when it is no key.
    """

    max_bytes = MAX_BODY_BYTES

    def __init__(self, public_key: str) -> None:
        self._key = _public_key(public_key)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """The parser; None while there is no key, without which nobody's events are taken."""
        key = settings.provider.sendgrid.webhook_key
        if not key:
            return None
        try:
            return cls(key)
        except BadSetting as error:
            where = settings.where("provider.sendgrid.webhook_key")
            raise BadSetting(error.message, where=where, remedy=error.remedy) from error

    def parse_events(self, request: WebhookRequest, now: datetime) -> Sequence[ProviderEvent]:
        headers = {name.lower(): value for name, value in request.headers.items()}
        signed_at = _moment(headers.get(TIMESTAMP, ""))
        self._verify(headers.get(SIGNATURE, ""), headers[TIMESTAMP].encode("ascii"), request.body)
        if not now - MAX_AGE <= signed_at <= now + MAX_AHEAD:
            raise WebhookRejected(
                "the call is too old, or from the future", status=403, remedy="check this machine's clock"
            )
        return [_event(fields, signed_at) for fields in _objects(request.body)]

    def _verify(self, signature: str, timestamp: bytes, body: bytes) -> None:
        """None. Raises WebhookRejected.

        Nothing separates the time-stamp from the body in what is signed, so that a digit could be
        moved from one to the other: the one has ten digits and the other begins with a bracket.
        """
        if len(body) > MAX_BODY_BYTES:
            raise WebhookRejected(f"the body has more than {MAX_BODY_BYTES:,} bytes", status=413)
        if not body.startswith(b"["):
            raise WebhookRejected("the body is no list of events", status=400)
        try:
            self._key.verify(base64.b64decode(signature, validate=True), timestamp + body, ec.ECDSA(SHA256()))
        except (InvalidSignature, binascii.Error, ValueError) as error:
            raise WebhookRejected(
                "the signature is not SendGrid's",
                status=403,
                remedy="compare webhook_key in [provider.sendgrid] with the key that SendGrid shows",
            ) from error


def _public_key(text: str) -> ec.EllipticCurvePublicKey:
    armoured = re.sub(r"-----[A-Z ]+-----|\s", "", text)
    try:
        key = load_der_public_key(base64.b64decode(armoured, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise _no_key("is no public key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _no_key("is a key of another kind than SendGrid's (ECDSA on P-256)")
    return key


def _no_key(what: str) -> BadSetting:
    return BadSetting(
        f"webhook_key {what}",
        remedy="copy it from Settings → Mail Settings → Event Webhook → Signature Verification",
    )


def _moment(timestamp: str) -> datetime:
    if not _UNIX_SECONDS.fullmatch(timestamp):
        raise WebhookRejected("the call bears no time-stamp of ten digits", status=403)
    return datetime.fromtimestamp(int(timestamp), UTC)


def _objects(body: bytes) -> list[dict[str, Any]]:
    try:
        return msgspec.json.decode(body, type=list[dict[str, Any]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WebhookRejected("the body is no JSON list of objects in UTF-8", status=400) from error


# --- one event ---------------------------------------------------------------------------------


def _event(fields: Mapping[str, Any], signed_at: datetime) -> ProviderEvent:
    """The event in normalised words, whatever its fields hold."""
    kind = _TYPES.get(_text(fields, "event"), EventType.UNKNOWN)
    words = _text(fields, "reason") or _text(fields, "response")
    status = _enhanced_status(fields, words)
    fingerprint = _fingerprint(fields)
    return ProviderEvent(
        type=kind,
        provider="sendgrid",
        provider_event_id=_text(fields, "sg_event_id") or fingerprint,
        occurred_at=_occurred_at(fields.get("timestamp"), signed_at),
        delivery_id=_delivery_id(fields),
        attempt_id=_attempt_id(fields),
        addr_spec=_text(fields, "email"),
        permanent=kind is EventType.BOUNCED and _is_permanent(fields, status),
        enhanced_status=status,
        bounce_class=_bounce_class(fields, kind),
        machine=kind is EventType.OPENED and fields.get("sg_machine_open") in (True, "true"),
        fingerprint=fingerprint,
        detail=without_secrets(words, ()),
        raw="" if kind in _ROUTINE else _clean(msgspec.json.encode(fields).decode(), MAX_RAW),
    )


def _delivery_id(fields: Mapping[str, Any]) -> DeliveryId | None:
    text = _text(fields, "nl_rid")
    return DeliveryId(text) if _DELIVERY.fullmatch(text) else None


def _attempt_id(fields: Mapping[str, Any]) -> AttemptId | None:
    text = _text(fields, "nl_att")
    return AttemptId(text) if _ATTEMPT.fullmatch(text) else None


def _is_permanent(fields: Mapping[str, Any], status: str) -> bool:
    """Whether SendGrid calls it a `bounce` and not a `blocked`, and no 4.x.x says otherwise."""
    return _text(fields, "type") != "blocked" and not status.startswith("4")


def _bounce_class(fields: Mapping[str, Any], kind: EventType) -> BounceClass | None:
    if kind is EventType.BOUNCED:
        return _CLASSES.get(_text(fields, "bounce_classification").lower())
    if kind is EventType.REJECTED:
        reason = _text(fields, "reason").lower()
        return next((each for word, each in _DROPS if word in reason), BounceClass.UNCLASSIFIED)
    return None


def _enhanced_status(fields: Mapping[str, Any], words: str) -> str:
    """RFC 3463's three numbers, from the field or else from the other server's words."""
    found = _STATUS.search(_text(fields, "status")) or _STATUS.search(words)
    return found[1] if found else ""


def _occurred_at(value: object, signed_at: datetime) -> datetime:
    """The event's own time, or the call's when that is no time."""
    if isinstance(value, str) and _UNIX_SECONDS.fullmatch(value):
        value = int(value)
    if isinstance(value, int | float) and _YEARS[0].timestamp() <= value <= _YEARS[1].timestamp():
        return datetime.fromtimestamp(int(value), UTC)
    return signed_at


def _fingerprint(fields: Mapping[str, Any]) -> str:
    """Equal for one event under two ids (sendgrid-nodejs issue 1435: a retry may carry a new one)."""
    parts = [fields.get(name) for name in ("sg_message_id", "event", "email", "timestamp")]
    parts.append(fields.get("attempt") or fields.get("url"))
    return sha256(msgspec.json.encode(parts)).hexdigest()


def _text(fields: Mapping[str, Any], name: str) -> str:
    """The field when it is text or a number, on one line, short; else empty."""
    value = fields.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return _clean(value, MAX_WORDS) if isinstance(value, str) else ""


def _clean(text: str, most: int) -> str:
    """What every database takes: no control characters, no halves of characters."""
    text = text[:most]
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if each.isprintable() else " " for each in text)
