"""Who is asking: the client's address, through trusted proxies alone, and what it calls itself."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

MAX_AGENT = 200
"""Characters of a User-Agent that are kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """A client, as far as it tells."""

    ip: str
    """An IPv4 or IPv6 address; empty when the server knows none."""
    user_agent: str

    @property
    def network(self) -> str:
        """What limits count as one client: an IPv4 address, or the /64 of an IPv6 one."""
        try:
            address = ipaddress.ip_address(self.ip)
        except ValueError:
            return ""
        return str(ipaddress.ip_network(f"{address}/{64 if address.version == 6 else 32}", strict=False))


def visitor_of(request: Request, trusted_proxies: Sequence[str]) -> Visitor:
    """The visitor. X-Forwarded-For is read from its end, and only as far as trusted proxies wrote it."""
    trusted = [ipaddress.ip_network(proxy, strict=False) for proxy in trusted_proxies]
    peer = request.client.host if request.client else ""
    forwarded = [
        part.strip() for line in request.headers.getlist("X-Forwarded-For") for part in line.split(",")
    ]
    for hop in [peer, *reversed(forwarded)]:
        address = _address(hop)
        if address is None:
            break
        peer = str(address)
        if not any(address in network for network in trusted if network.version == address.version):
            break
    agent = "".join(each if each.isprintable() else " " for each in request.headers.get("User-Agent", ""))
    return Visitor(ip=peer if _address(peer) else "", user_agent=agent[:MAX_AGENT])


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
