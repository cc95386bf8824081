"""A mail server that remembers what it took, however its clients end, and that stops where a test says.

aiosmtpd forgets a letter that it has not read to its end when the client is gone, though all of it had
arrived; a mail server on the network goes on and delivers it. So does this one.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedIOBase

PATIENCE = 30.0
"""Seconds after which something that should have happened has not."""
HANG_UP = b""
"""A reply to a letter: it is taken, and the connection closed without a word."""
NAME = b"mail.test"
OFFER = (b"PIPELINING", b"SIZE 10000000", b"8BITMIME", b"SMTPUTF8", b"ENHANCEDSTATUSCODES")
TAKEN = b"250 2.0.0 queued"
STEPS = ("MAIL", "RCPT", "DATA", "LETTER")
"""Where it can be stopped: at a command that it has read and not answered; or at a letter's final dot, when
it has the whole letter and has neither taken nor answered it."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A letter that was taken; `recipient` is that of RCPT."""

    recipient: str
    letter: bytes


@dataclass(kw_only=True)
class _Halt:
    step: str
    first: int
    last: int
    passages: int = 0


class KeepingServer:
    """The server on 127.0.0.1. `kept` holds every letter whose final dot came and that was not refused."""

    def __init__(self, *, pipelining: bool = True) -> None:
        self.kept: list[Kept] = []
        self.replies: dict[str, list[bytes]] = {}
        """Replies to RCPT by address, each for one time; the last one stays."""
        self.replies_to_letters: dict[str, list[bytes]] = {}
        """The same for letters, by their recipient. Only what begins with 4 or 5 is not taken."""
        self._offer = OFFER if pipelining else OFFER[1:]
        self._state = threading.Condition()
        self._halt: _Halt | None = None
        self._halted: list[str] = []
        self._keeps = True
        self._over = False
        self._sessions = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> "KeepingServer":
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        with self._state:
            self._over = True
            self._state.notify_all()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    # --- what a test asks of it -----------------------------------------------------------------

    @property
    def recipients(self) -> list[str]:
        """Whose letters were taken, in order."""
        with self._state:
            return [kept.recipient for kept in self.kept]

    def halt(self, step: str, nth: int, *, sessions: int = 1) -> None:
        """None; the nth passage of the step, of all sessions together, and the next ones until so many
        sessions stand still, wait for `go_on`."""
        assert step in STEPS
        with self._state:
            self._halt = _Halt(step=step, first=nth, last=nth + sessions - 1)

    def wait_until_halted(self, sessions: int = 1) -> list[str]:
        """The recipients at whose letters it stands still; none for MAIL, where nobody is named yet."""
        self._until(lambda: len(self._halted) == sessions, f"{sessions} sessions stood still")
        return list(self._halted)

    def go_on(self, *, keeps: bool = True) -> None:
        """None; the sessions that stood still go on, and a letter at hand is taken, or else refused."""
        with self._state:
            self._halt, self._keeps = None, keeps
            self._halted.clear()
            self._state.notify_all()

    def wait_until_left(self) -> None:
        """None, when nobody is connected any more and all that had come from them is taken."""
        self._until(lambda: self._sessions == 0, "everybody had left")

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        with self._state:
            assert self._state.wait_for(condition, PATIENCE), f"it did not come to this: {what}"

    # --- sessions -------------------------------------------------------------------------------

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with self._state:
                    self._sessions += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with suppress(OSError), connection, connection.makefile("rb") as stream:
                self._talk(connection, stream)
        finally:
            with self._state:
                self._sessions -= 1
                self._state.notify_all()

    def _talk(self, connection: socket.socket, stream: BufferedIOBase) -> None:
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # three replies follow each other
        connection.sendall(b"220 " + NAME + b" ESMTP\r\n")
        recipients: list[str] = []
        while (line := stream.readline()).endswith(b"\r\n"):
            verb = line.split()[0].upper().decode("ascii")
            reply = self._reply(verb, line, recipients)
            if verb == "DATA" and recipients:
                connection.sendall(reply + b"\r\n")
                letter = _letter(stream)
                if letter is None:
                    return
                reply = self._take(letter, recipients)
                recipients.clear()
            if reply == HANG_UP:
                return
            connection.sendall(reply + b"\r\n")
            if verb == "QUIT":
                return

    def _reply(self, verb: str, line: bytes, recipients: list[str]) -> bytes:
        if verb == "EHLO":
            lines = [NAME, *self._offer]
            return b"\r\n".join(b"250" + (b" " if x is lines[-1] else b"-") + x for x in lines)
        if verb in {"MAIL", "RSET"}:
            recipients.clear()
        if verb == "RCPT":
            address = line[line.index(b"<") + 1 : line.index(b">")].decode()
            self._pass("RCPT", address)
            reply = self._next(self.replies, address, b"250 2.1.5 ok")
            if reply.startswith(b"2"):
                recipients.append(address)
            return reply
        if verb in STEPS:
            self._pass(verb, *recipients)
        if verb == "DATA":
            return b"354 go on" if recipients else b"554 5.5.1 no valid recipients"
        return b"221 2.0.0 bye" if verb == "QUIT" else b"250 2.0.0 ok"

    def _take(self, letter: bytes, recipients: list[str]) -> bytes:
        (recipient,) = recipients  # each letter is one person's
        stood_still = self._pass("LETTER", recipient)
        reply = self._next(self.replies_to_letters, recipient, TAKEN)
        with self._state:
            if stood_still and not self._keeps:
                return b"451 4.3.0 not taken"
            if not reply.startswith((b"4", b"5")):
                self.kept.append(Kept(recipient=recipient, letter=letter))
        return reply

    def _pass(self, step: str, *recipients: str) -> bool:
        """Whether the session stood still here."""
        with self._state:
            halt = self._halt
            if halt is None or halt.step != step:
                return False
            halt.passages += 1
            if not halt.first <= halt.passages <= halt.last:
                return False
            self._halted += recipients or [""]
            self._state.notify_all()
            self._state.wait_for(lambda: self._halt is not halt or self._over, PATIENCE)
            return True

    def _next(self, replies: dict[str, list[bytes]], key: str, usual: bytes) -> bytes:
        with self._state:
            given = replies.get(key, [])
            return given.pop(0) if len(given) > 1 else given[0] if given else usual


def _letter(stream: BufferedIOBase) -> bytes | None:
    """The letter, or None when it has no end."""
    lines: list[bytes] = []
    while (line := stream.readline()) != b".\r\n":
        if not line.endswith(b"\r\n"):
            return None
        lines.append(line)
    return b"".join(lines)
