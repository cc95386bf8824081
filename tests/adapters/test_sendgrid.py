"""The SendGrid provider against a SendGrid on loopback: every way in which a request can end."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import pytest

from newsletter.drill.sendgrid.emulator import KEY, SendGridEmulator, Step
from newsletter.drill.sendgrid.faults import Fault, Kind
from newsletter.drill.sendgrid.process import EmulatorProcess
from newsletter.errors import (
    BadSetting,
    BatchTooLarge,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RecipientsRefused,
    SubmissionUncertain,
)
from newsletter.models import RejectReason, SendStatus
from newsletter.providers import connection
from newsletter.providers.sendgrid import SendGridProvider
from tests.support.batches import EMAIL, SENDER, batch, batch_of, email, recipient
from tests.support.certificates import server_context

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
TIMEOUT = 0.4
"""Seconds; long enough for a loopback, short enough to wait for."""


class Connect(Protocol):
    def __call__(self, url: str, *, key: str = ..., timeout: float = ...) -> SendGridProvider: ...


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes providers and closes them at the end of the test."""
    with ExitStack() as stack:

        def make(url: str, *, key: str = KEY, timeout: float = 5) -> SendGridProvider:
            made = SendGridProvider(api_key=key, base_url=url, timeout=timeout, now=lambda: NOW)
            return stack.enter_context(closing(made))

        yield make


@pytest.fixture
def sendgrid() -> Iterator[SendGridEmulator]:
    with SendGridEmulator() as emulator:
        yield emulator


@pytest.fixture
def provider(sendgrid: SendGridEmulator, connect: Connect) -> SendGridProvider:
    return connect(sendgrid.url)


# --- what an answer means ---


@pytest.mark.parametrize(
    ("step", "error", "accepted"),
    [
        (Kind.THROTTLE_PLAIN, ProviderUnavailable, False),
        (Kind.REFUSE, ProviderRefused, False),
        (Fault(Kind.REFUSE_RECIPIENT, 1), RecipientsRefused, False),
        *((Fault(Kind.STATUS, status), ProviderRefused, False) for status in (401, 403, 404, 405, 415, 422)),
        (Fault(Kind.STATUS, 413), BatchTooLarge, False),
        *(
            (Fault(Kind.STATUS, s), SubmissionUncertain, False)
            for s in (200, 201, 204, 408, 409, 500, 502, 503)
        ),
        (Kind.REDIRECT, SubmissionUncertain, False),
        (Kind.CLOSE_BEFORE_READING, SubmissionUncertain, False),
        (Kind.ACCEPT_THEN_CLOSE, SubmissionUncertain, True),
        (Kind.ACCEPT_THEN_500, SubmissionUncertain, True),
        (Kind.ACCEPT_THEN_SHORT_BODY, SubmissionUncertain, True),
        (Kind.ACCEPT_THEN_PARTIAL_STATUS, SubmissionUncertain, True),
        (Kind.ACCEPT_THEN_GARBAGE, SubmissionUncertain, True),
    ],
    ids=lambda part: (
        f"{part.kind}-{part.value}" if isinstance(part, Fault) else getattr(part, "__name__", None)
    ),
)
def test_an_answer_that_is_no_202_raises_what_may_be_done(
    sendgrid: SendGridEmulator,
    provider: SendGridProvider,
    step: Step,
    error: type[ProviderError],
    accepted: bool,
) -> None:
    sendgrid.script(step)
    with pytest.raises(error) as caught:
        provider.submit(EMAIL, SENDER, batch_of(2))
    assert type(caught.value) is error
    assert len(sendgrid.copies()) == (2 if accepted else 0)
    assert sendgrid.requests == 1
    assert not sendgrid.redirect_was_followed()


@pytest.mark.parametrize(
    "step", [Kind.ACCEPT_THEN_HANG, Kind.HANG_BEFORE_READING, Kind.ACCEPT_THEN_DRIP], ids=str
)
def test_a_server_that_hangs_or_drips_holds_a_request_no_longer_than_its_time_out(
    connect: Connect, sendgrid: SendGridEmulator, step: Kind
) -> None:
    provider = connect(sendgrid.url, timeout=TIMEOUT)
    sendgrid.script(step)
    began = time.monotonic()
    with pytest.raises(SubmissionUncertain, match="out of time"):
        provider.submit(EMAIL, SENDER, batch_of(2))
    assert TIMEOUT * 0.9 <= time.monotonic() - began < TIMEOUT + 2
    assert len(provider.submit(EMAIL, SENDER, batch_of(1))) == 1  # on a new connection


def test_a_server_that_reads_nothing_holds_a_large_request_no_longer_than_its_time_out(
    connect: Connect,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        provider = connect(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=TIMEOUT)
        with pytest.raises(SubmissionUncertain, match="out of time"):
            provider.submit(email(html=EMAIL.html + "x" * 15_000_000), SENDER, batch_of(1))


def test_a_refusal_before_the_request_is_read_to_its_end_is_heard(
    connect: Connect, sendgrid: SendGridEmulator
) -> None:
    provider = connect(sendgrid.url)
    sendgrid.script(Kind.REFUSE_BEFORE_READING)
    with pytest.raises(BatchTooLarge):
        provider.submit(email(html=EMAIL.html + "x" * 15_000_000), SENDER, batch_of(1))
    assert len(provider.submit(EMAIL, SENDER, batch_of(1))) == 1  # on a new connection


def test_a_202_without_a_message_id_is_an_acceptance(
    sendgrid: SendGridEmulator, provider: SendGridProvider
) -> None:
    sendgrid.script(Kind.ACCEPT_WITHOUT_ID)
    [outcome] = provider.submit(EMAIL, SENDER, batch_of(1))
    assert outcome.status is SendStatus.SUBMITTED
    assert outcome.provider_message_id == ""


def test_outcomes_carry_the_id_that_the_logs_and_events_begin_with(
    sendgrid: SendGridEmulator, provider: SendGridProvider
) -> None:
    outcomes = provider.submit(EMAIL, SENDER, batch_of(2))
    assert {o.provider_message_id for o in outcomes} == {copy.message_id for copy in sendgrid.copies()}


def test_every_copy_names_its_issue_attempt_and_delivery(
    sendgrid: SendGridEmulator, provider: SendGridProvider
) -> None:
    provider.submit(EMAIL, SENDER, batch(recipient(1), recipient(2), attempt="a" * 32))
    assert [(c.issue, c.attempt, c.delivery) for c in sendgrid.copies()] == [
        ("2026-11-27", "a" * 32, "2026-11-27.1"),
        ("2026-11-27", "a" * 32, "2026-11-27.2"),
    ]


def test_a_refused_recipient_is_named_with_the_providers_words_but_without_the_address(
    sendgrid: SendGridEmulator, provider: SendGridProvider
) -> None:
    sendgrid.script(Fault(Kind.REFUSE_RECIPIENT, 2))
    with pytest.raises(RecipientsRefused) as caught:
        provider.submit(EMAIL, SENDER, batch_of(3))
    [refused] = caught.value.rejected
    assert (refused.delivery_id, refused.status) == ("2026-11-27.3", SendStatus.REJECTED)
    assert refused.reject_reason is RejectReason.INVALID
    assert refused.detail == "Does not contain a valid address: [address]"


@pytest.mark.parametrize(
    ("step", "seconds"),
    [
        (Fault(Kind.THROTTLE, int(NOW.timestamp()) + 42), 42),
        (Fault(Kind.THROTTLE, int(NOW.timestamp()) - 5), 0),
        (Fault(Kind.THROTTLE, 10**30), 86_400),
        (Fault(Kind.THROTTLE, "soon"), None),
        (Fault(Kind.THROTTLE_RETRY_AFTER, 30), 30),
        (Fault(Kind.THROTTLE_RETRY_AFTER, format_datetime(NOW + timedelta(seconds=90), usegmt=True)), 90),
        (Fault(Kind.THROTTLE_RETRY_AFTER, "-3"), None),
        (Kind.THROTTLE_PLAIN, None),
    ],
    ids=str,
)
def test_a_429_says_how_long_to_wait_when_the_answer_does(
    sendgrid: SendGridEmulator, provider: SendGridProvider, step: Step, seconds: float | None
) -> None:
    sendgrid.script(step)
    with pytest.raises(ProviderUnavailable) as caught:
        provider.submit(EMAIL, SENDER, batch_of(1))
    assert caught.value.retry_after == seconds


def test_a_wrong_key_and_a_key_without_the_scope_are_refused_with_a_remedy(
    connect: Connect,
    sendgrid: SendGridEmulator,
) -> None:
    wrong = "SG.another-key.abcdef"
    with pytest.raises(ProviderRefused, match="SENDGRID_API_KEY") as caught:
        connect(sendgrid.url, key=wrong).submit(EMAIL, SENDER, batch_of(1))
    assert wrong not in str(caught.value)
    sendgrid.scopes = ["user.profile.read"]
    with pytest.raises(ProviderRefused, match=r"scope mail\.send"):
        connect(sendgrid.url).submit(EMAIL, SENDER, batch_of(1))
    assert sendgrid.copies() == []


# --- requests that never began ---


def test_a_refused_connection_is_unavailable(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ProviderUnavailable, match="Connection refused") as caught:
        connect(f"http://127.0.0.1:{port}").submit(EMAIL, SENDER, batch_of(1))
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


def test_a_name_that_does_not_resolve_is_unavailable(connect: Connect) -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        connect("https://sendgrid.invalid").submit(EMAIL, SENDER, batch_of(1))
    assert isinstance(caught.value.__cause__, socket.gaierror)


def test_a_connection_that_nobody_takes_is_unavailable(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        with socket.create_connection(address):  # fills the queue: further ones wait for ever
            provider = connect(f"http://127.0.0.1:{address[1]}", timeout=TIMEOUT)
            with pytest.raises(ProviderUnavailable, match="out of time"):
                provider.submit(EMAIL, SENDER, batch_of(1))


def test_a_certificate_that_is_not_to_be_trusted_is_unavailable_and_gets_no_key(
    connect: Connect, tmp_path: Path
) -> None:
    tls, _ = server_context(tmp_path, "localhost", "127.0.0.1")
    with SendGridEmulator(tls=tls) as sendgrid:
        with pytest.raises(ProviderUnavailable, match="certificate"):
            connect(sendgrid.url).submit(EMAIL, SENDER, batch_of(1))
        assert sendgrid.requests == 0


def test_letters_go_over_tls_on_one_kept_connection(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, trusted = server_context(tmp_path, "localhost", "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with SendGridEmulator(tls=tls) as sendgrid:
        provider = connect(sendgrid.url)
        for place in range(1, 6):
            provider.submit(EMAIL, SENDER, batch(recipient(place)))
        assert len(sendgrid.copies()) == 5
        assert sendgrid.connections == 1


# --- the connection ---


def test_requests_share_one_connection(sendgrid: SendGridEmulator, provider: SendGridProvider) -> None:
    for place in range(1, 21):
        provider.submit(EMAIL, SENDER, batch(recipient(place)))
    assert sendgrid.connections == 1
    assert len(sendgrid.copies()) == 20


def test_a_connection_that_the_server_closed_meanwhile_is_replaced_before_anything_is_sent(
    sendgrid: SendGridEmulator, provider: SendGridProvider
) -> None:
    provider.submit(EMAIL, SENDER, batch(recipient(1)))
    sendgrid.drop_connections()
    provider.submit(EMAIL, SENDER, batch(recipient(2)))
    assert (sendgrid.connections, sendgrid.requests) == (2, 2)


def test_a_connection_that_was_idle_for_long_is_replaced(
    sendgrid: SendGridEmulator, provider: SendGridProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.submit(EMAIL, SENDER, batch(recipient(1)))
    monkeypatch.setattr(connection, "IDLE_SECONDS", -1.0)
    provider.submit(EMAIL, SENDER, batch(recipient(2)))
    assert sendgrid.connections == 2


def test_proxies_of_the_environment_are_not_asked(
    sendgrid: SendGridEmulator, provider: SendGridProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        provider.submit(EMAIL, SENDER, batch_of(1))
    assert len(sendgrid.copies()) == 1


def test_the_official_clients_other_verbs_take_the_same_connection(
    sendgrid: SendGridEmulator, provider: SendGridProvider
) -> None:
    provider.submit(EMAIL, SENDER, batch_of(1))
    answer = provider._api.client.scopes.get()
    assert (answer.status_code, sendgrid.connections) == (200, 1)
    assert b"mail.send" in answer.body


def test_an_emulator_in_another_process_keeps_and_logs_what_it_accepted(
    connect: Connect, tmp_path: Path
) -> None:
    log = tmp_path / "copies.jsonl"
    with EmulatorProcess(log=log, script=[Kind.ACCEPT_THEN_CLOSE, Kind.REFUSE]) as sendgrid:
        provider = connect(sendgrid.url)
        with pytest.raises(SubmissionUncertain):
            provider.submit(EMAIL, SENDER, batch(recipient(1), recipient(2)))
        with pytest.raises(ProviderRefused):
            provider.submit(EMAIL, SENDER, batch(recipient(3)))
        provider.submit(EMAIL, SENDER, batch(recipient(2)))
        people = sendgrid.copies_per_person()
    assert people == {
        ("2026-11-27", "reader1@example.org"): 1,
        ("2026-11-27", "reader2@example.org"): 2,
    }
    assert len(log.read_text().splitlines()) == 3


# --- secrets and settings ---


def test_no_log_or_error_of_any_library_shows_key_or_letter(
    sendgrid: SendGridEmulator, provider: SendGridProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "python_http_client")
    sendgrid.script(Kind.ACCEPT, Kind.REFUSE, Kind.ACCEPT_THEN_CLOSE)
    provider.submit(EMAIL, SENDER, batch_of(2))
    told = caplog.text
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            provider.submit(EMAIL, SENDER, batch_of(2))
        chain: BaseException | None = caught.value
        while chain:
            told += f"{chain!r} {chain}"
            chain = chain.__cause__ or chain.__context__
    provider._api.client.scopes.get()
    told += caplog.text + repr(provider)
    assert KEY not in repr(vars(provider))
    for secret in (KEY, "reader1", "Good morning", "token-of-1"):
        assert secret not in told


@pytest.mark.parametrize(
    ("url", "key", "words"),
    [
        ("http://api.sendgrid.com", KEY, "clear text"),
        ("http://127.0.0.1.example.com", KEY, "clear text"),
        ("http://10.0.0.1", KEY, "clear text"),
        ("ftp://api.sendgrid.com", KEY, "no https address"),
        ("api.sendgrid.com", KEY, "no https address"),
        ("https://me:word@api.sendgrid.com", KEY, "no https address"),
        ("https://api.sendgrid.com/?x=1", KEY, "no https address"),
        ("https://api.sendgrid.com:99999", KEY, "no https address"),
        ("https://[::1", KEY, "no https address"),
        ("https://" + "a" * 70 + ".com", KEY, "no https address"),
        ("https://api.send grid.com", KEY, "no https address"),
        ("https://bücher.example", KEY, "no https address"),
        ("https://api.sendgrid.com/é", KEY, "no https address"),
        ("", KEY, "no https address"),
        ("https://api.sendgrid.com", "", "SENDGRID_API_KEY"),
        ("https://api.sendgrid.com", "SG.two\nlines", "SENDGRID_API_KEY"),
        ("https://api.sendgrid.com", "SG. space", "SENDGRID_API_KEY"),
        ("https://api.sendgrid.com", "SG.é", "SENDGRID_API_KEY"),
    ],
)
def test_an_address_or_key_that_cannot_be_right_is_a_bad_setting(
    connect: Connect, url: str, key: str, words: str
) -> None:
    with pytest.raises(BadSetting, match=words) as caught:
        connect(url, key=key)
    assert caught.value.remedy
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 121])
def test_a_time_out_that_is_no_time_is_a_bad_setting(connect: Connect, timeout: float) -> None:
    with pytest.raises(BadSetting, match="timeout"):
        connect("https://api.sendgrid.com", timeout=timeout)


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "https://a.example"]
)
def test_https_and_loopback_are_good_addresses(connect: Connect, url: str) -> None:
    connect(url).close()


def test_requests_are_made_by_the_official_client(
    sendgrid: SendGridEmulator, provider: SendGridProvider
) -> None:
    provider.submit(EMAIL, SENDER, batch_of(1))
    assert sendgrid.user_agents == {f"sendgrid/{version('sendgrid')};python"}
