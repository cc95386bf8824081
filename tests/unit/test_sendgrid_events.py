"""SendGrid's webhook: what is forged, stale or unreadable is refused, and nonsense is harmless."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import BadSetting, WebhookRejected
from newsletter.models import EventType, ProviderEvent, WebhookRequest
from newsletter.providers.sendgrid_events import MAX_BODY_BYTES, SendGridEventParser
from tests.support.webhooks import ATTEMPT, SIGNATURE, TIMESTAMP, Signer, sendgrid_event

NOW = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
SIGNER = Signer()
PARSER = SendGridEventParser(SIGNER.public_key)


def parse(*events: dict[str, Any]) -> list[ProviderEvent]:
    return list(PARSER.parse_events(SIGNER.call(events, NOW), NOW))


def refused(request: WebhookRequest, now: datetime = NOW) -> int:
    """The status with which a call is refused."""
    with pytest.raises(WebhookRejected) as found:
        PARSER.parse_events(request, now)
    return found.value.status


def signed(body: bytes, timestamp: str | None = None) -> WebhookRequest:
    return WebhookRequest(headers=SIGNER.headers(body, NOW, timestamp=timestamp), body=body)


# --- who calls ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [SIGNER.public_key, SIGNER.pem, f"  {SIGNER.public_key}\n"])
def test_the_key_is_taken_as_sendgrid_shows_it_and_in_armour(key: str) -> None:
    call = SIGNER.call([sendgrid_event("delivered")], NOW)
    assert len(SendGridEventParser(key).parse_events(call, NOW)) == 1


def _encoded(key: Any) -> str:
    return base64.b64encode(
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


@pytest.mark.parametrize(
    "key",
    ["no key", "MFkw", "ä", "", _encoded(rsa.generate_private_key(65537, 2048)),
     _encoded(ec.generate_private_key(ec.SECP384R1()))],
    ids=["words", "half", "letters", "empty", "RSA", "P-384"],
)  # fmt: skip
def test_what_is_no_key_of_sendgrid_s_is_a_bad_setting(key: str) -> None:
    with pytest.raises(BadSetting, match=r"webhook_key is .*Signature Verification"):
        SendGridEventParser(key)


def test_the_signature_covers_the_raw_bytes() -> None:
    body = '[ {"event":"delivered",\t"email":"größe@example.org","timestamp":1795766400} ,{} ]\r\n'.encode()
    assert len(PARSER.parse_events(signed(body), NOW)) == 2
    again = json.dumps(json.loads(body)).encode()
    assert refused(WebhookRequest(headers=signed(body).headers, body=again)) == 403


def test_a_call_that_somebody_else_signed_is_refused() -> None:
    assert refused(Signer().call([sendgrid_event("spamreport")], NOW)) == 403


@pytest.mark.parametrize("signature", ["", "?", "MEUCIQ", "äöü", "A" * 5000, "MEQCIFake=="])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    call = signed(b"[]")
    assert refused(WebhookRequest(headers={**call.headers, SIGNATURE: signature}, body=b"[]")) == 403


@pytest.mark.parametrize("missing", [SIGNATURE, TIMESTAMP])
def test_a_call_without_its_headers_is_refused(missing: str) -> None:
    headers = {name: value for name, value in signed(b"[]").headers.items() if name != missing}
    assert refused(WebhookRequest(headers=headers, body=b"[]")) == 403


def test_the_headers_may_be_written_in_any_case() -> None:
    call = signed(b"[]")
    lower = {name.lower(): value for name, value in call.headers.items()}
    assert PARSER.parse_events(WebhookRequest(headers=lower, body=b"[]"), NOW) == []


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=3))
def test_no_changed_byte_passes(place: int, other: bytes) -> None:
    body = json.dumps([sendgrid_event("spamreport")]).encode()
    place %= len(body)
    changed = body[:place] + other + body[place + len(other) :]
    if changed != body:
        assert refused(WebhookRequest(headers=signed(body).headers, body=changed)) in {400, 403}


@pytest.mark.parametrize("shift", [-1, 1])
def test_no_digit_moves_between_the_time_stamp_and_the_body(shift: int) -> None:
    """Both ways verify as far as the signature goes: nothing separates the two in what is signed."""
    stamp = str(int(NOW.timestamp()))
    text = stamp + "[]"
    call = signed(b"[]")
    cut = len(stamp) + shift
    headers = {**call.headers, TIMESTAMP: text[:cut]}
    assert refused(WebhookRequest(headers=headers, body=text[cut:].encode())) in {400, 403}


# --- when --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "taken"),
    [
        (timedelta(0), True),
        (timedelta(hours=24, minutes=59), True),
        (timedelta(hours=25, minutes=1), False),
        (timedelta(minutes=-4), True),
        (timedelta(minutes=-6), False),
    ],
)
def test_a_call_may_be_a_day_old(age: timedelta, taken: bool) -> None:
    call = SIGNER.call([sendgrid_event("delivered")], NOW - age)
    if taken:
        assert len(PARSER.parse_events(call, NOW)) == 1
    else:
        assert refused(call) == 403


@pytest.mark.parametrize(
    "stamp", ["", "179576640", "17957664000", "1795766400.0", "-795766400", "１795766400"]
)
def test_a_time_stamp_has_ten_digits(stamp: str) -> None:
    assert refused(signed(b"[]", timestamp=stamp)) == 403


# --- what --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{}", 400),
        (b" []", 400),
        (b"\xef\xbb\xbf[]", 400),
        (b"[", 400),
        (b"[1]", 400),
        (b"[[]]", 400),
        (b'["a"]', 400),
        (b"[{}]]", 400),
        (b'[{"a":"\xff"}]', 400),
        (b'[{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}]", 400),
        (b"[" + b" " * MAX_BODY_BYTES + b"]", 413),
    ],
)
def test_a_body_that_is_no_list_of_objects_is_refused(body: bytes, status: int) -> None:
    assert refused(signed(body)) == status


def test_an_event_is_told_in_normalised_words() -> None:
    fields = sendgrid_event(
        "bounce",
        type="bounce",
        status="5.1.1",
        reason="550 5.1.1 <reader@example.org> no such user",
        bounce_classification="Invalid Address",
    )
    (event,) = parse(fields)
    assert event == ProviderEvent(
        type=EventType.BOUNCED,
        provider="sendgrid",
        provider_event_id="ZGVsaXZlcmVk-bounce",
        occurred_at=datetime(2026, 11, 27, 8, tzinfo=UTC),
        delivery_id=event.delivery_id,
        attempt_id=event.attempt_id,
        addr_spec="reader@example.org",
        permanent=True,
        enhanced_status="5.1.1",
        bounce_class=event.bounce_class,
        fingerprint=event.fingerprint,
        detail="550 5.1.1 [address] no such user",
        raw=event.raw,
    )
    assert (event.delivery_id, event.attempt_id) == ("2026-11-27.7", ATTEMPT)
    assert json.loads(event.raw) == fields


def test_a_thousand_events_come_in_order() -> None:
    events = parse(*(sendgrid_event("delivered", nl_rid=f"2026-11-27.{n}") for n in range(1, 1001)))
    assert [event.delivery_id for event in events] == [f"2026-11-27.{n}" for n in range(1, 1001)]


@pytest.mark.parametrize("kind", ["processed", "delivered", "deferred", "open", "click"])
def test_of_the_daily_routine_no_words_are_kept(kind: str) -> None:
    assert parse(sendgrid_event(kind))[0].raw == ""


def test_an_asynchronous_bounce_names_neither_delivery_nor_attempt() -> None:
    (event,) = parse({"event": "bounce", "email": "reader@example.org", "timestamp": 1795766400})
    assert event.type is EventType.BOUNCED
    assert (event.delivery_id, event.attempt_id) == (None, None)
    assert event.provider_event_id == event.fingerprint != ""


@pytest.mark.parametrize(
    "rid", ["7", "2026-11-27", "2026-11-27.", "2026-11-27.x", "2026-11-27.0", "a b.7", 7, None, ["x.7"], ".7"]
)
def test_what_is_no_delivery_id_is_none(rid: object) -> None:
    assert parse(sendgrid_event("delivered", nl_rid=rid))[0].delivery_id is None


@pytest.mark.parametrize("attempt", ["", ATTEMPT.upper(), ATTEMPT + "0", "x" * 32, 5, None, {}])
def test_what_is_no_attempt_id_is_none(attempt: object) -> None:
    assert parse(sendgrid_event("delivered", nl_att=attempt))[0].attempt_id is None


def test_an_event_that_comes_again_under_a_new_id_has_the_same_fingerprint() -> None:
    first, again = parse(sendgrid_event("delivered"), sendgrid_event("delivered", sg_event_id="another"))
    assert first.fingerprint == again.fingerprint
    assert first.provider_event_id != again.provider_event_id


@pytest.mark.parametrize(
    "other",
    [
        {"event": "open"},
        {"email": "soren@example.org"},
        {"timestamp": 1795766401},
        {"attempt": "2"},
        {"url": "https://blog.example.com/two"},
        {"sg_message_id": "another"},
    ],
)
def test_another_event_has_another_fingerprint(other: dict[str, Any]) -> None:
    first, second = parse(sendgrid_event("click"), sendgrid_event("click", **other))
    assert first.fingerprint != second.fingerprint


def test_no_words_hold_addresses_or_line_ends() -> None:
    (event,) = parse(sendgrid_event("bounce", reason="550 <a@b.example>\r\nX: y\x00 soren@example.org\u2028"))
    assert "@" not in event.detail
    assert event.detail.isprintable()


def test_the_time_of_an_event_without_one_is_that_of_the_call() -> None:
    stamps: list[object] = [None, "soon", -5, 10**30, True, [], "1795766400", 1795766400.7]
    times = [parse(sendgrid_event("delivered", timestamp=stamp))[0].occurred_at for stamp in stamps]
    assert times == [NOW] * 6 + [datetime(2026, 11, 27, 8, tzinfo=UTC)] * 2


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = st.sampled_from(
    ["email", "timestamp", "event", "sg_event_id", "sg_message_id", "category", "nl_rid", "nl_att", "type",
     "status", "reason", "response", "attempt", "url", "bounce_classification", "sg_machine_open", "nl_iss"]
)  # fmt: skip
_KINDS = st.sampled_from(["bounce", "dropped", "open", "click", "delivered", "deferred", "spamreport"])


@given(_KINDS, st.dictionaries(_FIELDS, _VALUES, max_size=6))
def test_nonsense_in_fields_never_raises_and_fits_every_database(kind: str, fields: dict[str, Any]) -> None:
    (event,) = parse(sendgrid_event(kind) | fields)
    for text in (event.provider_event_id, event.addr_spec, event.detail, event.raw, event.enhanced_status):
        assert text.isprintable()
        text.encode()
    assert event.provider_event_id
    assert len(event.provider_event_id) <= 300
