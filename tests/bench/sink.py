"""A process that reads requests on loopback, sees that no address comes twice, and answers 202."""

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import IOBase

import msgspec

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: from-the-sink\r\nContent-Length: 0\r\n\r\n"
TWICE = b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n"
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


@contextmanager
def running_sink() -> Iterator[str]:
    """The sink's address, while the block runs."""
    command = [sys.executable, "-m", "tests.bench.sink"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def main() -> None:
    """None, never: serves until the process is ended."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer_all, args=(connection,), daemon=True).start()


def _answer_all(connection: socket.socket) -> None:
    """None, when the sender hangs up; a copy that was accepted before is answered with 409."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    decoder = msgspec.json.Decoder(_Request)
    accepted: set[str] = set()
    with connection, connection.makefile("rb", buffering=1 << 20) as stream:
        while head := _head(stream):
            length = _LENGTH.search(head)
            request = decoder.decode(stream.read(int(length[1]) if length else 0))
            addresses = [person.to[0].email for person in request.personalizations]
            expected = len(accepted) + len(addresses)
            accepted.update(addresses)
            connection.sendall(ACCEPTED if len(accepted) == expected else TWICE)


def _head(stream: IOBase) -> bytes:
    lines: list[bytes] = []
    while (line := stream.readline()) not in {b"\r\n", b""}:
        lines.append(line)
    return b"".join(lines)


class _To(msgspec.Struct):
    email: str


class _Person(msgspec.Struct):
    to: list[_To]


class _Request(msgspec.Struct):
    """As much of a Mail Send request as tells who is to get it."""

    personalizations: list[_Person]


if __name__ == "__main__":
    main()
