"""The sending story with a scripted provider and a clock that stands still."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select

from newsletter.errors import (
    BatchTooLarge,
    Busy,
    LeaseLost,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RecipientsRefused,
    SubmissionUncertain,
    WrongState,
)
from newsletter.models import Batch, IssueId, IssueState, SendOutcome, SendProgress, SendStatus
from newsletter.store import tables
from newsletter.store.engine import Database
from newsletter.usecases import answers, sending
from newsletter.usecases.care import wait_before_retry
from newsletter.usecases.send import SendReport, freeze_issue, send_issue
from tests.support.ledgers import ISSUE, SENDER, Desk, desk, letter
from tests.support.scripted import ScriptedProvider, plain_recipients


@pytest.fixture
def at(sqlite_url: str, opened: Callable[[str], Database]) -> Desk:
    return desk(opened(sqlite_url))


def run(
    at: Desk,
    provider: ScriptedProvider,
    *,
    stopped: Callable[[], bool] = lambda: False,
    on_progress: Callable[[SendProgress], None] = lambda _: None,
    on_trouble: Callable[[str], None] = lambda _: None,
) -> SendReport:
    return send_issue(
        ISSUE,
        ledger=at.ledger,
        providers=[provider],
        personalise=plain_recipients,
        clock=at.clock,
        owner="one",
        stopped=stopped,
        on_progress=on_progress,
        on_trouble=on_trouble,
    )


def readers(first: int, last: int) -> list[str]:
    return [f"reader{number}@example.com" for number in range(first, last + 1)]


def out(*places: int) -> Callable[[Batch], Sequence[SendOutcome]]:
    """A step that refuses the request for the recipients at these places."""

    def step(batch: Batch) -> Sequence[SendOutcome]:
        outcomes = [
            SendOutcome(
                delivery_id=batch.recipients[p].delivery_id, status=SendStatus.REJECTED, detail="bad box"
            )
            for p in places
        ]
        raise RecipientsRefused("400", rejected=outcomes)

    return step


def attempt_states(at: Desk) -> list[str]:
    with at.database.reading() as connection:
        order = select(tables.attempts.c.state).order_by(tables.attempts.c.started_at, tables.attempts.c.id)
        return list(connection.scalars(order))


# --- when all goes well ---------------------------------------------------------------------------


def test_everybody_gets_one_request_and_nobody_is_uncertain(at: Desk) -> None:
    at.freeze(5, batch_size=2)
    provider = ScriptedProvider()
    report = run(at, provider)
    assert report == SendReport(state=IssueState.SUBMITTED, progress=SendProgress(audience=5, submitted=5))
    assert provider.accepted == readers(1, 5)
    assert len(provider.requests) == 3
    assert not report.attention
    assert report.summary == "submitted, 5 of 5 recipients submitted"
    assert at.clock.slept == []


def test_a_second_run_asks_nothing_of_the_provider(at: Desk) -> None:
    at.freeze(3, batch_size=2)
    first = run(at, ScriptedProvider())
    again = ScriptedProvider()
    assert run(at, again) == first
    assert again.requests == []


def test_progress_is_told_now_and_then_and_at_the_end(at: Desk) -> None:
    at.freeze(6, batch_size=2)
    told: list[int] = []
    provider = ScriptedProvider()

    def slowly(batch: Batch) -> Sequence[SendOutcome]:
        at.clock.advance(seconds=0.3)
        return provider.accept(batch)

    provider._default = slowly
    run(at, provider, on_progress=lambda progress: told.append(progress.submitted))
    assert told == [4, 6]


def test_an_issue_is_frozen_once_and_later_words_change_nothing(at: Desk) -> None:
    at.subscribe(5)
    at.draft()
    provider = ScriptedProvider(max_recipients=2)

    def freeze(subject: str) -> str:
        frozen = freeze_issue(
            replace(letter(), subject=subject),
            SENDER,
            ledger=at.ledger,
            provider=provider,
            batch_size=1000,
            clock=at.clock,
        )
        return frozen.email.subject

    assert freeze("first") == "first"
    assert freeze("edited afterwards") == "first"
    run(at, provider)
    assert [len(batch.recipients) for batch in provider.requests] == [2, 2, 1]


def test_what_is_not_frozen_is_not_sent(at: Desk) -> None:
    at.draft()
    with pytest.raises(WrongState, match="not frozen"):
        run(at, ScriptedProvider())


# --- answers ----------------------------------------------------------------------------------------


def test_an_unavailable_provider_is_asked_again_when_it_said(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    start = at.clock.now()
    provider = ScriptedProvider(ProviderUnavailable("429", retry_after=90))
    report = run(at, provider)
    assert provider.accepted == readers(1, 4)
    assert len(provider.requests) == 3
    assert (at.clock.now() - start).total_seconds() == pytest.approx(90)
    assert max(at.clock.slept) <= 1
    assert report.state is IssueState.SUBMITTED
    assert attempt_states(at) == ["released", "accepted", "accepted"]


def test_a_provider_that_is_not_there_is_told_at_once_and_at_a_stop_but_not_when_all_went_well(
    at: Desk,
) -> None:
    at.freeze(2, batch_size=2)
    told: list[str] = []
    absent = ScriptedProvider(default=ProviderUnavailable("no such host", remedy="check base_url"))
    stopped = run(at, absent, on_trouble=told.append, stopped=lambda: bool(told))
    assert told == ["no such host — check base_url; trying again in 1 s"]
    assert (stopped.state, stopped.why) == (IssueState.SUBMITTING, "no such host — check base_url")
    assert run(at, ScriptedProvider()).why == ""


def test_waits_double_up_to_a_limit_unless_the_provider_names_one() -> None:
    assert [wait_before_retry(n) for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert wait_before_retry(40) == 300
    assert wait_before_retry(3, retry_after=17) == 17
    assert wait_before_retry(3, retry_after=0) == 4


def test_a_provider_that_stays_away_pauses_the_issue_with_its_words(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    start = at.clock.now()
    provider = ScriptedProvider(default=ProviderUnavailable("connection refused", remedy="check base_url"))
    report = run(at, provider)
    assert len(provider.requests) == answers.MAX_FAILURES
    assert (report.state, report.progress) == (IssueState.PAUSED, SendProgress(audience=4, pending=4))
    assert report.attention
    assert f"{answers.MAX_FAILURES} requests in a row failed" in report.why
    assert "check base_url" in report.why
    record = at.issues.get(ISSUE)
    assert record is not None
    assert record.note == report.why
    assert 900 < (at.clock.now() - start).total_seconds() < 1800


def test_failures_between_acceptances_do_not_add_up(at: Desk) -> None:
    at.freeze(10, batch_size=1)
    provider = ScriptedProvider()
    failure = ProviderUnavailable("busy")
    provider._steps.extend(step for _ in range(10) for step in (failure, provider.accept))
    assert run(at, provider).state is IssueState.SUBMITTED
    assert provider.accepted == readers(1, 10)


def test_a_refused_recipient_is_out_and_the_others_of_the_batch_get_theirs(at: Desk) -> None:
    at.freeze(5, batch_size=3)
    provider = ScriptedProvider(out(1))
    report = run(at, provider)
    assert provider.accepted == ["reader1@example.com", "reader3@example.com", *readers(4, 5)]
    assert report.progress == SendProgress(audience=5, submitted=4, rejected=1)
    assert report.state is IssueState.SUBMITTED
    assert report.summary == "submitted, 4 of 5 recipients submitted (1 rejected)"


def test_a_list_that_is_refused_person_by_person_pauses(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_REFUSALS", 5)
    at.freeze(20, batch_size=20)
    report = run(at, ScriptedProvider(default=out(0)))
    assert report.state is IssueState.PAUSED
    assert report.progress == SendProgress(audience=20, rejected=4, pending=16)
    assert "5 requests in a row were refused" in report.why


def test_a_refusal_that_names_nobody_pauses(at: Desk) -> None:
    at.freeze(2, batch_size=2)
    report = run(at, ScriptedProvider(default=RecipientsRefused("400: bad", rejected=[])))
    assert (report.state, report.progress.pending) == (IssueState.PAUSED, 2)


def test_a_batch_that_is_too_large_is_split_until_it_passes(at: Desk) -> None:
    at.freeze(8, batch_size=8)
    provider = ScriptedProvider(BatchTooLarge("413"), BatchTooLarge("413"))
    report = run(at, provider)
    assert [len(batch.recipients) for batch in provider.requests] == [8, 4, 2, 2, 4]
    assert provider.accepted == readers(1, 8)
    assert report.state is IssueState.SUBMITTED


def test_one_letter_that_is_too_large_alone_is_rejected(at: Desk) -> None:
    at.freeze(1, batch_size=2)
    report = run(at, ScriptedProvider(default=BatchTooLarge("413: too large")))
    assert report.progress == SendProgress(audience=1, rejected=1)
    assert report.state is IssueState.SUBMITTED


def test_a_batch_frozen_for_a_larger_provider_is_split_without_asking(at: Desk) -> None:
    at.freeze(4, batch_size=4)
    provider = ScriptedProvider(max_recipients=2)
    run(at, provider)
    assert [len(batch.recipients) for batch in provider.requests] == [2, 2]
    assert provider.accepted == readers(1, 4)


def test_a_refusal_pauses_with_the_providers_words_and_remedy(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    provider = ScriptedProvider(ProviderRefused("401: bad key", remedy="check SENDGRID_API_KEY"))
    report = run(at, provider)
    assert report.why == "401: bad key — check SENDGRID_API_KEY"
    assert report.state is IssueState.PAUSED
    assert report.progress == SendProgress(audience=4, pending=4)
    assert len(provider.requests) == 1
    at.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=[IssueState.PAUSED])
    assert run(at, provider).state is IssueState.SUBMITTED
    assert provider.accepted == readers(1, 4)


def test_an_uncertain_batch_is_left_alone_and_the_others_go_on(at: Desk) -> None:
    at.freeze(6, batch_size=2)
    provider = ScriptedProvider(SubmissionUncertain("timed out"))
    report = run(at, provider)
    assert provider.accepted == readers(3, 6)
    assert report.progress == SendProgress(audience=6, submitted=4, uncertain=2)
    assert report.state is IssueState.SUBMITTED
    assert report.attention
    again = ScriptedProvider()
    run(at, again)
    assert again.requests == []


@pytest.mark.parametrize("error", [SubmissionUncertain("500"), ProviderError("something new")])
def test_a_provider_whose_answers_mean_nothing_pauses_before_many_are_uncertain(
    at: Desk, error: ProviderError
) -> None:
    at.freeze(20, batch_size=2)
    report = run(at, ScriptedProvider(default=error))
    assert report.state is IssueState.PAUSED
    assert report.progress == SendProgress(audience=20, uncertain=6, pending=14)
    assert "3 requests in a row may or may not have been accepted" in report.why


# --- stopping, pausing, losing the lease ------------------------------------------------------------


def test_a_stop_finishes_the_request_under_way_and_hands_out_no_other(at: Desk) -> None:
    at.freeze(6, batch_size=2)
    provider = ScriptedProvider()
    report = run(at, provider, stopped=lambda: bool(provider.requests))
    assert report.state is IssueState.SUBMITTING
    assert report.progress == SendProgress(audience=6, submitted=2, pending=4)
    assert run(at, provider).progress == SendProgress(audience=6, submitted=6)
    assert provider.accepted == readers(1, 6)


@pytest.mark.parametrize("state", [IssueState.PAUSED, IssueState.CANCELLED])
def test_a_pause_or_cancel_stops_after_the_request_under_way(at: Desk, state: IssueState) -> None:
    at.freeze(6, batch_size=2)
    provider = ScriptedProvider()

    def stop_meanwhile(batch: Batch) -> Sequence[SendOutcome]:
        at.issues.set_state(ISSUE, state, expected=[IssueState.SUBMITTING])
        return provider.accept(batch)

    provider._steps.append(stop_meanwhile)
    report = run(at, provider)
    assert report.state is state
    assert report.progress == SendProgress(audience=6, submitted=2, pending=4)


@pytest.mark.parametrize("state", [IssueState.PAUSED, IssueState.CANCELLED])
def test_a_pause_or_cancel_while_it_waits_is_noticed_within_a_second(
    at: Desk, monkeypatch: pytest.MonkeyPatch, state: IssueState
) -> None:
    at.freeze(4, batch_size=2)
    start = at.clock.now()
    sleep = at.clock.sleep

    def sleep_and_stop(seconds: float) -> None:
        sleep(seconds)
        if (at.clock.now() - start).total_seconds() == 30:
            at.issues.set_state(ISSUE, state, expected=[IssueState.SUBMITTING])

    monkeypatch.setattr(at.clock, "sleep", sleep_and_stop)
    report = run(at, ScriptedProvider(ProviderUnavailable("429", retry_after=3600)))
    assert report.state is state
    assert (at.clock.now() - start).total_seconds() <= 31


def test_a_long_wait_keeps_the_lease(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    at.freeze(2, batch_size=2)
    busy = 0
    sleep = at.clock.sleep

    def sleep_and_try(seconds: float) -> None:
        nonlocal busy
        sleep(seconds)
        try:
            at.ledger.acquire(f"send {ISSUE}", owner="two", ttl=60, now=at.clock.now())
        except Busy:
            busy += 1

    monkeypatch.setattr(at.clock, "sleep", sleep_and_try)
    report = run(at, ScriptedProvider(ProviderUnavailable("429", retry_after=sending.LEASE_SECONDS * 2)))
    assert report.state is IssueState.SUBMITTED
    assert busy == len(at.clock.slept) >= 360


def test_a_sender_who_lost_the_lease_stops_and_its_answer_still_counts(at: Desk) -> None:
    at.freeze(6, batch_size=2)
    provider = ScriptedProvider()

    def lose_the_lease(batch: Batch) -> Sequence[SendOutcome]:
        at.clock.advance(seconds=sending.LEASE_SECONDS + 1)
        lease = at.ledger.acquire(f"send {ISSUE}", owner="two", ttl=60, now=at.clock.now())
        assert at.ledger.recover(lease, ISSUE, at.clock.now()) == 2
        return provider.accept(batch)

    provider._steps.append(lose_the_lease)
    with pytest.raises(LeaseLost):
        run(at, provider)
    assert at.progress() == SendProgress(audience=6, submitted=2, pending=4)


def test_while_one_sends_another_is_busy(at: Desk) -> None:
    at.freeze(2, batch_size=2)
    at.lease("two")
    with pytest.raises(Busy):
        run(at, ScriptedProvider())


def test_a_crash_inside_the_request_leaves_it_uncertain(at: Desk) -> None:
    at.freeze(4, batch_size=2)

    def crash(batch: Batch) -> Sequence[SendOutcome]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(at, ScriptedProvider(crash))
    provider = ScriptedProvider()
    report = run(at, provider)
    assert provider.accepted == readers(3, 4)
    assert report.progress == SendProgress(audience=4, submitted=2, uncertain=2)


def test_an_answer_about_somebody_else_leaves_the_batch_uncertain(at: Desk) -> None:
    at.freeze(2, batch_size=2)
    strange = ScriptedProvider(lambda _: [])
    with pytest.raises(ValueError, match="one outcome per recipient"):
        run(at, strange)
    assert run(at, ScriptedProvider()).progress == SendProgress(audience=2, uncertain=2)


def test_two_issues_have_their_own_leases(at: Desk) -> None:
    at.freeze(2, batch_size=2)
    at.lease("two", IssueId("special"))
    assert run(at, ScriptedProvider()).state is IssueState.SUBMITTED
