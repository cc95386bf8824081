"""What the SMTP provider says in clear text, to whom, and whom it trusts with a password."""

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes
from pathlib import Path

import pytest

from newsletter.config.settings import Encryption
from newsletter.errors import ProviderRefused, ProviderUnavailable
from newsletter.models import SendStatus
from newsletter.providers.smtp import SmtpProvider
from newsletter.providers.smtp_session import Server
from tests.support.batches import EMAIL, SENDER, batch_of
from tests.support.certificates import server_context
from tests.support.clock import FakeClock
from tests.support.mailservers import HANG_UP, OFFER, SILENCE, ToldServer, running_inbox

LOGIN = ("ada", "the password")


@contextmanager
def provider_for(
    port: int,
    encryption: Encryption = "starttls",
    *,
    host: str = "localhost",
    login: tuple[str, str] = ("", ""),
    timeout: float = 5,
) -> Iterator[SmtpProvider]:
    server = Server(
        host=host, port=port, encryption=encryption, hello="sender.test", username=login[0], password=login[1]
    )
    with closing(SmtpProvider(server, timeout=timeout, clock=FakeClock())) as provider:
        yield provider


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate for localhost that this process trusts."""
    context, authority = server_context(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    return context


@pytest.mark.parametrize(("encryption", "login"), [("starttls", LOGIN), ("tls", None)])
def test_letters_go_through_tls_and_behind_the_login(
    tls: ssl.SSLContext, encryption: Encryption, login: tuple[str, str] | None
) -> None:
    with (
        running_inbox(tls=tls, from_the_first_byte=encryption == "tls", login=login) as inbox,
        provider_for(inbox.port, encryption, login=login or ("", "")) as provider,
    ):
        for _ in range(2):
            assert {o.status for o in provider.submit(EMAIL, SENDER, batch_of(2))} == {SendStatus.SUBMITTED}
        assert inbox.secured == [True] * 4
        recipients = [message_from_bytes(each.original_content or b"")["To"] for each in inbox.taken]
        assert recipients[:2] == ["reader1@example.org", "reader2@example.org"]


def test_a_wrong_password_stops_the_issue_and_is_not_told(tls: ssl.SSLContext) -> None:
    with (
        running_inbox(tls=tls, login=LOGIN) as inbox,
        provider_for(inbox.port, login=("ada", "wrong words")) as provider,
    ):
        with pytest.raises(ProviderRefused, match=r"535 .*— check username .* SMTP_PASSWORD") as caught:
            provider.submit(EMAIL, SENDER, batch_of(2))
        assert "wrong words" not in f"{caught.value!r}{provider!r}{vars(provider)}"
        assert inbox.taken == []


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_server_that_cannot_show_whose_it_is_gets_nothing(
    tmp_path: Path, encryption: Encryption, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, _unknown_authority = server_context(tmp_path, "localhost")
    with (
        running_inbox(tls=context, from_the_first_byte=encryption == "tls") as inbox,
        provider_for(inbox.port, encryption, login=LOGIN) as provider,
        pytest.raises(ProviderRefused, match="certificate is not to be trusted"),
    ):
        provider.submit(EMAIL, SENDER, batch_of(1))
    assert inbox.taken == []


def test_a_certificate_of_another_host_is_none(tls: ssl.SSLContext) -> None:
    with (
        running_inbox(tls=tls) as inbox,
        provider_for(inbox.port, host="127.0.0.1") as provider,
        pytest.raises(ProviderRefused, match="certificate is not to be trusted"),
    ):
        provider.submit(EMAIL, SENDER, batch_of(1))


def test_nothing_is_said_in_clear_text_when_the_offer_of_encryption_is_missing() -> None:
    with ToldServer(*OFFER, "AUTH PLAIN LOGIN") as told, provider_for(told.port, login=LOGIN) as provider:
        with pytest.raises(ProviderRefused, match="does not offer STARTTLS"):
            provider.submit(EMAIL, SENDER, batch_of(1))
        assert told.verbs == ["EHLO"]


def test_words_that_come_before_the_encryption_are_not_taken_for_the_server_s(tls: ssl.SSLContext) -> None:
    with ToldServer(*OFFER, "STARTTLS") as told, provider_for(told.port) as provider:
        told.say("STARTTLS", b"220 go on\r\n250-mail.test\r\n250 AUTH PLAIN")
        with pytest.raises(ProviderUnavailable, match="spoke out of turn"):
            provider.submit(EMAIL, SENDER, batch_of(1))
        assert told.verbs == ["EHLO", "STARTTLS"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"454 not now", ProviderUnavailable),
        (b"501 never", ProviderRefused),
        (b"220 but then no TLS\n", ProviderUnavailable),
        (HANG_UP, ProviderUnavailable),
    ],
)
def test_a_server_that_breaks_its_offer_of_encryption_gets_no_letter(
    answer: bytes, kind: type[Exception]
) -> None:
    with ToldServer(*OFFER, "STARTTLS") as told, provider_for(told.port, timeout=0.5) as provider:
        told.say("STARTTLS", answer)
        with pytest.raises(kind):
            provider.submit(EMAIL, SENDER, batch_of(1))
        assert "MAIL" not in told.verbs


def test_tls_towards_a_server_that_knows_none_says_so() -> None:
    with (
        ToldServer() as told,
        provider_for(told.port, "tls") as provider,
        pytest.raises(ProviderRefused, match=r"no encryption could be agreed on .* check host, port"),
    ):
        provider.submit(EMAIL, SENDER, batch_of(1))


def test_clear_text_towards_a_server_that_waits_for_tls_says_what_to_set(tls: ssl.SSLContext) -> None:
    with (
        running_inbox(tls=tls, from_the_first_byte=True) as inbox,
        provider_for(inbox.port, "starttls", timeout=0.3) as provider,
        pytest.raises(ProviderUnavailable, match='port 465 wants encryption = "tls"'),
    ):
        provider.submit(EMAIL, SENDER, batch_of(1))


@pytest.mark.parametrize(
    ("offer", "answer", "kind", "words"),
    [
        ("AUTH PLAIN", b"535 5.7.8 no", ProviderRefused, "5.7.8 no"),
        ("AUTH PLAIN", b"454 4.7.0 later", ProviderUnavailable, "later"),
        ("AUTH PLAIN", b"421 going down", ProviderUnavailable, "going down"),
        ("AUTH PLAIN", HANG_UP, ProviderUnavailable, "closed the connection"),
        ("AUTH PLAIN", SILENCE, ProviderUnavailable, "out of time"),
        ("AUTH LOGIN", b"334 abc", ProviderRefused, "no login that is known here"),
        ("AUTH GSSAPI", None, ProviderRefused, "no login that is known here"),
        ("8BITMIME", None, ProviderRefused, "no login that is known here"),
    ],
)
def test_a_login_that_fails_says_why(
    offer: str, answer: bytes | None, kind: type[Exception], words: str
) -> None:
    with (
        ToldServer(offer) as told,
        provider_for(told.port, "none", login=LOGIN, timeout=0.5) as provider,
    ):
        told.say("AUTH", answer)
        with pytest.raises(kind, match=words) as caught:
            provider.submit(EMAIL, SENDER, batch_of(1))
        assert LOGIN[1] not in f"{caught.value!r}"
        assert "MAIL" not in told.verbs
