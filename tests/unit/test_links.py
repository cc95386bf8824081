"""Readers' tokens and list headers."""

import hmac
import subprocess
import sys
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.settings import NewsletterSettings
from newsletter.content.links import (
    READER_TOKEN,
    Personaliser,
    archive_url,
    issue_placeholder,
    list_id,
    read_reader_token,
    reader_token,
    sender_for,
    unsubscribe_url,
)
from newsletter.content.tokens import Keyring
from newsletter.errors import BadSetting
from newsletter.models import Address, Delivery, DeliveryId, IssueId, RenderedEmail, SubscriberId

KEY = bytes(range(32))
KEYS = Keyring(keys={1: KEY})
ISSUE = IssueId("2026-11-27")
subscriber_ids = st.integers(min_value=0, max_value=2**63 - 1).map(SubscriberId)


def newsletter(**changes: str) -> NewsletterSettings:
    return NewsletterSettings(
        **{
            "name": "The Friday Roundup",
            "sender": "Ada Writer <ada@news.example.com>",
            "postal_address": "1 Example Street, 10115 Berlin",
            "public_url": "https://news.example.com",
            **changes,
        }
    )


def email(issue_id: str = ISSUE) -> RenderedEmail:
    return RenderedEmail(
        issue_id=IssueId(issue_id), subject="", preheader="", html="", text="", merge_fields=(), sha256=""
    )


@given(subscriber_ids)
def test_a_token_names_its_subscriber_and_fits_a_short_url(subscriber_id: SubscriberId) -> None:
    token = reader_token(KEYS, subscriber_id)
    assert read_reader_token(KEYS, token) == subscriber_id
    assert len(token) <= 43
    assert "=" not in token
    assert unsubscribe_url("https://n.example.com/", token) == f"https://n.example.com/u/{token}"


@given(st.binary(min_size=32, max_size=32), subscriber_ids)
def test_a_token_is_what_it_names_and_the_first_half_of_its_hmac(
    key: bytes, subscriber_id: SubscriberId
) -> None:
    named = b"\x01r" + subscriber_id.to_bytes(8, "big")
    signed = named + hmac.digest(key, named, "sha256")[:16]
    assert reader_token(Keyring(keys={1: key}), subscriber_id) == urlsafe_b64encode(signed).decode().rstrip(
        "="
    )


def test_a_token_of_an_earlier_version_is_read_for_ever() -> None:
    token = "AXIAAAAAAAAAB-E_1hFGcMChKdLRbmu3_VQ"
    assert read_reader_token(KEYS, token) == 7


def test_tokens_differ_by_subscriber_and_by_key() -> None:
    tokens = {reader_token(KEYS, SubscriberId(number)) for number in range(1000)}
    assert len(tokens) == 1000
    assert reader_token(Keyring(keys={1: bytes(32)}), SubscriberId(1)) not in tokens


def test_every_other_writing_of_a_token_is_refused() -> None:
    token = reader_token(KEYS, SubscriberId(7))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place in range(len(token)):
        for other in alphabet:
            changed = token[:place] + other + token[place + 1 :]
            assert read_reader_token(KEYS, changed) == (7 if changed == token else None)
    assert read_reader_token(Keyring(keys={1: bytes(32)}), token) is None


@given(st.text() | st.text(alphabet="AZaz09-_", min_size=35, max_size=35))
def test_garbage_names_nobody(token: str) -> None:
    assert read_reader_token(KEYS, token) is None


def test_a_placeholder_is_the_same_for_an_issue_and_for_no_other() -> None:
    placeholder = issue_placeholder(KEY, ISSUE)
    assert placeholder == issue_placeholder(KEY, ISSUE)
    assert placeholder.isalnum()
    assert placeholder.isascii()
    others = {issue_placeholder(KEY, IssueId(str(number))) for number in range(100)}
    assert len(others | {placeholder, issue_placeholder(bytes(32), ISSUE)}) == 102


def test_the_archive_address_escapes_the_issue() -> None:
    assert archive_url("https://n.example.com", IssueId("a b/é")) == "https://n.example.com/a/a%20b%2F%C3%A9"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("The Friday Roundup", "The Friday Roundup <newsletter.news.example.com>"),
        ("News, and more", '"News, and more" <newsletter.news.example.com>'),
        ('The "Friday" \\', '"The \\"Friday\\" \\\\" <newsletter.news.example.com>'),
        ("Die Nachrichten für heute", "<newsletter.news.example.com>"),
    ],
)
def test_the_list_id_header_never_needs_encoding(name: str, expected: str) -> None:
    assert sender_for(newsletter(name=name)).headers["List-Id"] == expected


def test_the_list_id_can_be_set_and_is_checked() -> None:
    assert list_id(newsletter(list_id="friday.example.com")) == "friday.example.com"
    with pytest.raises(BadSetting, match="list_id"):
        list_id(newsletter(list_id="friday>\r\nBcc: x"))


def test_the_sender_carries_what_is_constant() -> None:
    sender = sender_for(newsletter(reply_to="Desk <desk@example.com>"))
    assert sender.address == Address(addr_spec="ada@news.example.com", display_name="Ada Writer")
    assert sender.reply_to == Address(addr_spec="desk@example.com", display_name="Desk")
    assert sender.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_recipient_gets_the_token_in_text_and_header() -> None:
    address = Address(addr_spec="bob@example.org")
    delivery = Delivery(id=DeliveryId("2026-11-27.12"), subscriber_id=SubscriberId(3), address=address)
    recipient = Personaliser(newsletter(), KEYS, email()).recipient(delivery)
    token = reader_token(KEYS, SubscriberId(3))
    assert recipient.address == address
    assert recipient.delivery_id == delivery.id
    assert recipient.merge_data == {READER_TOKEN: token}
    assert recipient.headers == {
        "List-Unsubscribe": f"<https://news.example.com/u/{token}>",
        "Message-ID": "<i2026-11-27.12@news.example.com>",
    }


@pytest.mark.parametrize("issue_id", ["Ünï issue", "a..b", "x>y", "a@b", "ends."])
def test_any_issue_name_gives_a_message_id_of_allowed_characters(issue_id: str) -> None:
    delivery = Delivery(
        id=DeliveryId(f"{issue_id}.1"), subscriber_id=SubscriberId(3), address=Address(addr_spec="b@e.org")
    )
    recipient = Personaliser(newsletter(), KEYS, email(issue_id)).recipient(delivery)
    left, _, domain = recipient.headers["Message-ID"].removeprefix("<i").removesuffix(">").partition("@")
    assert domain == "news.example.com"
    assert left
    assert all(character.isascii() and (character.isalnum() or character in "%_-~") for character in left)


def test_the_sender_process_needs_no_renderer() -> None:
    heavy = "{'lxml', 'premailer', 'markdown_it', 'jinja2', 'nh3', 'cssutils'}"
    code = f"import sys, newsletter.content.links; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_letters_that_were_sent_keep_their_links_when_the_key_is_changed() -> None:
    old = reader_token(KEYS, SubscriberId(7))
    both = Keyring(keys={1: KEY, 2: b"\x02" * 32})
    new = reader_token(both, SubscriberId(7))
    assert new != old
    assert read_reader_token(both, old) == read_reader_token(both, new) == 7
    assert read_reader_token(KEYS, new) is None
