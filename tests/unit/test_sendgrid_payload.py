"""Letters as SendGrid takes them, judged by the emulator's rules, which share no code with them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.drill.sendgrid.rules import complaints
from newsletter.errors import BatchTooLarge, ProviderRefused, RecipientsRefused
from newsletter.models import Address, Batch, IssueId, RenderedEmail, Sender
from newsletter.providers.sendgrid_payload import category, constant_part, request_body
from tests.support.batches import EMAIL, PLACEHOLDER, SENDER, batch, batch_of, email, recipient


def request_for(batch: Batch, letter: RenderedEmail = EMAIL, sender: Sender = SENDER) -> Any:
    return json.loads(request_body(letter, constant_part(letter, sender), batch))


def test_a_request_holds_what_the_api_asks_for_and_nothing_else() -> None:
    request = request_for(batch(recipient(7, name="Zoë"), attempt="a" * 32))
    assert request == {
        "personalizations": [
            {
                "to": [{"email": "reader7@example.org", "name": "Zoë"}],
                "headers": {
                    "List-Unsubscribe": "<https://news.example.com/u/token-of-7>",
                    "Message-ID": "<i2026-11-27.7@news.example.com>",
                },
                "substitutions": {PLACEHOLDER: "token-of-7"},
                "custom_args": {"nl_rid": "2026-11-27.7", "nl_att": "a" * 32},
            }
        ],
        "from": {"email": "ada@news.example.com", "name": "Ada Writer"},
        "reply_to": {"email": "letters@news.example.com"},
        "subject": "The Friday Roundup",
        "content": [
            {"type": "text/plain", "value": EMAIL.text},
            {"type": "text/html", "value": EMAIL.html},
        ],
        "headers": SENDER.headers,
        "custom_args": {"nl_iss": "2026-11-27"},
        "categories": ["nl-iss-2026-11-27"],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
        },
    }
    assert complaints(request) == []


def test_a_batch_that_can_be_called_back_names_its_id_and_waits_until_its_time() -> None:
    plain = batch(recipient(1))
    moment = datetime(2026, 11, 27, 9, 20, tzinfo=UTC)
    request = request_for(replace(plain, cancel_id="HkJ5yLYULb7Rj8GKSx7u025ouWVlMgAi", send_at=moment))
    assert complaints(request) == []
    assert request == request_for(plain) | {
        "batch_id": "HkJ5yLYULb7Rj8GKSx7u025ouWVlMgAi",
        "send_at": 1_795_771_200,
    }
    assert request_for(replace(plain, send_at=moment)) == request_for(plain) | {"send_at": 1_795_771_200}


def test_a_thousand_recipients_fit_in_a_request_and_one_more_does_not() -> None:
    assert len(request_for(batch_of(1000))["personalizations"]) == 1000
    with pytest.raises(BatchTooLarge):
        request_for(batch_of(1001))


def test_a_request_of_20_megabytes_is_too_large() -> None:
    with pytest.raises(BatchTooLarge, match="bytes"):
        request_for(batch_of(1), email(html="x" * 20_000_000))


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.text(max_size=40), min_size=1, max_size=4),
    value=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    subject=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=80),
)
def test_no_name_value_or_subject_makes_a_request_that_sendgrid_refuses(
    names: list[str], value: str, subject: str
) -> None:
    people = [
        recipient(place, name=name, merge_data={"reader_token": value}) for place, name in enumerate(names)
    ]
    request = request_for(batch(*people), email(subject=subject))
    assert complaints(request) == []
    assert request["subject"] == subject
    for person in request["personalizations"]:
        assert person["substitutions"][PLACEHOLDER] == value


def test_the_name_of_a_recipient_loses_what_sendgrid_forbids_and_is_left_out_when_nothing_remains() -> None:
    named = request_for(batch(recipient(1, name="Writer, Ada;\r\nB"), recipient(2, name=";,\n")))
    assert [person["to"][0].get("name") for person in named["personalizations"]] == ["Writer Ada B", None]


def test_values_with_markup_are_escaped_in_the_html_and_literal_in_the_text() -> None:
    request = request_for(batch(recipient(1, merge_data={"reader_token": "<b>&"}), recipient(2)))
    twin = next(tag for tag in request["personalizations"][0]["substitutions"] if tag != PLACEHOLDER)
    assert PLACEHOLDER in request["content"][0]["value"]
    assert PLACEHOLDER not in request["content"][1]["value"]
    assert twin in request["content"][1]["value"]
    assert twin not in request["content"][0]["value"]
    assert [p["substitutions"][twin] for p in request["personalizations"]] == ["&lt;b&gt;&amp;", "token-of-2"]


def test_every_address_stands_once_in_a_request_in_any_writing() -> None:
    twice = batch(
        recipient(1, addr_spec="ada@example.org"), recipient(2), recipient(3, addr_spec="ADA@Example.org")
    )
    with pytest.raises(RecipientsRefused, match="same address") as caught:
        request_for(twice)
    assert [outcome.delivery_id for outcome in caught.value.rejected] == [recipient(3).delivery_id]
    assert "ada@" not in str(caught.value).lower()


def test_personal_values_above_10000_bytes_are_refused_by_name() -> None:
    fitting = "é" * ((10_000 - len(PLACEHOLDER)) // 2)
    assert complaints(request_for(batch(recipient(1, merge_data={"reader_token": fitting})))) == []
    with pytest.raises(RecipientsRefused) as caught:
        request_for(batch(recipient(1), recipient(2, merge_data={"reader_token": fitting + "éé"})))
    assert [outcome.delivery_id for outcome in caught.value.rejected] == [recipient(2).delivery_id]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "a\r\nBcc: eve@example.org"}, {"X-A": "a\0"}, {"X-A": "é"}, {"X-A": "x" * 994}, {"X A": "a"},
        {"X-A:": "a"}, {"": "a"}, {"Reply-To": "a"}, {"bcc": "eve@example.org"}, {"DKIM-Signature": "v=1"},
    ],
)  # fmt: skip
def test_headers_that_sendgrid_or_mail_forbids_are_refused_for_one_and_for_all(
    headers: dict[str, str],
) -> None:
    with pytest.raises(ProviderRefused):
        request_for(
            batch(recipient(1, headers=dict.fromkeys(headers, "good")), recipient(2, headers=headers))
        )
    with pytest.raises(ProviderRefused):
        constant_part(EMAIL, replace(SENDER, headers=headers))


def test_a_header_name_that_was_good_once_does_not_excuse_a_later_value() -> None:
    with pytest.raises(ProviderRefused, match=r"2026-11-27\.2"):
        request_for(batch(recipient(1, headers={"X-A": "good"}), recipient(2, headers={"X-A": "two\nlines"})))


def test_a_recipient_without_a_value_for_a_merge_field_is_refused() -> None:
    with pytest.raises(ProviderRefused, match="reader_token"):
        request_for(batch(recipient(1, merge_data={})))


@pytest.mark.parametrize(
    "sender",
    [
        Sender(address=Address(addr_spec="ada@bücher.example")),
        Sender(address=Address(addr_spec="ada@example.org", display_name="Ada\r\nBcc: x")),
        Sender(address=Address(addr_spec="ada@example.org"), reply_to=Address(addr_spec="zoë@example.org")),
    ],
)
def test_a_sender_that_sendgrid_would_not_take_is_refused_with_a_remedy(sender: Sender) -> None:
    with pytest.raises(ProviderRefused) as caught:
        constant_part(EMAIL, sender)
    assert caught.value.remedy


@pytest.mark.parametrize("changes", [{"subject": ""}, {"text": ""}, {"subject": "a\nb"}])
def test_a_letter_that_sendgrid_would_not_take_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ProviderRefused):
        constant_part(email(**changes), SENDER)


def test_what_cannot_be_written_in_utf_8_is_refused() -> None:
    with pytest.raises(ProviderRefused, match="UTF-8"):
        constant_part(email(html="\ud800"), SENDER)


@pytest.mark.parametrize("issue", ["2026-11-27", "Größe 12", "x" * 400])
def test_the_category_of_an_issue_is_short_ascii_and_its_own(issue: str) -> None:
    name = category(IssueId(issue))
    assert name.isascii()
    assert len(name) <= 255
    assert name.startswith("nl-iss-")
    assert name != category(IssueId(issue + "1"))
