"""How many recipients may be handed to a provider now: by its rate, and by the day of its warm-up.

What was handed over stands in `attempts`, of all issues and processes. The decision is the pure
function `allowance`; the rest reads what it needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from itertools import accumulate
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, select, text

from newsletter.models import NotBefore, Pace, Window
from newsletter.store.columns import is_any
from newsletter.store.tables import AttemptState, attempts

HANDED_OVER = (
    AttemptState.INFLIGHT,
    AttemptState.ACCEPTED,
    AttemptState.UNCERTAIN,
    AttemptState.CONFIRMED,
    AttemptState.EXPIRED,
)
"""What the provider took, or may have taken; it counts from the moment of the claim."""
SMALLEST_SHARE = 10
"""A tenth of a rate is the least that is handed out at once, so that requests are not of one each."""
ADVISORY_SPACE = 0x70616365  # "pace": the first half of the keys of PostgreSQL's locks

_OF_PROVIDER = (attempts.c.provider == bindparam("provider"), is_any(attempts.c.state, HANDED_OVER))
_SINCE = (
    select(attempts.c.started_at, attempts.c.recipients)
    .where(*_OF_PROVIDER, attempts.c.started_at > bindparam("since"))
    .order_by(attempts.c.started_at)
)
_TODAY = select(func.coalesce(func.sum(attempts.c.recipients), 0)).where(
    *_OF_PROVIDER, attempts.c.started_at >= bindparam("since")
)
_FIRST_SINCE = (
    select(attempts.c.started_at)
    .where(*_OF_PROVIDER, attempts.c.started_at >= bindparam("since"))
    .order_by(attempts.c.started_at)
    .limit(1)
)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What one provider was handed by all issues and processes."""

    recent: Sequence[tuple[datetime, int]] = ()
    """Moment and recipients of each request within the rate's span, oldest first."""
    days_before: int = 0
    """Earlier local days on which anything was handed over, counted up to the end of the warm-up."""
    today: int = 0
    """Recipients of this local day."""


def allowance(pace: Pace, usage: Usage, *, wanted: int, now: datetime) -> int | NotBefore:
    """How many of the `wanted` recipients may be handed over now, or the moment when enough may.

    In no span of the rate's length are more than its recipients handed over; a span excludes its end.
    """
    room = wanted
    if usage.days_before < len(pace.warm_up):
        cap = pace.warm_up[usage.days_before]
        room = min(room, cap - usage.today)
        if room <= 0:
            why = f"sending.warm_up allows {cap} recipients on day {usage.days_before + 1}"
            return NotBefore(moment=_next_midnight(now, pace.timezone), why=why)
    if pace.rate is None:
        return room
    free = pace.rate.recipients - sum(recipients for _, recipients in usage.recent)
    least = min(room, max(1, pace.rate.recipients // SMALLEST_SHARE))
    return min(room, free) if free >= least else _when_free(pace.rate, usage, missing=least - free)


def fitting(connection: Connection, pace: Pace, *, wanted: int, now: datetime) -> int | NotBefore:
    """The allowance, in the caller's transaction: nobody else takes it before that ends."""
    if pace.rate is None and not pace.warm_up:
        return wanted
    if connection.dialect.name == "postgresql":  # a SQLite writer is alone anyway
        lock = text("SELECT pg_advisory_xact_lock(:space, :key)")
        connection.execute(lock, {"space": ADVISORY_SPACE, "key": _lock_key(pace.provider)})
    return allowance(pace, _usage(connection, pace, now), wanted=wanted, now=now)


def _when_free(rate: Window, usage: Usage, *, missing: int) -> NotBefore:
    """The moment when so many more recipients have left the rate's span."""
    leaving = zip(usage.recent, accumulate(recipients for _, recipients in usage.recent), strict=True)
    moment = next(moment for (moment, _), left in leaving if left >= missing)
    why = f"sending.rate allows {rate.recipients} recipients in {rate.seconds} s"
    return NotBefore(moment=moment + timedelta(seconds=rate.seconds), why=why)


def _usage(connection: Connection, pace: Pace, now: datetime) -> Usage:
    recent: Sequence[tuple[datetime, int]] = ()
    days_before = today = 0
    if pace.rate:
        since = now - timedelta(seconds=pace.rate.seconds)
        rows = connection.execute(_SINCE, {"provider": pace.provider, "since": since})
        recent = [(moment, recipients) for moment, recipients in rows]
    if pace.warm_up:
        dawn = _day_begins(_local_day(now, pace.timezone), pace.timezone)
        days_before = _days_before(connection, pace, dawn)
        today = connection.execute(_TODAY, {"provider": pace.provider, "since": dawn}).scalar_one()
    return Usage(recent=recent, days_before=days_before, today=today)


def _days_before(connection: Connection, pace: Pace, dawn: datetime) -> int:
    """How many local days before the one that began at `dawn` anything was handed over on; no more are
    counted than the warm-up has."""
    since = _LONG_AGO
    for days in range(len(pace.warm_up)):
        first = connection.scalar(_FIRST_SINCE, {"provider": pace.provider, "since": since})
        if first is None or first >= dawn:
            return days
        since = _next_midnight(first, pace.timezone)
    return len(pace.warm_up)


def _next_midnight(moment: datetime, timezone: str) -> datetime:
    return _day_begins(_local_day(moment, timezone) + timedelta(days=1), timezone)


def _local_day(moment: datetime, timezone: str) -> date:
    return moment.astimezone(ZoneInfo(timezone)).date()


def _day_begins(day: date, timezone: str) -> datetime:
    """The first instant of a local day; where the clocks leave midnight out, the instant they do."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def _lock_key(provider: str) -> int:
    return int.from_bytes(sha256(provider.encode()).digest()[:4], signed=True)
