"""Whatever comes in, the server never fails: requests from its own description, and worse ones."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from newsletter.content.links import reader_token
from newsletter.content.tokens import Purpose, make_token
from newsletter.models import SubscriberId
from newsletter.web.app import make_pages
from newsletter.wiring import App, open_app
from tests.support.project import make_project
from tests.support.webhooks import Signer

CASES = 12
"""Per operation; the whole file is to take about a minute on a busy machine."""
CALM = settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PATHS = (
    "/subscribe", "/api/subscribe", "/confirm/{}", "/u/{}", "/back/{}", "/privacy/{}", "/manage/{}", "/m/{}",
    "/new-address/{}", "/a/{}", "/archive", "/archive/{}", "/archive/search?q={}", "/webhooks/{}", "/{}",
    "/readyz",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND")
TYPES = (
    "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x",
    "multipart/form-data", "text/plain; charset=utf-16", "\x7f",
    "application/x-www-form-urlencoded; charset=bogus",
)  # fmt: skip
NAMES = (
    "Accept-Language", "X-Forwarded-For", "Origin", "User-Agent", "Cookie", "Content-Encoding", "Sec-Purpose",
    "If-None-Match", "If-Modified-Since", "Range", "Accept", "Referer",
    "X-Twilio-Email-Event-Webhook-Timestamp",
)  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    project = make_project(tmp_path_factory.mktemp("fuzz") / "letter")
    project.configure(f'[provider.sendgrid]\nwebhook_key = "{Signer().public_key}"\n')
    project.configure('[web]\ntrusted_proxies = ["127.0.0.0/8"]\n')
    with open_app(project.folder, {}) as opened:
        yield opened


@pytest.fixture(scope="module")
def server(app: App) -> Iterator[str]:
    """Where the pages are served, as `serve` does."""
    config = uvicorn.Config(make_pages(app), log_level="critical", access_log=False, lifespan="off")
    running = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        thread.join()


def test_no_request_that_the_description_allows_breaks_the_server(server: str) -> None:
    schema = schemathesis.openapi.from_url(f"http://{server}/openapi.json")
    asked = set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @CALM
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            answer = case.call(base_url=f"http://{server}", timeout=20, allow_redirects=False)
            assert answer.status_code < 500, (case.method, answer.status_code)

        ask()
        asked.add((operation.method, operation.path))
    assert ("post", "/subscribe") in asked
    assert len(asked) >= 15


def octets(most: int) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=most)


def values() -> st.SearchStrategy[bytes]:
    """What may stand in a header on the wire."""
    usual = st.sampled_from(
        [b"de, *;q=0.5", b"1.2.3.4, ::1, x", b"gzip", b"null", b"bytes=0-,5-", b"\xff\xfe", b'W/"']
    )
    wild = octets(60).map(lambda each: bytes(octet for octet in each if octet not in b"\r\n\0"))
    return st.one_of(usual, wild)


def words(app: App) -> st.SearchStrategy[str]:
    """What may stand in a path: tokens, tokens with something wrong, and nonsense."""
    tokens = [reader_token(app.keys, SubscriberId(1))] + [
        make_token(app.keys, purpose, SubscriberId(number), now=app.clock.now())
        for purpose in Purpose
        for number in (1, 2**62)
    ]
    broken = st.builds(
        lambda token, at, sign: token[:at] + sign + token[at + 1 :],
        st.sampled_from(tokens),
        st.integers(0, 39),
        st.sampled_from("A_-%~é"),
    )
    return st.one_of(st.sampled_from(tokens), broken, st.text(max_size=60))


def encoded(text: str) -> bytes:
    """The text as a path may hold it, and sometimes must not: some octets raw."""
    return b"".join(
        bytes([octet]) if 33 <= octet < 127 and octet not in b"#" else b"%%%02X" % octet
        for octet in text.encode("utf-8", "surrogatepass")
    )


def status(server: str, request: bytes) -> int:
    """The status that the server answers to these octets; 0 when it hangs up, as it may on nonsense."""
    host, _, port = server.partition(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=20)) as connection:
        connection.connect()
        connection.sock.sendall(request)
        answer = http.client.HTTPResponse(connection.sock)
        try:
            answer.begin()
        except http.client.BadStatusLine:
            return 0
        return answer.status


def test_no_token_header_or_body_breaks_the_server(app: App, server: str) -> None:
    @settings(CALM, max_examples=CASES * 25)
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        path = encoded(data.draw(st.sampled_from(PATHS)).replace("{}", data.draw(words(app))))
        method = data.draw(st.sampled_from(METHODS)).encode()
        headers = data.draw(st.dictionaries(st.sampled_from(NAMES), values(), max_size=5))
        kind = data.draw(st.sampled_from(TYPES)).encode()
        body = data.draw(bodies())
        lines = [b"%s %s HTTP/1.1" % (method, path), b"Host: news.example.com", b"Connection: close"]
        lines += [name.encode() + b": " + value for name, value in headers.items()]
        lines += [b"Content-Type: " + kind, b"Content-Length: %d" % len(body)]
        assert status(server, b"\r\n".join(lines) + b"\r\n\r\n" + body) < 500, lines

    ask()
    assert app.subscribers.count(), "the database is whole"


PARTS = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
BODIES = (
    b"List-Unsubscribe=One-Click",
    PARTS,
    PARTS[:40],
    b"do=json",
    b"{}",
    b'{"email": "a@b.example", "topics": [1]}',
    b'{"email": "\\ud800@b.example"}',
    b"email=a%40b.example&name=%FF",
    b"email=%00@b.example",
    b"email=a@b.example&name=%ED%A0%80",
    b"email=" + b"a" * 70_000,
    b"&" * 2_000,
    b"[" * 2_000,
    b"\xff\xfee\x00",
)


def bodies() -> st.SearchStrategy[bytes]:
    return st.one_of(st.sampled_from(BODIES), octets(300))


def test_a_body_that_never_ends_whole_is_no_failure(app: App, server: str, tmp_path: Path) -> None:
    for path in (
        "/subscribe",
        "/api/subscribe",
        "/webhooks/sendgrid",
        f"/u/{reader_token(app.keys, SubscriberId(1))}",
    ):
        host, _, port = server.partition(":")
        with closing(http.client.HTTPConnection(host, int(port), timeout=20)) as connection:
            connection.putrequest("POST", path)
            connection.putheader("Content-Length", "1000")
            connection.endheaders(b"email=")
    assert status(server, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == 200
