"""One HTTP connection to a provider, kept between requests, with one deadline for each request.

It knows of a request that failed what its caller must know: whether a byte of it had left. It
never resends, never follows a redirect, and takes no proxy from the environment.
"""

import contextlib
import http.client
import io
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any, cast
from urllib.parse import urlsplit

from newsletter import faults
from newsletter.errors import BadSetting, ProviderUnavailable, SubmissionUncertain
from newsletter.providers.sockets import BoundedSocket, Deadline, connect, is_loopback, pieces, reason

MAX_TIMEOUT = 120
"""Seconds; a longer request could outlive the sender's lease on the issue (180 s)."""
IDLE_SECONDS = 5.0
"""A connection unused for longer is replaced: the other side may be about to close it."""
MAX_ANSWER_BYTES = 256 * 1024
"""More of an answer's body is not read; providers answer with an id or a list of errors."""
_BASE_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[\w./~-]*)?", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A whole answer; its three methods are those that urllib's answers have."""

    status: int
    headers: Message
    body: bytes

    def getcode(self) -> int:
        return self.status

    def info(self) -> Message:
        return self.headers

    def read(self) -> bytes:
        return self.body


class KeptConnection:
    """Requests to `base_url`, one at a time, each over at most `timeout` seconds after it began.

    `headers` go with every request and are shown nowhere: the place for an API key. Looking up
    the server's name is bounded by the system's resolver alone. Raises BadSetting for a base_url
    that no key may be sent to and for a timeout that is no time.
    """

    def __init__(self, base_url: str, *, timeout: float, headers: Mapping[str, str]) -> None:
        if not 0 < timeout <= MAX_TIMEOUT:
            raise BadSetting(
                f"the provider's timeout is not between 0 and {MAX_TIMEOUT} seconds", remedy="write 30"
            )
        self._scheme, self._host, self._port, self._netloc = _checked(base_url)
        self._timeout = timeout
        self._headers = dict(headers)
        self._context: ssl.SSLContext | None = None
        self._socket: socket.socket | None = None
        self._used_at = 0.0
        self._lock = threading.Lock()

    def request(
        self, method: str, target: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """The server's answer, whatever its status.

        Raises ProviderUnavailable when no byte of the request left, SubmissionUncertain when some
        did and no whole answer came back.
        """
        with self._lock:
            stream = self._stream(Deadline(self._timeout))
            faults.point("after-connect")
            try:
                return self._exchange(stream, method, target, headers, body)
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                if stream.sent:
                    text = f"{self._host} gave no whole answer: {_reason(error)}"
                    raise SubmissionUncertain(text) from error
                raise ProviderUnavailable(f"{self._host} took no request: {_reason(error)}") from error
            except BaseException:
                self._drop()  # what is left of this answer must never be read as the next one's
                raise

    def close(self) -> None:
        """None; a later request would open a new connection."""
        with self._lock:
            self._drop()

    def _exchange(
        self, stream: "_Stream", method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.auto_open = 0
        connection.sock = stream
        fixed = {**self._headers, "Host": self._netloc}
        if body:
            fixed["Content-Length"] = str(len(body))
        whole = True
        try:
            connection.request(
                method, target, body=pieces(body) if body else body, headers={**headers, **fixed}
            )
            faults.point("after-body")
        except (BrokenPipeError, ConnectionResetError):
            if not stream.sent:
                raise
            whole = False  # one who refuses early (401, 413) answers, and reads no further
        with http.client.HTTPResponse(cast("socket.socket", stream), method=method) as response:
            response.begin()
            stream.head_is_read = True
            answer = Answer(status=response.status, headers=response.msg, body=_read_body(response))
        self._used_at = time.monotonic()
        if response.will_close or not whole or len(answer.body) >= MAX_ANSWER_BYTES:
            self._drop()
        return answer

    def _stream(self, deadline: Deadline) -> "_Stream":
        """The kept connection when it is still good, else a new one."""
        if self._socket is None or not self._is_good(self._socket):
            self._drop()
            self._socket = self._open(deadline)
        return _Stream(self._socket, deadline)

    def _is_good(self, kept: socket.socket) -> bool:
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            return False
        poll = select.poll()
        poll.register(kept, select.POLLIN)
        return not poll.poll(0)  # between requests there is nothing to read but the other side's end

    def _open(self, deadline: Deadline) -> socket.socket:
        try:
            opened = connect(self._host, self._port, deadline)
            if self._scheme == "http":
                return opened
            self._context = self._context or ssl.create_default_context()  # 20 ms, so only once
            with contextlib.closing(opened):  # wrapping takes the socket over when it succeeds
                opened.settimeout(deadline.left())
                return self._context.wrap_socket(opened, server_hostname=self._host)
        except OSError as error:
            raise ProviderUnavailable(f"{self._host} cannot be reached: {_reason(error)}") from error

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Stream(BoundedSocket):
    """The part of a socket that http.client uses. Closing it leaves the socket open."""

    head_is_read = False

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        pass


class _Reader(io.RawIOBase):
    """The reading end of a _Stream."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._stream.recv_into(buffer)
        if not count and not self._stream.head_is_read:
            # http.client takes `HTTP/1.1 202 Acc` and the end for a whole answer
            raise ConnectionResetError("closed before the head of the answer was whole")
        return count


def _checked(base_url: str) -> tuple[str, str, int, str]:
    """(scheme, host, port, host header) of an address that a key may be sent to."""
    try:
        parts = urlsplit(base_url if _BASE_URL.fullmatch(base_url) else "")
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
        host.encode("idna")  # as the look-up will, which takes no label above 63 characters
    except ValueError:
        host = ""
    if not host:
        raise BadSetting(
            "the provider's base_url is no https address", remedy="write it as https://api.sendgrid.com"
        )
    if scheme == "http" and not is_loopback(host):
        raise BadSetting(
            "the provider's base_url is http, which would send the API key in clear text",
            remedy="write https instead",
        )
    return scheme, host, port or (443 if scheme == "https" else 80), parts.netloc


def _read_body(response: http.client.HTTPResponse) -> bytes:
    """The body, up to MAX_ANSWER_BYTES. Raises IncompleteRead when it ends before its length."""
    body = response.read(MAX_ANSWER_BYTES)
    if response.length and len(body) < MAX_ANSWER_BYTES:
        raise http.client.IncompleteRead(body, response.length)
    return body


def _reason(error: OSError | http.client.HTTPException) -> str:
    """Words without anything that the other side sent."""
    if isinstance(error, OSError):
        return reason(error)
    return f"not a whole HTTP answer ({type(error).__name__})"
