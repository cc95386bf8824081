"""What became of deliveries after they were submitted: rows that only ever move forwards.

Of all that is told of a delivery the gravest stays, and of two alike the earliest: so the rows are
the same in whatever order, and however often, it was told.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, select, update

from newsletter.models import AttemptId, DeliveryStatus, IssueId, Tally
from newsletter.store.columns import iso
from newsletter.store.engine import chunks, insert_new
from newsletter.store.tables import batches, issues, outcomes

NAMES_AT_ONCE = 500
"""Parameters of one statement; SQLite takes at least 999."""
PERMANENT, DROPPED = "permanent", "dropped"
_GRAVITY = {
    (DeliveryStatus.DEFERRED, ""): 1,
    (DeliveryStatus.DELIVERED, ""): 2,
    (DeliveryStatus.BOUNCED, "temporary"): 3,
    (DeliveryStatus.BOUNCED, DROPPED): 4,
    (DeliveryStatus.BOUNCED, PERMANENT): 5,
    (DeliveryStatus.COMPLAINED, DROPPED): 6,
    (DeliveryStatus.COMPLAINED, ""): 7,
}
"""(status, reason) that events give; rows with others are the ledger's own and stay."""
_HEAVIER = (
    update(outcomes)
    .where(outcomes.c.issue == bindparam("the_issue"), outcomes.c.seq == bindparam("the_seq"))
    .values({name: bindparam(name) for name in ("status", "reason", "detail", "attempt", "at")})
)

Place = tuple[int, int]
"""Issue number and place in its audience."""


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What one event says became of one delivery."""

    place: Place
    status: DeliveryStatus
    reason: str
    detail: str
    attempt: AttemptId
    at: datetime

    def weight(self) -> tuple[int, str, str, str]:
        """The smallest stays."""
        return (-_GRAVITY[self.status, self.reason], iso(self.at), self.detail, self.attempt)


def tell(connection: Connection, news: Iterable[News]) -> None:
    """None; each delivery's row holds the gravest of what was and is told of it."""
    gravest: dict[Place, News] = {}
    for each in news:
        kept = gravest.get(each.place)
        if kept is None or each.weight() < kept.weight():
            gravest[each.place] = each
    known = _known(connection, gravest)
    fresh = [_values(each) for place, each in gravest.items() if place not in known]
    heavier = [
        {"the_issue": place[0], "the_seq": place[1], **_values(each)}
        for place, each in gravest.items()
        if place in known and _is_heavier(each, known[place])
    ]
    if fresh:
        connection.execute(insert_new(connection, outcomes), fresh)
    if heavier:
        connection.execute(_HEAVIER, heavier)


def tallies(connection: Connection, issue_numbers: Collection[int]) -> dict[int, Tally]:
    """Issue number → how that issue fares so far."""
    permanent = (outcomes.c.status == DeliveryStatus.BOUNCED) & (outcomes.c.reason == PERMANENT)
    complained = (outcomes.c.status == DeliveryStatus.COMPLAINED) & (outcomes.c.reason != DROPPED)
    found = {}
    for number in issue_numbers:
        grave = select(
            func.coalesce(func.sum(case((permanent, 1), else_=0)), 0),
            func.coalesce(func.sum(case((complained, 1), else_=0)), 0),
        ).where(
            outcomes.c.issue == number,
            outcomes.c.status.in_((DeliveryStatus.BOUNCED, DeliveryStatus.COMPLAINED)),
        )
        bounced, complaints = connection.execute(grave).one()
        submitted = select(issues.c.id, func.sum(batches.c.submitted)).join(
            batches, batches.c.issue == issues.c.number
        )
        issue_id, count = connection.execute(
            submitted.where(issues.c.number == number).group_by(issues.c.id)
        ).one()
        found[number] = Tally(
            issue_id=IssueId(issue_id), submitted=int(count), bounced=int(bounced), complained=int(complaints)
        )
    return found


def _known(connection: Connection, places: Iterable[Place]) -> dict[Place, Row[Any]]:
    by_issue: dict[int, list[int]] = {}
    for issue, seq in places:
        by_issue.setdefault(issue, []).append(seq)
    found = {}
    for issue, seqs in by_issue.items():
        for some in chunks(seqs, NAMES_AT_ONCE):
            rows = connection.execute(
                select(outcomes).where(outcomes.c.issue == issue, outcomes.c.seq.in_(some))
            )
            found.update({(issue, row.seq): row for row in rows})
    return found


def _is_heavier(news: News, row: Row[Any]) -> bool:
    gravity = _GRAVITY.get((row.status, row.reason))
    return gravity is not None and news.weight() < (-gravity, iso(row.at), row.detail, row.attempt or "")


def _values(news: News) -> Mapping[str, object]:
    return {
        "issue": news.place[0],
        "seq": news.place[1],
        "status": news.status,
        "reason": news.reason,
        "detail": news.detail,
        "attempt": news.attempt,
        "at": news.at,
    }
