"""Sockets to a provider: opened, written and read within one deadline, and honest about what has left."""

import ipaddress
import select
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

from newsletter import faults

CONNECT_SECONDS = 10.0
"""Longest wait for one address to take the connection; the caller's deadline holds when sooner."""


class Deadline:
    """A point in time, `seconds` from now, that every step of one request looks at."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, more than 0. Raises TimeoutError when none are left."""
        seconds = self._at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("out of time")
        return seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._at


class BoundedSocket:
    """A socket each step of which is bounded by the deadline.

    The time-outs of sockets hold for one operation each, so that a server that drips its answer
    would hold a caller for ever.
    """

    def __init__(self, inner: socket.socket, deadline: Deadline) -> None:
        self.inner = inner
        self.deadline = deadline
        self.sent = 0
        """Bytes that the system has taken."""

    def sendall(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        while rest:
            self.inner.settimeout(self.deadline.left())
            taken = self.inner.send(rest)
            self.sent += taken
            rest = rest[taken:]

    def recv_into(self, buffer: Any) -> int:
        """Octets read into the buffer; 0 when the other side has closed."""
        self.inner.settimeout(self.deadline.left())
        return self.inner.recv_into(buffer)

    def is_readable(self) -> bool:
        """Whether there is something to read now; when nothing was asked, that is the other side's end."""
        poll = select.poll()
        poll.register(self.inner, select.POLLIN)
        return bool(poll.poll(0))


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first of the host's addresses that takes one. Raises OSError."""
    last = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        opened = socket.socket(family, kind, protocol)
        try:
            opened.settimeout(min(CONNECT_SECONDS, deadline.left()))
            opened.connect(address)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            opened.close()
            last = error
        else:
            return opened
    raise last


def pieces(body: bytes) -> Iterator[memoryview]:
    """The body whole; its halves when a test is to end the process between them."""
    rest = memoryview(body)
    if faults.is_awaited("half-body"):
        middle = len(body) // 2
        yield rest[:middle]
        faults.point("half-body")
        rest = rest[middle:]
    yield rest


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by its name alone: nothing is looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def reason(error: OSError) -> str:
    """What went wrong, in words without anything that the other side sent."""
    if isinstance(error, TimeoutError):
        return "out of time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted ({error.verify_message})"
    return error.strerror or str(error) or type(error).__name__
