"""What must hold after every run, whatever happened in it: pure.

I1–I8 are those of `docs/explanation/sending.md`; I6 is held by the runs that replay events.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from newsletter.drill.plan import Control, Plan, Trouble
from newsletter.models import DeliveryStatus, IssueState, SendProgress

NOT_MAILED = {
    DeliveryStatus.PENDING,
    DeliveryStatus.REJECTED,
    DeliveryStatus.SUPPRESSED_SINCE,
}
"""Statuses by which the ledger says that nothing went to a recipient."""
IN_DOUBT = {DeliveryStatus.UNCERTAIN, DeliveryStatus.UNKNOWN}
COUNTERS = ("pending", "submitting", "submitted", "rejected", "suppressed_since", "uncertain", "unknown")
RETRIED = ("released", "refused", "void", "expired")
"""Attempts of which it is certain, or was decided, that nothing was accepted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """The end of a run, as the ledger tells it and as the provider does."""

    state: IssueState
    progress: SendProgress
    statuses: Mapping[str, str]
    """Of each frozen recipient, by address."""
    copies: Counter[str]
    """Accepted letters, by address."""
    letters: int
    """How many different letters were among them."""
    attempts: Counter[str]
    """Requests, by what the ledger says became of them."""
    batches: int
    requests: int
    """Requests that reached the provider."""
    gone: frozenset[str] = frozenset()
    """Addresses of those who had unsubscribed and were in no request at that moment."""
    settled: bool = False
    """Whether the provider has reported what it accepted, or was asked about it."""
    crashed: int = 0
    """Senders that ended with an error that the program does not know."""
    redirect_followed: bool = False

    @property
    def doubled(self) -> int:
        """Copies beyond the first."""
        return sum(count - 1 for count in self.copies.values() if count > 1)

    @property
    def lost(self) -> int:
        """Recipients who have no copy and of whom the ledger says, or lets think, that they have."""
        final = self.state is IssueState.SUBMITTED
        without = [status for address, status in self.statuses.items() if not self.copies[address]]
        return sum(
            status not in NOT_MAILED | IN_DOUBT or (final and status == DeliveryStatus.PENDING)
            for status in without
        )


def broken(plan: Plan, seen: Seen) -> tuple[str, ...]:
    """One line for each property that does not hold; empty when all do."""
    return tuple(_broken(plan, seen))


def _broken(plan: Plan, seen: Seen) -> Iterator[str]:
    if seen.crashed:
        yield f"{seen.crashed} senders ended with an error that the program does not know"
    if seen.redirect_followed:
        yield "a redirect was followed, with the key in hand"
    if seen.doubled:
        yield f"I1: {seen.doubled} copies too many"
    if late := [address for address in seen.gone if seen.copies[address]]:
        yield f"I2: {len(late)} readers had left and have a copy"
    if seen.lost:
        yield f"I3: {seen.lost} readers have no copy though the ledger says so"
    if unknown := _denied(seen):
        yield f"I3: {unknown} readers have a copy though the ledger says that they have none"
    yield from _sums(plan, seen)
    if seen.letters > 1:
        yield f"I5: there are {seen.letters} different letters among the copies"
    if plan.needs_no_doubt and seen.progress.uncertain:
        yield f"I7: {seen.progress.uncertain} are uncertain though nothing happened that nobody can tell"
    restored = plan.trouble is Trouble.RESTORED  # its ledger does not know of every request
    if (
        seen.settled
        and not restored
        and (
            known := [
                each for each, status in seen.statuses.items() if status in IN_DOUBT and seen.copies[each]
            ]
        )
    ):
        yield f"I3: {len(known)} readers are uncertain though there is evidence"
    retries = sum(seen.attempts[state] for state in RETRIED)
    too_many = seen.attempts.total() > seen.batches + retries or seen.requests > seen.attempts.total()
    if too_many and not restored:
        yield (
            f"I8: {seen.requests} requests and {seen.attempts.total()} attempts for {seen.batches} batches"
            f" and {retries} retries"
        )


def _denied(seen: Seen) -> int:
    """Copies of people to whom the ledger says that nothing went, or who are not in the audience."""
    return sum(
        bool(count) and seen.statuses.get(address, DeliveryStatus.PENDING) in NOT_MAILED
        for address, count in seen.copies.items()
    )


def _sums(plan: Plan, seen: Seen) -> Iterator[str]:
    """I4: everybody is in one final state, and the counts add up."""
    counts = Counter(seen.statuses.values())
    ended = {IssueState.SUBMITTED} | ({IssueState.CANCELLED} if plan.control is Control.CANCEL else set())
    if seen.state not in ended:
        yield f"I4: the issue is {seen.state}, and was to be submitted"
    if seen.state is IssueState.SUBMITTED and not seen.progress.balanced:
        yield "I4: the issue is submitted and some of its recipients are in no final state"
    if seen.progress.submitting or seen.attempts["inflight"]:
        yield f"I4: {seen.progress.submitting} recipients are in a request that nobody makes any more"
    if len(seen.statuses) != seen.progress.audience:
        yield f"I4: {len(seen.statuses)} recipients, {seen.progress.audience} in the audience"
    told = {name: getattr(seen.progress, name) for name in COUNTERS}
    differ = any(told[name] != counts[name] for name in COUNTERS if name != "submitted")
    if differ or sum(told.values()) != seen.progress.audience:  # of the submitted, events know more
        yield f"I4: the counts are {told}, the recipients' {dict(counts)}"
