"""The client's address: what nobody trusted has written changes nothing."""

import pytest
from starlette.requests import Request

from newsletter.web.visitors import Visitor, visitor_of


def visitor(peer: str, forwarded: str = "", trusted: tuple[str, ...] = ()) -> Visitor:
    headers = [(b"user-agent", b"Reader/1\x07")]
    if forwarded:
        headers.append((b"x-forwarded-for", forwarded.encode()))
    scope = {"type": "http", "headers": headers, "client": (peer, 4711), "method": "GET", "path": "/"}
    return visitor_of(Request(scope), trusted)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "ip"),
    [
        ("203.0.113.9", "", (), "203.0.113.9"),
        ("203.0.113.9", "192.0.2.1", (), "203.0.113.9"),
        ("127.0.0.1", "192.0.2.1", ("127.0.0.1",), "192.0.2.1"),
        ("127.0.0.1", "198.51.100.7, 192.0.2.1", ("127.0.0.1",), "192.0.2.1"),
        ("127.0.0.1", "198.51.100.7, 10.0.0.2", ("127.0.0.1", "10.0.0.0/8"), "198.51.100.7"),
        ("127.0.0.1", "rubbish", ("127.0.0.1",), "127.0.0.1"),
        ("::1", "2001:db8::5", ("::1",), "2001:db8::5"),
        ("::ffff:203.0.113.9", "", (), "203.0.113.9"),
        ("testclient", "", (), ""),
    ],
)
def test_only_trusted_proxies_are_believed(
    peer: str, forwarded: str, trusted: tuple[str, ...], ip: str
) -> None:
    assert visitor(peer, forwarded, trusted).ip == ip


def test_a_client_is_an_address_or_a_network_of_ipv6() -> None:
    assert visitor("203.0.113.9").network == "203.0.113.9/32"
    assert visitor("2001:db8:1:2:3::4").network == "2001:db8:1:2::/64"
    assert visitor("testclient").network == ""


def test_what_a_client_calls_itself_is_one_line() -> None:
    assert visitor("203.0.113.9").user_agent == "Reader/1 "
