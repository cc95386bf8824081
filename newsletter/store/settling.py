"""What settles requests in doubt: evidence, events, or a person's decision (ports.Settling).

Only batches that are `uncertain` are touched, and of requests that were given up those of which an
event tells later: never one that a sender may still be at. A request is accepted or refused as a
whole, so that evidence about one of its recipients counts for all of them.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select, update

from newsletter.models import (
    AttemptId,
    BatchState,
    DeliveryStatus,
    EventType,
    IssueId,
    OpenAttempt,
    Verdict,
    Witness,
)
from newsletter.store.engine import Database, chunks
from newsletter.store.moves import Batch, move
from newsletter.store.reading import IN_RANGE, PERSON, as_deliveries
from newsletter.store.tables import (
    AttemptState,
    attempts,
    batches,
    deliveries,
    issues,
    outcomes,
    provider_events,
)

WITNESSES = 50
"""How many other requests are asked whether events of theirs came in."""
NAMES_AT_ONCE = 500
"""Parameters of one statement; SQLite takes 999 and more."""
NO_SENDER = 0
"""The fence of an attempt that was written down after a restore; senders have higher ones."""
JUST_BEFORE = timedelta(hours=1)
"""Requests made so shortly before one in doubt tell of its time, too."""
_COUNTERS = {
    BatchState.SUBMITTED: "submitted",
    BatchState.PENDING: "pending",
    BatchState.UNKNOWN_FINAL: "unknown",
}
"""Where the recipients of a batch are counted that is in doubt no longer."""
_PROVES = provider_events.c.type != EventType.UNKNOWN
"""Whatever a provider tells of a letter, it has taken it."""
_MAY_BE_CONFIRMED = batches.c.state.in_((BatchState.UNCERTAIN, BatchState.UNKNOWN_FINAL))
_PEOPLE = (
    select(*PERSON)
    .where(
        IN_RANGE,
        ~select(outcomes.c.seq)
        .where(
            outcomes.c.issue == deliveries.c.issue,
            outcomes.c.seq == deliveries.c.seq,
            outcomes.c.status.in_((DeliveryStatus.REJECTED, DeliveryStatus.SUPPRESSED_SINCE)),
        )
        .exists(),
    )
    .order_by(deliveries.c.seq)
)
"""Those of a batch who went along in its request."""


class SqlSettling:
    """The requests of one database that are in doubt, and what becomes of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_attempts(self, issue_id: IssueId | None = None) -> Iterator[OpenAttempt]:
        with self._database.reading() as connection:
            found = _in_doubt(connection, issue_id)
        for attempt in found:
            with self._database.reading() as connection:
                whole = _open_attempt(connection, attempt)
            if whole is not None:  # else: settled meanwhile
                yield whole

    def settle(self, attempt: AttemptId, verdict: Verdict, detail: str, now: datetime) -> int:
        if verdict is Verdict.SILENT:
            return 0
        ends = {
            Verdict.ACCEPTED: (AttemptState.CONFIRMED, BatchState.SUBMITTED),
            Verdict.VOID: (AttemptState.VOID, BatchState.PENDING),
        }
        return self._close(attempt, *ends[verdict], detail, now)

    def settle_by_events(self, now: datetime) -> int:
        with self._database.writing() as connection:
            named = connection.scalars(
                select(batches.c.attempt)
                .join(provider_events, provider_events.c.attempt_id == batches.c.attempt)
                .where(_MAY_BE_CONFIRMED, _PROVES)
                .distinct()
            ).all()
            return confirm(connection, {*named, *_vouched_for(connection)}, now)

    def give_up(self, attempt: AttemptId, detail: str, now: datetime) -> int:
        return self._close(attempt, AttemptState.EXPIRED, BatchState.UNKNOWN_FINAL, detail, now)

    def resend(self, attempt: AttemptId, detail: str, now: datetime) -> int:
        return self._close(attempt, AttemptState.EXPIRED, BatchState.PENDING, detail, now)

    def witnesses(self, attempt: OpenAttempt, within: timedelta) -> Sequence[Witness]:
        with self._database.reading() as connection:
            return _witnesses(connection, attempt, within)

    def _close(
        self, attempt: AttemptId, state: AttemptState, batch_state: BatchState, detail: str, now: datetime
    ) -> int:
        with self._database.writing() as connection:
            return _close(connection, attempt, state, batch_state, detail, now)


def confirm(connection: Connection, named: Collection[AttemptId], now: datetime) -> int:
    """How many recipients became submitted because events name these attempts.

    Also those of requests that were given up: what comes late is no less true. An attempt whose
    recipients were handed over once more stays as it is.
    """
    settled = 0
    for some in chunks(sorted(named), NAMES_AT_ONCE):
        found = select(batches.c.attempt).where(batches.c.attempt.in_(some), _MAY_BE_CONFIRMED).distinct()
        for attempt in connection.scalars(found).all():
            settled += _close(
                connection, attempt, AttemptState.CONFIRMED, BatchState.SUBMITTED, "an event names it", now
            )
    return settled


def _close(
    connection: Connection,
    attempt: AttemptId,
    state: AttemptState,
    batch_state: BatchState,
    detail: str,
    now: datetime,
) -> int:
    """How many recipients are in doubt no longer; 0 when the attempt was not."""
    late = [AttemptState.EXPIRED] if state is AttemptState.CONFIRMED else []
    closed = connection.execute(
        update(attempts)
        .where(attempts.c.id == attempt, attempts.c.state.in_([AttemptState.UNCERTAIN, *late]))
        .values(state=state, answered_at=now, detail=attempts.c.detail + f"; {detail}")
    )
    if closed.rowcount == 0:
        return 0
    doubted = _MAY_BE_CONFIRMED if late else batches.c.state == BatchState.UNCERTAIN
    mine = select(batches).where(batches.c.attempt == attempt, doubted)
    _lock_issue(connection, attempt)
    return sum(_move(connection, batch, batch_state) for batch in connection.execute(mine).all())


def _move(connection: Connection, batch: Batch, state: BatchState) -> int:
    """How many recipients of a batch in doubt are where `state` counts them."""
    given_up = batch.unknown if batch.state == BatchState.UNKNOWN_FINAL else 0
    settled: int = batch.uncertain + given_up
    counters = {"unknown": batch.unknown - given_up}
    counters[_COUNTERS[state]] = counters.get(_COUNTERS[state], getattr(batch, _COUNTERS[state])) + settled
    move(connection, batch, state, **counters)
    return settled


def _lock_issue(connection: Connection, attempt: AttemptId) -> None:
    """None; until the transaction ends nobody finds the issue to be done, to which work may come back."""
    connection.execute(
        select(issues.c.number)
        .join(batches, batches.c.issue == issues.c.number)
        .where(batches.c.attempt == attempt)
        .with_for_update(of=issues)
    )


def _in_doubt(connection: Connection, issue_id: IssueId | None) -> Sequence[AttemptId]:
    """The attempts of the batches that are uncertain, oldest first."""
    found = (
        select(attempts.c.id)
        .join_from(batches, issues, issues.c.number == batches.c.issue)
        .join(attempts, attempts.c.id == batches.c.attempt)
        .where(batches.c.state == BatchState.UNCERTAIN, attempts.c.state == AttemptState.UNCERTAIN)
        .group_by(attempts.c.id, attempts.c.number)
        .order_by(attempts.c.number)
    )
    if issue_id is not None:
        found = found.where(issues.c.id == issue_id)
    return connection.scalars(found).all()


def _open_attempt(connection: Connection, attempt: AttemptId) -> OpenAttempt | None:
    """The attempt with everybody who is uncertain by it; None when nobody is."""
    doubted = connection.execute(
        select(batches, issues.c.id.label("issue_id"))
        .join_from(batches, issues, issues.c.number == batches.c.issue)
        .where(batches.c.attempt == attempt, batches.c.state == BatchState.UNCERTAIN)
        .order_by(batches.c.first_seq)
    ).all()
    if not doubted:
        return None
    row = connection.execute(select(attempts).where(attempts.c.id == attempt)).one()
    issue_id = doubted[0].issue_id
    return OpenAttempt(
        id=attempt,
        issue_id=issue_id,
        provider=row.provider,
        started_at=row.started_at,
        deliveries=as_deliveries(
            issue_id,
            [
                person
                for batch in doubted
                for person in connection.execute(
                    _PEOPLE, {"issue": batch.issue, "first": batch.first_seq, "last": batch.last_seq}
                )
            ],
        ),
        cancel_id=row.cancel_id,
        send_at=row.send_at,
        restored=row.fence == NO_SENDER,
    )


def _vouched_for(connection: Connection) -> set[AttemptId]:
    """Those of a restored database of whose first and last recipients events tell, by requests that
    nobody knows here any more: what lies between was handed over before the last.

    Delivery and address must both be the recipient's, for another newsletter of the same account may
    have an issue of the same name.
    """
    place = deliveries.c.seq.in_((batches.c.first_seq, batches.c.last_seq))
    edges = (
        select(batches.c.attempt, issues.c.id, deliveries.c.seq, deliveries.c.addr_spec)
        .join_from(batches, issues, issues.c.number == batches.c.issue)
        .join(attempts, attempts.c.id == batches.c.attempt)
        .join(deliveries, and_(deliveries.c.issue == batches.c.issue, place))
        .where(_MAY_BE_CONFIRMED, attempts.c.fence == NO_SENDER)
    )
    wanted: dict[tuple[str, str], AttemptId] = {
        (f"{issue_id}.{seq}", addr_spec.lower()): AttemptId(attempt)
        for attempt, issue_id, seq, addr_spec in connection.execute(edges)
    }
    told: set[tuple[str, str]] = set()
    for some in chunks(sorted({delivery for delivery, _ in wanted}), NAMES_AT_ONCE):
        foreign = (
            select(provider_events.c.delivery_id, func.lower(provider_events.c.addr_spec))
            .outerjoin(attempts, attempts.c.id == provider_events.c.attempt_id)
            .where(provider_events.c.delivery_id.in_(some), attempts.c.id.is_(None), _PROVES)
            .distinct()
        )
        told |= {(delivery, address) for delivery, address in connection.execute(foreign)}
    silent = {attempt for edge, attempt in wanted.items() if edge not in told}
    return set(wanted.values()) - silent


def _witnesses(connection: Connection, attempt: OpenAttempt, within: timedelta) -> Sequence[Witness]:
    heard = (
        select(func.max(provider_events.c.received_at))
        .where(provider_events.c.attempt_id == attempts.c.id, _PROVES)
        .scalar_subquery()
    )
    others = (
        select(attempts.c.started_at, heard)
        .where(
            attempts.c.provider == attempt.provider,
            attempts.c.state.in_((AttemptState.ACCEPTED, AttemptState.CONFIRMED)),
            attempts.c.started_at.between(attempt.started_at - JUST_BEFORE, attempt.started_at + within),
        )
        .order_by(attempts.c.started_at)
        .limit(WITNESSES)
    )
    return [Witness(started_at=started, heard_at=last) for started, last in connection.execute(others)]
