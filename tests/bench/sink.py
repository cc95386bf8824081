"""A process that reads what is sent to it on loopback and answers 202.

It reads as a server of the service would: the JSON of each request, and in it of each recipient the
address, which must be new, and the header that lets them leave. Anything else is answered with 409.
"""

import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import IOBase

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: from-the-sink\r\nContent-Length: 0\r\n\r\n"
REFUSED = b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n"
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
    """None, when the sender hangs up."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    accepted: set[str] = set()
    with connection, connection.makefile("rb", buffering=1 << 20) as stream:
        while head := _head(stream):
            length = _LENGTH.search(head)
            request = json.loads(stream.read(int(length[1]) if length else 0))
            people = request["personalizations"]
            expected = len(accepted) + len(people)
            accepted.update(person["to"][0]["email"] for person in people)
            can_leave = all(person["headers"]["List-Unsubscribe"] for person in people)
            connection.sendall(ACCEPTED if can_leave and len(accepted) == expected else REFUSED)


def _head(stream: IOBase) -> bytes:
    lines: list[bytes] = []
    while (line := stream.readline()) not in {b"\r\n", b""}:
        lines.append(line)
    return b"".join(lines)


if __name__ == "__main__":
    main()
