"""The freeze: a letter's bytes and its audience become one immutable whole, or nothing does."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, literal, select, text, update

from newsletter import faults
from newsletter.errors import NeedsAttention, NewsletterError, NotFound, WrongState
from newsletter.models import (
    DRAFTS,
    AudienceFilter,
    BatchState,
    CanaryState,
    FrozenIssue,
    IssueId,
    IssueState,
    MergeField,
    RenderedEmail,
    Sender,
)
from newsletter.store.audience import reached
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
    audience: AudienceFilter | None = None,
) -> FrozenIssue:
    """The frozen issue: letter, audience and batches, written in the caller's transaction, or as
    another process froze it a moment ago.

    Raises NotFound, WrongState when the issue is in none of the states in which it was found,
    NeedsAttention when there is nobody to send to.
    """
    _hold_still(connection)
    number = _take_draft(connection, email.issue_id, found, now)
    if number is None:
        if (earlier := frozen(connection, email.issue_id)) is None:
            raise _no_draft(connection, email.issue_id)
        return earlier
    whole, text_only = _freeze_audience(connection, number, now, audience)
    people = whole + text_only
    if not people:
        raise _nobody(email.issue_id, audience)
    faults.point("inside-freeze")
    _keep_batches(connection, number, ranges(whole, batch_size, canary))
    _keep_batches(connection, number, ranges(text_only, batch_size, canary), after=whole, text_only=True)
    issue = FrozenIssue(
        email=email,
        sender=sender,
        audience=people,
        audience_sha256=_audience_digest(connection, number),
        frozen_at=now,
        audience_filter=audience.text if audience else "",
    )
    _keep_letter(connection, number, issue)
    return issue


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
        audience_filter=row.audience_filter,
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


def _nobody(issue_id: IssueId, audience: AudienceFilter | None) -> NeedsAttention:
    if audience:
        return NeedsAttention(
            f"{issue_id}: nobody who is confirmed is meant by “{audience.text}”",
            remedy="see whom it means with `newsletter subscribers list --where FILTER`",
        )
    return NeedsAttention(
        f"{issue_id}: no subscriber is confirmed, there is nobody to send to",
        remedy="add subscribers with `newsletter subscribers import FILE`",
    )


def _hold_still(connection: Connection) -> None:
    """None; until the transaction ends nobody's row changes, so that everybody is frozen as of one
    moment. SQLite has one writer anyway. Whoever changes a row and then an issue's is waited for."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("LOCK TABLE subscribers IN SHARE MODE"))


def _freeze_audience(
    connection: Connection, number: int, now: datetime, audience: AudienceFilter | None
) -> tuple[int, int]:
    """How many get the whole letter, in the first places, and how many its text alone, in the others."""
    counts = [0, 0]
    for text_only in (False, True):
        people = select(
            literal(number),
            counts[0] + func.row_number().over(order_by=subscribers.c.id),
            subscribers.c.id,
            subscribers.c.addr_spec,
            subscribers.c.display_name,
        ).where(subscribers.c.text_only == text_only, reached(now, audience))
        counts[text_only] = connection.execute(
            insert(deliveries).from_select(list(deliveries.c.keys()), people, include_defaults=False),
            execution_options={"preserve_rowcount": True},
        ).rowcount
    return counts[0], counts[1]


def _keep_batches(
    connection: Connection,
    number: int,
    places: Iterable[tuple[int, int, bool]],
    *,
    after: int = 0,
    text_only: bool = False,
) -> None:
    """None; a pending batch for each range of places, counted from `after`; the issue waits for its
    canary when it has one."""
    rows = [
        {
            "issue": number,
            "first_seq": after + first,
            "last_seq": after + last,
            "size": last - first + 1,
            "pending": last - first + 1,
            "state": BatchState.PENDING,
            "canary": canary,
            "text_only": text_only,
        }
        for first, last, canary in places
    ]
    if rows:
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
            audience_filter=whole.audience_filter,
        )
    )
