"""The freeze: a letter's bytes and its audience become one immutable whole, or nothing does."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, literal, select, update

from newsletter import faults
from newsletter.errors import NeedsAttention, NewsletterError, NotFound, WrongState
from newsletter.models import (
    DRAFTS,
    BatchState,
    CanaryState,
    FrozenIssue,
    IssueId,
    IssueState,
    MergeField,
    RenderedEmail,
    Sender,
    SubscriberStatus,
)
from newsletter.store.canaries import ranges
from newsletter.store.tables import batches, deliveries, issues, letters, subscribers

ROWS_AT_ONCE = 10_000
"""How many rows are in memory at a time while an audience is hashed."""


def freeze(
    connection: Connection,
    email: RenderedEmail,
    sender: Sender,
    *,
    batch_size: int,
    now: datetime,
    found: Sequence[IssueState] = DRAFTS,
    canary: float = 0.0,
) -> FrozenIssue:
    """The frozen issue: letter, audience and batches, written in the caller's transaction, or as
    another process froze it a moment ago.

    Raises NotFound, WrongState when the issue is in none of the states in which it was found,
    NeedsAttention when nobody is confirmed.
    """
    number = _take_draft(connection, email.issue_id, found, now)
    if number is None:
        if (earlier := frozen(connection, email.issue_id)) is None:
            raise _no_draft(connection, email.issue_id)
        return earlier
    audience = _freeze_audience(connection, number)
    if not audience:
        raise NeedsAttention(
            f"{email.issue_id}: no subscriber is confirmed, there is nobody to send to",
            remedy="add subscribers with `newsletter subscribers import FILE`",
        )
    faults.point("inside-freeze")
    _keep_batches(connection, number, ranges(audience, batch_size, canary))
    whole = FrozenIssue(
        email=email,
        sender=sender,
        audience=audience,
        audience_sha256=_audience_digest(connection, number),
        frozen_at=now,
    )
    _keep_letter(connection, number, whole)
    return whole


def frozen(connection: Connection, issue_id: IssueId) -> FrozenIssue | None:
    """The issue as it was frozen, to the byte; None when it was not."""
    row = connection.execute(
        select(letters, issues.c.frozen_at)
        .join_from(letters, issues, letters.c.issue == issues.c.number)
        .where(issues.c.id == issue_id)
    ).one_or_none()
    if row is None:
        return None
    email = RenderedEmail(
        issue_id=issue_id,
        subject=row.subject,
        preheader=row.preheader,
        html=row.html,
        text=row.text,
        merge_fields=msgspec.json.decode(row.merge_fields, type=tuple[MergeField, ...]),
        sha256=row.sha256,
    )
    return FrozenIssue(
        email=email,
        sender=msgspec.json.decode(row.sender, type=Sender),
        audience=row.audience,
        audience_sha256=row.audience_sha256,
        frozen_at=row.frozen_at,
    )


def _take_draft(
    connection: Connection, issue_id: IssueId, found: Sequence[IssueState], now: datetime
) -> int | None:
    number: int | None = connection.scalar(
        update(issues)
        .where(issues.c.id == issue_id, issues.c.state.in_(found))
        .values(state=IssueState.FROZEN, frozen_at=now, note="")
        .returning(issues.c.number)
    )
    return number


def _no_draft(connection: Connection, issue_id: IssueId) -> NewsletterError:
    state = connection.scalar(select(issues.c.state).where(issues.c.id == issue_id))
    if state is None:
        return NotFound(f"there is no issue {issue_id!r}")
    return WrongState(f"{issue_id} is {state} now: it was approved, taken back or ended meanwhile")


def _freeze_audience(connection: Connection, number: int) -> int:
    people = select(
        literal(number),
        func.row_number().over(order_by=subscribers.c.id),
        subscribers.c.id,
        subscribers.c.addr_spec,
        subscribers.c.display_name,
    ).where(subscribers.c.status == SubscriberStatus.CONFIRMED)
    return connection.execute(
        insert(deliveries).from_select(list(deliveries.c.keys()), people, include_defaults=False),
        execution_options={"preserve_rowcount": True},
    ).rowcount


def _keep_batches(connection: Connection, number: int, places: Iterable[tuple[int, int, bool]]) -> None:
    """None; a pending batch for each range of places; the issue waits for its canary when it has one."""
    rows = [
        {
            "issue": number,
            "first_seq": first,
            "last_seq": last,
            "size": last - first + 1,
            "pending": last - first + 1,
            "state": BatchState.PENDING,
            "canary": canary,
        }
        for first, last, canary in places
    ]
    connection.execute(insert(batches), rows)
    if any(row["canary"] for row in rows):
        connection.execute(update(issues).where(issues.c.number == number).values(canary=CanaryState.WAITING))


def _audience_digest(connection: Connection, number: int) -> str:
    """SHA-256 over the frozen addresses in order, each followed by a line feed."""
    page = (
        select(deliveries.c.addr_spec)
        .where(deliveries.c.issue == number, deliveries.c.seq > bindparam("after"))
        .order_by(deliveries.c.seq)
        .limit(ROWS_AT_ONCE)
    )
    digest = hashlib.sha256()
    after = 0
    while rows := connection.scalars(page, {"after": after}).all():
        digest.update("".join(f"{addr_spec}\n" for addr_spec in rows).encode())
        after += len(rows)
    return digest.hexdigest()


def _keep_letter(connection: Connection, number: int, whole: FrozenIssue) -> None:
    email = whole.email
    connection.execute(
        insert(letters).values(
            issue=number,
            subject=email.subject,
            preheader=email.preheader,
            html=email.html,
            text=email.text,
            merge_fields=msgspec.json.encode(email.merge_fields).decode(),
            sha256=email.sha256,
            sender=msgspec.json.encode(whole.sender).decode(),
            audience=whole.audience,
            audience_sha256=whole.audience_sha256,
        )
    )
