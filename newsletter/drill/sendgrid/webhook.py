"""The Event Webhook of the emulated SendGrid: signed events about what it mailed, in any disorder.

Source: SendGrid's pages “Event Webhook reference” and “Event Webhook security features” (2026):
ECDSA on P-256 over SHA-256 of the time-stamp's bytes and the raw body.
"""

import base64
import hashlib
import http.client
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from newsletter.drill.sendgrid.mailing import Accepted, Fate, Mailing

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
USUAL = ("processed", "delivered")
EVENTS_AT_ONCE = 100
"""Events of one POST; SendGrid sends what comes together in 30 s, or 768 kB."""
TIMEOUT = 30.0
"""Seconds for one POST."""
_DETAILS: dict[str, dict[str, Any]] = {
    "processed": {},
    "delivered": {"response": "250 2.0.0 OK", "tls": 1, "ip": "192.0.2.1"},
    "deferred": {"response": "451 4.7.1 try again later", "attempt": "1"},
    "bounce": {
        "type": "bounce",
        "status": "5.1.1",
        "reason": "550 5.1.1 no such user",
        "bounce_classification": "Invalid Address",
    },
    "blocked": {
        "type": "blocked",
        "status": "4.2.2",
        "reason": "452 4.2.2 mailbox full",
        "bounce_classification": "Mailbox Unavailable",
    },
    "dropped": {"reason": "Bounced Address", "status": "5.1.1"},
    "open": {"ip": "192.0.2.7", "useragent": "Mozilla/5.0"},
    "machine_open": {"ip": "192.0.2.8", "useragent": "Mozilla/5.0", "sg_machine_open": True},
    "click": {"ip": "192.0.2.7", "useragent": "Mozilla/5.0", "url": "https://blog.example.com/"},
    "spamreport": {},
    "unsubscribe": {},
}
_NAMES = {"blocked": "bounce", "machine_open": "open"}
"""The `event` of those kinds that are not called by it."""


class EventWebhook:
    """Makes events of what was mailed, signs and posts them; `public_key` is what SendGrid would show."""

    def __init__(self, mailing: Mailing, now: Callable[[], datetime]) -> None:
        self._mailing = mailing
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._kinds: dict[str, tuple[str, ...]] = defaultdict(lambda: USUAL)
        encoded = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = base64.b64encode(encoded).decode()

    def becomes(self, address: str, *kinds: str) -> None:
        """None; letters to this address meet these kinds of events, such as `processed`, `bounce`."""
        unknown = set(kinds) - _DETAILS.keys()
        if unknown:
            raise ValueError(f"no kind of event: {', '.join(sorted(unknown))}")
        self._kinds[address.lower()] = kinds

    def events(self) -> list[dict[str, Any]]:
        """All events about what was mailed by now, the same ones whenever it is asked."""
        self._mailing.mail_due()
        return [
            event
            for request in self._mailing.accepted
            if request.fate is Fate.MAILED
            for place in range(len(request.people))
            for event in self._of(request, place)
        ]

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers that vouch for this body."""
        stamp = str(int(self._now().timestamp()))
        signature = self._key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "Content-Type": "application/json;charset=utf-8",
            SIGNATURE: base64.b64encode(signature).decode(),
            TIMESTAMP: stamp,
        }

    def _of(self, request: Accepted, place: int) -> Iterator[dict[str, Any]]:
        address, arguments = request.people[place]
        moment = int((request.mailed_at or request.at).timestamp())
        message = request.message(place)
        for number, kind in enumerate(self._kinds.get(address.lower(), USUAL)):
            name = hashlib.sha256(f"{message} {number} {kind}".encode()).digest()
            yield {
                **arguments,
                "email": address,
                "timestamp": moment + number,
                "event": _NAMES.get(kind, kind),
                "sg_event_id": base64.urlsafe_b64encode(name[:16]).decode().rstrip("="),
                "sg_message_id": message,
                "smtp-id": f"<{request.message_id}@geopod-ismtpd-1>",
                "category": request.categories,
                **_DETAILS[kind],
            }


def disorder(
    events: Sequence[dict[str, Any]],
    *,
    seed: int,
    times: int = 1,
    renamed: bool = False,
    held_back: float = 0,
) -> list[dict[str, Any]]:
    """The events as a bad day brings them: shuffled, each up to `times`, some not at all yet.

    `renamed`: repetitions come under a new `sg_event_id`. `held_back`: the share, 0–1, that stays away.
    """
    chance = random.Random(seed)  # noqa: S311 - disorder that can be repeated
    brought = []
    for event in events:
        if chance.random() < held_back:
            continue
        brought.append(event)
        for _ in range(chance.randrange(times)):
            again = dict(event)
            if renamed:
                again["sg_event_id"] = f"again-{chance.getrandbits(64):x}"
            brought.append(again)
    chance.shuffle(brought)
    return brought


def post(
    url: str,
    events: Sequence[dict[str, Any]],
    signed: Callable[[bytes], dict[str, str]],
    *,
    parallel: int = 1,
) -> Counter[int]:
    """How many POSTs were answered with which status; 0 counts those without an answer."""
    parts = [events[start : start + EVENTS_AT_ONCE] for start in range(0, len(events), EVENTS_AT_ONCE)]
    bodies = [json.dumps(part).encode() for part in parts]
    with ThreadPoolExecutor(parallel) as pool:
        return Counter(pool.map(lambda body: _post(url, body, signed(body)), bodies))


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    address = urlsplit(url)
    secure = address.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    with closing(kind(address.netloc, timeout=TIMEOUT)) as connection:
        try:
            connection.request("POST", address.path or "/", body, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
