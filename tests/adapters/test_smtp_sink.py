"""The SMTP provider against Postfix's smtp-sink and the faults that it can be asked for."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from newsletter.errors import ProviderError, ProviderRefused, ProviderUnavailable
from newsletter.models import SendStatus
from newsletter.providers.smtp import SmtpProvider
from newsletter.providers.smtp_session import Server
from tests.support.batches import EMAIL, SENDER, batch_of
from tests.support.clock import FakeClock
from tests.support.smtpsink import MISSING, SMTP_SINK, running_smtp_sink

pytestmark = pytest.mark.skipif(SMTP_SINK is None, reason=MISSING)

S, R, U, D = SendStatus.SUBMITTED, SendStatus.REJECTED, SendStatus.UNAVAILABLE, SendStatus.UNCERTAIN


@contextmanager
def provider_at(*options: str, timeout: float = 5) -> Iterator[SmtpProvider]:
    with running_smtp_sink(*options) as port:
        server = Server(host="127.0.0.1", port=port, encryption="none", hello="sender.test")
        with closing(SmtpProvider(server, timeout=timeout, clock=FakeClock())) as provider:
            yield provider


@pytest.mark.parametrize("options", [(), ("-p",), ("-8", "-E")], ids=["all", "no pipelining", "plain"])
def test_every_letter_is_taken(options: tuple[str, ...]) -> None:
    with provider_at(*options) as provider:
        for _ in range(2):
            assert {outcome.status for outcome in provider.submit(EMAIL, SENDER, batch_of(20))} == {S}


def test_a_server_that_hangs_up_after_the_final_dot_leaves_one_recipient_in_doubt() -> None:
    with provider_at("-q", ".") as provider:
        for _ in range(2):
            assert [o.status for o in provider.submit(EMAIL, SENDER, batch_of(4))] == [D, U, U, U]


def test_a_server_that_is_slow_before_the_letter_accepted_nothing() -> None:
    with (
        provider_at("-w", "30", timeout=0.3) as provider,
        pytest.raises(ProviderUnavailable, match="before the end of a letter: out of time"),
    ):
        provider.submit(EMAIL, SENDER, batch_of(3))


@pytest.mark.parametrize(
    "options",
    [
        *[("-q", step) for step in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA")],
        *[("-Q", step) for step in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".")],
        *[("-r", step) for step in ("CONNECT", "EHLO", "MAIL")],
    ],
    ids=" ".join,
)
def test_what_was_not_accepted_may_be_tried_again(options: tuple[str, ...]) -> None:
    with provider_at(*options) as provider:
        for _ in range(2):
            with pytest.raises(ProviderUnavailable):
                provider.submit(EMAIL, SENDER, batch_of(3))


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "DATA", "."])
def test_a_refusal_that_concerns_everybody_stops_the_issue(step: str) -> None:
    with provider_at("-f", step) as provider:
        for _ in range(2):
            with pytest.raises(ProviderRefused, match=r"500 .*5\.3\.0") as caught:
                provider.submit(EMAIL, SENDER, batch_of(4))
            assert type(caught.value) is not ProviderError


@pytest.mark.parametrize("step", ["RCPT", "DATA", "."])
def test_recipients_who_are_put_off_may_be_tried_again_one_by_one(step: str) -> None:
    with provider_at("-r", step) as provider:
        assert [o.status for o in provider.submit(EMAIL, SENDER, batch_of(4))] == [U, U, U, U]


def test_recipients_who_are_refused_are_rejected_one_by_one() -> None:
    with provider_at("-f", "RCPT") as provider:
        assert [o.status for o in provider.submit(EMAIL, SENDER, batch_of(4))] == [R, R, R, R]
