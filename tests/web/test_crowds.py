"""Those who connect and ask nothing: the pages and the schedule go on, and the log stays short."""

import http.client
import re
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest

from newsletter.web import crowds, forms
from newsletter.web.server import serve_pages
from newsletter.wiring import App
from tests.support.project import Project

PATIENCE = 30.0
"""Seconds after which something that should have happened has not."""
HALF = b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
HALF_FORM = HALF + b"Content-Length: 1000\r\n\r\nemail="
LIMITED = """\
import resource
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))
from newsletter.cli import main
main()
"""


@contextmanager
def serving(app: App) -> Iterator[tuple[str, int]]:
    """The server of this app, in this process."""
    listening = threading.Event()
    told: list[str] = []

    def hear(url: str) -> None:
        told.append(url)
        listening.set()

    thread = threading.Thread(target=serve_pages, args=(app, "127.0.0.1", 0), kwargs={"on_listening": hear})
    thread.start()
    try:
        assert listening.wait(PATIENCE)
        yield "127.0.0.1", int(told[0].rpartition(":")[2])
    finally:
        app.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def limited_server(project: Project, hard: str) -> Iterator[tuple[tuple[str, int], list[str]]]:
    """A process whose soft limit is 256 files; what it says is whole after it has ended."""
    command = [sys.executable, "-c", LIMITED.format(hard=hard), "-C", str(project.folder)]
    said: list[str] = []
    with subprocess.Popen(
        [*command, "serve", "--port", "0"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                said.append(line)
                if line.startswith("Serving on "):
                    break
            yield ("127.0.0.1", int(line.rpartition(":")[2])), said
        finally:
            process.terminate()
            said.extend(process.stderr.readlines())
    assert process.returncode == 0


def ask(place: tuple[str, int], path: str) -> int:
    with closing(http.client.HTTPConnection(*place, timeout=PATIENCE)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def is_ended(client: socket.socket) -> bool:
    """Whether the server ends the connection, after its answer if it gives one."""
    client.settimeout(PATIENCE)
    try:
        while client.recv(65_536):
            pass
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    return True


@pytest.mark.parametrize("hard", ["limit", "256"])
@pytest.mark.parametrize("sent", [b"", HALF_FORM], ids=["silent", "half a form"])
def test_three_hundred_who_ask_nothing_leave_files_for_the_pages_and_the_tick(
    project: Project, hard: str, sent: bytes
) -> None:
    with limited_server(project, hard) as (place, said), ExitStack() as clients:
        for _ in range(300):
            client = clients.enter_context(socket.create_connection(place, timeout=PATIENCE))
            with suppress(ConnectionResetError, BrokenPipeError):
                client.sendall(sent)
        for path in ("/healthz", "/readyz", "/subscribe"):
            assert ask(place, path) == 200
    assert not re.search("Traceback|Too many open files", "".join(said))
    assert len(said) < 10, said


def test_the_longest_waiting_makes_room_and_the_log_says_so_once(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(crowds, "MOST", 4)
    with serving(app) as place, ExitStack() as clients:
        crowd = [clients.enter_context(socket.create_connection(place)) for _ in range(12)]
        assert all(is_ended(client) for client in crowd[:8])
        crowd[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        crowd[-1].settimeout(PATIENCE)
        assert crowd[-1].recv(100).startswith(b"HTTP/1.1 200 ")
    assert caplog.text.count("more than 4 connections") == 1


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /heal", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /he", HALF_FORM, HALF + b"\r\n"],
    ids=["silent", "half a line", "half a second request", "half a form", "no form"],
)
def test_who_brings_no_whole_request_is_left(app: App, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(crowds, "HEAD_WITHIN", 0.2)
    monkeypatch.setattr(crowds, "BODY_WITHIN", 0.2)
    with serving(app) as place, socket.create_connection(place) as client:
        client.sendall(sent)
        assert is_ended(client)


def test_a_request_that_trickles_in_is_left_too(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "HEAD_WITHIN", 0.3)
    with serving(app) as place, socket.create_connection(place) as client:
        client.settimeout(0.02)
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
        for octet in range(1_000):
            try:
                client.sendall(b"X-%d: y\r\n" % octet)
                assert client.recv(100) == b""
                return
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                return
    pytest.fail("the connection goes on")


def test_a_form_that_does_not_come_is_answered_408(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "BODY_WITHIN", 0.2)
    with serving(app) as place, socket.create_connection(place) as client:
        client.settimeout(PATIENCE)
        client.sendall(HALF_FORM)
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()


def test_who_takes_no_answer_is_left(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "HEAD_WITHIN", 0.2)
    monkeypatch.setattr(crowds, "ANSWER_WITHIN", 0.2)
    monkeypatch.setattr(crowds, "TAKEN_WITHIN", 0.2)
    ended = threading.Event()
    lost = crowds.Connection.connection_lost

    def note(self: crowds.Connection, exc: Exception | None) -> None:
        lost(self, exc)
        ended.set()

    monkeypatch.setattr(crowds.Connection, "connection_lost", note)
    with serving(app) as place, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(place)
        client.setblocking(False)
        request = b"GET /subscribe HTTP/1.1\r\nHost: x\r\n\r\n"
        with suppress(BlockingIOError, ConnectionResetError, BrokenPipeError):
            while True:  # until no octet fits anywhere: the server has stopped reading
                client.send(request * 100)
        assert ended.wait(PATIENCE)


def test_who_keeps_the_connection_asks_again_on_it(app: App) -> None:
    with serving(app) as place, closing(http.client.HTTPConnection(*place, timeout=PATIENCE)) as kept:
        for _ in range(3):
            kept.request("GET", "/subscribe")
            answer = kept.getresponse()
            answer.read()
            assert answer.status == 200


def test_visitors_do_not_write_the_log(app: App, caplog: pytest.LogCaptureFixture) -> None:
    upgrade = (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    after = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(app) as place:
        for sent in (upgrade, b"\x16\x03\x01\x02\x00 garbage\r\n\r\n"):
            with socket.create_connection(place) as client:
                client.sendall(sent)
                assert is_ended(client)
        with socket.create_connection(place) as client:
            client.settimeout(PATIENCE)
            client.sendall(after)
            assert client.recv(100).startswith(b"HTTP/1.1 404 ")
            client.sendall(b"no chunk\r\n")
            assert is_ended(client)
    assert caplog.text == ""


def test_the_limit_of_files_is_raised_and_bounds_the_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"now": (256, 1_024)}
    monkeypatch.setattr(resource, "getrlimit", lambda _which: limits["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _which, new: limits.update(now=new))
    assert crowds.make_crowd().most == (1_024 - crowds.OWN_FILES) // 2
    assert limits["now"] == (1_024, 1_024)
    for hard in (resource.RLIM_INFINITY, 1_000_000):
        limits["now"] = (256, hard)
        assert crowds.make_crowd().most == crowds.MOST
        assert limits["now"] == (crowds.FILES, hard)
    limits["now"] = (64, 64)
    assert crowds.make_crowd().most == 1
