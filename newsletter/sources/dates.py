"""The dates of feeds and files, which come in every form."""

import calendar
import time
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime

_YEARS = range(1971, 2200)
"""Earlier ones are zeros that a program wrote (0001-01-01, 1970-01-01), later ones are rubbish."""


def moment(text: str, zone: tzinfo = UTC) -> datetime | None:
    """The instant, aware, in UTC, of an ISO 8601 or RFC 5322 date; None when it is neither.

    A date without offset is read in `zone`.
    """
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            parsed = parse(text.strip())
            if parsed.tzinfo is None:
                parsed = parsed.replace(tzinfo=zone)
            return _plausible(parsed.astimezone(UTC))
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def moment_of(parsed: time.struct_time | None) -> datetime | None:
    """The instant of a time tuple in UTC; None for an impossible one."""
    if parsed is None:
        return None
    try:
        return _plausible(datetime.fromtimestamp(calendar.timegm(parsed), UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _plausible(instant: datetime) -> datetime | None:
    return instant if instant.year in _YEARS else None
