"""Any submission server that speaks SMTP (RFC 5321, RFC 6409)."""

import re
import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from newsletter import faults
from newsletter.config.settings import Settings
from newsletter.content.addresses import parse_address
from newsletter.errors import BadSetting
from newsletter.models import Batch, RenderedEmail, Sender, SendOutcome
from newsletter.ports import Clock
from newsletter.providers.letters import Letter, Letters
from newsletter.providers.smtp_answers import Reply, Step, goes_on, outcomes
from newsletter.providers.smtp_session import FINAL_DOT, Server, SmtpSession
from newsletter.providers.sockets import Deadline, is_loopback

if TYPE_CHECKING:
    from newsletter.providers.dkim import DkimSigner

MAX_RECIPIENTS = 20
"""So few that a pause is heeded within seconds, and that a kill leaves few people uncertain."""
MAX_TIMEOUT = 90
"""Seconds for one letter."""
LAST_START_SECONDS = 60.0
"""No letter of a request begins later, so that it ends before the sender's lease does (180 s)."""
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", re.ASCII)


class SmtpProvider:
    """The Provider of the kind `smtp`. `timeout` is in seconds, for one letter.

    Letters go one after another over one session, which is kept between requests.
    """

    name = "smtp"
    max_recipients = MAX_RECIPIENTS

    def __init__(
        self, server: Server, *, timeout: float, clock: Clock, signer: "DkimSigner | None" = None
    ) -> None:
        self._server = server
        self._timeout = timeout
        self._clock = clock
        self._signer = signer
        self._session: SmtpSession | None = None
        self._context: ssl.SSLContext | None = None
        self._letters = Letters()

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> Self:
        """The provider as newsletter.toml and the environment describe it. Raises BadSetting."""
        smtp = settings.provider.smtp
        server = Server(
            host=smtp.host,
            port=smtp.port,
            encryption=smtp.encryption,
            hello=smtp.hello,
            username=smtp.username,
            password=settings.secrets.smtp_password,
        )
        _check(server, settings)
        if not 0 < smtp.timeout <= MAX_TIMEOUT:
            raise BadSetting(
                f"must be more than 0 and at most {MAX_TIMEOUT} seconds",
                where=settings.where("provider.smtp.timeout"),
                remedy="write timeout = 60",
            )
        return cls(server, timeout=smtp.timeout, clock=clock, signer=_signer(settings))

    def submit(self, email: RenderedEmail, sender: Sender, batch: Batch) -> Sequence[SendOutcome]:
        """One outcome per recipient, in order: each letter is answered by itself.

        Those whose turn did not come are unavailable. Raises as ports.Provider says, but never
        SubmissionUncertain: who is in doubt is told by name.
        """
        if not batch.recipients:
            return []
        letters = self._letters.of(email, sender, batch, date=self._clock.now(), utf8=True)
        last_start = Deadline(LAST_START_SECONDS)
        session = self._open_session()
        faults.point("after-connect")
        replies: list[Reply] = []
        try:
            octets = map(self._octets, letters)
            upcoming = next(octets)
            for letter in letters:
                refusal = self._hand_over(session, sender, letter, upcoming)
                upcoming = next(octets, b"")  # written while the server still takes the one before
                replies.append(refusal or session.answer())
                if not goes_on(replies) or last_start.is_over:
                    break
        except BaseException:
            session.close()  # what is left of this letter must never be read as the next one's
            raise
        return outcomes(replies, batch.recipients, str(self._server))

    def close(self) -> None:
        """None; a later submit would open a new session."""
        if self._session is not None:
            self._session.quit()
            self._session = None

    def _hand_over(self, session: SmtpSession, sender: Sender, letter: Letter, octets: bytes) -> Reply | None:
        """As SmtpSession.hand_over; a letter that the server would not take is refused here."""
        address = letter.recipient.address.addr_spec
        size = len(octets) - len(FINAL_DOT)
        if 0 < session.max_size < size:
            words = f"5.3.4 the letter has {size} octets, and it takes {session.max_size}"
            return Reply(step=Step.MAIL, code=552, words=words)  # as the server would say (RFC 1870 §6.1)
        if not (address.isascii() or session.takes_utf8):
            words = "5.6.7 the address is not ASCII, and the server does not offer SMTPUTF8"
            return Reply(step=Step.RCPT, code=553, words=words)  # RFC 6531 §3.5
        return session.hand_over(sender.address.addr_spec, address, octets, deadline=Deadline(self._timeout))

    def _octets(self, letter: Letter) -> bytes:
        head, body = letter.head, letter.body
        signature = self._signer.signature(head, body, now=self._clock.now()) if self._signer else b""
        return b"".join((signature, head, b"\r\n", body, FINAL_DOT))

    def _open_session(self) -> SmtpSession:
        """The kept session when it still stands, else a new one. Raises as SmtpSession does."""
        deadline = Deadline(min(self._timeout, LAST_START_SECONDS))
        if self._session is not None:
            if self._session.still_stands(deadline):
                return self._session
            self._session.close()
        self._session = SmtpSession(self._server, tls=self._tls, deadline=deadline)
        return self._session

    def _tls(self) -> ssl.SSLContext:
        self._context = self._context or ssl.create_default_context()  # 20 ms, so only once
        return self._context


def _check(server: Server, settings: Settings) -> None:
    """None. Raises BadSetting for a server that cannot be, or that a password must not be sent to."""

    def wrong(setting: str, what: str, remedy: str) -> BadSetting:
        return BadSetting(what, where=settings.where(f"provider.smtp.{setting}"), remedy=remedy)

    if not _HOST.fullmatch(server.host):
        what = "is no host name" if server.host else "the provider is smtp and there is no host"
        raise wrong("host", what, 'write host = "smtp.example.com", and the port in a line of its own')
    if not 0 < server.port < 65536:
        raise wrong("port", "must be between 1 and 65535", "write port = 587")
    if server.encryption == "none" and not is_loopback(server.host):
        what = "“none” would send letters and password in clear text over the network"
        raise wrong("encryption", what, 'write "starttls" or "tls"; “none” is for a server on this machine')
    if server.hello and not re.fullmatch(r"[!-~]{1,255}", server.hello):
        raise wrong("hello", "is no name of a machine", 'write hello = "mail.example.com", or leave it out')
    if bool(server.username) != bool(server.password):
        missing = "the password is missing" if server.username else "there is a password and no username"
        raise wrong("username", missing, "set both username and SMTP_PASSWORD, or neither")
    if not f"{server.username}{server.password}".isascii():
        raise wrong(
            "username", "it or the password is not ASCII", "choose letters, digits and signs of ASCII"
        )


def _signer(settings: Settings) -> "DkimSigner | None":
    """What signs letters, None when nothing of it is set. Raises BadSetting."""
    dkim, key = settings.provider.smtp.dkim, settings.secrets.dkim_private_key
    if not (dkim.domain or dkim.selector or key):
        return None
    from newsletter.providers.dkim import DkimSigner

    signer = DkimSigner(domain=dkim.domain, selector=dkim.selector, private_key=key)
    own = parse_address(settings.newsletter.sender).addr_spec.rpartition("@")[2]
    if not f".{own}".endswith(f".{dkim.domain.lower()}"):
        raise BadSetting(
            f"“{dkim.domain}” is neither the domain of “from” ({own}) nor one above it",
            where=settings.where("provider.smtp.dkim.domain"),
            remedy="sign for the domain that readers see",
        )
    return signer
