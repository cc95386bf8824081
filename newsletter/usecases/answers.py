"""What a provider's answers mean: written down in the ledger, and counted to see when to stop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from msgspec.structs import replace

from newsletter.errors import (
    BatchTooLarge,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RecipientsRefused,
)
from newsletter.models import Accepted, Claim, IssueId, RejectReason, SendOutcome, SendStatus
from newsletter.ports import Clock, Ledger
from newsletter.usecases.care import Care, over_budget, wait_before_retry

MAX_FAILURES = 12
"""Requests in a row that were not accepted before the issue is paused: some twenty minutes."""
MAX_DOUBTS = 3
"""Requests in a row without a usable answer before it is paused, so that few people are uncertain."""
MAX_REFUSALS = 100
"""Requests in a row refused for somebody in them before it is paused: it is not the recipients."""
MAX_TRIES = 12
"""Times that a recipient is put off alone before they are rejected: some twenty minutes, too."""

Answer = Sequence[SendOutcome] | ProviderError
"""What came of one request: an outcome for each recipient, or the error that tells what to do next."""


@dataclass(kw_only=True, slots=True)
class Answers:
    """The answers of one run of one sender. Asked by one connection at a time."""

    ledger: Ledger
    clock: Clock
    care: Care
    connections: int
    """Each has one request under way, which a kill leaves in doubt."""
    on_trouble: Callable[[str], None]
    why: str = ""
    """Why the issue was paused."""
    trouble: str = ""
    """Why the last request has to be repeated; empty when it has not."""
    _failures: int = field(default=0, init=False)
    _doubts: int = field(default=0, init=False)
    _refusals: int = field(default=0, init=False)
    """Each counts requests in a row, from 0 again whenever somebody is accepted."""

    def write_down(self, claim: Claim, answer: Answer) -> float:
        """Seconds to wait before the next request; the answer is in the ledger."""
        self.trouble = ""
        match answer:
            case RecipientsRefused(rejected=rejected) if rejected:
                self._reject(claim, rejected, str(answer))
            case BatchTooLarge() if len(claim.deliveries) > 1:
                self.ledger.split(claim, str(answer), self.clock.now())
            case BatchTooLarge():
                alone = SendOutcome(
                    delivery_id=claim.deliveries[0].id,
                    status=SendStatus.REJECTED,
                    reject_reason=RejectReason.OTHER,
                    detail=str(answer),
                )
                self._reject(claim, [alone], str(answer))
            case ProviderRefused():
                self._refuse(claim, str(answer))
            case ProviderUnavailable():
                self._try_again(claim, answer)
            case ProviderError():
                self.ledger.mark_uncertain(claim, detail=str(answer), now=self.clock.now())
                return self._doubt(claim, str(answer))
            case Accepted():
                self.ledger.accept(claim, answer.provider_message_id, self.clock.now())
                self._begin_counting_anew()
            case outcomes:
                return self._record(claim, outcomes)
        return 0.0

    def mind_budget(self, issue_id: IssueId, *, a_kill: int) -> None:
        """None; the issue is paused when too many of it failed, besides those whom one kill left in doubt."""
        progress = self.ledger.progress(issue_id)
        if progress and (why := over_budget(progress, self.care, a_kill=a_kill)):
            self._pause(issue_id, why)

    def _record(self, claim: Claim, outcomes: Sequence[SendOutcome]) -> float:
        statuses = {outcome.status for outcome in outcomes}
        if statuses == {SendStatus.UNAVAILABLE} and len(outcomes) > 1 and not claim.tries:
            # So many strangers at once are put off by the provider's own doing, not by theirs.
            self._try_again(claim, ProviderUnavailable("everybody of a request was put off"))
            return 0.0
        now, retry_at = self.clock.now(), None
        if SendStatus.UNAVAILABLE in statuses:
            tries = claim.tries + 1
            retry_at = now + timedelta(seconds=wait_before_retry(tries))
            if tries >= MAX_TRIES:
                outcomes = [_given_up(outcome) for outcome in outcomes]
        self.ledger.record(claim, outcomes, now, retry_at=retry_at)
        if SendStatus.SUBMITTED in statuses:
            self._begin_counting_anew()
        if statuses != {SendStatus.SUBMITTED}:
            self._mind_budget(claim)
        if SendStatus.UNCERTAIN in statuses and SendStatus.SUBMITTED not in statuses:
            return self._doubt(claim, "its connection was lost")
        return 0.0

    def _begin_counting_anew(self) -> None:
        self._failures = self._doubts = self._refusals = 0

    def _mind_budget(self, claim: Claim) -> None:
        self.mind_budget(claim.issue_id, a_kill=self.connections * len(claim.deliveries))

    def _reject(self, claim: Claim, rejected: Sequence[SendOutcome], words: str) -> None:
        self._refusals += 1
        if self._refusals >= MAX_REFUSALS:
            self._refuse(claim, f"{self._refusals} requests in a row were refused, the last with: {words}")
        else:
            self.ledger.reject(claim, rejected, self.clock.now())
            self._mind_budget(claim)

    def _refuse(self, claim: Claim, why: str) -> None:
        self.why = why
        self.ledger.refuse(claim, detail=why, now=self.clock.now())

    def _try_again(self, claim: Claim, trouble: ProviderUnavailable) -> None:
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            self._refuse(claim, f"{self._failures} requests in a row failed, the last with: {trouble}")
            return
        wait = wait_before_retry(self._failures, trouble.retry_after)
        self.trouble = str(trouble)
        self.on_trouble(f"{trouble}; trying again in {wait:.0f} s")
        now = self.clock.now()
        self.ledger.release(claim, retry_at=now + timedelta(seconds=wait), detail=str(trouble), now=now)

    def _doubt(self, claim: Claim, words: str) -> float:
        """Seconds to wait after a request of which nobody knows what became of it."""
        self._doubts += 1
        if self._doubts < MAX_DOUBTS:
            self._mind_budget(claim)
            return wait_before_retry(self._doubts)
        so_many = f"{self._doubts} requests in a row may or may not have been accepted"
        self._pause(claim.issue_id, f"{so_many}, the last: {words}")
        return 0.0

    def _pause(self, issue_id: IssueId, why: str) -> None:
        self.why = why
        self.ledger.pause(issue_id, note=why)


def _given_up(outcome: SendOutcome) -> SendOutcome:
    """The outcome of somebody who was put off too often: they are rejected with the server's words."""
    if outcome.status is not SendStatus.UNAVAILABLE:
        return outcome
    return replace(outcome, status=SendStatus.REJECTED, reject_reason=RejectReason.OTHER)
