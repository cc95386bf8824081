"""Counters of what visitors asked for, kept in the database so that every process counts the same."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from newsletter.models import Limit
from newsletter.store.engine import Database
from newsletter.store.readertables import hits

_LOCK = 0x6C696D697473  # "limits": the key of PostgreSQL's lock while they are counted


def counted_within(connection: Connection, limits: Sequence[Limit], now: datetime) -> bool:
    """Whether none of the limits is reached; only then it counts for all of them, when the caller's
    transaction is committed. Others who would count wait for that."""
    if connection.dialect.name == "postgresql":  # in SQLite one writer is alone anyway
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    for limit in limits:
        since = now - timedelta(seconds=limit.seconds)
        count = connection.scalar(
            select(func.count()).where(hits.c.bucket == limit.bucket, hits.c.at > since)
        )
        if (count or 0) >= limit.count:
            return False
    buckets = dict.fromkeys(limit.bucket for limit in limits)
    if buckets:
        connection.execute(insert(hits), [{"bucket": bucket, "at": now} for bucket in buckets])
    return True


class SqlLimits:
    """The limits of one database (ports.Limits)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def allow(self, limits: Sequence[Limit], now: datetime) -> bool:
        with self._database.writing() as connection:
            return counted_within(connection, limits, now)

    def forget(self, before: datetime) -> int:
        with self._database.writing() as connection:
            return connection.execute(delete(hits).where(hits.c.at < before)).rowcount
