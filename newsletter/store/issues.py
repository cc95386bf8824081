"""Issues, their slots, and the posts that were ever seen."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from newsletter.errors import Busy, NotFound, WrongState
from newsletter.models import (
    Decision,
    DecisionLog,
    IssueId,
    IssueRecord,
    IssueState,
    Post,
    PostDecision,
    PostId,
    SourceId,
    SystemMailKind,
)
from newsletter.store.engine import Database, chunks, insert_new
from newsletter.store.systemmails import queue_mail
from newsletter.store.tables import decision_logs, issues, meta, sources
from newsletter.store.tables import posts as spent_posts

IN_ONE_QUESTION = 500
"""Values in one IN list; SQLite's oldest limit is 999 parameters."""
SPENT = (Decision.TAKEN, Decision.DROPPED)
"""Decisions that are kept; a post that was taken is taken for ever."""


class SqlIssueStore:
    """The issues of one database (ports.IssueStore)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def created_at(self) -> datetime:
        born = select(meta.c.value).where(meta.c.key == "created_at")
        with self._database.reading() as connection:
            return datetime.fromisoformat(connection.scalars(born).one())

    def get(self, issue_id: IssueId) -> IssueRecord | None:
        with self._database.reading() as connection:
            return _get(connection, issue_id)

    def by_slot(self, slot: str) -> IssueRecord | None:
        with self._database.reading() as connection:
            row = connection.execute(select(issues).where(issues.c.slot == slot)).one_or_none()
        return None if row is None else _record(row)

    def list(self, *states: IssueState) -> Sequence[IssueRecord]:
        wanted = select(issues).order_by(issues.c.number)
        if states:
            wanted = wanted.where(issues.c.state.in_(states))
        with self._database.reading() as connection:
            return [_record(row) for row in connection.execute(wanted)]

    def last_gathered_at(self) -> datetime | None:
        newest = select(func.max(decision_logs.c.gathered_at)).join_from(
            decision_logs, issues, issues.c.id == decision_logs.c.issue_id
        )
        with self._database.reading() as connection:
            moment: datetime | None = connection.scalar(newest.where(issues.c.state != IssueState.SKIPPED))
        return moment

    def source_state(self, source: SourceId) -> bytes | None:
        with self._database.reading() as connection:
            state: bytes | None = connection.scalar(select(sources.c.state).where(sources.c.id == source))
        return state

    def save_source_state(self, source: SourceId, state: bytes, now: datetime) -> None:
        with self._database.writing() as connection:
            _keep_states(connection, {source: state}, now)

    def seen(self, source: SourceId, posts: Iterable[PostId]) -> set[PostId]:
        found: set[PostId] = set()
        with self._database.reading() as connection:
            for some in chunks(list(posts), IN_ONE_QUESTION):
                known = select(spent_posts.c.post).where(
                    spent_posts.c.source == source, spent_posts.c.post.in_(some)
                )
                found.update(connection.scalars(known))
        return found

    def dropped(self, source: SourceId, posts: Iterable[PostId]) -> dict[PostId, str]:
        found: dict[PostId, str] = {}
        with self._database.reading() as connection:
            for some in chunks(list(posts), IN_ONE_QUESTION):
                known = select(spent_posts.c.post, spent_posts.c.reason).where(_dropped_of(source, some))
                found.update((PostId(post), reason) for post, reason in connection.execute(known))
        return found

    def taken_links(self, links: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        wanted = set(links)
        found: set[tuple[str, str]] = set()
        with self._database.reading() as connection:
            for urls in chunks(sorted({url for url, _ in wanted}), IN_ONE_QUESTION):
                taken = select(spent_posts.c.url, spent_posts.c.title).where(
                    spent_posts.c.decision == Decision.TAKEN, spent_posts.c.url.in_(urls)
                )
                found.update((url, title) for url, title in connection.execute(taken))
        return found & wanted

    def open_issue(
        self,
        issue_id: IssueId,
        *,
        slot: str | None,
        file_text: str,
        log: DecisionLog,
        posts: Sequence[Post],
        states: Mapping[SourceId, bytes],
        notice_to: str = "",
    ) -> IssueRecord:
        now = log.gathered_at
        taken = {(post.source, post.id) for post in posts}
        try:
            with self._database.writing() as connection:
                _insert_issue(connection, issue_id, slot, IssueState.DRAFT, now, file_text=file_text)
                _keep_log(connection, log, issue_id)
                _keep_posts(connection, _spent(log, taken), issue_id, now)
                _keep_states(connection, states, now)
                if notice_to:
                    queue_mail(connection, SystemMailKind.DRAFT_READY, notice_to, now, detail=issue_id)
                return _known(connection, issue_id)
        except IntegrityError as error:
            raise _taken(issue_id, slot) from error

    def skip_slot(self, slot: str, issue_id: IssueId, log: DecisionLog, reason: str) -> IssueRecord:
        try:
            with self._database.writing() as connection:
                _insert_issue(connection, issue_id, slot, IssueState.SKIPPED, log.gathered_at, note=reason)
                _keep_log(connection, log, issue_id)
                _keep_posts(connection, _spent(log, set()), None, log.gathered_at)
                return _known(connection, issue_id)
        except IntegrityError as error:
            raise _taken(issue_id, slot) from error

    def record_drops(self, log: DecisionLog, states: Mapping[SourceId, bytes]) -> None:
        with self._database.writing() as connection:
            _keep_log(connection, log, None)
            _keep_posts(connection, _spent(log, set()), None, log.gathered_at)
            _keep_states(connection, states, log.gathered_at)

    def adopt(self, issue_id: IssueId, slot: str | None, now: datetime) -> IssueRecord:
        try:
            with self._database.writing() as connection:
                known = _get(connection, issue_id)
                if known is None:
                    _insert_issue(connection, issue_id, slot, IssueState.DRAFT, now)
                return known or _known(connection, issue_id)
        except IntegrityError as error:
            raise _taken(issue_id, slot) from error

    def unwritten_files(self) -> Mapping[IssueId, str]:
        unwritten = select(issues.c.id, issues.c.file_text).where(issues.c.file_written.is_(False))
        with self._database.reading() as connection:
            return {IssueId(issue_id): text for issue_id, text in connection.execute(unwritten)}

    def file_written(self, issue_id: IssueId) -> None:
        with self._database.writing() as connection:
            connection.execute(update(issues).where(issues.c.id == issue_id).values(file_written=True))

    def gathered_text(self, issue_id: IssueId) -> str:
        with self._database.reading() as connection:
            return connection.scalar(select(issues.c.file_text).where(issues.c.id == issue_id)) or ""

    def log(self, issue_id: IssueId) -> DecisionLog | None:
        newest = (
            select(decision_logs.c.json)
            .where(decision_logs.c.issue_id == issue_id)
            .order_by(decision_logs.c.id.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            text = connection.scalar(newest)
        return None if text is None else msgspec.json.decode(text, type=DecisionLog)

    def set_state(
        self,
        issue_id: IssueId,
        state: IssueState,
        *,
        expected: Sequence[IssueState],
        note: str = "",
        send_at: datetime | None = None,
    ) -> None:
        with self._database.writing() as connection:
            changed = connection.execute(
                update(issues)
                .where(issues.c.id == issue_id, issues.c.state.in_(expected))
                .values(state=state, note=note, send_at=send_at)
            )
            if changed.rowcount == 0:
                issue = _get(connection, issue_id)
                if issue is None:
                    raise NotFound(f"there is no issue {issue_id!r}")
                wanted = " or ".join(expected)
                raise WrongState(f"{issue_id} is {issue.state}, it would have to be {wanted} to be {state}")


def _get(connection: Connection, issue_id: IssueId) -> IssueRecord | None:
    row = connection.execute(select(issues).where(issues.c.id == issue_id)).one_or_none()
    return None if row is None else _record(row)


def _known(connection: Connection, issue_id: IssueId) -> IssueRecord:
    return _record(connection.execute(select(issues).where(issues.c.id == issue_id)).one())


def _record(row: Row[Any]) -> IssueRecord:
    return IssueRecord(
        id=IssueId(row.id),
        state=IssueState(row.state),
        slot=row.slot,
        created_at=row.created_at,
        frozen_at=row.frozen_at,
        submitted_at=row.submitted_at,
        send_at=row.send_at,
        note=row.note,
    )


def _taken(issue_id: IssueId, slot: str | None) -> Busy:
    return Busy(
        f"the issue {issue_id}, its slot {slot or '(none)'} or one of its posts is already taken",
        remedy="see `newsletter status`",
    )


def _insert_issue(
    connection: Connection,
    issue_id: IssueId,
    slot: str | None,
    state: IssueState,
    now: datetime,
    *,
    file_text: str | None = None,
    note: str = "",
) -> None:
    connection.execute(
        insert(issues).values(
            id=issue_id,
            slot=slot,
            state=state,
            note=note,
            created_at=now,
            file_text=file_text or "",
            file_written=file_text is None,
        )
    )


def _keep_log(connection: Connection, log: DecisionLog, issue_id: IssueId | None) -> None:
    text = msgspec.json.encode(log).decode()
    connection.execute(
        insert(decision_logs).values(issue_id=issue_id, gathered_at=log.gathered_at, json=text)
    )


def _spent(log: DecisionLog, taken: set[tuple[SourceId, PostId]]) -> list[PostDecision]:
    """The decisions that are kept: what was dropped, and what went into the issue."""
    return [
        decision
        for decision in log.decisions
        if decision.decision is Decision.DROPPED or (decision.source, decision.post) in taken
    ]


def _keep_posts(
    connection: Connection, decisions: Iterable[PostDecision], issue_id: IssueId | None, now: datetime
) -> None:
    """None; of a post dropped twice the last reason is kept, a post taken twice is an IntegrityError."""
    rows: dict[Decision, dict[tuple[SourceId, PostId], dict[str, object]]] = {spent: {} for spent in SPENT}
    for decision in decisions:
        row = spent_row(decision, issue_id, now)
        rows[decision.decision][decision.source, decision.post] = row
    forget_drops(connection, chain.from_iterable(rows.values()))
    if taken := rows[Decision.TAKEN]:
        connection.execute(insert(spent_posts), [*taken.values()])
    if dropped := rows[Decision.DROPPED]:
        connection.execute(insert_new(connection, spent_posts), [*dropped.values()])


def forget_drops(connection: Connection, posts: Iterable[tuple[SourceId, PostId]]) -> None:
    """None; that these posts were dropped is kept no more, for something else is about to be."""
    of_source: dict[SourceId, list[PostId]] = {}
    for source, post in posts:
        of_source.setdefault(source, []).append(post)
    for source, ids in of_source.items():
        for some in chunks(ids, IN_ONE_QUESTION):
            connection.execute(delete(spent_posts).where(_dropped_of(source, some)))


def _dropped_of(source: SourceId, posts: Sequence[PostId]) -> ColumnElement[bool]:
    mine = spent_posts.c.source == source
    return and_(mine, spent_posts.c.decision == Decision.DROPPED, spent_posts.c.post.in_(posts))


def spent_row(decision: PostDecision, issue_id: IssueId | None, now: datetime) -> dict[str, object]:
    """The post's row, which keeps it from being taken again."""
    return {
        "source": decision.source,
        "post": decision.post,
        "url": decision.url,
        "title": decision.title,
        "published": decision.published,
        "decision": decision.decision,
        "reason": decision.reason,
        "issue_id": issue_id,
        "seen_at": now,
    }


def _keep_states(connection: Connection, states: Mapping[SourceId, bytes], now: datetime) -> None:
    for source, state in states.items():
        values = {"state": state, "fetched_at": now}
        known = connection.execute(update(sources).where(sources.c.id == source).values(values))
        if known.rowcount == 0:
            connection.execute(insert(sources).values(id=source, **values))
