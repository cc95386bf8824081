"""What becomes of a request about which nothing came to light: decided without any machine."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.config.settings import SendingSettings, Uncertain
from newsletter.models import AttemptId, Deliveries, IssueId, OpenAttempt, Witness
from newsletter.usecases.reconcile import Fate, fate, webhook_is_healthy

MADE = datetime(2026, 11, 27, 8, tzinfo=UTC)
NEVER: float | None = None


def attempt(*, restored: bool = False) -> OpenAttempt:
    return OpenAttempt(
        id=AttemptId("a"),
        issue_id=IssueId("2026-11-27"),
        provider="sendgrid",
        started_at=MADE,
        deliveries=Deliveries(),
        restored=restored,
    )


def witness(made: float, heard: float | None) -> Witness:
    """Another request, so many hours after the one in doubt, and its last event."""
    return Witness(
        started_at=MADE + timedelta(hours=made),
        heard_at=None if heard is None else MADE + timedelta(hours=heard),
    )


@pytest.mark.parametrize(
    ("witnesses", "healthy"),
    [
        ([], False),
        ([witness(1, 2)], True),
        ([witness(-0.5, 0.5)], True),
        ([witness(-0.5, -0.4)], False),
        ([witness(1, NEVER)], False),
        ([witness(1, 2), witness(2, NEVER)], False),
        ([witness(1, 2), witness(23.5, NEVER)], True),
        ([witness(23.5, 23.6)], False),
    ],
    ids=[
        "no other request",
        "a later one was heard of",
        "an earlier one was heard of since",
        "an earlier one was heard of before",
        "a later one was not",
        "one of two was not",
        "one that was not is too young",
        "one that is too young proves nothing",
    ],
)
def test_silence_means_something_only_while_other_requests_are_heard_of(
    witnesses: list[Witness], healthy: bool
) -> None:
    now = MADE + timedelta(hours=24)
    assert webhook_is_healthy(attempt(), witnesses, now) is healthy


@pytest.mark.parametrize(
    ("hours", "policy", "restored", "heard", "expected"),
    [
        (23.9, "ask", False, True, Fate.WAIT),
        (23.9, "assume_submitted", False, True, Fate.WAIT),
        (23.9, "resend", False, True, Fate.WAIT),
        (24, "ask", False, True, Fate.ASK),
        (24, "assume_submitted", False, False, Fate.GIVE_UP),
        (24, "resend", False, True, Fate.RESEND),
        (24, "resend", False, False, Fate.ASK),
        (24, "resend", True, True, Fate.ASK),
        (24, "assume_submitted", True, True, Fate.GIVE_UP),
    ],
)
def test_the_policy_counts_when_time_is_up(
    hours: float, policy: Uncertain, restored: bool, heard: bool, expected: Fate
) -> None:
    witnesses = [witness(1, 2 if heard else NEVER)]
    found = fate(
        attempt(restored=restored),
        witnesses,
        SendingSettings(uncertain=policy),
        MADE + timedelta(hours=hours),
    )
    assert found is expected
