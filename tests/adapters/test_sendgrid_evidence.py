"""What SendGrid tells of a request in doubt, asked of the emulated one: the logs, and calling back."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.drill.sendgrid.emulator import KEY, SCOPES, SendGridEmulator, Step
from newsletter.drill.sendgrid.faults import Fault, Kind
from newsletter.errors import ProviderRefused, ProviderUnavailable, SubmissionUncertain
from newsletter.models import Batch, Deliveries, Delivery, OpenAttempt, SubscriberId, Verdict
from newsletter.ports import Cancelable, Evidence
from newsletter.providers.sendgrid import SendGridProvider
from newsletter.providers.sendgrid_evidence import SURELY_BEFORE
from tests.support.batches import EMAIL, SENDER, batch, recipient
from tests.support.clock import FakeClock

Connect = Callable[..., SendGridProvider]
ATTEMPT = "5" * 32
ORDERS = "/v3/user/scheduled_sends"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sendgrid(clock: FakeClock) -> Iterator[SendGridEmulator]:
    with SendGridEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
def connect(clock: FakeClock) -> Iterator[Connect]:
    with ExitStack() as stack:

        def make(url: str, key: str = KEY) -> SendGridProvider:
            made = SendGridProvider(api_key=key, base_url=url, timeout=1, now=clock.now)
            return stack.enter_context(closing(made))

        yield make


@pytest.fixture
def provider(sendgrid: SendGridEmulator, connect: Connect) -> SendGridProvider:
    return connect(sendgrid.url)


def lose(sendgrid: SendGridEmulator, provider: SendGridProvider, batch: Batch, step: Step) -> None:
    """The batch is submitted and its answer lost."""
    sendgrid.script(step)
    with pytest.raises(SubmissionUncertain):
        provider.submit(EMAIL, SENDER, batch)


def people(count: int = 2, *, attempt: str = ATTEMPT) -> Batch:
    return batch(*(recipient(place) for place in range(1, count + 1)), attempt=attempt)


def cancelable(provider: SendGridProvider, clock: FakeClock, *, attempt: str = ATTEMPT) -> Batch:
    """A batch that can be called back, to be mailed in twenty minutes."""
    send_at = clock.now() + timedelta(minutes=20)
    return replace(people(attempt=attempt), cancel_id=provider.new_cancel_id(), send_at=send_at)


def doubted(whole: Batch, clock: FakeClock) -> OpenAttempt:
    """The attempt as the ledger tells of it."""
    return OpenAttempt(
        id=whole.attempt,
        issue_id=whole.issue_id,
        provider="sendgrid",
        started_at=clock.now(),
        deliveries=Deliveries.of(
            Delivery(id=person.delivery_id, subscriber_id=SubscriberId(place), address=person.address)
            for place, person in enumerate(whole.recipients, 1)
        ),
        cancel_id=whole.cancel_id,
        send_at=whole.send_at,
    )


def test_the_provider_keeps_both_promises(provider: SendGridProvider) -> None:
    assert isinstance(provider, Evidence)
    assert isinstance(provider, Cancelable)


# --- logs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        (Kind.ACCEPT_THEN_CLOSE, Verdict.ACCEPTED),
        (Kind.ACCEPT_THEN_500, Verdict.ACCEPTED),
        (Kind.CLOSE_BEFORE_READING, Verdict.SILENT),
        (Fault(Kind.STATUS, 502), Verdict.SILENT),
    ],
    ids=str,
)
def test_the_logs_tell_an_accepted_request_and_nothing_of_another(
    sendgrid: SendGridEmulator, provider: SendGridProvider, clock: FakeClock, step: Step, verdict: Verdict
) -> None:
    whole = people(40)
    lose(sendgrid, provider, whole, step)
    attempt = doubted(whole, clock)
    clock.advance(hours=3)
    assert provider.verdict(attempt, clock.now())[0] is verdict
    assert sum(sendgrid.asked.values()) <= 6
    assert sendgrid.requests == 1


def test_another_request_for_the_same_people_is_no_evidence(
    sendgrid: SendGridEmulator, provider: SendGridProvider, clock: FakeClock
) -> None:
    provider.submit(EMAIL, SENDER, people(attempt="6" * 32))
    attempt = doubted(people(), clock)
    assert provider.verdict(attempt, clock.now()) == (
        Verdict.SILENT,
        "SendGrid's logs hold nothing of it",
    )


def test_addresses_that_no_query_can_hold_are_not_asked_for(
    sendgrid: SendGridEmulator, provider: SendGridProvider, clock: FakeClock
) -> None:
    odd = recipient(1, addr_spec="o'brien' OR subject = 'x@example.org")
    attempt = doubted(batch(odd, attempt=ATTEMPT), clock)
    assert provider.verdict(attempt, clock.now())[0] is Verdict.SILENT
    assert not sendgrid.asked
    plain = recipient(2)
    lose(sendgrid, provider, batch(plain, attempt=ATTEMPT), Kind.ACCEPT_THEN_CLOSE)
    both = doubted(batch(odd, plain, attempt=ATTEMPT), clock)
    assert provider.verdict(both, clock.now())[0] is Verdict.ACCEPTED


@pytest.mark.parametrize(("key", "scopes"), [("SG.another-key.abcdef", SCOPES), (KEY, ["mail.send"])])
def test_logs_that_may_not_be_read_are_silent_and_say_so(
    sendgrid: SendGridEmulator, connect: Connect, clock: FakeClock, key: str, scopes: list[str]
) -> None:
    sendgrid.scopes = list(scopes)
    verdict, words = connect(sendgrid.url, key).verdict(doubted(people(), clock), clock.now())
    assert verdict is Verdict.SILENT
    assert "may not read" in words
    assert key not in words


@pytest.mark.parametrize(
    "step",
    [
        Kind.ACCEPT_THEN_NONSENSE,
        Fault(Kind.ACCEPT_THEN_NONSENSE, '{"messages": [{"sg_message_id": 5}]}'),
        Fault(Kind.ACCEPT_THEN_NONSENSE, "[" * 100_000),
        Kind.ACCEPT_THEN_CLOSE,
        Kind.ACCEPT_THEN_GARBAGE,
        Kind.THROTTLE_PLAIN,
        Kind.REDIRECT,
        Fault(Kind.STATUS, 503),
        Kind.HANG_BEFORE_READING,
    ],
    ids=lambda step: str(step)[:60],
)
def test_an_answer_that_is_none_leaves_the_question_open(
    sendgrid: SendGridEmulator, provider: SendGridProvider, clock: FakeClock, step: Step
) -> None:
    sendgrid.script(step, path="/v3/logs")
    with pytest.raises(ProviderUnavailable) as caught:
        provider.verdict(doubted(people(), clock), clock.now())
    assert "example.org" not in str(caught.value)
    assert not sendgrid.redirect_was_followed()


def test_a_message_id_that_would_lead_elsewhere_is_not_followed(
    sendgrid: SendGridEmulator, provider: SendGridProvider, clock: FakeClock
) -> None:
    odd = '{"messages": [{"sg_message_id": "../scopes"}, {"sg_message_id": ".."}, {"sg_message_id": "a?b"}]}'
    sendgrid.script(*[Fault(Kind.ACCEPT_THEN_NONSENSE, odd)] * 2, path="/v3/logs")
    assert provider.verdict(doubted(people(), clock), clock.now())[0] is Verdict.SILENT
    assert set(sendgrid.asked) == {"POST /v3/logs"}


def test_a_host_that_is_away_leaves_the_question_open(connect: Connect, clock: FakeClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ProviderUnavailable, match="Connection refused"):
        connect(f"http://127.0.0.1:{port}").verdict(doubted(people(), clock), clock.now())


# --- calling back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [Kind.ACCEPT_THEN_CLOSE, Kind.CLOSE_BEFORE_READING], ids=str)
def test_a_request_that_is_called_back_in_time_is_void(
    sendgrid: SendGridEmulator, provider: SendGridProvider, clock: FakeClock, step: Kind
) -> None:
    whole = cancelable(provider, clock)
    lose(sendgrid, provider, whole, step)
    attempt = doubted(whole, clock)
    clock.advance(minutes=2)
    assert provider.verdict(attempt, clock.now()) == (
        Verdict.VOID,
        "called back 18 minutes before its time",
    )
    provider.submit(EMAIL, SENDER, cancelable(provider, clock, attempt="6" * 32))
    clock.advance(minutes=30)
    assert {copy.attempt for copy in sendgrid.copies()} == {"6" * 32}
    assert max(sendgrid.copies_per_person().values()) == 1
    again, words = provider.verdict(attempt, clock.now())
    assert (again, words) == (Verdict.VOID, "SendGrid holds it as called back")


@pytest.mark.parametrize("accepted", [True, False])
def test_a_request_that_was_not_called_back_in_time_is_left_to_the_logs(
    sendgrid: SendGridEmulator, provider: SendGridProvider, clock: FakeClock, accepted: bool
) -> None:
    whole = cancelable(provider, clock)
    lose(sendgrid, provider, whole, Kind.ACCEPT_THEN_CLOSE if accepted else Kind.CLOSE_BEFORE_READING)
    attempt = doubted(whole, clock)
    clock.advance(seconds=(timedelta(minutes=20) - SURELY_BEFORE).total_seconds() + 1)
    verdict, words = provider.verdict(attempt, clock.now())
    assert words.startswith("too late to call it back")
    assert verdict is (Verdict.ACCEPTED if accepted else Verdict.SILENT)
    assert f"POST {ORDERS}" not in sendgrid.asked
    clock.advance(minutes=30)
    assert len(sendgrid.copies()) == (2 if accepted else 0)


def test_the_clock_of_the_other_side_counts_when_ours_was_put_back(
    sendgrid: SendGridEmulator, provider: SendGridProvider, clock: FakeClock
) -> None:
    whole = cancelable(provider, clock)
    lose(sendgrid, provider, whole, Kind.ACCEPT_THEN_CLOSE)
    sendgrid.advance(hours=1)
    verdict, words = provider.verdict(doubted(whole, clock), clock.now())
    assert verdict is Verdict.ACCEPTED
    assert words.startswith("too late to call it back")


@pytest.mark.parametrize(
    "step", [Kind.ACCEPT_THEN_CLOSE, Kind.ACCEPT_THEN_GARBAGE, Fault(Kind.STATUS, 500)], ids=str
)
def test_a_call_back_whose_answer_is_lost_is_asked_for_again(
    sendgrid: SendGridEmulator, provider: SendGridProvider, clock: FakeClock, step: Step
) -> None:
    whole = cancelable(provider, clock)
    lose(sendgrid, provider, whole, Kind.ACCEPT_THEN_CLOSE)
    attempt = doubted(whole, clock)
    sendgrid.script(Kind.ACCEPT, step, path=ORDERS)
    with pytest.raises(ProviderUnavailable):
        provider.verdict(attempt, clock.now())
    assert provider.verdict(attempt, clock.now())[0] is Verdict.VOID
    clock.advance(hours=1)
    assert sendgrid.copies() == []
    assert len(sendgrid.cancelled()) == 2


def test_a_key_that_may_not_call_back_leaves_it_to_the_logs(
    sendgrid: SendGridEmulator, provider: SendGridProvider, clock: FakeClock
) -> None:
    whole = cancelable(provider, clock)
    lose(sendgrid, provider, whole, Kind.ACCEPT_THEN_CLOSE)
    sendgrid.scopes = [scope for scope in SCOPES if "scheduled_sends" not in scope]
    verdict, words = provider.verdict(doubted(whole, clock), clock.now())
    assert verdict is Verdict.ACCEPTED
    assert words.startswith("SendGrid did not call it back (403)")


def test_a_request_that_was_held_up_is_not_made(
    sendgrid: SendGridEmulator, provider: SendGridProvider, clock: FakeClock
) -> None:
    whole = cancelable(provider, clock)
    clock.advance(minutes=8)
    with pytest.raises(ProviderUnavailable, match="held up"):
        provider.submit(EMAIL, SENDER, whole)
    assert sendgrid.requests == 0


# --- batch ids ------------------------------------------------------------------------------------


def test_each_request_gets_an_id_of_its_own(provider: SendGridProvider) -> None:
    assert provider.new_cancel_id() != provider.new_cancel_id()


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (Fault(Kind.STATUS, 401), ProviderRefused),
        (Fault(Kind.STATUS, 403), ProviderRefused),
        (Fault(Kind.STATUS, 404), ProviderUnavailable),
        (Fault(Kind.STATUS, 500), ProviderUnavailable),
        (Kind.THROTTLE_PLAIN, ProviderUnavailable),
        (Kind.ACCEPT_THEN_CLOSE, ProviderUnavailable),
        (Kind.ACCEPT_THEN_NONSENSE, ProviderUnavailable),
        (Fault(Kind.ACCEPT_THEN_NONSENSE, '{"batch_id": "../x"}'), ProviderUnavailable),
    ],
    ids=str,
)
def test_whatever_fails_before_a_request_nothing_was_accepted(
    sendgrid: SendGridEmulator, provider: SendGridProvider, step: Step, error: type[Exception]
) -> None:
    sendgrid.script(step, path="/v3/mail/batch")
    with pytest.raises(error) as caught:
        provider.new_cancel_id()
    assert type(caught.value) is error
    assert sendgrid.requests == 0


def test_a_wrong_key_gets_no_id_and_a_remedy(sendgrid: SendGridEmulator, connect: Connect) -> None:
    with pytest.raises(ProviderRefused, match="check SENDGRID_API_KEY and its scope") as caught:
        connect(sendgrid.url, "SG.another-key.abcdef").new_cancel_id()
    assert "another-key" not in str(caught.value)
