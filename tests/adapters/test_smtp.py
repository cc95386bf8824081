"""The SMTP provider against a server that does as it is told, and one that keeps the rules."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import cast

import pytest

from newsletter.config.settings import (
    DkimSettings,
    NewsletterSettings,
    ProviderSettings,
    Secrets,
    Settings,
    SmtpSettings,
)
from newsletter.errors import BadSetting, ProviderRefused, ProviderUnavailable, RecipientsRefused
from newsletter.models import Batch, SendStatus
from newsletter.providers import make_provider, smtp
from newsletter.providers.dkim import DkimSigner
from newsletter.providers.smtp import MAX_RECIPIENTS, SmtpProvider
from newsletter.providers.smtp_session import Server
from newsletter.providers.sockets import Deadline, connect
from tests.support.batches import EMAIL, SENDER, batch, batch_of, email, recipient
from tests.support.clock import FakeClock
from tests.support.mailservers import DRIP, HANG_UP, OFFER, SILENCE, Inbox, ToldServer, running_inbox

S, R, U, D = SendStatus.SUBMITTED, SendStatus.REJECTED, SendStatus.UNAVAILABLE, SendStatus.UNCERTAIN
WITHOUT_PIPELINING = OFFER[1:]


@contextmanager
def provider_for(port: int, *, timeout: float = 5) -> Iterator[SmtpProvider]:
    server = Server(host="127.0.0.1", port=port, encryption="none", hello="sender.test")
    with closing(SmtpProvider(server, timeout=timeout, clock=FakeClock())) as provider:
        yield provider


@pytest.fixture(params=[OFFER, WITHOUT_PIPELINING], ids=["pipelining", "one by one"])
def told(request: pytest.FixtureRequest) -> Iterator[ToldServer]:
    with ToldServer(*request.param) as server:
        yield server


@pytest.fixture
def provider(told: ToldServer) -> Iterator[SmtpProvider]:
    with provider_for(told.port) as made:
        yield made


def statuses(provider: SmtpProvider, people: Batch) -> list[SendStatus]:
    return [outcome.status for outcome in provider.submit(EMAIL, SENDER, people)]


# --- letters -----------------------------------------------------------------------------------


def test_each_recipient_gets_a_letter_of_their_own(told: ToldServer, provider: SmtpProvider) -> None:
    outcomes = provider.submit(EMAIL, SENDER, batch_of(2))
    assert [outcome.provider_message_id for outcome in outcomes] == [
        "<i2026-11-27.1@news.example.com>", "<i2026-11-27.2@news.example.com>",
    ]  # fmt: skip
    letters = [message_from_bytes(octets, policy=policy.default) for octets in told.taken]
    assert [letter["To"] for letter in letters] == ["reader1@example.org", "reader2@example.org"]
    size = len(told.taken[0])
    assert told.heard[1:4] == [
        b"MAIL FROM:<ada@news.example.com> SIZE=%d" % size, b"RCPT TO:<reader1@example.org>", b"DATA",
    ]  # fmt: skip
    assert told.heard[0].upper() == b"EHLO SENDER.TEST"


def test_the_wire_holds_the_octets_of_the_letter(told: ToldServer, provider: SmtpProvider) -> None:
    dotted = email(text=".\n..\n.hidden\nFrom x\n" + "." * 200, html="<p>.</p>\n.\n")
    provider.submit(dotted, SENDER, batch_of(1))
    (octets,) = told.taken
    message = message_from_bytes(octets, policy=policy.default)
    part = message.get_body(("plain",))
    assert part is not None
    assert part.get_content().replace("\r\n", "\n") == dotted.text + "\n"


def test_the_next_letter_is_written_before_the_server_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    second = threading.Event()

    class Recording:
        def signature(self, head: bytes, _body: bytes, *, now: datetime) -> bytes:
            written.append(head)
            if len(written) == 2:
                second.set()
            return b""

    async def answer_late(*_: object) -> str:
        seen = await asyncio.to_thread(second.wait, 5)
        return "250 2.0.0 OK" if seen else "451 4.0.0 the next letter was not written"

    monkeypatch.setattr(Inbox, "handle_DATA", answer_late)
    with running_inbox() as inbox:
        server = Server(host="127.0.0.1", port=inbox.port, encryption="none", hello="sender.test")
        signer = cast("DkimSigner", Recording())
        with closing(SmtpProvider(server, timeout=20, clock=FakeClock(), signer=signer)) as provider:
            assert statuses(provider, batch_of(3)) == [S, S, S]
    assert len(written) == 3


def test_one_session_serves_request_after_request(told: ToldServer, provider: SmtpProvider) -> None:
    for _ in range(3):
        provider.submit(EMAIL, SENDER, batch_of(2))
    assert told.sessions == 1
    assert told.verbs.count("EHLO") == 1
    provider.close()
    assert told.verbs[-1] == "QUIT"


def test_a_session_that_stood_idle_is_asked_first(
    told: ToldServer, provider: SmtpProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.providers.smtp_session.IDLE_SECONDS", 0.0)
    provider.submit(EMAIL, SENDER, batch_of(1))
    told.say("NOOP", None, b"421 too late")
    provider.submit(EMAIL, SENDER, batch_of(1))
    assert (told.sessions, told.verbs.count("NOOP")) == (1, 1)
    provider.submit(EMAIL, SENDER, batch_of(1))
    assert (told.sessions, len(told.taken)) == (2, 3)


def test_a_session_that_the_server_ended_is_replaced(told: ToldServer, provider: SmtpProvider) -> None:
    told.say("LETTER", None, HANG_UP)
    assert statuses(provider, batch_of(2)) == [S, D]
    assert statuses(provider, batch_of(2)) == [S, S]
    assert told.sessions == 2


def test_a_server_s_farewell_between_requests_is_heeded(told: ToldServer, provider: SmtpProvider) -> None:
    told.say("LETTER", b"250 ok\r\n421 4.4.2 you were idle")
    assert statuses(provider, batch_of(1)) == [S]
    assert statuses(provider, batch_of(1)) == [S]
    assert (told.sessions, len(told.taken)) == (2, 2)


def test_a_session_that_cannot_be_reset_ends_the_request(told: ToldServer, provider: SmtpProvider) -> None:
    told.say("RCPT", None, b"450 4.2.0 later")
    told.say("RSET", HANG_UP)
    found = provider.submit(EMAIL, SENDER, batch_of(4))
    assert [outcome.status for outcome in found] == [S, U, U, U]
    assert "closed the connection" in found[2].detail


# --- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["RCPT", "DATA", "LETTER"])
def test_a_refusal_stays_with_its_recipient(told: ToldServer, provider: SmtpProvider, step: str) -> None:
    told.say(step, None, b"550 5.1.1 <reader2@example.org> is unknown", None, b"450 4.2.1 later", None)
    found = provider.submit(EMAIL, SENDER, batch_of(5))
    assert [outcome.status for outcome in found] == [S, R, S, U, S]
    assert (
        found[1].detail
        == f"127.0.0.1:{told.port} answered 550 to {told_name(step)}: 5.1.1 <[address]> is unknown"
    )
    assert len(told.taken) == 3
    assert told.sessions == 1


def told_name(step: str) -> str:
    return "the letter" if step == "LETTER" else step


def test_a_letter_to_nobody_is_ended_when_the_server_wants_one() -> None:
    with ToldServer() as told, provider_for(told.port) as provider:
        told.say("RCPT", b"550 5.1.1 unknown")
        told.say("LETTER", b"554 5.5.1 no valid recipients")
        assert statuses(provider, batch_of(2)) == [R, S]
        assert told.verbs == ["EHLO", "MAIL", "RCPT", "DATA", "RSET", "MAIL", "RCPT", "DATA"]


def test_a_refused_sender_refuses_the_request_with_the_server_s_words(
    told: ToldServer, provider: SmtpProvider
) -> None:
    told.say("MAIL", b"550 5.7.1 Sender not owned by user")
    with pytest.raises(ProviderRefused, match=r"5\.7\.1 Sender not owned by user"):
        provider.submit(EMAIL, SENDER, batch_of(3))
    assert told.taken == []
    assert statuses(provider, batch_of(1)) == [S]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "LETTER"])
def test_a_server_that_closes_leaves_the_rest_to_be_tried_again(
    told: ToldServer, provider: SmtpProvider, step: str
) -> None:
    told.say(step, None, b"421 4.3.2 going down")
    assert statuses(provider, batch_of(4)) == [S, U, U, U]
    assert len(told.taken) == 1


def test_a_letter_that_the_server_does_not_want_three_times_refuses_the_request(
    told: ToldServer, provider: SmtpProvider
) -> None:
    told.say("LETTER", *[b"554 5.7.1 looks like spam"] * 3)
    with pytest.raises(ProviderRefused, match="looks like spam"):
        provider.submit(EMAIL, SENDER, batch_of(5))
    assert told.verbs.count("MAIL") == 3


def test_a_letter_above_the_server_s_size_is_not_handed_over() -> None:
    with ToldServer("SIZE 500") as told, provider_for(told.port) as provider:
        with pytest.raises(ProviderRefused, match=r"has \d+ octets, and it takes 500 — shorten"):
            provider.submit(EMAIL, SENDER, batch_of(3))
        assert told.verbs == ["EHLO"]


def test_impossible_addresses_are_refused_by_name_before_anybody_is_asked(
    told: ToldServer, provider: SmtpProvider
) -> None:
    people = batch(recipient(1), recipient(2, addr_spec="a b@example.org"), recipient(3, addr_spec="<x>@y"))
    with pytest.raises(RecipientsRefused) as caught:
        provider.submit(EMAIL, SENDER, people)
    assert [outcome.delivery_id for outcome in caught.value.rejected] == [
        recipient(2).delivery_id, recipient(3).delivery_id,
    ]  # fmt: skip
    assert told.sessions == 0


# --- losses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "CONTENT"])
def test_what_is_lost_before_the_final_dot_is_not_accepted(
    told: ToldServer, provider: SmtpProvider, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.providers.smtp_session.connect", connect_narrowly)
    told.say(step, None, HANG_UP)
    long = email(text="a line of many\n" * 20_000)
    assert [o.status for o in provider.submit(long, SENDER, batch_of(3))] == [S, U, U]
    assert len(told.taken) == 1
    told.say(step, HANG_UP)
    with pytest.raises(ProviderUnavailable):
        provider.submit(long, SENDER, batch_of(3))


def connect_narrowly(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A connection of which the system takes little that the other side has not read."""
    connection = connect(host, port, deadline)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return connection


@pytest.mark.parametrize("answer", [HANG_UP, SILENCE, DRIP, b"354 more?", b"what?", b"25", b"2" * 10_000])
def test_what_is_lost_behind_the_final_dot_is_uncertain_and_nobody_else_is(
    told: ToldServer, answer: bytes
) -> None:
    told.say("LETTER", None, answer)
    with provider_for(told.port, timeout=0.3) as provider:
        assert statuses(provider, batch_of(4)) == [S, D, U, U]
        assert statuses(provider, batch_of(2)) == [S, S]


@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", [SILENCE, DRIP])
def test_a_server_that_stalls_is_left_in_time(told: ToldServer, step: str, answer: bytes) -> None:
    told.say(step, answer)
    began = time.monotonic()
    with provider_for(told.port, timeout=0.2) as provider, pytest.raises(ProviderUnavailable):
        provider.submit(EMAIL, SENDER, batch_of(2))
    assert time.monotonic() - began < 5
    assert told.taken == []


def test_a_server_that_reads_no_more_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.providers.smtp_session.connect", connect_narrowly)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        port = listener.getsockname()[1]
        threading.Thread(target=greet_and_read_no_letter, args=(listener,), daemon=True).start()
        with (
            provider_for(port, timeout=0.5) as provider,
            pytest.raises(ProviderUnavailable, match="out of time"),
        ):
            provider.submit(email(text="x" * 300_000), SENDER, batch_of(1))


def greet_and_read_no_letter(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.sendall(b"220 hi\r\n")
    for answer in (b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"):
        connection.recv(1000)
        connection.sendall(answer)
    listener.close()
    threading.Event().wait(2)
    connection.close()


@pytest.mark.parametrize("step", ["GREETING", "EHLO"])
def test_a_server_that_is_not_there_accepted_nothing(told: ToldServer, step: str) -> None:
    told.say(step, HANG_UP)
    with provider_for(told.port) as provider:
        with pytest.raises(ProviderUnavailable, match="closed the connection"):
            provider.submit(EMAIL, SENDER, batch_of(1))
        assert statuses(provider, batch_of(1)) == [S]


def test_a_refused_connection_accepted_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with provider_for(port) as provider, pytest.raises(ProviderUnavailable, match="cannot be reached"):
        provider.submit(EMAIL, SENDER, batch_of(1))


def test_a_greeting_of_refusal_stops_the_issue(told: ToldServer, provider: SmtpProvider) -> None:
    told.say("GREETING", b"554 no mail here")
    with pytest.raises(ProviderRefused, match="no mail here — check host"):
        provider.submit(EMAIL, SENDER, batch_of(1))


def test_one_answer_too_many_is_never_taken_for_another_s(told: ToldServer, provider: SmtpProvider) -> None:
    told.say("LETTER", b"250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 ok")
    assert statuses(provider, batch_of(3)) == [S, U, U]
    assert len(told.taken) == 1


def test_a_slow_server_leaves_the_rest_for_the_next_request(
    told: ToldServer, provider: SmtpProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.submit(EMAIL, SENDER, batch_of(1))
    monkeypatch.setattr(smtp, "LAST_START_SECONDS", 1e-9)
    found = provider.submit(EMAIL, SENDER, batch_of(3))
    assert [outcome.status for outcome in found] == [S, U, U]
    assert "took so long" in found[1].detail


# --- other servers -----------------------------------------------------------------------------


def test_another_house_s_server_takes_the_letters() -> None:
    with running_inbox() as inbox, provider_for(inbox.port) as provider:
        inbox.replies = {
            "reader2@example.org": "550 5.1.1 unknown",
            "letter reader3@example.org": "452 4.2.2 full",
        }
        assert statuses(provider, batch_of(4)) == [S, R, U, S]
    assert [envelope.rcpt_tos for envelope in inbox.taken] == [
        ["reader1@example.org"],
        ["reader4@example.org"],
    ]
    assert {envelope.mail_from for envelope in inbox.taken} == {"ada@news.example.com"}
    assert inbox.sessions == 1


def test_an_address_beyond_ascii_is_sent_where_the_server_takes_it() -> None:
    people = batch(recipient(1), recipient(2, addr_spec="zoë@example.org", name="Zoë"), recipient(3))
    with running_inbox(utf8=True) as inbox, provider_for(inbox.port) as provider:
        assert statuses(provider, people) == [S, S, S]
        assert inbox.taken[1].rcpt_tos == ["zoë@example.org"]
        assert "SMTPUTF8" in inbox.taken[1].mail_options
        assert "SMTPUTF8" not in inbox.taken[0].mail_options
    with running_inbox(utf8=False) as inbox, provider_for(inbox.port) as provider:
        found = provider.submit(EMAIL, SENDER, people)
        assert [outcome.status for outcome in found] == [S, R, S]
        assert "SMTPUTF8" in found[1].detail


# --- settings ----------------------------------------------------------------------------------


def from_settings(
    secrets: Secrets | None = None, dkim: DkimSettings | None = None, **changes: object
) -> None:
    values: dict[str, object] = {"host": "smtp.example.com", **changes}
    make_provider(
        Settings(
            project=Path("/nowhere"),
            newsletter=NewsletterSettings(
                name="N", sender="ada@news.example.com", postal_address="1 Street", public_url="https://x.org"
            ),
            provider=ProviderSettings(
                kind="smtp",
                smtp=SmtpSettings(dkim=dkim or DkimSettings(), **values),  # type: ignore[arg-type]
            ),
            secrets=secrets or Secrets(),
        ),
        FakeClock(),
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": ""}, r"\[provider.smtp\]: the provider is smtp and there is no host — write host = "),
        ({"host": "smtp.example.com:587"}, "is no host name"),
        ({"host": "a b"}, "is no host name"),
        ({"port": 0}, "between 1 and 65535"),
        ({"timeout": 0.0}, "at most 90 seconds"),
        ({"timeout": 100.0}, "at most 90 seconds"),
        ({"encryption": "none"}, "in clear text"),
        ({"hello": "my machine"}, "is no name of a machine"),
        ({"username": "ada"}, "password is missing — set both username and SMTP_PASSWORD"),
        ({"secrets": Secrets(smtp_password="x")}, "no username"),
        ({"username": "adä", "secrets": Secrets(smtp_password="x")}, "not ASCII"),
        ({"dkim": DkimSettings(domain="example.com")}, "there is no selector"),
        ({"dkim": DkimSettings(domain="example.com", selector="s1")}, "DKIM_PRIVATE_KEY: .*there is no key"),
        ({"secrets": Secrets(dkim_private_key="x")}, "there is no domain"),
    ],
)
def test_a_setting_that_cannot_be_right_is_one_clear_line(changes: dict[str, object], words: str) -> None:
    with pytest.raises(BadSetting, match=words) as caught:
        from_settings(**changes)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_encryption_may_be_left_out_on_this_machine_only() -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        from_settings(host=host, encryption="none")
    for host in ("192.168.1.5", "mail.local", "localhost.example.com"):
        with pytest.raises(BadSetting):
            from_settings(host=host, encryption="none")


def test_a_request_is_shorter_than_the_lease_of_its_sender() -> None:
    from newsletter.usecases.sending import LEASE_SECONDS

    assert smtp.LAST_START_SECONDS + smtp.MAX_TIMEOUT < LEASE_SECONDS
    assert MAX_RECIPIENTS <= 100
