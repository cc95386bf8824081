"""What a send heeds besides its provider: pure decisions about waits, canaries and errors."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.models import Canary, NotBefore, SendProgress, Window

LOOK_SECONDS = 1.0
"""While a send waits, it looks this often whether it was paused, cancelled or asked to stop."""
FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
"""Seconds before trying again when the provider names no time; doubled each time."""
SEND_LATER = timedelta(minutes=20)
"""How long after its request a letter goes out that can be called back: SendGrid promises to heed a
cancel that comes ten minutes before (Twilio SendGrid, Cancel Scheduled Sends, 2026)."""
FEWEST_ANSWERED = 50
"""Recipients who must have been answered before the error budget says anything."""
FEW = 3
"""So many people say nothing about a share, unless they are everybody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Care:
    """What a send must heed; as it stands here, nothing but what the provider says."""

    rate: Window | None = None
    warm_up: tuple[int, ...] = ()
    """Recipients on the first, second, … day."""
    timezone: str = "UTC"
    """IANA name; the days of the warm-up begin and end in it."""
    canary: float = 0.0
    """The share of the audience that goes first."""
    canary_wait: timedelta = timedelta(minutes=30)
    error_budget: float = 1.0
    """The share of answered recipients who may be rejected or uncertain."""
    max_bounced: float = 1.0
    """The share of the submitted who may bounce."""
    max_complained: float = 1.0
    cancelable: bool = False
    """Whether each request is made so that it can be called back."""
    events_expected: bool = False
    """Whether the provider reports what becomes of letters."""


def wait_before_retry(failures: int, retry_after: float | None = None) -> float:
    """Seconds to wait after so many failures in a row: as told, else doubled each time."""
    return retry_after or min(FIRST_WAIT * 2.0 ** (failures - 1), LONGEST_WAIT)


def over_budget(progress: SendProgress, care: Care, *, a_kill: int) -> str:
    """Why too many of those answered are rejected or uncertain; empty when they are not.

    So many as one kill leaves in doubt, `a_kill`, do not count: it alone stops no small list.
    """
    answered = progress.submitted + progress.rejected + progress.uncertain + progress.unknown
    failed = progress.rejected + max(0, progress.uncertain - a_kill)
    if answered < FEWEST_ANSWERED or failed <= care.error_budget * answered:
        return ""
    return (
        f"{progress.rejected} of {answered} recipients were rejected and {progress.uncertain} are uncertain, "
        "more than sending.error_budget allows"
    )


def wait_for_canary(canary: Canary, care: Care, now: datetime) -> NotBefore | None:
    """When to look at the canary again; None when it can be judged."""
    if canary.open:
        return NotBefore(moment=now + timedelta(seconds=LOOK_SECONDS), why="the canary is on its way")
    if canary.answered_at is None:  # nobody of it was left to write to
        return None
    moment = canary.answered_at + care.canary_wait + (SEND_LATER if care.cancelable else timedelta())
    return NotBefore(moment=moment, why="it is seen what becomes of the canary") if now < moment else None


def illness(canary: Canary, care: Care) -> str:
    """Why nobody else may get the letter; empty when the canary looks healthy."""
    answered = canary.submitted + canary.rejected + canary.uncertain
    failed = canary.rejected + canary.uncertain
    for count, of, share, what in (
        (
            failed,
            answered,
            care.error_budget,
            "were rejected or are uncertain, more than sending.error_budget",
        ),
        (canary.bounced, canary.submitted, care.max_bounced, "bounced, more than sending.max_bounced"),
        (
            canary.complained,
            canary.submitted,
            care.max_complained,
            "were called spam, more than sending.max_complained",
        ),
    ):
        if count > share * of and (count >= FEW or count == of):
            return f"{count} of the canary's {of} letters {what} allows"
    if care.events_expected and canary.submitted and not canary.events:
        return "the provider has reported nothing about the canary: see that its webhook arrives"
    return ""
