"""What SendGrid's answers mean, also those that no emulator gives."""

import json
from datetime import UTC, datetime
from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ProviderError, ProviderRefused, RecipientsRefused, SubmissionUncertain
from newsletter.models import Recipients
from newsletter.providers.sendgrid_answers import outcomes
from tests.support.batches import batch, batch_of, recipient

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
THREE = batch_of(3).recipients
NOTHING_ACCEPTED = {400, 401, 403, 404, 405, 413, 415, 422, 429}


def answer(status: int, body: bytes = b"", recipients: Recipients = THREE, **headers: str) -> int:
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return len(outcomes(status, message, body, recipients, NOW))


def refusal(*errors: dict[str, object]) -> bytes:
    return json.dumps({"errors": errors}).encode()


@settings(deadline=None)
@given(status=st.integers(100, 599).filter(lambda status: status != 202), body=st.binary(max_size=60))
def test_no_status_but_202_is_an_acceptance_and_only_known_ones_are_safe_to_repeat(
    status: int, body: bytes
) -> None:
    with pytest.raises(ProviderError) as caught:
        answer(status, body)
    assert isinstance(caught.value, SubmissionUncertain) == (status not in NOTHING_ACCEPTED)


@pytest.mark.parametrize("given_id", ["", "two words", "x" * 201, "é"])
def test_a_strange_message_id_is_left_out(given_id: str) -> None:
    message = Message()
    message["X-Message-Id"] = given_id
    assert [o.provider_message_id for o in outcomes(202, message, b"", THREE, NOW)] == [""] * 3


@pytest.mark.parametrize(
    "field", ["personalizations.1.to.0.email", "personalizations[1].to", "personalizations.1"]
)
def test_a_field_that_names_a_recipient_refuses_that_one(field: str) -> None:
    with pytest.raises(RecipientsRefused) as caught:
        answer(400, refusal({"field": field, "message": "bad"}))
    assert [(o.delivery_id, o.detail) for o in caught.value.rejected] == [("2026-11-27.2", "bad")]


@pytest.mark.parametrize(
    "field",
    [
        "personalizations",
        "personalizations.3.to",
        "personalizations.99999999999999999999.to",
        "from",
        None,
        7,
    ],
)
def test_a_field_that_names_no_recipient_of_the_request_refuses_the_request(field: object) -> None:
    with pytest.raises(ProviderRefused, match="bad") as caught:
        answer(400, refusal({"field": field, "message": "bad"}))
    assert type(caught.value) is ProviderRefused


def test_several_complaints_about_several_recipients_name_each_once() -> None:
    with pytest.raises(RecipientsRefused) as caught:
        answer(
            400,
            refusal(
                {"field": "personalizations.2.to.0.email", "message": "third"},
                {"field": "personalizations.0.to.0.email", "message": "first"},
                {"field": "personalizations.0.to.0.name", "message": "first again"},
            ),
        )
    assert [(o.delivery_id, o.detail) for o in caught.value.rejected] == [
        ("2026-11-27.1", "first"),
        ("2026-11-27.3", "third"),
    ]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b'{"errors": 5}', b'{"errors": [1, null]}', b"\xff", b"[" * 99_999],
)
def test_a_body_that_is_not_as_sendgrid_writes_it_still_refuses(body: bytes) -> None:
    with pytest.raises(ProviderRefused, match="no reason given"):
        answer(400, body)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Bad address: Reader1@example.org!", "Bad address: [address]!"),
        ("not yours: eve@elsewhere.example", "not yours: [address]"),
        ("key SG.abc-1.def_2 is bad", "key [key] is bad"),
        ("line\r\none\0", "line one"),
        ("x" * 5000, "x" * 300),
    ],
)
def test_the_providers_words_are_told_short_on_one_line_without_address_or_key(
    message: str, told: str
) -> None:
    with pytest.raises(ProviderRefused) as caught:
        answer(400, refusal({"field": None, "message": message}))
    assert caught.value.message == f"SendGrid refused the request (400): {told}"


def test_an_address_in_quotation_marks_is_not_told_either() -> None:
    odd = batch(recipient(1, addr_spec='"ada b"@example.org')).recipients
    with pytest.raises(RecipientsRefused) as caught:
        answer(400, refusal({"field": "personalizations.0", "message": 'bad: "ada b"@example.org'}), odd)
    assert caught.value.rejected[0].detail == "bad: [address]"
    assert "ada" not in str(caught.value)
