"""Visits to pages, counted without keeping who came: a client is a keyed hash that lives a day.

A client that follows a link which no person sees, or opens many pages at once, is a machine, and so
are its visits some minutes before and after.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, distinct, func, insert, select, update

from newsletter.models import IssueId
from newsletter.store.engine import Database
from newsletter.store.readertables import visits

AROUND = timedelta(minutes=10)
"""A scanner opens all links of a mail within seconds, and comes again within minutes."""
AT_ONCE = timedelta(seconds=5)
TOO_MANY = 3
"""Different pages within that span."""
ONCE = timedelta(hours=1)
"""A page that is opened again within that span is the same visit."""


class SqlVisits:
    """The visits of one database (ports.Visits)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, page: str, issue_id: IssueId | None, client: str, now: datetime, *, machine: bool) -> None:
        mine = visits.c.client == client
        with self._database.writing() as connection:
            same = mine & (visits.c.page == page) & (visits.c.issue_id == (issue_id or ""))
            if connection.scalar(select(visits.c.number).where(same, visits.c.at > now - ONCE).limit(1)):
                return
            connection.execute(
                insert(visits).values(
                    page=page, issue_id=issue_id or "", client=client, at=now, machine=machine
                )
            )
            pages = select(func.count(distinct(visits.c.page + visits.c.issue_id)))
            at_once = connection.scalar(pages.where(mine, visits.c.at > now - AT_ONCE)) or 0
            known = select(visits.c.number).where(mine, visits.c.machine, visits.c.at > now - AROUND).limit(1)
            if at_once >= TOO_MANY or connection.scalar(known):
                connection.execute(
                    update(visits).where(mine, visits.c.at > now - AROUND).values(machine=True)
                )

    def count(self, issue_id: IssueId) -> tuple[int, int]:
        wanted = (
            select(visits.c.machine, func.count(distinct(visits.c.client)))
            .where(visits.c.issue_id == issue_id)
            .group_by(visits.c.machine)
        )
        with self._database.reading() as connection:
            found = {bool(row[0]): int(row[1]) for row in connection.execute(wanted)}
        return found.get(False, 0), found.get(True, 0)

    def forget(self, before: datetime) -> int:
        with self._database.writing() as connection:
            return connection.execute(
                delete(visits).where(visits.c.at < before, visits.c.issue_id == "")
            ).rowcount
