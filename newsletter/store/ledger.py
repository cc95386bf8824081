"""The ledger: claims handed out, answers written down, sums that always add up.

`docs/explanation/sending.md` draws the states. Two rules hold everything together. A batch is
handed out only while it is `pending`, and the claim is on the disk before this returns, so no
batch is ever in two requests that could both be accepted. And an answer counts only while its
attempt is open, so that writing it twice, or late, changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from newsletter import faults
from newsletter.errors import WrongState
from newsletter.models import (
    DRAFTS,
    AudienceFilter,
    BatchState,
    Canary,
    Claim,
    FrozenIssue,
    IssueId,
    IssueState,
    Lease,
    NotBefore,
    Pace,
    RenderedEmail,
    Sender,
    SendOutcome,
    SendProgress,
    SendStatus,
)
from newsletter.store import canaries, claims, fates, freezing, issuemoves, moves, reading
from newsletter.store.engine import Database
from newsletter.store.leases import Leases, confirm, renew
from newsletter.store.mark import Mark
from newsletter.store.tables import AttemptState


class SqlLedger:
    """What was frozen, handed over and answered, in one database (ports.Ledger)."""

    def __init__(self, database: Database, *, mark: Mark | None = None) -> None:
        self._database = database
        self._leases = Leases(database)
        self._mark = mark

    # --- before ---------------------------------------------------------------------------------

    def freeze(
        self,
        email: RenderedEmail,
        sender: Sender,
        *,
        batch_size: int,
        now: datetime,
        found: Sequence[IssueState] = DRAFTS,
        canary: float = 0.0,
        audience: AudienceFilter | None = None,
    ) -> FrozenIssue:
        with self._database.writing() as connection:
            return freezing.freeze(
                connection,
                email,
                sender,
                batch_size=batch_size,
                now=now,
                found=found,
                canary=canary,
                audience=audience,
            )

    def frozen(self, issue_id: IssueId) -> FrozenIssue | None:
        with self._database.reading() as connection:
            return freezing.frozen(connection, issue_id)

    def acquire(self, name: str, *, owner: str, ttl: float, now: datetime) -> Lease:
        return self._leases.acquire(name, owner=owner, ttl=ttl, now=now)

    def drop(self, lease: Lease) -> None:
        self._leases.drop(lease)

    def recover(self, lease: Lease, issue_id: IssueId, now: datetime) -> int:
        recovered = 0
        with self._database.writing() as connection:
            confirm(connection, lease)
            for batch in moves.left_in_flight(connection, issue_id, before=lease.fence):
                detail = "its sender ended before an answer was written down"
                recovered += moves.doubt(connection, batch.id, batch.attempt, detail, now)
                faults.point("inside-recovery")
        return recovered

    def claim(
        self, lease: Lease, issue_id: IssueId, *, ttl: float, now: datetime, pace: Pace | None = None
    ) -> Claim | NotBefore | None:
        deadline = now + timedelta(seconds=ttl)
        while True:
            with self._database.writing() as connection:
                claim = claims.take_next(connection, lease, issue_id, now=now, deadline=deadline, pace=pace)
            if not isinstance(claim, Claim):
                return claim
            if claim.number and self._mark:
                self._mark.reached(claim.number)
            if claim.deliveries:  # else: everyone of that batch has left
                return claim

    def prepare(self, claim: Claim, *, cancel_id: str, send_at: datetime) -> None:
        with self._database.writing() as connection:
            claims.keep_cancel_id(connection, claim, cancel_id, send_at)

    def renew(self, lease: Lease, *, ttl: float, now: datetime) -> None:
        with self._database.writing() as connection:
            renew(connection, lease, now + timedelta(seconds=ttl))

    # --- answers --------------------------------------------------------------------------------

    def accept(self, claim: Claim, message_id: str, now: datetime) -> None:
        with self._database.writing() as connection:
            moves.accept(connection, claim, message_id, now)

    def record(
        self,
        claim: Claim,
        outcomes: Sequence[SendOutcome],
        now: datetime,
        *,
        retry_at: datetime | None = None,
    ) -> None:
        if [outcome.delivery_id for outcome in outcomes] != list(claim.deliveries.ids):
            raise ValueError("a provider must answer one outcome per recipient, in order")
        statuses = {outcome.status for outcome in outcomes}
        if SendStatus.UNAVAILABLE in statuses and retry_at is None:
            raise ValueError("who may be handed over again needs a time for it")
        message_id = next((o.provider_message_id for o in outcomes if o.provider_message_id), "")
        with self._database.writing() as connection:
            state = fates.attempt_state(statuses)
            for batch in moves.close(connection, claim, state, now, message_id=message_id):
                own = moves.answered(connection, batch, outcomes)
                rejected = [outcome for outcome in own if outcome.status is SendStatus.REJECTED]
                moves.keep_rejections(connection, batch, claim.attempt, rejected, now)
                faults.point("inside-record")
                runs = fates.runs(own, tries=batch.tries + 1, retry_at=retry_at)
                moves.settle(connection, batch, runs, rejected=len(rejected))

    def release(self, claim: Claim, *, retry_at: datetime, detail: str, now: datetime) -> None:
        with self._database.writing() as connection:
            for batch in moves.close(connection, claim, AttemptState.RELEASED, now, detail=detail):
                moves.move(connection, batch, BatchState.PENDING, pending=moves.unsettled(batch))
                moves.hold_back(connection, batch.issue, retry_at)

    def reject(self, claim: Claim, rejected: Sequence[SendOutcome], now: datetime) -> None:
        if not {o.delivery_id for o in rejected} <= set(claim.deliveries.ids):
            raise ValueError("a provider may reject only whom it was given")
        detail = "; ".join(sorted({outcome.detail for outcome in rejected}))
        with self._database.writing() as connection:
            for batch in moves.close(connection, claim, AttemptState.REFUSED, now, detail=detail):
                out = moves.answered(connection, batch, rejected)
                moves.keep_rejections(connection, batch, claim.attempt, out, now)
                rest = moves.unsettled(batch) - len(out)
                state = BatchState.PENDING if rest else BatchState.REFUSED
                moves.move(connection, batch, state, pending=rest, rejected=batch.rejected + len(out))

    def split(self, claim: Claim, detail: str, now: datetime) -> None:
        if len(claim.deliveries) < 2:
            raise WrongState(f"{claim.issue_id}: one recipient cannot be split")
        middle = moves.seq_of(claim.deliveries.ids[len(claim.deliveries) // 2])
        with self._database.writing() as connection:
            for batch in moves.close(connection, claim, AttemptState.REFUSED, now, detail=detail):
                if batch.first_seq < middle <= batch.last_seq:
                    moves.cut(connection, batch, middle=middle)
                else:
                    moves.move(connection, batch, BatchState.PENDING, pending=moves.unsettled(batch))

    def refuse(self, claim: Claim, *, detail: str, now: datetime) -> None:
        with self._database.writing() as connection:
            for batch in moves.close(connection, claim, AttemptState.REFUSED, now, detail=detail):
                moves.move(connection, batch, BatchState.PENDING, pending=moves.unsettled(batch))
                issuemoves.pause(connection, claim.issue_id, detail)

    def mark_uncertain(self, claim: Claim, *, detail: str, now: datetime) -> None:
        with self._database.writing() as connection:
            moves.doubt(connection, claim.batch_id, claim.attempt, detail, now)

    def pause(self, issue_id: IssueId, *, note: str) -> None:
        with self._database.writing() as connection:
            issuemoves.pause(connection, issue_id, note)

    # --- after ----------------------------------------------------------------------------------

    def canary(self, issue_id: IssueId) -> Canary | None:
        with self._database.reading() as connection:
            return canaries.waiting(connection, issue_id)

    def end_canary(self, issue_id: IssueId, *, illness: str) -> None:
        with self._database.writing() as connection:
            canaries.end(connection, issue_id, illness)

    def finish(self, lease: Lease, issue_id: IssueId, now: datetime) -> IssueState:
        with self._database.writing() as connection:
            confirm(connection, lease)
            return issuemoves.finish(connection, issue_id, now)

    def progress(self, issue_id: IssueId) -> SendProgress | None:
        with self._database.reading() as connection:
            return reading.progress(connection, issue_id)
