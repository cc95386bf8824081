"""A SendGrid on loopback that judges requests, keeps what it accepted, and fails when told to.

In a test:               with SendGridEmulator() as sendgrid: … sendgrid.url, sendgrid.copies()
For tests that kill:     with EmulatorProcess(log=path) as sendgrid: …   (the same, in another process)
By hand:                 python -m newsletter.drill.sendgrid.emulator --port 8025
"""

import contextlib
import http.client
import json
import secrets
import select
import socket
import ssl
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, Self, cast
from urllib.parse import urlsplit

import msgspec

from newsletter.drill.sendgrid.faults import Fault, Kind, fault
from newsletter.drill.sendgrid.http import Answer, Handler, Server, error, errors
from newsletter.drill.sendgrid.rules import complaints

KEY = "SG.emulator-key.0123456789abcdefghijklmnopqrstuvwxyz"
MAX_BYTES = 30_000_000
Step = Fault | Kind | str | dict[str, Any]


class Copy(NamedTuple):
    """One letter accepted for one address."""

    issue: str
    attempt: str
    delivery: str
    address: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Received:
    """A letter as its reader would get it: substitutions made, headers merged."""

    address: str
    name: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    custom_args: dict[str, str]


class SendGridEmulator:
    """The state and its server; every method may be called from any thread.

    `second_judge`: what it says of a decoded request counts as well as the emulator's own rules.
    `keep_requests`: False for floods, `received` is then empty. `log`: a file that gets a JSON line
    for each copy before the request is answered.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        key: str = KEY,
        scopes: Sequence[str] = ("mail.send",),
        second_judge: Callable[[Any], Sequence[str]] = lambda _request: (),
        keep_requests: bool = True,
        log: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.key = key
        self.scopes = list(scopes)
        self.requests = 0
        """mail/send requests whose head arrived."""
        self.connections = 0
        self.user_agents: set[str] = set()
        self.errors: list[BaseException] = []
        """What went wrong in the emulator itself."""
        self.released = threading.Event()
        """Set at the end, for those who hang."""
        self._second_judge = second_judge
        self._keep_requests = keep_requests
        self._log = log.open("a", encoding="utf-8") if log else None
        self._lock = threading.Lock()
        self._script: deque[Fault] = deque()
        self._copies: list[Copy] = []
        self._bodies: list[dict[str, Any]] = []
        self._sockets: set[socket.socket] = set()
        self._elsewhere = socket.create_server(("127.0.0.1", 0))
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.emulator = self
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        host = "localhost" if tls else "127.0.0.1"
        self.url = f"{'https' if tls else 'http'}://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    # --- what tests ask ---

    def script(self, *steps: Step) -> None:
        """The coming requests meet these fates, one each; those after them are accepted."""
        with self._lock:
            self._script = deque(fault(step) for step in steps)

    def copies(self) -> list[Copy]:
        with self._lock:
            return list(self._copies)

    def copies_per_person(self) -> Counter[tuple[str, str]]:
        """(issue, address) → accepted copies; more than 1 is what must never be."""
        return Counter((copy.issue, copy.address.lower()) for copy in self.copies())

    def received(self) -> list[Received]:
        with self._lock:
            bodies = list(self._bodies)
        return [_received(body, person) for body in bodies for person in body["personalizations"]]

    def bodies(self) -> list[dict[str, Any]]:
        """The accepted requests as they came."""
        with self._lock:
            return list(self._bodies)

    def redirect_was_followed(self) -> bool:
        return bool(select.select([self._elsewhere], [], [], 0)[0])

    def drop_connections(self) -> None:
        """None; all open connections are ended, as a server ends those that are idle."""
        with self._lock:
            for connection in self._sockets:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """None. Raises what went wrong inside the emulator."""
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.drop_connections()
        self._elsewhere.close()
        if self._log:
            self._log.close()
        if self.errors:
            raise self.errors[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what the server asks ---

    def elsewhere_url(self) -> str:
        return f"http://127.0.0.1:{self._elsewhere.getsockname()[1]}/v3/mail/send"

    def connected(self, connection: socket.socket, *, on: bool) -> None:
        with self._lock:
            self.connections += on
            (self._sockets.add if on else self._sockets.discard)(connection)

    def next_fault(self) -> Fault:
        with self._lock:
            self.requests += 1
            return self._script.popleft() if self._script else Fault(Kind.ACCEPT)

    def judge(self, body: bytes, authorization: str, content_type: str) -> tuple[Answer, dict[str, Any]]:
        """The answer due to a mail/send without any fault, and the decoded body of an accepted one."""
        if authorization != f"Bearer {self.key}":
            return error(401, "The provided authorization grant is invalid, expired, or revoked"), {}
        if "mail.send" not in self.scopes:
            return error(403, "access forbidden"), {}
        if content_type.partition(";")[0].strip() != "application/json":
            return error(415, "Content-Type should be application/json."), {}
        if len(body) > MAX_BYTES:
            return error(413, "The payload is too large."), {}
        try:
            request = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return error(400, "Bad Request"), {}
        found = complaints(request)
        found += [(None, text) for text in self._second_judge(request)]
        if found:
            return errors(400, found), {}
        return (202, {"X-Message-Id": secrets.token_urlsafe(16)}, b""), request

    def accept(self, request: dict[str, Any], message_id: str) -> None:
        """None, when every copy of the request is kept and logged."""
        root = request.get("custom_args", {})
        copies = []
        for person in request["personalizations"]:
            arguments = root | person.get("custom_args", {})
            copies += [
                Copy(
                    arguments.get("nl_iss", ""),
                    arguments.get("nl_att", ""),
                    arguments.get("nl_rid", ""),
                    mailbox["email"],
                    message_id,
                )
                for kind in ("to", "cc", "bcc")
                for mailbox in person.get(kind, ())
            ]
        with self._lock:
            self._copies += copies
            if self._keep_requests:
                self._bodies.append(request)
            if self._log:
                self._log.write("".join(json.dumps(copy._asdict()) + "\n" for copy in copies))
                self._log.flush()


class EmulatorProcess:
    """An emulator in its own process, which ends with this object or with the process that made it."""

    def __init__(self, *, log: Path | None = None, script: Sequence[Step] = ()) -> None:
        command = [sys.executable, "-m", "newsletter.drill.sendgrid.emulator"]
        if log:
            command += ["--log", str(log)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = cast("IO[str]", self._process.stdout).readline().strip()
        self.script(*script)

    def script(self, *steps: Step) -> None:
        """As SendGridEmulator.script."""
        self._ask("POST", "/_emulator/script", [fault(step).as_json() for step in steps])

    def state(self) -> dict[str, Any]:
        """requests, connections, redirect_was_followed, copies."""
        return dict(json.loads(self._ask("GET", "/_emulator")))

    def copies(self) -> list[Copy]:
        return [Copy(**copy) for copy in self.state()["copies"]]

    def copies_per_person(self) -> Counter[tuple[str, str]]:
        """As SendGridEmulator.copies_per_person."""
        return Counter((copy.issue, copy.address.lower()) for copy in self.copies())

    def close(self) -> None:
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, method: str, path: str, content: object = None) -> bytes:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(content) if content is not None else None)
            return connection.getresponse().read()


def _received(body: dict[str, Any], person: dict[str, Any]) -> Received:
    def fill(text: str) -> str:
        for tag, value in person.get("substitutions", {}).items():
            text = text.replace(tag, value)
        return text

    content = {part["type"]: fill(part["value"]) for part in body["content"]}
    return Received(
        address=person["to"][0]["email"],
        name=person["to"][0].get("name", ""),
        subject=fill(body["subject"]),
        text=content.get("text/plain", ""),
        html=content.get("text/html", ""),
        headers=body.get("headers", {}) | person.get("headers", {}),
        custom_args=body.get("custom_args", {}) | person.get("custom_args", {}),
    )


def main() -> None:
    """Serves until standard input ends; the first line of output is the address."""
    import argparse

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--log", type=Path, default=None)
    options = parser.parse_args()
    with SendGridEmulator(
        port=options.port, key=options.key, log=options.log, keep_requests=False
    ) as emulator:
        sys.stdout.write(f"{emulator.url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            sys.stdin.read()


if __name__ == "__main__":
    main()
