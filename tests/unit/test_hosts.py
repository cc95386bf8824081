"""Hosts of hostile addresses: whatever stands there, the checks of links have an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.checks.hosts import host_of, in_ascii, is_local, looks_like_another, parent_hosts


@given(st.text(), st.sampled_from(["", "http://", "https://xn--", "//"]))
def test_every_address_always_has_a_host_that_can_be_judged(text: str, before: str) -> None:
    host = host_of(before + text)
    assert parent_hosts(host)
    assert in_ascii(host) is not None
    assert looks_like_another(host) in {True, False}
    assert is_local(host) in {True, False}


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://WWW.Harbour.org:8080/a", "www.harbour.org"),
        ("https://ada@harbour.org/", "harbour.org"),
        ("http://[::1]:80/", "::1"),
        ("https://xn--mnchen-3ya.de/", "münchen.de"),
        ("mailto:ada@harbour.org", ""),
        ("http://[", ""),
    ],
)
def test_a_host_is_told_in_letters(address: str, host: str) -> None:
    assert host_of(address) == host
