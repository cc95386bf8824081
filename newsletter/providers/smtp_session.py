"""One session with a mail server: a letter at a time, and for each how far it came.

smtplib says EHLO and logs in. What it does with letters is done anew here: it raises one and the same
error before and after the final dot, waits for each reply before the next command, and has a
time-out for each single read.
"""

import smtplib
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from newsletter import faults
from newsletter.config.settings import Encryption
from newsletter.errors import ProviderError, ProviderRefused, ProviderUnavailable
from newsletter.providers.smtp_answers import Reply, Step, opening_error
from newsletter.providers.sockets import BoundedSocket, Deadline, connect, pieces, reason

IDLE_SECONDS = 2.0
"""A session unused for longer is asked whether it still stands."""
QUIT_SECONDS = 1.0
"""Longest wait for a server's farewell."""
MAX_LINE = 8192
"""Octets; RFC 5321 §4.5.3.1.5 allows 512, and servers write more."""
MAX_LINES = 200
FINAL_DOT = b".\r\n"
_RESET = b"RSET\r\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A submission server and who we are to it."""

    host: str
    port: int
    encryption: Encryption
    hello: str = ""
    username: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class SmtpSession:
    """An open session. Raises ProviderUnavailable or ProviderRefused, with the server's words."""

    def __init__(self, server: Server, *, tls: Callable[[], ssl.SSLContext], deadline: Deadline) -> None:
        try:
            wire = BoundedSocket(connect(server.host, server.port, deadline), deadline)
        except OSError as error:
            raise ProviderUnavailable(f"{server} cannot be reached: {reason(error)}") from error
        self._talk = _Talk(wire, server)
        self._used_at = time.monotonic()
        self.is_open = True
        try:
            self._begin(server, tls)
        except BaseException:
            self.close()
            raise

    @property
    def takes_utf8(self) -> bool:
        """Whether an address may have other letters than ASCII's before its @ (RFC 6531)."""
        return bool(self._talk.has_extn("smtputf8"))

    @property
    def max_size(self) -> int:
        """The most octets that a letter may have (RFC 1870); 0 when the server names no limit."""
        size = self._talk.esmtp_features.get("size", "")
        return int(size) if size.isascii() and size.isdigit() else 0

    def still_stands(self, deadline: Deadline) -> bool:
        """Whether the session can take another letter after a while without any."""
        if not self.is_open or self._talk.unread or self._talk.wire.is_readable():
            return False
        if time.monotonic() - self._used_at < IDLE_SECONDS:
            return True
        self._talk.wire.deadline = deadline
        return self._ask(b"NOOP\r\n", [Step.OTHER])[-1].is_good

    def hand_over(self, sender: str, recipient: str, letter: bytes, *, deadline: Deadline) -> Reply | None:
        """The reply that refused the letter; None when all of it has left, and `answer` tells the rest.

        `letter` ends with the final dot in a line of its own, and has no other line that begins with one.
        """
        self._talk.wire.deadline = deadline
        if self._talk.unread or not self.is_open:
            why = "it spoke out of turn" if self.is_open else "it closed the connection"
            return self._lost(Step.MAIL, ConnectionError(why))
        refusal = self._open_letter(self._commands(sender, recipient, len(letter) - len(FINAL_DOT)))
        if refusal is None:
            return self._content(letter)
        if not self._ask(_RESET, [Step.OTHER])[-1].is_good:
            self.close()
        return refusal

    def answer(self) -> Reply:
        """What became of the letter that was handed over."""
        return self._reply(Step.LETTER)

    def close(self) -> None:
        """None; nothing more is said."""
        self.is_open = False
        self._talk.wire.inner.close()

    def quit(self) -> None:
        """None; the server is told, and the session closed."""
        if self.is_open:
            self._talk.wire.deadline = Deadline(QUIT_SECONDS)
            self._ask(b"QUIT\r\n", [Step.OTHER])
        self.close()

    def _commands(self, sender: str, recipient: str, size: int) -> dict[Step, bytes]:
        mail = f"MAIL FROM:<{sender}>"
        mail += f" SIZE={size}" if self._talk.has_extn("size") else ""
        mail += "" if recipient.isascii() else " BODY=8BITMIME SMTPUTF8"
        lines = {Step.MAIL: mail, Step.RCPT: f"RCPT TO:<{recipient}>", Step.DATA: "DATA"}
        return {step: f"{line}\r\n".encode() for step, line in lines.items()}

    def _open_letter(self, commands: dict[Step, bytes]) -> Reply | None:
        """The refusal, or None when the letter itself is awaited.

        With PIPELINING (RFC 2920) all three commands leave together.
        """
        if not self._talk.has_extn("pipelining"):
            singly = (self._ask(line, [step])[0] for step, line in commands.items())
            return next((reply for reply in singly if not reply.is_good), None)
        replies = self._ask(b"".join(commands.values()), list(commands))
        refusal = next((reply for reply in replies if not reply.is_good), None)
        if refusal is not None and self.is_open and replies[-1].is_good:
            self._ask(FINAL_DOT, [Step.LETTER])  # RFC 2920 §3.1: a letter to nobody is ended at once
        return refusal

    def _content(self, letter: bytes) -> Reply | None:
        """None, when all of the letter has left. What fails before its final dot is a failure of DATA."""
        try:
            for piece in pieces(letter):
                self._talk.wire.sendall(piece)
        except OSError as error:
            return self._lost(Step.DATA, error)
        faults.point("after-body")
        return None

    def _ask(self, lines: bytes, steps: Sequence[Step]) -> list[Reply]:
        """The replies to these commands, one for each step; fewer when the session ends before."""
        try:
            self._talk.send(lines)
        except OSError as error:
            return [self._lost(steps[0], error)]
        replies = []
        for step in steps:
            replies.append(self._reply(step))
            if not self.is_open:
                break
        return replies

    def _reply(self, step: Step) -> Reply:
        try:
            code, words = self._talk.getreply()
        except OSError as error:
            return self._lost(step, error)
        self._used_at = time.monotonic()
        reply = Reply(step=step, code=code, words=words.decode("utf-8", "replace"))
        if reply.ends_session:
            self.close()
        return reply

    def _lost(self, step: Step, error: OSError) -> Reply:
        self.close()
        return Reply(step=step, code=0, words=reason(error))

    def _begin(self, server: Server, tls: Callable[[], ssl.SSLContext]) -> None:
        """None, when the server has greeted us, is the one that it should be, and knows who we are."""
        talk = self._talk
        try:
            if server.encryption == "tls":
                talk.secure(tls(), server.host)
            _expect(220, talk.getreply(), Step.GREETING, server)
            _expect(250, talk.ehlo(), Step.EHLO, server)
            if server.encryption == "starttls":
                _start_tls(talk, tls(), server)
            if server.username:
                _log_in(talk, server)
        except OSError as error:
            raise _failure(error, server, greeted=bool(talk.does_esmtp)) from error


def _failure(error: OSError, server: Server, *, greeted: bool) -> ProviderError:
    """What it means that a session could not begin."""
    cut_off = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    if isinstance(error, ssl.SSLError) and not cut_off:
        return ProviderRefused(
            f"no encryption could be agreed on with {server}: {reason(error)}",
            remedy="check host, port and encryption in [provider.smtp]",
        )
    return ProviderUnavailable(
        f"{server} gave no whole answer: {reason(error)}",
        remedy="" if greeted else 'port 465 wants encryption = "tls", port 587 encryption = "starttls"',
    )


def _expect(wanted: int, reply: tuple[int, bytes], step: Step, server: Server) -> None:
    code, words = reply
    if code != wanted:
        raise opening_error(Reply(step=step, code=code, words=words.decode("utf-8", "replace")), str(server))


def _start_tls(talk: "_Talk", context: ssl.SSLContext, server: Server) -> None:
    if not talk.has_extn("starttls"):
        raise ProviderRefused(
            f"{server} does not offer STARTTLS, so that everything would be sent in clear text",
            remedy='use the provider\'s port for submission: 587, or 465 with encryption = "tls"',
        )
    _expect(220, talk.docmd("STARTTLS"), Step.STARTTLS, server)
    talk.secure(context, server.host)
    _expect(250, talk.ehlo(), Step.EHLO, server)


def _log_in(talk: "_Talk", server: Server) -> None:
    try:
        talk.login(server.username, server.password)
    except smtplib.SMTPAuthenticationError as error:
        words = error.smtp_error
        _expect(
            235, (error.smtp_code, words if isinstance(words, bytes) else words.encode()), Step.AUTH, server
        )
    except (smtplib.SMTPException, ValueError) as error:
        raise ProviderRefused(
            f"{server} offers no login that is known here (CRAM-MD5, PLAIN, LOGIN)",
            remedy="leave username empty if it wants none, or check port and encryption",
        ) from error


@cache
def _own_name() -> str:
    """This machine's name, or its address in brackets; the DNS is asked once, as it may be slow."""
    return smtplib.SMTP().local_hostname


class _Talk(smtplib.SMTP):
    """smtplib's EHLO and AUTH over a socket that keeps to its deadline."""

    def __init__(self, wire: BoundedSocket, server: Server) -> None:
        super().__init__(local_hostname=server.hello or _own_name())
        self.wire = wire
        self.unread = bytearray()

    def send(self, s: Any) -> None:
        self.wire.sendall(s.encode(self.command_encoding) if isinstance(s, str) else s)

    def getreply(self) -> tuple[int, bytes]:
        """The code and the words of one reply. Raises OSError, also for what is no SMTP."""
        lines: list[bytes] = []
        while len(lines) < MAX_LINES:
            line = self._line()
            if not line[:3].isdigit() or line[3:4] not in {b" ", b"-", b""}:
                raise ConnectionError("what it answers is no SMTP")
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)
        raise ConnectionError("its answer has no end")

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """None, when all that follows is encrypted and the server has shown whose it is."""
        if self.unread:  # said before the encryption by whomever, to be taken for the server's own words
            raise ConnectionError("it spoke out of turn")
        inner = self.wire.inner
        inner.settimeout(self.wire.deadline.left())
        self.wire.inner = context.wrap_socket(inner, server_hostname=host)
        self.esmtp_features = {}

    def _line(self) -> bytes:
        while (end := self.unread.find(b"\n")) < 0:
            if len(self.unread) > MAX_LINE:
                raise ConnectionError("its answer has no end")
            chunk = bytearray(4096)
            count = self.wire.recv_into(chunk)
            if not count:
                raise ConnectionResetError("it closed the connection")
            self.unread += chunk[:count]
        line = bytes(self.unread[:end]).removesuffix(b"\r")
        del self.unread[: end + 1]
        return line
