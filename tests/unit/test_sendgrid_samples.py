"""Samples of what SendGrid reports, written by hand after its pages, and what each of them means.

A sample reads: event, its fields, then type → delivery status / reason, what it does to the person:
`ends` because of something, `counts` towards bounces in a row, or nothing (`—`).
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from newsletter.models import DeliveryStatus, EventType
from newsletter.providers.sendgrid_events import SendGridEventParser
from newsletter.usecases.events import consequence
from tests.support.webhooks import Signer, sendgrid_event

NOW = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
SIGNER = Signer()
PARSER = SendGridEventParser(SIGNER.public_key)


def bounce(reason: str, status: str, about: str | None, kind: str = "bounce") -> dict[str, Any]:
    fields = {"reason": reason, "status": status, "type": kind, "bounce_classification": about}
    return {name: value for name, value in fields.items() if value is not None}


def blocked(reason: str, status: str, about: str | None) -> dict[str, Any]:
    return bounce(reason, status, about, "blocked")


NO_USER = "550 5.1.1 <reader@example.org>: Recipient address rejected: User unknown in virtual mailbox table"
GMAIL = "550 5.1.1 The email account that you tried to reach does not exist. gsmtp"
OUTLOOK = "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)"
FULL = "452 4.2.2 The email account that you tried to reach is over quota."
FULL_5 = "552 5.2.2 <reader@example.org>: user is over quota"
SPAM = "550 5.7.1 Message rejected as spam by Content Filtering."
SPAMHAUS = "550 5.7.1 Service unavailable; client [192.0.2.9] blocked using Spamhaus"
DMARC = "550 5.7.26 Unauthenticated email from news.example.com is not accepted due to DMARC policy."
LARGE = "552 5.3.4 Message size exceeds fixed maximum message size"
LONG = "552 5.2.3 Message exceeds maximum message size of this mailbox"
RATE = "421 4.7.28 Our system has detected an unusual rate of unsolicited mail. gsmtp"
NO_HOST = "unable to get mx info: failed to get IPs from PTR record: lookup gone.example: no such host"
TLS = "454 4.7.0 TLS not available due to local problem"
DISABLED = "550 5.2.1 The email account that you tried to reach is disabled."
GREY = "451 4.7.1 Greylisting in action, please come back later"

Sample = tuple[str, dict[str, Any], str]
SAMPLES: list[Sample] = [
    # what is routine
    ("processed", {}, "submitted → —"),
    ("processed", {"pool": {"name": "news", "id": 210}, "send_at": 1795770000}, "submitted → —"),
    (
        "delivered",
        {"response": "250 2.0.0 OK 1795766401 q8-20020a170902dac8.321 - gsmtp"},
        "delivered → delivered —",
    ),
    ("delivered", {"response": "250 2.6.0 queued mail for delivery", "tls": 1}, "delivered → delivered —"),
    (
        "delivered",
        {"response": "250 OK", "tls": "0", "cert_err": 1, "ip": "192.0.2.9"},
        "delivered → delivered —",
    ),
    ("delivered", {"category": "nl-iss-2026-11-27"}, "delivered → delivered —"),
    ("delivered", {"category": ["nl-iss-2026-11-27", "weekly"]}, "delivered → delivered —"),
    ("deferred", {"response": GREY, "attempt": "1"}, "deferred → deferred —"),
    ("deferred", {"response": FULL, "attempt": "5"}, "deferred → deferred —"),
    ("deferred", {"response": "400 try again later", "attempt": 3}, "deferred → deferred —"),
    ("deferred", {"reason": "Connection timed out", "attempt": "12"}, "deferred → deferred —"),
    ("open", {"useragent": "Mozilla/5.0", "ip": "203.0.113.4"}, "opened → —"),
    ("open", {"sg_machine_open": True, "useragent": "Mozilla/5.0"}, "opened → —"),
    ("open", {"sg_machine_open": False}, "opened → —"),
    (
        "click",
        {"url": "https://blog.example.com/", "url_offset": {"index": 0, "type": "html"}},
        "clicked → —",
    ),
    # bounces that end a subscription
    (
        "bounce",
        bounce(NO_USER, "5.1.1", "Invalid Address"),
        "bounced → bounced/permanent ends invalid address",
    ),
    ("bounce", bounce(GMAIL, "5.1.1", "Invalid Address"), "bounced → bounced/permanent ends invalid address"),
    ("bounce", bounce(GMAIL, "5.1.1", "invalid address"), "bounced → bounced/permanent ends invalid address"),
    (
        "bounce",
        bounce(OUTLOOK, "5.4.1", "Invalid Address"),
        "bounced → bounced/permanent ends invalid address",
    ),
    (
        "bounce",
        bounce(NO_USER, "5.7.1", "Invalid Address"),
        "bounced → bounced/permanent ends invalid address",
    ),
    (
        "bounce",
        bounce(NO_HOST, "5.1.2", "Invalid Address"),
        "bounced → bounced/permanent ends invalid address",
    ),
    ("bounce", bounce(DISABLED, "5.2.1", "Mailbox Unavailable"), "bounced → bounced/permanent ends bounced"),
    ("bounce", bounce(NO_USER, "5.1.1", "Unclassified"), "bounced → bounced/permanent ends bounced"),
    ("bounce", bounce(NO_USER, "5.1.1", None), "bounced → bounced/permanent ends bounced"),
    ("bounce", bounce(GMAIL, "", None), "bounced → bounced/permanent ends bounced"),
    ("bounce", {"reason": "500 unknown recipient"}, "bounced → bounced/permanent ends bounced"),
    (
        "bounce",
        bounce("550 mailbox unavailable", "5.0.0", "Mailbox Unavailable"),
        "bounced → bounced/permanent ends bounced",
    ),
    ("bounce", bounce("no mx record", "5.4.4", "Unclassified"), "bounced → bounced/permanent ends bounced"),
    # bounces that count towards a row
    ("bounce", blocked(FULL, "4.2.2", "Mailbox Unavailable"), "bounced → bounced/temporary counts"),
    ("bounce", bounce(FULL, "4.2.2", "Mailbox Unavailable"), "bounced → bounced/temporary counts"),
    ("bounce", bounce(FULL_5, "5.2.2", "Mailbox Unavailable"), "bounced → bounced/temporary counts"),
    ("bounce", bounce(FULL_5, "", "Mailbox Unavailable"), "bounced → bounced/temporary counts"),
    ("bounce", blocked(FULL_5, "5.2.2", "Unclassified"), "bounced → bounced/temporary counts"),
    ("bounce", blocked("450 mailbox busy", "4.2.0", None), "bounced → bounced/temporary counts"),
    ("bounce", blocked(NO_USER, "5.1.1", "Invalid Address"), "bounced → bounced/temporary counts"),
    (
        "bounce",
        blocked("421 4.4.1 connection timed out", "4.4.1", "Unclassified"),
        "bounced → bounced/temporary counts",
    ),
    ("bounce", blocked("refused", "", None), "bounced → bounced/temporary counts"),
    # bounces that are nobody's fault
    ("bounce", blocked(SPAM, "5.7.1", "Content"), "bounced → bounced/temporary —"),
    ("bounce", bounce(SPAM, "5.7.1", "Content"), "bounced → bounced/temporary —"),
    ("bounce", blocked(SPAM, "5.7.1", "Unclassified"), "bounced → bounced/temporary —"),
    ("bounce", bounce(SPAM, "5.7.1", None), "bounced → bounced/temporary —"),
    ("bounce", blocked(SPAMHAUS, "5.7.1", "Reputation"), "bounced → bounced/temporary —"),
    ("bounce", bounce(SPAMHAUS, "5.7.1", "Reputation"), "bounced → bounced/temporary —"),
    ("bounce", blocked(DMARC, "5.7.26", "Reputation"), "bounced → bounced/temporary —"),
    ("bounce", blocked(DMARC, "5.7.26", None), "bounced → bounced/temporary —"),
    ("bounce", blocked(LARGE, "5.3.4", "Content"), "bounced → bounced/temporary —"),
    ("bounce", bounce(LARGE, "5.3.4", "Unclassified"), "bounced → bounced/temporary —"),
    ("bounce", bounce(LONG, "5.2.3", "Mailbox Unavailable"), "bounced → bounced/temporary —"),
    ("bounce", blocked(RATE, "4.7.28", "Frequency or Volume Too High"), "bounced → bounced/temporary —"),
    ("bounce", blocked(RATE, "4.7.28", None), "bounced → bounced/temporary —"),
    ("bounce", blocked(TLS, "4.7.0", "Technical Failure"), "bounced → bounced/temporary —"),
    ("bounce", bounce("unable to connect", "", "Technical Failure"), "bounced → bounced/temporary —"),
    ("bounce", bounce("554 5.6.0 malformed content", "5.6.0", None), "bounced → bounced/temporary —"),
    ("bounce", blocked("503 5.5.1 bad sequence", "5.5.1", "Unclassified"), "bounced → bounced/temporary —"),
    # what SendGrid did not mail at all
    ("dropped", {"reason": "Bounced Address", "status": "5.1.1"}, "rejected → bounced/dropped ends bounced"),
    ("dropped", {"reason": "Bounced Address"}, "rejected → bounced/dropped ends bounced"),
    ("dropped", {"reason": "Spam Reporting Address"}, "rejected → complained/dropped ends complained"),
    ("dropped", {"reason": "Unsubscribed Address"}, "rejected → bounced/dropped ends unsubscribed"),
    ("dropped", {"reason": "Invalid"}, "rejected → bounced/dropped ends invalid address"),
    ("dropped", {"reason": "Invalid SMTPAPI header"}, "rejected → bounced/dropped —"),
    ("dropped", {"reason": "Spam Content (if Spam Checker app is enabled)"}, "rejected → bounced/dropped —"),
    ("dropped", {"reason": "Recipient List over Package Quota"}, "rejected → bounced/dropped —"),
    ("dropped", {"reason": "a reason of next year"}, "rejected → bounced/dropped —"),
    ("dropped", {}, "rejected → bounced/dropped —"),
    # what readers do
    ("spamreport", {}, "complained → complained ends complained"),
    ("spamreport", {"ip": "203.0.113.4", "useragent": "Yahoo"}, "complained → complained ends complained"),
    ("unsubscribe", {}, "unsubscribed → ends unsubscribed"),
    (
        "group_unsubscribe",
        {"asm_group_id": 10, "url": "https://u.example"},
        "unsubscribed → ends unsubscribed",
    ),
    ("group_resubscribe", {"asm_group_id": 10}, "unknown → —"),
    # what nobody has told us of
    ("received", {}, "unknown → —"),
    ("cancel_drop", {}, "unknown → —"),
    ("an_event_of_next_year", {"reason": "5.1.1"}, "unknown → —"),
    ("", {}, "unknown → —"),
]


def meaning(fields: dict[str, Any]) -> str:
    """What the sample means, written as in the table."""
    (event,) = PARSER.parse_events(SIGNER.call([fields], NOW), NOW)
    means = consequence(event)
    words = [f"{means.status}/{means.reason}" if means.reason else str(means.status)] if means.status else []
    words += [f"ends {means.ends}"] if means.ends else ["counts"] if means.counts else []
    if not means.ends and not means.counts:
        words.append("—")
    return f"{event.type} → {' '.join(words)}"


@pytest.mark.parametrize(("kind", "fields", "expected"), SAMPLES)
def test_what_a_sample_means(kind: str, fields: dict[str, Any], expected: str) -> None:
    assert meaning(sendgrid_event(kind, **fields)) == expected


def test_there_are_samples_of_everything() -> None:
    assert len(SAMPLES) >= 60
    told = {expected.partition(" →")[0] for _, _, expected in SAMPLES}
    assert told == set(EventType)
    assert {status for status in DeliveryStatus if any(f"→ {status}" in s[2] for s in SAMPLES)} == {
        DeliveryStatus.DEFERRED,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.BOUNCED,
        DeliveryStatus.COMPLAINED,
    }


def test_the_opens_of_machines_are_marked() -> None:
    opens = [
        sendgrid_event("open", sg_machine_open=given, sg_event_id=str(given))
        for given in (True, "true", False, None, "no", [1])
    ]
    marks = [event.machine for event in PARSER.parse_events(SIGNER.call(opens, NOW), NOW)]
    assert marks == [True, True, False, False, False, False]
