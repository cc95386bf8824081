"""The HTTP side of the SendGrid emulator: its paths, its answers and its misbehaviour on the wire."""

import json
import socket
import socketserver
import struct
import sys
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from newsletter.drill.sendgrid.answers import Answer, error, ok
from newsletter.drill.sendgrid.faults import Fault, Kind

if TYPE_CHECKING:
    from newsletter.drill.sendgrid.emulator import SendGridEmulator


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    emulator: "SendGridEmulator"

    def handle_error(self, request: object, client_address: object) -> None:
        failure = sys.exception()
        if failure is not None and not isinstance(failure, OSError):
            self.emulator.errors.append(failure)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.emulator = self.server.emulator
        self.emulator.connected(self.connection, on=True)

    def finish(self) -> None:
        self.emulator.connected(self.connection, on=False)
        super().finish()

    def log_message(self, *_: object) -> None:
        pass

    def date_time_string(self, _timestamp: float | None = None) -> str:
        return formatdate(self.emulator.now().timestamp(), usegmt=True)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/_emulator"):
            self._control(path)
            return
        fate = self.emulator.next_fault(self.command, path)
        if (self.command, path) == ("POST", "/v3/mail/send"):
            self.emulator.user_agents.add(self.headers.get("User-Agent", ""))
            if not self._fails_before_reading(fate):
                self._mail_send(fate)
        elif not self._fails_before_reading(fate):
            body = self._body()
            if fate.kind.startswith("accept"):
                answer = self.emulator.answer(
                    self.command, self.path, self.headers.get("Authorization", ""), body
                )
                self._answer_acceptance(answer, fate)
            else:
                self._answer(_refusal(fate, {}, self.emulator.elsewhere_url()))

    def _control(self, path: str) -> None:
        """Tells and does what the emulator's own process is asked by its owner."""
        emulator, content = self.emulator, json.loads(self._body() or b"null")
        answer: object = None
        match path.removeprefix("/_emulator").strip("/"):
            case "":
                answer = {
                    "requests": emulator.requests,
                    "connections": emulator.connections,
                    "redirect_was_followed": emulator.redirect_was_followed(),
                    "copies": [copy._asdict() for copy in emulator.copies()],
                    "cancelled": [copy._asdict() for copy in emulator.cancelled()],
                    "public_key": emulator.webhook.public_key,
                }
            case "script":
                emulator.script(*content["steps"], path=content["path"])
            case "advance":
                emulator.advance(**content)
            case "becomes":
                emulator.webhook.becomes(*content)
            case "post_events":
                answer = emulator.post_events(**content)
            case "drop_connections":
                self._answer(ok(None))
                emulator.drop_connections()
                return
            case _:
                self._answer(error(404, "not found"))
                return
        self._answer(ok(answer))

    def _fails_before_reading(self, fate: Fault) -> bool:
        """Whether the request met its fate with its head alone."""
        match fate.kind:
            case Kind.HANG_BEFORE_READING:
                self._hang()
            case Kind.CLOSE_BEFORE_READING:
                self._reset()
            case Kind.REFUSE_BEFORE_READING:
                self._answer(error(413, "The payload is too large."), close=True)
            case _:
                return False
        return True

    def _mail_send(self, fate: Fault) -> None:
        answer, request = self.emulator.judge(
            self._body(), self.headers.get("Authorization", ""), self.headers.get("Content-Type", "")
        )
        if answer[0] != 202:
            self._answer(answer)
        elif fate.kind.startswith("accept"):
            self.emulator.accept(request, answer[1]["X-Message-Id"])
            self._answer_acceptance(answer, fate)
        else:
            self._answer(_refusal(fate, request, self.emulator.elsewhere_url()))

    def _answer_acceptance(self, answer: Answer, fate: Fault) -> None:
        status, headers, _ = answer
        match fate.kind:
            case Kind.ACCEPT:
                self._answer(answer)
            case Kind.ACCEPT_WITHOUT_ID:
                self._answer((status, {}, b""))
            case Kind.ACCEPT_THEN_NONSENSE:
                self._answer((status, headers, str(fate.value or '["nonsense"]').encode()))
            case Kind.ACCEPT_THEN_HANG:
                self._hang()
            case Kind.ACCEPT_THEN_CLOSE:
                self.close_connection = True
            case Kind.ACCEPT_THEN_500:
                self._answer(error(500, "internal server error"))
            case Kind.ACCEPT_THEN_SHORT_BODY:
                self._write(f"HTTP/1.1 {status} Accepted\r\nContent-Length: 10\r\n\r\nabc".encode())
            case Kind.ACCEPT_THEN_PARTIAL_STATUS:
                self._write(f"HTTP/1.1 {status} Acc".encode())
            case Kind.ACCEPT_THEN_GARBAGE:
                self._write(b"\x00\x01 not HTTP\r\n\r\n")
            case Kind.ACCEPT_THEN_DRIP:
                lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                self._drip(f"HTTP/1.1 {status} Accepted\r\n{lines}X-Drip: ".encode())

    def _answer(self, answer: Answer, *, close: bool = False) -> None:
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or close

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _write(self, octets: bytes) -> None:
        self.wfile.write(octets)
        self.close_connection = True

    def _hang(self) -> None:
        self.emulator.released.wait()
        self.close_connection = True

    def _drip(self, head: bytes) -> None:
        self.wfile.write(head)
        while not self.emulator.released.wait(0.02):
            self.wfile.write(b"x")
        self.close_connection = True

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


def _refusal(fate: Fault, request: dict[str, Any], elsewhere: str) -> Answer:
    match fate.kind:
        case Kind.THROTTLE | Kind.THROTTLE_RETRY_AFTER | Kind.THROTTLE_PLAIN:
            status, headers, body = error(429, "too many requests")
            names = {Kind.THROTTLE: "X-RateLimit-Reset", Kind.THROTTLE_RETRY_AFTER: "Retry-After"}
            more = {names[fate.kind]: str(fate.value)} if fate.kind in names else {}
            return status, headers | more, body
        case Kind.REFUSE_RECIPIENT:
            place = int(fate.value or 0)
            address = request["personalizations"][place]["to"][0]["email"]
            message = f"Does not contain a valid address: {address}"
            return error(400, message, f"personalizations.{place}.to.0.email")
        case Kind.REDIRECT:
            return 302, {"Location": elsewhere}, b""
        case Kind.STATUS:
            return error(int(fate.value), f"status {fate.value} as told")
        case _:
            return error(400, "Bad Request")
