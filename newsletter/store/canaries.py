"""The canary of an issue: the small batches, spread over the audience, that go before the others."""

from collections.abc import Iterator
from datetime import datetime
from math import ceil

from sqlalchemy import Connection, and_, func, select, update

from newsletter.models import SENDING, Canary, CanaryState, DeliveryStatus, IssueId
from newsletter.store import issuemoves
from newsletter.store.tables import attempts, batches, issues, outcomes, provider_events

PLACES = 100
"""A canary stands in at most so many places of the audience, from its oldest subscribers to its newest,"""
FEWEST = 10
"""and has at least so many people in each, as far as there are any: a request each is needed."""


def ranges(audience: int, batch_size: int, share: float) -> Iterator[tuple[int, int, bool]]:
    """The first and last place of each batch in order, and whether it is of the canary.

    The canary has about that share of the audience, and when `share` is above 0 at least one person.
    """
    people = min(audience, max(1, round(audience * share))) if share > 0 else 0
    places = ceil(people / min(batch_size, max(FEWEST, ceil(people / PLACES)))) or 1
    first = 1
    for place in range(places):
        for all_of_them, canary in ((people, True), (audience - people, False)):
            end = first + all_of_them * (place + 1) // places - all_of_them * place // places
            for start in range(first, end, batch_size):
                yield start, min(start + batch_size, end) - 1, canary
            first = end


def waiting(connection: Connection, issue_id: IssueId) -> Canary | None:
    """What became of the canary up to now; None when nothing is handed out or no canary waited for."""
    number: int | None = connection.scalar(
        select(issues.c.number).where(
            issues.c.id == issue_id,
            issues.c.state.in_(SENDING),
            issues.c.canary == CanaryState.WAITING,
        )
    )
    if number is None:
        return None
    of_canary = and_(batches.c.issue == number, batches.c.canary)
    names = ("size", "pending", "submitting", "submitted", "rejected", "uncertain")
    sums = connection.execute(select(*(func.sum(batches.c[name]) for name in names)).where(of_canary)).one()
    people, pending, submitting, submitted, rejected, uncertain = (int(value or 0) for value in sums)
    # Who is unknown or has left is in none of these sums, and nothing is waited for in their case.
    told = connection.execute(
        select(outcomes.c.status, func.count())
        .join_from(
            batches,
            outcomes,
            and_(
                outcomes.c.issue == batches.c.issue,
                outcomes.c.seq.between(batches.c.first_seq, batches.c.last_seq),
            ),
        )
        .where(of_canary)
        .group_by(outcomes.c.status)
    )
    counts: dict[str, int] = {row[0]: row[1] for row in told}
    requests = select(attempts.c.id).join_from(attempts, batches, attempts.c.batch == batches.c.id)
    answered_at: datetime | None = connection.scalar(
        requests.with_only_columns(func.max(attempts.c.answered_at)).where(of_canary)
    )
    reported = select(provider_events.c.id).where(provider_events.c.attempt_id.in_(requests.where(of_canary)))
    return Canary(
        people=people,
        open=pending + submitting,
        submitted=submitted,
        rejected=rejected,
        uncertain=uncertain,
        bounced=counts.get(DeliveryStatus.BOUNCED, 0),
        complained=counts.get(DeliveryStatus.COMPLAINED, 0),
        events=connection.scalar(reported.limit(1)) is not None,
        answered_at=answered_at,
    )


def end(connection: Connection, issue_id: IssueId, illness: str) -> None:
    """None; the canary is judged: the others may go, or the issue is paused with the illness as its note."""
    connection.execute(
        update(issues)
        .where(issues.c.id == issue_id, issues.c.canary == CanaryState.WAITING)
        .values(canary=CanaryState.FAILED if illness else CanaryState.PASSED)
    )
    if illness:
        issuemoves.pause(connection, issue_id, illness)
