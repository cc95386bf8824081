"""Which hosts, addresses and ports may be asked: decisions only, no connection is made here."""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence

import httpx2

from newsletter.config.settings import HttpSettings
from newsletter.errors import BadSetting, FetchRefused

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) → its addresses as text; raises OSError when the name has none."""

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""RFC 4291 §2.4; NAT64 (64:ff9b::/96), IPv4-compatible and site-local addresses lie outside."""
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4", "2001::/23", "3fff::/20")
)
"""Special ranges (IANA special-purpose registries, November 2026) that `is_global` lets through."""
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.ASCII | re.IGNORECASE)


class Rules:
    """What `[http]` allows: every public address, and the private ones that it names."""

    def __init__(self, settings: HttpSettings) -> None:
        self._private = tuple(_network(entry) for entry in settings.allow_private)
        self._ports = frozenset(settings.allow_ports)

    def refusal(self, host: str, addresses: Sequence[str], port: int) -> FetchRefused | None:
        """The reason why this host is not asked on this port; None when it may be.

        One address that is neither public nor allowed condemns the host.
        """
        every = [ipaddress.ip_address(address) for address in addresses]
        allowed = [any(address in network for network in self._private) for address in every]
        for address, is_allowed in zip(every, allowed, strict=True):
            if not is_allowed and not is_public(address):
                named = host if host == str(address) else f"{host} ({address})"
                return FetchRefused(
                    f"{named} is not a public address",
                    remedy=f'if it is your own, set allow_private = ["{address}"] under [http]',
                )
        if port not in self._ports and not all(allowed):
            return FetchRefused(
                f"{host} is not asked on port {port}",
                remedy=f"if this is meant, add {port} to allow_ports under [http]",
            )
        return None


def is_public(address: IPAddress) -> bool:
    """Whether everybody on the internet reaches the same machine under this address."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not any(address in network for network in _NOT_PUBLIC)


def checked_url(url: str, base: httpx2.URL | None = None) -> httpx2.URL:
    """The URL, absolute and without its fragment, of a form that may be asked.

    Raises FetchRefused for any other scheme than http and https, for a password in the address,
    and for what is no host name.
    """
    try:
        target = base.join(url) if base else httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise FetchRefused(f"{readable(url)}: {error}", remedy="mend the address") from error
    host = target.raw_host.decode("ascii")
    if target.scheme not in {"http", "https"}:
        raise FetchRefused(f"{readable(url)}: only http and https are asked", remedy="give such an address")
    if target.userinfo:
        raise FetchRefused(
            f"{readable(url)}: addresses that hold a password are not asked", remedy="take it out"
        )
    is_name = _HOST.fullmatch(host) is not None and len(host) <= 253
    if not is_name and ":" not in host:
        raise FetchRefused(f"{readable(url)}: “{host}” is no host name", remedy="mend the address")
    return target.copy_with(fragment=None)


def port_of(url: httpx2.URL) -> int:
    """The port that the URL names or that its scheme implies."""
    return url.port or (443 if url.scheme == "https" else 80)


def addresses_of(host: str, port: int) -> Sequence[str]:
    """The addresses that the system's resolver gives, as text, each once. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def readable(url: str) -> str:
    """The URL for a message or a log: without its query, which may hold somebody's token."""
    address, question, _ = url.partition("#")[0].partition("?")
    address = re.sub(r"//[^/@]*@", "//", address)
    return f"{address}?…" if question else address


def _network(entry: str) -> IPNetwork:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError as error:
        raise BadSetting(
            f"“{entry}” is no address or network",
            where="http.allow_private",
            remedy="write addresses such as 10.0.0.5 or networks such as 10.0.0.0/24",
        ) from error
