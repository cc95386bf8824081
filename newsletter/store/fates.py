"""What an answer makes of a request and of the people in it, when a provider takes them singly."""

from collections.abc import Collection, Sequence
from datetime import datetime

from newsletter.models import BatchState, SendOutcome, SendStatus
from newsletter.store.moves import Run, seq_of
from newsletter.store.tables import AttemptState

_STATES = {
    SendStatus.SUBMITTED: BatchState.SUBMITTED,
    SendStatus.UNAVAILABLE: BatchState.PENDING,
    SendStatus.UNCERTAIN: BatchState.UNCERTAIN,
}
"""Whoever is rejected has an outcome of their own, and goes with their neighbours."""


def attempt_state(statuses: Collection[SendStatus]) -> AttemptState:
    """What became of a request whose recipients have these statuses."""
    if SendStatus.UNCERTAIN in statuses:
        return AttemptState.UNCERTAIN
    if SendStatus.SUBMITTED in statuses:
        return AttemptState.ACCEPTED
    return AttemptState.RELEASED if SendStatus.UNAVAILABLE in statuses else AttemptState.REFUSED


def runs(outcomes: Sequence[SendOutcome], *, tries: int, retry_at: datetime | None) -> list[Run]:
    """The runs of neighbours with one fate, in order; none when everybody is rejected.

    Those who may be handed over again wait until `retry_at`.
    """
    found: list[Run] = []
    one_fate = len({outcome.status for outcome in outcomes} - {SendStatus.REJECTED}) == 1
    for outcome in outcomes:
        state = _STATES.get(outcome.status)
        if state is None or (found and found[-1].state is state):
            continue
        wait = retry_at if state is BatchState.PENDING else None
        found.append(Run(first_seq=seq_of(outcome.delivery_id), state=state, tries=tries, retry_at=wait))
        if one_fate:
            break
    return found
