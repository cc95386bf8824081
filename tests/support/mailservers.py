"""Mail servers on loopback: one that keeps the rules (aiosmtpd) and one that does as a test has written."""

import asyncio
import socket
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from io import BufferedIOBase

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

# --- a server that keeps the rules -------------------------------------------------------------


@dataclass(kw_only=True)
class Inbox:
    """What a server of aiosmtpd took, and the replies that it gives to certain recipients."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    sessions: int = 0
    secured: list[bool] = field(default_factory=list)
    """Of each letter, whether it came through TLS."""
    replies: dict[str, str] = field(default_factory=dict)
    """Replies to RCPT, by address; to the letter, when the address stands behind `letter `."""

    # Names and arguments are aiosmtpd's.
    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.sessions += 1
        return responses

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.replies:
            return self.replies[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options += options
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = self.replies.get(f"letter {envelope.rcpt_tos[0]}", "250 2.0.0 OK: queued")
        if reply.startswith("250"):
            self.taken.append(envelope)
            assert server.transport is not None
            self.secured.append(server.transport.get_extra_info("sslcontext") is not None)
        return reply


@contextmanager
def running_inbox(
    *,
    tls: ssl.SSLContext | None = None,
    from_the_first_byte: bool = False,
    login: tuple[str, str] | None = None,
    utf8: bool = True,
    max_size: int = 33_554_432,
) -> Iterator[Inbox]:
    """A server of aiosmtpd at work; with `tls` it offers STARTTLS, or speaks TLS `from_the_first_byte`."""

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        given = (getattr(data, "login", b""), getattr(data, "password", b""))
        known = tuple(word.encode() for word in login or ())
        return AuthResult(success=given == known, handled=False)

    inbox, loop = Inbox(), asyncio.new_event_loop()
    make = partial(
        SMTP,
        inbox,
        hostname="mail.test",
        enable_SMTPUTF8=utf8,
        data_size_limit=max_size,
        tls_context=None if from_the_first_byte else tls,
        require_starttls=tls is not None and not from_the_first_byte,
        authenticator=authenticate if login else None,
        auth_required=login is not None,
        loop=loop,
    )
    listening = loop.run_until_complete(
        loop.create_server(make, "127.0.0.1", 0, ssl=tls if from_the_first_byte else None)
    )
    inbox.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        asyncio.run_coroutine_threadsafe(_end(listening), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _end(listening: asyncio.Server) -> None:
    listening.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


# --- a server that does as it is told ----------------------------------------------------------

HANG_UP = b""
"""Closes the connection instead of answering."""
SILENCE = b"silence"
"""Answers nothing and reads on."""
DRIP = b"drip"
"""Sends an answer without an end, an octet at a time."""
OFFER = ("PIPELINING", "SIZE 10000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
_GOOD = {
    "GREETING": b"220 mail.test ESMTP",
    "AUTH": b"235 welcome",
    "DATA": b"354 go on",
    "LETTER": b"250 2.0.0 queued as 4711",
    "QUIT": b"221 bye",
}


class ToldServer:
    """A server whose every answer a test can write down beforehand, each for one time.

    Steps are GREETING, the commands, CONTENT (in the middle of a letter) and LETTER (behind its end).
    """

    def __init__(self, *offer: str) -> None:
        self.offer = offer or OFFER
        self.heard: list[bytes] = []
        """Every command of all sessions, without its CRLF."""
        self.taken: list[bytes] = []
        """The letters that were not refused, as they came: also when the answer to them was lost."""
        self.sessions = 0
        self._answers: dict[str, deque[bytes]] = defaultdict(deque)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # it cannot take much unread
        self._stopped = threading.Event()
        self.port: int = self._listener.getsockname()[1]

    def say(self, step: str, *answers: bytes | None) -> None:
        """None; the next times that the step comes it is answered so (None: as is right)."""
        self._answers[step] += [_GOOD.get(step, b"250 ok") if each is None else each for each in answers]

    @property
    def verbs(self) -> list[str]:
        """The first word of every command."""
        return [line.split(b" ")[0].decode().upper() for line in self.heard]

    def __enter__(self) -> "ToldServer":
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.sessions += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as stream:
            going_on = self._answer(connection, "GREETING")
            while going_on and (line := stream.readline()):
                self.heard.append(line.rstrip(b"\r\n"))
                verb = line.split()[0].decode("latin-1").upper()
                if verb == "EHLO" and not self._answers["EHLO"]:
                    going_on = self._write(connection, self._greeting())
                else:
                    going_on = self._answer(connection, verb)
                    if going_on == b"354 go on":
                        going_on = self._letter(connection, stream)

    def _greeting(self) -> bytes:
        lines = ["mail.test", *self.offer]
        return "\r\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines).encode()

    def _letter(self, connection: socket.socket, stream: BufferedIOBase) -> bytes:
        lines: list[bytes] = []
        while (line := stream.readline()) not in {b".\r\n", b""}:
            lines.append(line)
            if len(lines) == 5 and self._answers["CONTENT"] and self._answers["CONTENT"].popleft() == HANG_UP:
                return b""
        if not line:
            return HANG_UP
        answer = self._next("LETTER")
        if lines and not answer.startswith((b"4", b"5")):  # one without a line went to nobody
            self.taken.append(b"".join(lines))
        return self._write(connection, answer)

    def _answer(self, connection: socket.socket, step: str) -> bytes:
        """What was answered; nothing when the session is over."""
        return self._write(connection, self._next(step))

    def _next(self, step: str) -> bytes:
        answers = self._answers[step]
        return answers.popleft() if answers else _GOOD.get(step, b"250 ok")

    def _write(self, connection: socket.socket, answer: bytes) -> bytes:
        if answer == DRIP:
            while not self._stopped.wait(0.02):
                connection.sendall(b"2")
            return b""
        if answer not in {HANG_UP, SILENCE}:
            connection.sendall(answer + b"\r\n")
        return answer
