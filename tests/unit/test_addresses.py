"""Addresses: what is taken, what is refused, and which writings are one person."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.addresses import address_key, make_address, parse_address
from newsletter.errors import BadAddress
from newsletter.models import Address


@pytest.mark.parametrize(
    ("text", "addr_spec", "name"),
    [
        ("ada@example.com", "ada@example.com", ""),
        ("  Ada@EXAMPLE.com\r\n", "Ada@example.com", ""),
        ("Ada Writer <ada@news.example.com>", "ada@news.example.com", "Ada Writer"),
        ("<ada@example.com>", "ada@example.com", ""),
        ('"Writer, Ada \\"A\\"" <ada@example.com>', "ada@example.com", 'Writer, Ada "A"'),
        ("Зоя <zoya@bücher.example.com>", "zoya@xn--bcher-kva.example.com", "Зоя"),
        ("a@BÜCHER.de", "a@xn--bcher-kva.de", ""),
        ("\ufeffada@example.com\u00a0", "ada@example.com", ""),
        ("a\u200bda@exam\u00adple.com", "ada@example.com", ""),
        ("ada+news@example.com", "ada+news@example.com", ""),
        ("o'brien@example.com", "o'brien@example.com", ""),
        ("Ada\u202e \u00a0Writer <ada@example.com>", "ada@example.com", "Ada Writer"),
        ("👩\u200d🚀 <ada@example.com>", "ada@example.com", "👩\u200d🚀"),
    ],
)
def test_a_mailbox_is_read_and_normalised(text: str, addr_spec: str, name: str) -> None:
    assert parse_address(text) == Address(addr_spec=addr_spec, display_name=name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "ada",
        "ada@",
        "@example.com",
        "ada@localhost",
        "ada@@example.com",
        "a..b@example.com",
        "ada@example..com",
        "ada@example.com.",
        "ada@[192.0.2.1]",
        "ada b@example.com",
        "ada\u00a0b@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada\0@example.com",
        "josé@example.com",
        "ada@example.com, eve@example.com",
        "Eve, Ada <ada@example.com>",
        "ada@example.com <eve@example.com> <x@example.com>",
        "Ada\0 <ada@example.com>",
        "Ada\x1b[31m <ada@example.com>",
        "Ada <ada@example.com",
        f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 63}.com",
        f"{'N' * 101} <ada@example.com>",
        "ada@" + "a" * 100_000,
    ],
)
def test_what_no_header_can_carry_is_refused(text: str) -> None:
    with pytest.raises(BadAddress) as caught:
        parse_address(text)
    assert caught.value.remedy
    assert "ada@example.com\r" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_error_never_holds_the_address() -> None:
    with pytest.raises(BadAddress) as caught:
        parse_address("secret.person@localhost")
    assert "secret.person" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "ADA@example.com",
        "ada@EXAMPLE.COM ",
        "\u00a0ada @ example.com",
        "ada\u200b@example.com",
        "ada@example.com\n",
    ],
)
def test_case_and_white_space_do_not_make_two_people(text: str) -> None:
    assert address_key(text) == "ada@example.com"


def test_an_idn_domain_has_one_key_in_both_forms() -> None:
    assert address_key("a@bücher.de") == address_key("a@xn--bcher-kva.de") == address_key("A@BÜCHER.de")


@given(st.text(max_size=80))
def test_a_key_never_fails_and_is_its_own_key(text: str) -> None:
    key = address_key(text)
    assert address_key(key) == key


@given(
    st.from_regex(r"[A-Za-z0-9+_-]{1,20}@[A-Za-z0-9]{1,20}\.(com|de)", fullmatch=True), st.text(max_size=60)
)
def test_what_is_taken_is_taken_again_unchanged(addr_spec: str, name: str) -> None:
    try:
        address = make_address(addr_spec, name)
    except BadAddress:
        return
    assert make_address(address.addr_spec, address.display_name) == address
    assert address_key(address.addr_spec) == address_key(addr_spec)
    assert not any(ord(character) < 32 for character in address.display_name)


def test_importing_the_module_loads_no_validator() -> None:
    watched = "{'email_validator', 'idna', 'dns'}"
    code = f"import sys, newsletter.content.addresses; print({watched} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
