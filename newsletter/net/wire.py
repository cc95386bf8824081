"""The network of one `Fetcher.get`: connections to checked addresses only, all ended at one deadline."""

import ssl
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Any

import httpcore2

from newsletter.net.addresses import Resolve, Rules


class Wire(httpcore2.SyncBackend):
    """Where every connection of a request is made, and therefore where its address is judged.

    The name is resolved once, every address that it has is judged, and the socket goes to one of
    those very addresses: a second DNS answer changes nothing. Host header and TLS name stay the name.
    """

    def __init__(self, rules: Rules, resolve: Resolve, seconds: float) -> None:
        self.seconds = seconds
        self._rules = rules
        self._resolve = resolve
        self._deadline = time.monotonic() + seconds

    def left(self, at_most: float | None = None) -> float:
        """Seconds until the deadline. Raises ReadTimeout when none are left."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left if at_most is None else min(left, at_most)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = self._look_up(host, port)
        if refusal := self._rules.refusal(host, addresses, port):
            raise refusal
        for others, address in zip(range(len(addresses) - 1, -1, -1), addresses, strict=True):
            try:
                share = self.left(timeout) / (others + 1)
                stream = super().connect_tcp(address, port, share, local_address, socket_options)
                return _Timed(stream, self)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if not others:
                    raise
        raise httpcore2.ConnectError("the name has no address")

    def _look_up(self, host: str, port: int) -> Sequence[str]:
        """The host's addresses; the system's resolver knows no time-out, so it works beside us."""
        answer: Future[Sequence[str]] = Future()

        def work() -> None:
            try:
                answer.set_result(self._resolve(host, port))
            except OSError as error:
                answer.set_exception(error)

        threading.Thread(target=work, name=f"resolve {host}", daemon=True).start()
        try:
            return answer.result(self.left())
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout from error
        except OSError as error:
            raise httpcore2.ConnectError(
                f"the name cannot be resolved ({error.strerror or error})"
            ) from error


class _Timed(httpcore2.NetworkStream):
    """A connection on which every read and write gets only what is left of the whole time."""

    def __init__(self, stream: httpcore2.NetworkStream, wire: Wire) -> None:
        self._stream = stream
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._wire.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._wire.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._wire.left(timeout))
        return _Timed(stream, self._wire)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
