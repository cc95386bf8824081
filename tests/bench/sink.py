"""A process that reads requests on loopback as fast as it can and answers each with 202."""

import multiprocessing
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

ANSWER = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: sink%08d\r\nContent-Length: 0\r\n\r\n"
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


@contextmanager
def running_sink() -> Iterator[str]:
    """The sink's address, while the block runs."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    pipe.send(listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer_all, args=(connection,), daemon=True).start()


def _answer_all(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = bytearray(1 << 20)
    view = memoryview(buffer)
    answered = 0
    with connection:
        while True:
            held = b""
            while b"\r\n\r\n" not in held:
                count = connection.recv_into(buffer)
                if not count:
                    return
                held += view[:count]
            head, _, rest = held.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            missing = (int(length[1]) if length else 0) - len(rest)
            while missing > 0:
                count = connection.recv_into(buffer)
                if not count:
                    return
                missing -= count
            answered += 1
            connection.sendall(ANSWER % answered)
