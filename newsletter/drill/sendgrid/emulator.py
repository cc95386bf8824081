"""A SendGrid on loopback that judges requests, keeps what it accepted, and fails when told to.

In a test:               with SendGridEmulator() as sendgrid: … sendgrid.url, sendgrid.copies()
In another process:      see process.py
"""

import contextlib
import json
import select
import socket
import ssl
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

import msgspec

from newsletter.drill.sendgrid.answers import Answer, Call, error, errors, ok, route
from newsletter.drill.sendgrid.faults import Fault, Kind, fault
from newsletter.drill.sendgrid.http import Handler, Server
from newsletter.drill.sendgrid.logs import Logs
from newsletter.drill.sendgrid.mailing import Copy, Fate, Mailing, Received, new_message_id, received
from newsletter.drill.sendgrid.rules import complaints
from newsletter.drill.sendgrid.suppressions import Suppressions
from newsletter.ports import Clock
from newsletter.wiring.clocks import ShiftedClock, SystemClock

if TYPE_CHECKING:
    from newsletter.drill.sendgrid.webhook import EventWebhook

__all__ = ["KEY", "Copy", "Received", "SendGridEmulator", "Step"]

KEY = "SG.emulator-key.0123456789abcdefghijklmnopqrstuvwxyz"
SCOPES = (
    "mail.send",
    "mail.batch.create",
    "mail.batch.read",
    "user.scheduled_sends.create",
    "user.scheduled_sends.read",
    "user.scheduled_sends.update",
    "user.scheduled_sends.delete",
    "email_logs.read",
    "suppression.read",
    "asm.suppressions.global.create",
)
MAIL_SEND = "/v3/mail/send"
MAX_BYTES = 30_000_000
Step = Fault | Kind | str | dict[str, Any]


class SendGridEmulator:
    """The state and its server; every method may be called from any thread.

    `second_judge`: what it says of a decoded request counts as well as the emulator's own rules.
    `keep_requests`: False for floods, `received` is then empty. `log`: a file that gets a JSON line
    for each copy before the request is answered. `clock`: the real time, unless a test brings its own.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        key: str = KEY,
        scopes: Sequence[str] = SCOPES,
        second_judge: Callable[[Any], Sequence[str]] = lambda _request: (),
        keep_requests: bool = True,
        log: Path | None = None,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.key = key
        self.scopes = list(scopes)
        self.requests = 0
        """mail/send requests whose head arrived."""
        self.asked: Counter[str] = Counter()
        """Requests to the other endpoints: `POST /v3/logs` → how many."""
        self.connections = 0
        self.user_agents: set[str] = set()
        self.errors: list[BaseException] = []
        """What went wrong in the emulator itself."""
        self.released = threading.Event()
        """Set at the end, for those who hang."""
        self._second_judge = second_judge
        self._keep_requests = keep_requests
        self._log = log.open("a", encoding="utf-8") if log else None
        self._lock = threading.RLock()
        self._clock = clock or SystemClock()
        self._scripts: dict[str, deque[Fault]] = defaultdict(deque)
        self._mailing = Mailing(self.now)
        self.suppressions = Suppressions(self.now)
        self._routes = [
            route("GET", "/v3/scopes", "", lambda _call: ok({"scopes": self.scopes})),
            *self._mailing.schedule.routes(),
            *Logs(self._mailing).routes(),
            *self.suppressions.routes(),
        ]
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

    def script(self, *steps: Step, path: str = MAIL_SEND) -> None:
        """The coming requests to `path`, or below it, meet these fates, one each; those after them are
        accepted."""
        with self._lock:
            self._scripts[path] = deque(fault(step) for step in steps)

    def now(self) -> datetime:
        return self._clock.now()

    def advance(self, **span: float) -> None:
        """None; it is later, and what became due meanwhile is mailed."""
        with self._lock:
            self._clock = ShiftedClock(self._clock, timedelta(**span))
            self._mailing.mail_due()

    def copies(self) -> list[Copy]:
        """Every copy that was mailed or is going to be: those that were called back are left out."""
        with self._lock:
            return self._mailing.copies(Fate.MAILED, Fate.SCHEDULED)

    def cancelled(self) -> list[Copy]:
        """Every copy that was accepted and called back in time."""
        with self._lock:
            return self._mailing.copies(Fate.CANCELLED)

    def copies_per_person(self) -> Counter[tuple[str, str]]:
        """(issue, address) → accepted copies; more than 1 is what must never be."""
        return Counter((copy.issue, copy.address.lower()) for copy in self.copies())

    def received(self) -> list[Received]:
        return [received(body, person) for body in self.bodies() for person in body["personalizations"]]

    def bodies(self) -> list[dict[str, Any]]:
        """The accepted requests as they came."""
        with self._lock:
            return list(self._bodies)

    @cached_property
    def webhook(self) -> "EventWebhook":
        """What makes and signs events about the copies."""
        from newsletter.drill.sendgrid.webhook import EventWebhook

        return EventWebhook(self._mailing, self.now)

    def events(self) -> list[dict[str, Any]]:
        """All events about what was mailed by now, the same ones whenever it is asked."""
        with self._lock:
            return self.webhook.events()

    def post_events(
        self,
        url: str,
        *,
        seed: int = 0,
        times: int = 1,
        renamed: bool = False,
        held_back: float = 0.0,
        parallel: int = 1,
    ) -> Counter[int]:
        """How many POSTs of events were answered with which status; see webhook.disorder."""
        from newsletter.drill.sendgrid.webhook import disorder, post

        brought = disorder(self.events(), seed=seed, times=times, renamed=renamed, held_back=held_back)
        return post(url, brought, self.webhook.signed, parallel=parallel)

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

    def next_fault(self, method: str, path: str) -> Fault:
        """The fate of a request whose head has come in."""
        with self._lock:
            if path == MAIL_SEND:
                self.requests += 1
            else:
                self.asked[f"{method} {path}"] += 1
            script = next((steps for start, steps in self._scripts.items() if path.startswith(start)), None)
            return script.popleft() if script else Fault(Kind.ACCEPT)

    def answer(self, method: str, url: str, authorization: str, body: bytes) -> Answer:
        """The answer due to a request to any endpoint but mail/send, with its effects."""
        address = urlsplit(url)
        for endpoint in self._routes:
            names = endpoint.path.fullmatch(address.path)
            if names is None or endpoint.method != method:
                continue
            if refusal := self._unauthorised(authorization, endpoint.scope):
                return refusal
            try:
                content = msgspec.json.decode(body) if body else None
            except (msgspec.DecodeError, UnicodeDecodeError):
                return error(400, "Bad Request")
            with self._lock:
                query = dict(parse_qsl(address.query))
                return endpoint.answer(Call(names=names.groups(), query=query, body=content))
        return error(404, "not found")

    def judge(self, body: bytes, authorization: str, content_type: str) -> tuple[Answer, dict[str, Any]]:
        """The answer due to a mail/send without any fault, and the decoded body of an accepted one."""
        if refusal := self._unauthorised(authorization, "mail.send"):
            return refusal, {}
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
        if not found:
            with self._lock:
                found = self._mailing.schedule.complaints(request)
        if found:
            return errors(400, found), {}
        return (202, {"X-Message-Id": new_message_id()}, b""), request

    def accept(self, request: dict[str, Any], message_id: str) -> None:
        """None, when every copy of the request is kept and logged."""
        with self._lock:
            accepted = self._mailing.accept(request, message_id)
            if self._keep_requests:
                self._bodies.append(request)
            if self._log:
                self._log.write("".join(json.dumps(copy._asdict()) + "\n" for copy in accepted.copies()))
                self._log.flush()

    def _unauthorised(self, authorization: str, scope: str) -> Answer | None:
        if authorization != f"Bearer {self.key}":
            return error(401, "The provided authorization grant is invalid, expired, or revoked")
        return error(403, "access forbidden") if scope and scope not in self.scopes else None
