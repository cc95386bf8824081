"""Settling what is in doubt: requests to a provider of which nobody knows whether it took them.

In this order: events that name the request; the provider's own word, which may be that the request
was called back in time; and when nothing has come to light for long enough, what the author has
decided, now or in the settings. `fate` and `webhook_is_healthy` decide and are pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.config.settings import SendingSettings
from newsletter.content.counting import counted
from newsletter.errors import ProviderError
from newsletter.models import IssueId, OpenAttempt, Verdict, Witness
from newsletter.ports import Clock, Evidence, Settling

ARRIVING = timedelta(hours=1)
"""Events of a request that is younger may still be under way."""


class Fate(StrEnum):
    """What becomes of a request about which nothing came to light."""

    WAIT = "wait"
    ASK = "ask"
    GIVE_UP = "give up"
    RESEND = "resend"


class Decision(StrEnum):
    """What a person decided about all requests of an issue that evidence does not settle."""

    ASSUME_SUBMITTED = "assume_submitted"
    RESEND = "resend"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """What was settled and what was not, line by line."""

    done: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    settled: int = 0
    """Recipients who are in doubt no more."""
    uncertain: int = 0
    """Recipients who still are."""
    issues: frozenset[IssueId] = frozenset()
    """The issues of those about whom the provider or a person decided."""
    attention: bool = False
    """Whether a person must decide now: waiting will bring nothing."""


def fate(
    attempt: OpenAttempt, witnesses: Sequence[Witness], settings: SendingSettings, now: datetime
) -> Fate:
    """What becomes of a request about which nothing came to light until now."""
    if now - attempt.started_at < settings.uncertain_after:
        return Fate.WAIT
    if settings.uncertain == "assume_submitted":
        return Fate.GIVE_UP
    if settings.uncertain == "resend" and not attempt.restored:
        return Fate.RESEND if webhook_is_healthy(attempt, witnesses, now) else Fate.ASK
    return Fate.ASK


def webhook_is_healthy(attempt: OpenAttempt, witnesses: Sequence[Witness], now: datetime) -> bool:
    """Whether silence means something: events of other requests came in since this one was made, and
    none of those requests is silent itself."""
    grown = [witness for witness in witnesses if now - witness.started_at >= ARRIVING]
    heard = [witness.heard_at for witness in grown if witness.heard_at is not None]
    return len(heard) == len(grown) > 0 and max(heard) >= attempt.started_at


def reconcile(
    *,
    settling: Settling,
    evidence: Evidence | None,
    provider: str,
    settings: SendingSettings,
    clock: Clock,
    issue_id: IssueId | None = None,
    decision: Decision | None = None,
) -> Reconciled:
    """What became of the requests in doubt, of one issue or of all. Harmless to repeat.

    `evidence` is the side of `provider` that can be asked; None when it cannot tell. A `decision`
    settles at once what evidence leaves open.
    """
    run = _Run(
        settling=settling,
        evidence=evidence,
        provider=provider,
        settings=settings,
        clock=clock,
        decision=decision,
    )
    if confirmed := settling.settle_by_events(clock.now()):
        run.settled += confirmed
        run.done.append(f"{counted(confirmed, 'recipient')} submitted, as events say")
    for attempt in settling.open_attempts(issue_id):
        run.see_to(attempt)
    return Reconciled(
        done=tuple(run.done),
        open=tuple(run.open),
        settled=run.settled,
        uncertain=run.uncertain,
        issues=frozenset(run.issues),
        attention=run.attention,
    )


@dataclass(kw_only=True, slots=True)
class _Run:
    """One round over the requests in doubt."""

    settling: Settling
    evidence: Evidence | None
    provider: str
    settings: SendingSettings
    clock: Clock
    decision: Decision | None
    done: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    settled: int = 0
    uncertain: int = 0
    issues: set[IssueId] = field(default_factory=set)
    attention: bool = False
    _away: str = ""
    """Why the provider could not be asked: then it is not asked again in this round."""

    def see_to(self, attempt: OpenAttempt) -> None:
        """None; the attempt is settled, or told among those that are open."""
        verdict, words = self._ask(attempt)
        if verdict is not Verdict.SILENT:
            number = self.settling.settle(attempt.id, verdict, words, self.clock.now())
            self._tell(attempt, number, _AFTER[verdict], words)
        elif self.decision is not None:
            self._decide(attempt, _BY_HAND[self.decision], "decided by hand")
        else:
            self._go_by_policy(attempt, words)

    def _ask(self, attempt: OpenAttempt) -> tuple[Verdict, str]:
        """What the provider says of the attempt; it is asked only about its own."""
        if attempt.provider not in {"", self.provider}:
            return Verdict.SILENT, f"it went through {attempt.provider}, which is not in use"
        if self.evidence is None:
            return Verdict.SILENT, f"{self.provider} cannot tell"
        if self._away:
            return Verdict.SILENT, self._away
        try:
            return self.evidence.verdict(attempt, self.clock.now())
        except ProviderError as error:
            self._away = f"{self.provider} could not be asked: {error}"
            return Verdict.SILENT, self._away

    def _go_by_policy(self, attempt: OpenAttempt, words: str) -> None:
        after = self.settings.uncertain_after
        witnesses = self.settling.witnesses(attempt, after)
        what = fate(attempt, witnesses, self.settings, self.clock.now())
        if what in {Fate.GIVE_UP, Fate.RESEND}:
            self._decide(attempt, what, f"nothing came to light until {self.clock.now():%Y-%m-%d %H:%M} UTC")
            return
        number = len(attempt.deliveries)
        self.uncertain += number
        line = f"{attempt.issue_id}: {counted(number, 'recipient')} uncertain since "
        line += f"{attempt.started_at:%Y-%m-%d %H:%M} UTC ({words})"
        if what is Fate.WAIT:
            line += f"; evidence is waited for until {attempt.started_at + after:%Y-%m-%d %H:%M} UTC"
        else:
            command = f"newsletter reconcile {attempt.issue_id}"
            line += f"; decide: “{command} --assume-submitted”, or “{command} --resend”"
            self.attention = True
        self.open.append(line)

    def _decide(self, attempt: OpenAttempt, what: Fate, why: str) -> None:
        if what is Fate.RESEND:
            number = self.settling.resend(attempt.id, why, self.clock.now())
            self._tell(attempt, number, "pending again, though they may have it", why)
        else:
            number = self.settling.give_up(attempt.id, why, self.clock.now())
            self._tell(attempt, number, "unknown for good", why)

    def _tell(self, attempt: OpenAttempt, number: int, what: str, why: str) -> None:
        if not number:  # somebody else settled it a moment ago
            return
        self.settled += number
        self.issues.add(attempt.issue_id)
        self.done.append(f"{attempt.issue_id}: {counted(number, 'recipient')} {what}: {why}")


_AFTER = {Verdict.ACCEPTED: "submitted", Verdict.VOID: "pending again"}
_BY_HAND = {Decision.ASSUME_SUBMITTED: Fate.GIVE_UP, Decision.RESEND: Fate.RESEND}
