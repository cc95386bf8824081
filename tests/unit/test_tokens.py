"""Readers' tokens: for one purpose, one person and a time, and for nobody who makes one up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.tokens import Keyring, Purpose, make_token, read_token
from newsletter.models import SubscriberId

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
KEYS = Keyring(keys={1: bytes(32)})
ADA = SubscriberId(7)


@given(number=st.integers(0, 2**63 - 1), purpose=st.sampled_from(Purpose))
def test_a_token_names_its_person_for_its_purpose_alone(number: int, purpose: Purpose) -> None:
    token = make_token(KEYS, purpose, SubscriberId(number), now=NOW)
    assert len(token) == 40
    for other in Purpose:
        assert read_token(KEYS, other, token, now=NOW) == (number if other is purpose else None)


@given(place=st.integers(0, 39), character=st.sampled_from("AZaz09-_"))
def test_a_changed_token_names_nobody(place: int, character: str) -> None:
    token = make_token(KEYS, Purpose.CONFIRM, ADA, now=NOW)
    changed = token[:place] + character + token[place + 1 :]
    assert read_token(KEYS, Purpose.CONFIRM, changed, now=NOW) == (ADA if changed == token else None)


@given(st.text(max_size=60))
def test_no_text_is_an_error(text: str) -> None:
    assert read_token(KEYS, Purpose.MANAGE, text, now=NOW) is None


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_runs_out(purpose: Purpose) -> None:
    token = make_token(KEYS, purpose, ADA, now=NOW)
    assert read_token(KEYS, purpose, token, now=NOW + purpose.lifetime) == ADA
    assert read_token(KEYS, purpose, token, now=NOW + purpose.lifetime + timedelta(minutes=2)) is None


def test_a_new_key_signs_and_the_old_one_is_still_read() -> None:
    old = make_token(KEYS, Purpose.MANAGE, ADA, now=NOW)
    both = Keyring(keys={**KEYS.keys, 2: b"\x01" * 32})
    new = make_token(both, Purpose.MANAGE, ADA, now=NOW)
    assert new != old
    assert read_token(both, Purpose.MANAGE, old, now=NOW) == ADA
    assert read_token(both, Purpose.MANAGE, new, now=NOW) == ADA
    assert read_token(KEYS, Purpose.MANAGE, new, now=NOW) is None


def test_a_keyring_shows_no_key() -> None:
    assert "\\x00" not in repr(KEYS)
