"""Schedule words or POSIX cron → the days and times of day that they name.

Words: `friday 09:00` · `monday, thursday 18:30` · `daily 08:00` · `weekdays 07:00` ·
`monthly 1 09:00` · `first friday 09:00` · `last monday 10:00`.

Cron: the five fields of POSIX.1-2017 `crontab` (minute, hour, day of month, month, weekday with
0 = Sunday), with what Vixie's cron adds: names, steps, 7 for Sunday. When day of month and
weekday are both restricted, a day that matches either is meant; a field that begins with `*` is
not restricted (crontab(5)).
"""

import calendar
import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta

from newsletter.errors import BadSchedule

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""In the order of date.weekday()."""
ORDINALS = ("first", "second", "third", "fourth", "last")

DayRule = Callable[[date], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """The days and the times of day of a schedule, wherever in the world it is read."""

    falls_on: DayRule
    times: tuple[time, ...]
    """Ascending, to the minute."""
    words: str
    """What was understood, such as `every Friday at 09:00`."""


def read_timing(text: str) -> Timing:
    """What the text means. Raises BadSchedule for everything that names no time."""
    words = text.lower().split()
    if not words:
        raise _unreadable("the schedule is empty")
    if re.match(r"[\d*]", words[0]):
        return _read_cron(words)
    *day_words, clock = words
    at = _read_clock(clock)
    falls_on, days = _read_days(day_words)
    return Timing(falls_on=falls_on, times=(at,), words=f"{days} at {at:%H:%M}")


def _unreadable(what: str) -> BadSchedule:
    return BadSchedule(
        what,
        remedy="write it as “friday 09:00”, “monday, thursday 18:30”, “daily 08:00”, "
        "“weekdays 07:00”, “monthly 1 09:00”, “first friday 09:00”, or as cron: “0 9 * * 5”",
    )


# --- words -------------------------------------------------------------------------------------


def _read_clock(text: str) -> time:
    match = re.fullmatch(r"(\d{1,2}):(\d\d)", text, re.ASCII)
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        raise _unreadable(f"the schedule ends with “{text}”, which is no time from 00:00 to 23:59")
    return time(int(match[1]), int(match[2]))


def _read_days(words: list[str]) -> tuple[DayRule, str]:
    """The rule, and how it is said."""
    match words:
        case []:
            raise _unreadable("the schedule names a time but no day")
        case ["daily"]:
            return (lambda _: True), "every day"
        case ["weekdays"]:
            return (lambda day: day.weekday() < 5), "every day from Monday to Friday"
        case ["monthly", number]:
            return _day_of_month(number)
        case [ordinal, name] if ordinal in ORDINALS:
            nth, weekday = ORDINALS.index(ordinal), _read_weekday(name)
            said = f"the {ordinal} {WEEKDAYS[weekday].title()} of every month"
            return (lambda day: day.weekday() == weekday and _is_nth(day, nth)), said
    names = re.split(r"\s*,\s*|\s+and\s+", " ".join(words))
    weekdays = sorted({_read_weekday(name) for name in names})
    return (lambda day: day.weekday() in weekdays), "every " + _list(
        [WEEKDAYS[day].title() for day in weekdays]
    )


def _read_weekday(name: str) -> int:
    for number, weekday in enumerate(WEEKDAYS):
        if name == weekday or (len(name) >= 3 and weekday.startswith(name)):
            return number
    known = (*WEEKDAYS, "daily", "weekdays", "monthly", *ORDINALS)
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        raise BadSchedule(f"“{name}” is no day", remedy=f"did you mean “{near[0]}”?")
    raise _unreadable(f"“{name}” is no day")


def _day_of_month(text: str) -> tuple[DayRule, str]:
    if not re.fullmatch(r"[1-9]|[12]\d|3[01]", text, re.ASCII):
        raise _unreadable(f"“{text}” is no day of the month from 1 to 31")
    wanted = int(text)
    said = f"day {wanted} of every month"
    return (
        lambda day: day.day == min(wanted, calendar.monthrange(day.year, day.month)[1]),
        f"{said} (the last day of a shorter one)" if wanted > 28 else said,
    )


def _is_nth(day: date, nth: int) -> bool:
    """Whether the day is the nth of its weekday in its month; the last is the one after the fourth."""
    if nth == ORDINALS.index("last"):
        return (day + timedelta(days=7)).month != day.month
    return (day.day - 1) // 7 == nth


def _list(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


# --- cron --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Field:
    """One of the five: its name for messages, its range, and the names that its numbers have."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS = (
    _Field(name="minute", lowest=0, highest=59),
    _Field(name="hour", lowest=0, highest=23),
    _Field(name="day of month", lowest=1, highest=31),
    _Field(name="month", lowest=1, highest=12, names=_MONTHS),
    _Field(name="weekday", lowest=0, highest=7, names=("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)


def _read_cron(words: list[str]) -> Timing:
    if len(words) != len(_FIELDS):
        raise _unreadable(f"“{' '.join(words)}” is neither schedule words nor the five fields of cron")
    minutes, hours, month_days, months, sunday_first = map(_read_field, words, _FIELDS)
    weekdays = {(number - 1) % 7 for number in sunday_first}
    either = not words[2].startswith("*") and not words[4].startswith("*")

    def falls_on(day: date) -> bool:
        by_date, by_weekday = day.day in month_days, day.weekday() in weekdays
        return day.month in months and ((by_date or by_weekday) if either else (by_date and by_weekday))

    # 28 years hold every pairing of weekday and date, leap days included.
    if not any(falls_on(date(2000, 1, 1) + timedelta(days=n)) for n in range(28 * 366)):
        raise BadSchedule(
            f"“{' '.join(words)}” names a day that no calendar has", remedy="mend the day or the month"
        )
    times = tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes))
    return Timing(falls_on=falls_on, times=times, words=f"cron {' '.join(words)}")


def _read_field(text: str, field: _Field) -> set[int]:
    return {number for part in text.split(",") for number in _read_part(part, field)}


def _read_part(text: str, field: _Field) -> range:
    """`*`, `5`, `mon`, `1-5`, `*/15` or `9-17/2` → its numbers."""
    span, slash, step = text.partition("/")
    first, dash, last = span.partition("-")
    if slash and (not re.fullmatch(r"[1-9]\d{0,3}", step, re.ASCII) or not (dash or span == "*")):
        raise _bad_field(text, field)
    if span == "*":
        low, high = field.lowest, field.highest
    else:
        low = _read_number(first, field)
        high = _read_number(last, field) if dash else low
        if field.name == "weekday" and dash and high == 0:
            high = 7  # fri-sun
    if low > high:
        raise _bad_field(text, field)
    return range(low, high + 1, int(step or 1))


def _read_number(text: str, field: _Field) -> int:
    if text in field.names:
        return field.lowest + field.names.index(text)
    if re.fullmatch(r"\d{1,2}", text, re.ASCII) and field.lowest <= int(text) <= field.highest:
        return int(text)
    raise _bad_field(text, field)


def _bad_field(text: str, field: _Field) -> BadSchedule:
    named = f", their names ({field.names[0]}, {field.names[1]}, …)" if field.names else ""
    return BadSchedule(
        f"“{text}” is no {field.name} of a cron expression",
        remedy=f"use numbers from {field.lowest} to {field.highest}{named}, "
        "ranges such as 1-5, lists such as 1,3 and steps such as */2",
    )
