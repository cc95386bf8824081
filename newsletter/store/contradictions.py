"""Events that should not be: a letter left, of a request of which nothing was thought to be accepted."""

from collections.abc import Collection
from dataclasses import replace

import msgspec
from sqlalchemy import Connection, select, update

from newsletter.models import AttemptId, DecisionLog, IssueId
from newsletter.store.tables import decision_logs, issues


def keep_contradictions(
    connection: Connection, named: Collection[tuple[IssueId, AttemptId | None]]
) -> tuple[str, ...]:
    """One line for each of these requests that was not known yet, also kept where the author reads it."""
    lines = []
    for issue_id, attempt in sorted(named, key=str):
        line = (
            f"{issue_id}: the request {attempt} was taken for void, and an event says that it was accepted:"
            " its recipients may have two letters"
        )
        if _keep(connection, issue_id, line):
            lines.append(line)
    return tuple(lines)


def _keep(connection: Connection, issue_id: IssueId, line: str) -> bool:
    """Whether the line is new in the issue's decision log; an issue that has none keeps it as its note."""
    newest = (
        select(decision_logs.c.id, decision_logs.c.json)
        .where(decision_logs.c.issue_id == issue_id)
        .order_by(decision_logs.c.id.desc())
        .limit(1)
    )
    row = connection.execute(newest).one_or_none()
    if row is None:
        noted = update(issues).where(issues.c.id == issue_id, issues.c.note != line).values(note=line)
        return connection.execute(noted).rowcount == 1
    log = msgspec.json.decode(row.json, type=DecisionLog)
    if line in log.notes:
        return False
    text = msgspec.json.encode(replace(log, notes=(*log.notes, line))).decode()
    connection.execute(update(decision_logs).where(decision_logs.c.id == row.id).values(json=text))
    return True
