"""What a send heeds besides its provider: budgets, canaries, waits, requests that can be called back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from newsletter.errors import BadSetting, ProviderError, ProviderUnavailable, SubmissionUncertain
from newsletter.models import (
    Batch,
    Canary,
    IssueState,
    NotBefore,
    SendOutcome,
    SendProgress,
    SendStatus,
    Window,
)
from newsletter.store import tables
from newsletter.store.engine import Database
from newsletter.usecases import answers
from newsletter.usecases.care import SEND_LATER, Care, illness, over_budget, wait_for_canary
from newsletter.usecases.send import SendReport, freeze_issue, send_issue
from tests.support.ledgers import ISSUE, SENDER, Desk, desk, letter
from tests.support.scripted import ScriptedProvider, plain_recipients

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
CARE = Care(error_budget=0.05, max_bounced=0.05, max_complained=0.001)


@pytest.fixture
def at(sqlite_url: str, opened: Callable[[str], Database]) -> Desk:
    return desk(opened(sqlite_url))


def run(
    at: Desk,
    provider: ScriptedProvider,
    care: Care,
    *,
    stopped: Callable[[], bool] = lambda: False,
    on_trouble: Callable[[str], None] = lambda _: None,
    on_look: Callable[[], None] = lambda: None,
    connections: int = 1,
) -> SendReport:
    return send_issue(
        ISSUE,
        ledger=at.ledger,
        providers=[provider] * connections,
        personalise=plain_recipients,
        clock=at.clock,
        owner="one",
        care=care,
        stopped=stopped,
        on_trouble=on_trouble,
        on_look=on_look,
    )


def singly(*fates: str) -> Callable[[Batch], Sequence[SendOutcome]]:
    """A step in which the provider takes recipients singly; the last fate is that of all others."""

    def step(batch: Batch) -> Sequence[SendOutcome]:
        padded = [*fates, *[fates[-1]] * (len(batch.recipients) - len(fates))]
        return [
            SendOutcome(delivery_id=r.delivery_id, status=SendStatus(fate), detail="450 later")
            for r, fate in zip(batch.recipients, padded, strict=False)
        ]

    return step


# --- the error budget -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rejected", "uncertain", "submitted", "over"),
    [
        (0, 0, 1000, False),
        (50, 0, 950, False),
        (51, 0, 949, True),
        (0, 100, 900, False),  # one request in doubt
        (0, 151, 849, True),
        (20, 0, 29, False),  # too few to say anything
        (20, 0, 30, True),
    ],
)
def test_too_many_failures_are_over_the_budget(
    rejected: int, uncertain: int, submitted: int, over: bool
) -> None:
    progress = SendProgress(audience=5000, rejected=rejected, uncertain=uncertain, submitted=submitted)
    why = over_budget(progress, CARE, a_kill=100)
    assert bool(why) is over
    assert ("sending.error_budget" in why) is over


def test_a_send_with_too_many_rejections_pauses_by_itself(at: Desk) -> None:
    at.freeze(200, batch_size=20)
    report = run(at, ScriptedProvider(default=singly("rejected", "rejected", "submitted")), CARE)
    assert report.state is IssueState.PAUSED
    assert report.progress == SendProgress(audience=200, submitted=54, rejected=6, pending=140)
    assert report.why.startswith("6 of 60 recipients were rejected")


def test_a_sender_that_dies_again_and_again_does_not_leave_everybody_in_doubt(at: Desk) -> None:
    at.freeze(200, batch_size=20)

    def die(batch: Batch) -> Sequence[SendOutcome]:
        raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            run(at, ScriptedProvider(die), CARE)
    report = run(at, ScriptedProvider(), CARE)
    assert report.state is IssueState.PAUSED
    assert report.progress.uncertain == 60
    assert "60 are uncertain" in report.why


@pytest.mark.parametrize("recovered_before", [False, True])
def test_what_one_kill_left_in_doubt_on_two_connections_stops_no_small_list(
    at: Desk, recovered_before: bool
) -> None:
    at.freeze(240, batch_size=20)
    lease = at.lease()
    for _ in range(2):
        at.claim(lease)  # by a sender that dies now
    if recovered_before:
        at.ledger.recover(at.take_over(), ISSUE, at.clock.now())
    at.clock.advance(seconds=1000)
    provider = ScriptedProvider(singly("rejected", "submitted"))
    report = run(at, provider, CARE, connections=2)
    assert report.state is IssueState.SUBMITTED
    assert report.progress == SendProgress(audience=240, submitted=199, rejected=1, uncertain=40)


# --- the canary -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("canary", "words"),
    [
        (Canary(people=100, submitted=100), ""),
        (Canary(people=100, submitted=95, bounced=4), ""),
        (Canary(people=100, submitted=95, bounced=5), "max_bounced"),
        (Canary(people=10, submitted=10, bounced=2), ""),  # a few say nothing
        (Canary(people=1, submitted=1, bounced=1), "max_bounced"),  # unless they are everybody
        (Canary(people=100, submitted=100, complained=3), "max_complained"),
        (Canary(people=100, submitted=90, rejected=6), "error_budget"),
        (Canary(people=100, submitted=90, uncertain=10), "error_budget"),
        (Canary(people=5), ""),  # all have left
    ],
)
def test_a_canary_is_ill_when_too_much_went_wrong_with_it(canary: Canary, words: str) -> None:
    why = illness(canary, CARE)
    assert words in why
    assert bool(why) is bool(words)


def test_a_canary_of_which_nothing_is_reported_is_ill_when_reports_are_expected() -> None:
    care = replace(CARE, events_expected=True)
    assert "webhook" in illness(Canary(people=10, submitted=10), care)
    assert illness(Canary(people=10, submitted=10, events=True), care) == ""


def test_the_wait_counts_from_the_last_answer_and_from_when_letters_go_out() -> None:
    canary = Canary(people=10, submitted=10, answered_at=NOW)
    care = replace(CARE, canary_wait=timedelta(minutes=30))
    later = NOW + timedelta(minutes=29, seconds=59)
    wait = wait_for_canary(canary, care, later)
    assert isinstance(wait, NotBefore)
    assert wait.moment == NOW + timedelta(minutes=30)
    assert wait_for_canary(canary, care, wait.moment) is None
    back = wait_for_canary(canary, replace(care, cancelable=True), later)
    assert isinstance(back, NotBefore)
    assert back.moment == wait.moment + SEND_LATER
    assert isinstance(wait_for_canary(replace(canary, open=1), care, wait.moment), NotBefore)
    assert wait_for_canary(Canary(people=3), care, NOW) is None


def test_a_canary_goes_first_and_the_others_after_its_wait_across_a_restart(at: Desk) -> None:
    at.freeze(40, batch_size=20, canary=0.05)
    start, provider, told = at.clock.now(), ScriptedProvider(), list[str]()
    care = replace(CARE, canary_wait=timedelta(minutes=2))

    def half_way() -> bool:
        return at.clock.now() >= start + timedelta(minutes=1)

    first = run(at, provider, care, stopped=half_way, on_trouble=told.append)
    assert first.progress == SendProgress(audience=40, submitted=2, pending=38)
    assert told == ["waiting until 2026-11-27 08:02:00 UTC: it is seen what becomes of the canary"]
    report = run(at, provider, care)
    assert report.progress == SendProgress(audience=40, submitted=40)
    assert len(provider.requests) == 3
    assert at.clock.now() - start == timedelta(minutes=2)


def test_an_ill_canary_pauses_the_issue_and_a_resume_sends_to_everybody(at: Desk) -> None:
    at.freeze(200, batch_size=20, canary=0.05)
    care = replace(CARE, canary_wait=timedelta())
    bad = ScriptedProvider(singly("rejected", "rejected", "rejected", "submitted"))
    report = run(at, bad, care)
    assert (report.state, report.progress.pending) == (IssueState.PAUSED, 190)
    assert "3 of the canary's 10 letters were rejected" in report.why
    at.issues.set_state(ISSUE, IssueState.SUBMITTING, expected=[IssueState.PAUSED])
    assert run(at, ScriptedProvider(), replace(care, error_budget=1.0)).progress.submitted == 197


@pytest.mark.parametrize("state", [IssueState.PAUSED, IssueState.CANCELLED])
def test_a_pause_while_the_canary_is_waited_for_ends_the_send_within_a_second(
    at: Desk, monkeypatch: pytest.MonkeyPatch, state: IssueState
) -> None:
    at.freeze(40, batch_size=20, canary=0.05)
    start, sleep = at.clock.now(), at.clock.sleep

    def sleep_and_stop(seconds: float) -> None:
        sleep(seconds)
        if (at.clock.now() - start).total_seconds() == 5:
            at.issues.set_state(ISSUE, state, expected=[IssueState.SUBMITTING])

    monkeypatch.setattr(at.clock, "sleep", sleep_and_stop)
    assert run(at, ScriptedProvider(), CARE).state is state
    assert (at.clock.now() - start).total_seconds() <= 6


# --- the pace ---------------------------------------------------------------------------------------


def test_a_send_keeps_the_rate_and_tells_once_why_it_waits(at: Desk) -> None:
    at.freeze(25, batch_size=20)
    start, told, looks = at.clock.now(), list[str](), list[datetime]()
    provider = ScriptedProvider()
    care = Care(rate=Window(recipients=10, seconds=60))
    report = run(at, provider, care, on_trouble=told.append, on_look=lambda: looks.append(at.clock.now()))
    assert report.progress.submitted == 25
    assert [len(batch.recipients) for batch in provider.requests] == [10, 10, 5]
    assert (at.clock.now() - start).total_seconds() == pytest.approx(120, abs=1)
    assert max(at.clock.slept) <= 1
    assert told == ["waiting until 2026-11-27 08:01:00 UTC: sending.rate allows 10 recipients in 60 s"]
    assert len(looks) > 120


# --- recipients put off singly ----------------------------------------------------------------------


def test_who_is_put_off_is_handed_over_again_alone_and_rejected_in_the_end(at: Desk) -> None:
    at.freeze(3, batch_size=3)
    greylisted = singly("unavailable")
    provider = ScriptedProvider(singly("submitted", "unavailable", "submitted"), default=greylisted)
    report = run(at, provider, Care())
    assert report.state is IssueState.SUBMITTED
    assert report.progress == SendProgress(audience=3, submitted=2, rejected=1)
    assert len(provider.requests) == answers.MAX_TRIES
    with at.database.reading() as connection:
        assert connection.scalars(select(tables.outcomes.c.detail)).all() == ["450 later"]


def test_a_provider_that_puts_everybody_off_is_left_alone_for_a_while(at: Desk) -> None:
    at.freeze(6, batch_size=3)
    provider = ScriptedProvider(singly("unavailable"))
    report = run(at, provider, Care())
    assert [len(batch.recipients) for batch in provider.requests] == [3, 3, 3]
    assert at.clock.slept
    assert report.progress.submitted == 6


# --- requests that can be called back ---------------------------------------------------------------


class CancelableProvider(ScriptedProvider):
    """A scripted provider that gives out ids, or raises the error that comes first."""

    def __init__(self, *troubles: ProviderError) -> None:
        super().__init__()
        self.troubles = list(troubles)
        self.given = 0

    def new_cancel_id(self) -> str:
        if self.troubles:
            raise self.troubles.pop(0)
        self.given += 1
        return f"id-{self.given}"


def test_each_request_has_its_own_id_and_time_on_the_disk_before_it_is_made(at: Desk) -> None:
    at.freeze(4, batch_size=2)
    provider = CancelableProvider()
    report = run(at, provider, Care(cancelable=True))
    assert report.progress.submitted == 4
    send_at = at.clock.now() + SEND_LATER
    assert [(b.cancel_id, b.send_at) for b in provider.requests] == [("id-1", send_at), ("id-2", send_at)]
    with at.database.reading() as connection:
        kept = select(tables.attempts.c.cancel_id, tables.attempts.c.send_at).order_by("number")
        assert [tuple(row) for row in connection.execute(kept)] == [("id-1", send_at), ("id-2", send_at)]


@pytest.mark.parametrize("trouble", [ProviderUnavailable("away"), SubmissionUncertain("no answer")])
def test_where_no_id_is_to_be_had_nothing_was_accepted(at: Desk, trouble: ProviderError) -> None:
    at.freeze(2, batch_size=2)
    provider = CancelableProvider(trouble)
    assert run(at, provider, Care(cancelable=True)).progress == SendProgress(audience=2, submitted=2)
    assert len(provider.requests) == 1


def test_a_provider_that_cannot_call_back_is_told_before_anything_is_frozen(at: Desk) -> None:
    at.subscribe(2)
    at.draft()
    with pytest.raises(BadSetting, match="cannot call a request back"):
        freeze_issue(
            letter(),
            SENDER,
            ledger=at.ledger,
            provider=ScriptedProvider(),
            batch_size=2,
            clock=at.clock,
            care=Care(cancelable=True),
        )
    assert at.state() is IssueState.DRAFT
