"""A provider's side of its webhook: a key, events as it writes them, signed calls."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from newsletter.models import WebhookRequest

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
ATTEMPT = "0123456789abcdef0123456789abcdef"


class Signer:
    """A new key, and calls that it signs."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key()
        encoded = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = base64.b64encode(encoded).decode()
        self.pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def headers(self, body: bytes, now: datetime, *, timestamp: str | None = None) -> dict[str, str]:
        """The two headers of a call."""
        stamp = str(int(now.timestamp())) if timestamp is None else timestamp
        signature = self._key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))
        return {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: stamp}

    def call(self, events: Sequence[Mapping[str, object]], now: datetime) -> WebhookRequest:
        """The call that reports these events."""
        body = json.dumps(events).encode()
        return WebhookRequest(headers=self.headers(body, now), body=body)


def sendgrid_event(kind: str, **fields: object) -> dict[str, object]:
    """An event as SendGrid writes it, of the reader 7 of the issue 2026-11-27."""
    usual: dict[str, object] = {
        "email": "reader@example.org",
        "timestamp": 1795766400,
        "event": kind,
        "sg_event_id": f"ZGVsaXZlcmVk-{kind}",
        "sg_message_id": "Xj5LmNkWSOqRbdvOpR34BA.recvd-5f54b5d587-8zczn-1-6560AB-17.0",
        "smtp-id": "<Xj5LmNkWSOqRbdvOpR34BA@geopod-ismtpd-3>",
        "category": ["nl-iss-2026-11-27"],
        "nl_iss": "2026-11-27",
        "nl_rid": "2026-11-27.7",
        "nl_att": ATTEMPT,
    }
    return usual | fields
