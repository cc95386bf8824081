"""What is made good in a database that was put back from an old copy (usecases.restoring)."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from newsletter.models import OPEN, BatchState, IssueId, IssueState, PostDecision
from newsletter.store.engine import Database, insert_new
from newsletter.store.issues import forget_drops, spent_row
from newsletter.store.tables import AttemptState, attempts, batches, issues
from newsletter.store.tables import posts as spent_posts

NOBODY = "after-restore"
"""The owner of requests that were not made here."""


class SqlRestoring:
    """One database that is older than what was sent from it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def doubt_pending(self, detail: str, *, provider: str, now: datetime) -> dict[IssueId, int]:
        """By issue, how many people became uncertain; all of them in one transaction."""
        waiting = (
            select(batches.c.id, batches.c.pending, issues.c.id.label("issue_id"))
            .join_from(batches, issues, issues.c.number == batches.c.issue)
            .where(issues.c.state.in_(OPEN), batches.c.state == BatchState.PENDING)
            .order_by(batches.c.id)
            .with_for_update()
        )
        doubted: dict[IssueId, int] = {}
        with self._database.writing() as connection:
            for batch in connection.execute(waiting).all():
                _doubt(connection, batch.id, batch.pending, detail, provider, now)
                doubted[batch.issue_id] = doubted.get(batch.issue_id, 0) + batch.pending
        return doubted

    def take_over(
        self,
        issue_id: IssueId,
        *,
        slot: str | None,
        state: IssueState,
        note: str,
        now: datetime,
        posts: Sequence[PostDecision] = (),
    ) -> None:
        """None; the issue is in this state, its slot and its posts are used up."""
        values = {
            "state": state,
            "note": note,
            "send_at": None,
            "submitted_at": now if state is IssueState.SUBMITTED else None,
        }
        with self._database.writing() as connection:
            known = connection.execute(update(issues).where(issues.c.id == issue_id).values(values))
            if known.rowcount == 0:
                connection.execute(
                    insert(issues).values(
                        id=issue_id,
                        slot=_free(connection, slot),
                        created_at=now,
                        file_written=True,
                        **values,
                    )
                )
            forget_drops(connection, ((post.source, post.post) for post in posts))
            if rows := [spent_row(post, issue_id, now) for post in posts]:
                connection.execute(insert_new(connection, spent_posts), rows)


def _doubt(
    connection: Connection, batch: int, people: int, detail: str, provider: str, now: datetime
) -> None:
    """None; whoever of the batch was pending is in a request of which nobody knows what became."""
    attempt = secrets.token_hex(16)
    connection.execute(
        insert(attempts).values(
            id=attempt,
            batch=batch,
            provider=provider,
            state=AttemptState.UNCERTAIN,
            owner=NOBODY,
            fence=0,
            recipients=people,
            started_at=now,
            deadline=now,
            answered_at=now,
            detail=detail,
        )
    )
    connection.execute(
        update(batches)
        .where(batches.c.id == batch)
        .values(state=BatchState.UNCERTAIN, uncertain=people, pending=0, attempt=attempt, retry_at=None)
    )


def _free(connection: Connection, slot: str | None) -> str | None:
    """The slot, unless another issue has it."""
    taken = connection.scalar(select(issues.c.number).where(issues.c.slot == slot))
    return slot if taken is None else None
