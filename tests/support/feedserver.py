"""A real web server on loopback that serves what a test says, in every bad way that it says."""

import gzip
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext

from newsletter.config.settings import HttpSettings

ALLOW_LOOPBACK = HttpSettings(allow_private=("127.0.0.1",))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server says to one path."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    """Sent along; a request that names it in If-None-Match gets 304."""
    drip: str = ""
    """`headers` or `body`: that part comes one byte at a time, and never ends."""
    close: bool = False
    """The connection is closed after half the body."""


def gzipped(body: bytes, **headers: str) -> Answer:
    """The body in transport gzip."""
    return Answer(body=gzip.compress(body), headers={"Content-Encoding": "gzip", **headers})


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]


class FeedServer:
    """Answers by path; keeps every request in `asked`."""

    def __init__(self, port: int, scheme: str) -> None:
        self.port = port
        self.origin = f"{scheme}://127.0.0.1:{port}"
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        self.stopping = threading.Event()

    def url(self, path: str) -> str:
        return self.origin + path

    def serve(self, path: str, answer: Answer | bytes, content_type: str = "application/rss+xml") -> str:
        """The URL under which the answer now stands."""
        if isinstance(answer, bytes):
            answer = Answer(body=answer, headers={"Content-Type": content_type})
        self.answers[path] = answer
        return self.url(path)


@contextmanager
def feed_server(tls: SSLContext | None = None) -> Iterator[FeedServer]:
    """A running server on a free port of 127.0.0.1; with `tls` it speaks https."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.asked.append(Asked(self.path, {k.lower(): v for k, v in self.headers.items()}))
            try:
                _answer(self, server)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
            pass

    class Listener(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that refuses the certificate or goes away is what some tests are about."""

    listener = Listener(("127.0.0.1", 0), Handler)
    if tls:
        listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    server = FeedServer(listener.server_address[1], "https" if tls else "http")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        listener.shutdown()
        listener.server_close()
        thread.join()


def _answer(handler: BaseHTTPRequestHandler, server: FeedServer) -> None:
    answer = server.answers.get(handler.path.partition("?")[0], Answer(status=404, body=b"no such page"))
    if answer.etag and handler.headers.get("If-None-Match") == answer.etag:
        answer = Answer(status=304, etag=answer.etag)
    body = b"" if answer.status == 304 else answer.body
    if answer.drip == "headers":
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
        _drip(handler, server)
        return
    handler.send_response(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    if answer.etag:
        handler.send_header("ETag", answer.etag)
    if answer.drip == "body":
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        _drip(handler, server)
        return
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if answer.close:
        handler.wfile.write(body[: len(body) // 2])
        handler.close_connection = True
        return
    handler.wfile.write(body)


def _drip(handler: BaseHTTPRequestHandler, server: FeedServer) -> None:
    """One byte after another until the client goes away or the server stops."""
    handler.close_connection = True
    while not server.stopping.wait(0.02):
        handler.wfile.write(b"x")
        handler.wfile.flush()
