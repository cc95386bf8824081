"""A process that reads what is sent to it on loopback and answers 202, at once or after a while.

It reads as a server of the service would: the JSON of each request, and in it of each recipient the
address, which must be new, and the header that lets them leave. Anything else is answered with 409.
"""

import argparse
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import IOBase
from pathlib import Path

from tests.support.certificates import server_context

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: from-the-sink\r\nContent-Length: 0\r\n\r\n"
REFUSED = b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n"
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


@contextmanager
def running_sink(*, latency: float = 0.0, certificates: Path | None = None) -> Iterator[str]:
    """The sink's address, while the block runs. `latency` is in seconds; a folder for certificates makes
    it https, and the file to trust is `authority.pem` there."""
    command = [sys.executable, "-m", "tests.bench.sink", "--latency", str(latency)]
    command += ["--certificates", str(certificates)] if certificates else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            yield f"{'https' if certificates else 'http'}://127.0.0.1:{port}"
        finally:
            process.terminate()


def main() -> None:
    """None, never: serves until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float)
    parser.add_argument("--certificates", type=Path, help="a folder that authority.pem is written to")
    arguments = parser.parse_args()
    folder = arguments.certificates
    tls = server_context(folder, "127.0.0.1")[0] if folder else None
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A process for each: connections do not wait for each other's turn at one interpreter.
        if os.fork() == 0:
            try:
                _answer_all(connection, tls, arguments.latency)
            finally:
                os._exit(0)
        connection.close()


def _answer_all(connection: socket.socket, tls: ssl.SSLContext | None, latency: float) -> None:
    """None, when the sender hangs up."""
    if tls:
        connection = tls.wrap_socket(connection, server_side=True)
    accepted: set[str] = set()
    with connection, connection.makefile("rb", buffering=1 << 20) as stream:
        while head := _head(stream):
            length = _LENGTH.search(head)
            if length is None:  # somebody asks for lists
                connection.sendall(REFUSED)
                continue
            request = json.loads(stream.read(int(length[1])))
            people = request["personalizations"]
            expected = len(accepted) + len(people)
            accepted.update(person["to"][0]["email"] for person in people)
            can_leave = all(person.get("headers", {}).get("List-Unsubscribe") for person in people)
            time.sleep(latency)
            connection.sendall(ACCEPTED if can_leave and len(accepted) == expected else REFUSED)


def _head(stream: IOBase) -> bytes:
    lines: list[bytes] = []
    while (line := stream.readline()) not in {b"\r\n", b""}:
        lines.append(line)
    return b"".join(lines)


if __name__ == "__main__":
    main()
