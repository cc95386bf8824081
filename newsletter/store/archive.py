"""The issues that everybody may read: what was frozen, and has reached somebody.

A draft, an issue that was cancelled, and one that was paused before anything of it was submitted
are not among them, whoever asks and however.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, exists, or_, select

from newsletter.models import IssueId, IssueState, MergeField
from newsletter.models.archives import ArchivedIssue, ArchivedLetter
from newsletter.store.engine import Database, chunks
from newsletter.store.tables import batches, issues, letters

IN_ONE_QUESTION = 100


def _reached(*counters: str) -> ColumnElement[bool]:
    """Whether the issue is out, or under way with somebody in one of these places."""
    somebody = exists().where(
        batches.c.issue == issues.c.number, or_(*(batches.c[name] > 0 for name in counters))
    )
    under_way = issues.c.state.in_((IssueState.SUBMITTING, IssueState.PAUSED))
    return or_(issues.c.state == IssueState.SUBMITTED, and_(under_way, somebody))


_LISTED = _reached("submitted", "uncertain", "unknown")
_READABLE = _reached("submitting", "submitted", "uncertain", "unknown")
"""A letter may be in somebody's hands before its provider has answered for the whole request."""
_LINE = (issues.c.id, letters.c.subject, letters.c.preheader, issues.c.frozen_at, issues.c.submitted_at)


class SqlArchive:
    """The archive of one database (ports.Archive)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> Sequence[ArchivedIssue]:
        newest_first = _select(*_LINE).where(_LISTED)
        with self._database.reading() as connection:
            rows = connection.execute(
                newest_first.order_by(issues.c.frozen_at.desc(), issues.c.number.desc())
            ).all()
        return [_issue(row) for row in rows]

    def letter(self, issue_id: IssueId) -> ArchivedLetter | None:
        wanted = _select(*_LINE, letters.c.html, letters.c.merge_fields)
        with self._database.reading() as connection:
            row = connection.execute(wanted.where(issues.c.id == issue_id, _READABLE)).one_or_none()
        return None if row is None else _letter(row)

    def letters(self, issue_ids: Sequence[IssueId]) -> Iterator[ArchivedLetter]:
        wanted = _select(*_LINE, letters.c.html, letters.c.merge_fields).where(_LISTED)
        for some in chunks(issue_ids, IN_ONE_QUESTION):
            with self._database.reading() as connection:
                rows = connection.execute(wanted.where(issues.c.id.in_(some))).all()
            found = {row.id: row for row in rows}
            yield from (_letter(found[issue_id]) for issue_id in some if issue_id in found)

    def texts(self, issue_ids: Sequence[IssueId]) -> Mapping[IssueId, str]:
        wanted = _select(issues.c.id, letters.c.text).where(_LISTED)
        found: dict[IssueId, str] = {}
        for some in chunks(issue_ids, IN_ONE_QUESTION):
            with self._database.reading() as connection:
                rows = connection.execute(wanted.where(issues.c.id.in_(some))).all()
            found.update((IssueId(issue_id), text) for issue_id, text in rows)
        return found


def _select(*columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).join_from(letters, issues, letters.c.issue == issues.c.number)


def _issue(row: Row[Any]) -> ArchivedIssue:
    return ArchivedIssue(
        id=IssueId(row.id),
        subject=row.subject,
        preheader=row.preheader,
        published=row.frozen_at,
        changed=row.submitted_at or row.frozen_at,
    )


def _letter(row: Row[Any]) -> ArchivedLetter:
    fields = msgspec.json.decode(row.merge_fields, type=tuple[MergeField, ...])
    return ArchivedLetter(
        issue=_issue(row), html=row.html, placeholders=tuple(field.placeholder for field in fields)
    )
