"""The accounts of frozen issues: read for a person who asks, never changed (ports.Accounts)."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, func, literal, select

from newsletter.models import (
    Address,
    AttemptId,
    BatchState,
    DeliveryId,
    DeliveryStatus,
    IssueId,
    Movement,
    NotBefore,
    Pace,
    Request,
    Standing,
)
from newsletter.store.columns import UtcTime
from newsletter.store.engine import Database
from newsletter.store.pace import fitting
from newsletter.store.reading import IN_RANGE
from newsletter.store.tables import (
    OPEN_ATTEMPTS,
    AttemptState,
    attempts,
    batches,
    deliveries,
    issues,
    outcomes,
)

ROWS_AT_ONCE = 20_000
"""How many people are in memory at a time."""
LATELY = timedelta(minutes=1)
"""The span over which a rate is told."""
OUT = (DeliveryStatus.REJECTED, DeliveryStatus.SUPPRESSED_SINCE)
"""Outcomes of people who were never handed over with success."""
EVENTS = (
    DeliveryStatus.DEFERRED,
    DeliveryStatus.DELIVERED,
    DeliveryStatus.BOUNCED,
    DeliveryStatus.COMPLAINED,
)

_TOLD = (
    deliveries.c.addr_spec,
    deliveries.c.display_name,
    outcomes.c.status,
    outcomes.c.reason,
    outcomes.c.detail,
)
"""What a Standing is made of, besides the place in the frozen order."""
_SAME_PERSON = and_(outcomes.c.issue == deliveries.c.issue, outcomes.c.seq == deliveries.c.seq)
_PEOPLE = (
    select(deliveries.c.seq, *_TOLD)
    .join_from(deliveries, outcomes, _SAME_PERSON, isouter=True)
    .where(IN_RANGE)
    .order_by(deliveries.c.seq)
)
_ADDRESSES = select(deliveries.c.addr_spec).where(IN_RANGE).order_by(deliveries.c.seq)


class SqlAccounts:
    """The accounts of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def audience_sha256(self, issue_id: IssueId) -> str:
        number = self._number(issue_id)
        digest = hashlib.sha256()
        first = 1
        while True:
            place = {"issue": number, "first": first, "last": first + ROWS_AT_ONCE - 1}
            with self._database.reading() as connection:
                # The driver's own tuples: a Row for each of a million people is made for nothing.
                rows = connection.execute(_ADDRESSES, place).cursor.fetchall()
            if not rows:
                return digest.hexdigest()
            digest.update("\n".join([addr_spec for (addr_spec,) in rows]).encode() + b"\n")
            first += ROWS_AT_ONCE

    def erased(self, issue_id: IssueId) -> int:
        theirs = (deliveries.c.issue == self._number(issue_id)) & (deliveries.c.addr_spec == "")
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(deliveries).where(theirs)) or 0

    def people(self, issue_id: IssueId) -> Iterator[Standing]:
        return self._people(issue_id, *BatchState)

    def left_out(self, issue_id: IssueId, status: DeliveryStatus) -> Iterator[Standing]:
        if status not in OUT:
            state = BatchState.UNKNOWN_FINAL if status is DeliveryStatus.UNKNOWN else BatchState.UNCERTAIN
            yield from (each for each in self._people(issue_id, state) if each.status not in OUT)
            return
        page = (
            select(outcomes.c.seq, *_TOLD)
            .join_from(outcomes, deliveries, _SAME_PERSON)
            .where(
                outcomes.c.issue == self._number(issue_id),
                outcomes.c.status == status,
                outcomes.c.seq > bindparam("after"),
            )
            .order_by(outcomes.c.seq)
            .limit(ROWS_AT_ONCE)
        )
        after = 0
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(page, {"after": after}).all()
            if not rows:
                return
            for row in rows:
                yield _standing(issue_id, tuple(row), usual="")
            after = rows[-1].seq

    def requests(self, issue_id: IssueId) -> Iterator[Request]:
        made = (
            select(attempts)
            .join_from(attempts, batches, batches.c.id == attempts.c.batch)
            .join(issues, issues.c.number == batches.c.issue)
            .where(issues.c.id == issue_id)
            .order_by(attempts.c.number)
        )
        with self._database.reading() as connection:
            rows = connection.execute(made).all()
        for row in rows:
            yield Request(
                id=AttemptId(row.id),
                number=row.number,
                provider=row.provider,
                recipients=row.recipients,
                state=row.state,
                started_at=row.started_at,
                answered_at=row.answered_at,
                provider_message_id=row.provider_message_id,
            )

    def movement(self, issue_id: IssueId, now: datetime, *, pace: Pace | None = None) -> Movement:
        with self._database.reading() as connection:
            issue = connection.execute(
                select(issues.c.number, issues.c.canary).where(issues.c.id == issue_id)
            ).one_or_none()
            if issue is None:
                return Movement()
            accepted, seconds = _lately(connection, issue.number, now)
            wait = _wait(connection, issue.number, pace, now)
            return Movement(
                accepted=accepted,
                seconds=seconds,
                open_requests=_open_requests(connection, issue.number),
                waits_until=wait.moment if wait else None,
                why=wait.why if wait else "",
                canary=issue.canary,
                after_acceptance=_after_acceptance(connection, issue.number),
            )

    def _people(self, issue_id: IssueId, *states: BatchState) -> Iterator[Standing]:
        """The recipients of the batches in these states, in the frozen order."""
        chosen = (
            select(batches.c.issue, batches.c.first_seq, batches.c.last_seq, batches.c.state)
            .join_from(batches, issues, issues.c.number == batches.c.issue)
            .where(issues.c.id == issue_id, batches.c.state.in_(states))
            .order_by(batches.c.first_seq)
        )
        with self._database.reading() as connection:
            ranges = connection.execute(chosen).all()
        for batch in ranges:
            usual = DeliveryStatus.UNKNOWN if batch.state == BatchState.UNKNOWN_FINAL else batch.state
            place = {"issue": batch.issue, "first": batch.first_seq, "last": batch.last_seq}
            with self._database.reading() as connection:
                rows = connection.execute(_PEOPLE, place).cursor.fetchall()
            for row in rows:
                yield _standing(issue_id, row, usual=usual)

    def _number(self, issue_id: IssueId) -> int | None:
        with self._database.reading() as connection:
            number: int | None = connection.scalar(select(issues.c.number).where(issues.c.id == issue_id))
        return number


def _standing(
    issue_id: IssueId, row: tuple[int, str, str, str | None, str | None, str | None], *, usual: str
) -> Standing:
    seq, addr_spec, name, status, reason, detail = row
    return Standing(
        delivery_id=DeliveryId(f"{issue_id}.{seq}"),
        address=Address(addr_spec=addr_spec, display_name=name),
        status=str(status or usual),
        reason=reason or "",
        detail=detail or "",
    )


def _lately(connection: Connection, issue: int, now: datetime) -> tuple[int, float]:
    """Recipients whose requests were accepted in the last minute, and the seconds that it took."""
    row = connection.execute(
        select(func.sum(attempts.c.recipients), func.min(attempts.c.started_at))
        .join_from(attempts, batches, batches.c.id == attempts.c.batch)
        .where(
            batches.c.issue == issue,
            attempts.c.state == AttemptState.ACCEPTED,
            attempts.c.answered_at > now - LATELY,
        )
    ).one()
    if not row[0]:
        return 0, 0.0
    return int(row[0]), max((now - max(row[1], now - LATELY)).total_seconds(), 0.001)


def _wait(connection: Connection, issue: int, pace: Pace | None, now: datetime) -> NotBefore | None:
    """Until when the next batch waits: for the provider, as it asked, or for the pace; None for neither."""
    row = connection.execute(
        select(
            func.min(func.coalesce(batches.c.retry_at, literal(now, UtcTime))), func.sum(batches.c.pending)
        ).where(batches.c.issue == issue, batches.c.state == BatchState.PENDING)
    ).one()
    if row[0] is None:
        return None
    if row[0] > now:
        return NotBefore(moment=row[0], why=_last_words(connection, issue))
    room = fitting(connection, pace, wanted=int(row[1]), now=now) if pace else None
    return room if isinstance(room, NotBefore) else None


def _open_requests(connection: Connection, issue: int) -> int:
    count: int = connection.execute(
        select(func.count())
        .select_from(attempts)
        .join(batches, batches.c.id == attempts.c.batch)
        .where(batches.c.issue == issue, attempts.c.state.in_(OPEN_ATTEMPTS))
    ).scalar_one()
    return count


def _last_words(connection: Connection, issue: int) -> str:
    words: str | None = connection.scalar(
        select(attempts.c.detail)
        .join_from(attempts, batches, batches.c.id == attempts.c.batch)
        .where(batches.c.issue == issue, attempts.c.state == AttemptState.RELEASED)
        .order_by(attempts.c.number.desc())
        .limit(1)
    )
    return words or ""


def _after_acceptance(connection: Connection, issue: int) -> dict[str, int]:
    counts = connection.execute(
        select(outcomes.c.status, func.count())
        .where(outcomes.c.issue == issue, outcomes.c.status.in_(EVENTS))
        .group_by(outcomes.c.status)
    )
    found: dict[str, int] = {row[0]: row[1] for row in counts}
    return {status.value: found[status] for status in EVENTS if status in found}
