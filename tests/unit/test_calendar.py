"""The calendar: which slots a schedule has, in every zone, on every awkward day."""

import os
import time as host_time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content.calendar import parse_schedule
from newsletter.content.schedulewords import WEEKDAYS
from newsletter.errors import BadSchedule
from newsletter.models import Slot

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
KOLKATA, APIA = "Asia/Kolkata", "Pacific/Apia"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def coming(words: str, zone: str, after: str, count: int = 3) -> list[tuple[str, str]]:
    """The next slots as (name, instant in UTC)."""
    slots = islice(parse_schedule(words, zone).slots(utc(after)), count)
    return [(slot.local, slot.instant.strftime("%Y-%m-%dT%H:%M")) for slot in slots]


def names(words: str, after: str, count: int = 4) -> list[str]:
    return [local for local, _ in coming(words, "UTC", after, count)]


# --- words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected", "said"),
    [
        (
            "friday 09:00",
            ["2026-11-27T09:00", "2026-12-04T09:00", "2026-12-11T09:00"],
            "every Friday at 09:00",
        ),
        (
            "Monday, thursday  18:30",
            ["2026-11-26T18:30", "2026-11-30T18:30", "2026-12-03T18:30"],
            "every Monday and Thursday at 18:30",
        ),
        (
            "mon and thu 18:30",
            ["2026-11-26T18:30", "2026-11-30T18:30", "2026-12-03T18:30"],
            "every Monday and Thursday at 18:30",
        ),
        ("daily 8:00", ["2026-11-25T08:00", "2026-11-26T08:00", "2026-11-27T08:00"], "every day at 08:00"),
        (
            "weekdays 07:00",
            ["2026-11-25T07:00", "2026-11-26T07:00", "2026-11-27T07:00", "2026-11-30T07:00"],
            "every day from Monday to Friday at 07:00",
        ),
        (
            "monthly 1 09:00",
            ["2026-12-01T09:00", "2027-01-01T09:00", "2027-02-01T09:00"],
            "day 1 of every month at 09:00",
        ),
        (
            "monthly 31 09:00",
            ["2026-11-30T09:00", "2026-12-31T09:00", "2027-01-31T09:00", "2027-02-28T09:00"],
            "day 31 of every month (the last day of a shorter one) at 09:00",
        ),
        (
            "first friday 09:00",
            ["2026-12-04T09:00", "2027-01-01T09:00", "2027-02-05T09:00"],
            "the first Friday of every month at 09:00",
        ),
        (
            "last monday 10:00",
            ["2026-11-30T10:00", "2026-12-28T10:00", "2027-01-25T10:00"],
            "the last Monday of every month at 10:00",
        ),
        (
            "third wednesday 23:59",
            ["2026-12-16T23:59", "2027-01-20T23:59"],
            "the third Wednesday of every month at 23:59",
        ),
    ],
)
def test_words_name_their_days(words: str, expected: list[str], said: str) -> None:
    assert names(words, "2026-11-24T12:00", len(expected)) == expected
    assert parse_schedule(words, BERLIN).timing.words == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "friday",
        "09:00",
        "09:00 friday",
        "friday 25:00",
        "friday 24:00",
        "friday 09:60",
        "friday 9am",
        "friday 9",
        "fr 09:00",
        "caturday 09:00",
        "friday, 09:00",
        "daily monday 09:00",
        "fifth friday 09:00",
        "monthly 0 09:00",
        "monthly 32 09:00",
        "monthly ² 09:00",
        "monthly first 09:00",
        "@daily",
        "every friday at 09:00",
        "friday ٠٩:٠٠",
    ],
)
def test_words_that_name_no_time_are_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(BadSchedule) as caught:
        parse_schedule(text, "UTC")
    assert caught.value.remedy


def test_a_misspelt_day_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadSchedule, match="did you mean “friday”"):
        parse_schedule("fryday 09:00", "UTC")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(BadSchedule, match="is no time zone"):
        parse_schedule("friday 09:00", zone)


# --- cron --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(8))
def test_weekday_numbers_are_posix_with_sunday_as_0_and_7(number: int) -> None:
    first = next(parse_schedule(f"0 9 * * {number}", "UTC").slots(utc("2026-11-24T12:00")))
    assert first.instant.weekday() == (number - 1) % 7


@pytest.mark.parametrize("number", range(7))
def test_weekday_names_are_their_days(number: int) -> None:
    cron = names(f"0 9 * * {WEEKDAYS[number][:3].upper()}", "2026-11-24T12:00")
    assert cron == names(f"{WEEKDAYS[number]} 09:00", "2026-11-24T12:00")


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("30 14 * * *", ["2026-11-24T14:30", "2026-11-25T14:30"]),
        ("0 9 * * 1-5", ["2026-11-25T09:00", "2026-11-26T09:00", "2026-11-27T09:00", "2026-11-30T09:00"]),
        ("0 9 * * fri-sun", ["2026-11-27T09:00", "2026-11-28T09:00", "2026-11-29T09:00", "2026-12-04T09:00"]),
        ("0 9 * * 5-7", ["2026-11-27T09:00", "2026-11-28T09:00", "2026-11-29T09:00", "2026-12-04T09:00"]),
        ("0 9,17 * * 2", ["2026-11-24T17:00", "2026-12-01T09:00", "2026-12-01T17:00"]),
        (
            "*/20 8-9 * * *",
            [f"2026-11-25T{at}" for at in ("08:00", "08:20", "08:40", "09:00", "09:20", "09:40")],
        ),
        ("5-35/15 0 * * *", ["2026-11-25T00:05", "2026-11-25T00:20", "2026-11-25T00:35"]),
        ("0 0 1 jan,jul *", ["2027-01-01T00:00", "2027-07-01T00:00", "2028-01-01T00:00"]),
        ("0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("0 0 31 * *", ["2026-12-31T00:00", "2027-01-31T00:00", "2027-03-31T00:00"]),
    ],
)
def test_cron_fields_are_read_as_crontab_says(cron: str, expected: list[str]) -> None:
    assert names(cron, "2026-11-24T12:00", len(expected)) == expected


def test_day_of_month_or_weekday_when_both_are_restricted() -> None:
    expected = ["2026-11-27T09:00", "2026-12-01T09:00", "2026-12-04T09:00", "2026-12-11T09:00"]
    assert names("0 9 1 * 5", "2026-11-24T12:00") == expected


def test_a_field_that_begins_with_a_star_is_not_restricted() -> None:
    odd_fridays = names("0 9 */2 * 5", "2026-11-24T12:00")
    assert odd_fridays == ["2026-11-27T09:00", "2026-12-11T09:00", "2026-12-25T09:00", "2027-01-01T09:00"]


@pytest.mark.parametrize(
    "cron",
    [
        "0 9 * *",
        "0 0 9 * * 5",
        "60 9 * * *",
        "0 24 * * *",
        "0 9 0 * *",
        "0 9 32 * *",
        "0 9 * 13 *",
        "0 9 * * 8",
        "0 9 * * sat-mon",
        "0 9 5-1 * *",
        "0 9 * * *,",
        "*/0 9 * * *",
        "1/2 9 * * *",
        "0 9 L * *",
        "0 9 ? * 5",
        "0 9 * * 5#2",
        "0 9 * foo *",
        "0 9 30 2 *",
        "0 9 31 4,6,9,11 *",
        "-1 9 * * *",
        "0 9 * * ٥",
    ],
)
def test_cron_that_never_rings_or_is_none_is_refused(cron: str) -> None:
    with pytest.raises(BadSchedule) as caught:
        parse_schedule(cron, "UTC")
    assert caught.value.remedy


# --- summer time -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "zone", "after", "expected"),
    [
        pytest.param(
            "daily 02:30",
            NEW_YORK,
            "2026-03-07T12:00",
            [
                ("2026-03-08T02:30", "2026-03-08T07:30"),
                ("2026-03-09T02:30", "2026-03-09T06:30"),
            ],
            id="New York, spring: once, at 03:30 on the wall",
        ),
        pytest.param(
            "sunday 01:30",
            NEW_YORK,
            "2026-10-31T12:00",
            [
                ("2026-11-01T01:30", "2026-11-01T05:30"),
                ("2026-11-08T01:30", "2026-11-08T06:30"),
            ],
            id="New York, autumn: once, at the first 01:30",
        ),
        pytest.param(
            "daily 02:30",
            BERLIN,
            "2026-03-28T12:00",
            [
                ("2026-03-29T02:30", "2026-03-29T01:30"),
                ("2026-03-30T02:30", "2026-03-30T00:30"),
            ],
            id="Berlin, spring",
        ),
        pytest.param(
            "30 2 * * *",
            BERLIN,
            "2026-10-24T12:00",
            [
                ("2026-10-25T02:30", "2026-10-25T00:30"),
                ("2026-10-26T02:30", "2026-10-26T01:30"),
            ],
            id="Berlin, autumn",
        ),
        pytest.param(
            "daily 02:15",
            LORD_HOWE,
            "2026-10-03T00:00",
            [
                ("2026-10-04T02:15", "2026-10-03T15:45"),
                ("2026-10-05T02:15", "2026-10-04T15:15"),
            ],
            id="Lord Howe, spring by half an hour",
        ),
        pytest.param(
            "daily 01:45",
            LORD_HOWE,
            "2026-04-04T00:00",
            [
                ("2026-04-05T01:45", "2026-04-04T14:45"),
                ("2026-04-06T01:45", "2026-04-05T15:15"),
            ],
            id="Lord Howe, autumn by half an hour",
        ),
        pytest.param(
            "friday 09:00",
            KOLKATA,
            "2026-11-24T00:00",
            [
                ("2026-11-27T09:00", "2026-11-27T03:30"),
                ("2026-12-04T09:00", "2026-12-04T03:30"),
            ],
            id="Kolkata, never changes",
        ),
        pytest.param(
            "friday 09:00",
            APIA,
            "2011-12-29T00:00",
            [
                ("2011-12-30T09:00", "2011-12-30T19:00"),
                ("2012-01-06T09:00", "2012-01-05T19:00"),
            ],
            id="Apia, the Friday that never was rings a day later on the wall",
        ),
        pytest.param(
            "daily 09:00",
            APIA,
            "2011-12-29T00:00",
            [
                ("2011-12-29T09:00", "2011-12-29T19:00"),
                ("2011-12-31T09:00", "2011-12-30T19:00"),
                ("2012-01-01T09:00", "2011-12-31T19:00"),
            ],
            id="Apia, a daily slot rings once",
        ),
        pytest.param(
            "0 * * * *",
            BERLIN,
            "2026-03-29T00:00",
            [
                ("2026-03-29T03:00", "2026-03-29T01:00"),
                ("2026-03-29T04:00", "2026-03-29T02:00"),
            ],
            id="hourly, spring: the missing hour has no slot of its own",
        ),
        pytest.param(
            "30 2,3 * * *",
            BERLIN,
            "2026-03-28T12:00",
            [
                ("2026-03-29T03:30", "2026-03-29T01:30"),
                ("2026-03-30T02:30", "2026-03-30T00:30"),
            ],
            id="spring: two names of one instant are one slot",
        ),
        pytest.param(
            "0,45 2,3 * * *",
            BERLIN,
            "2026-03-29T00:30",
            [
                ("2026-03-29T03:00", "2026-03-29T01:00"),
                ("2026-03-29T03:45", "2026-03-29T01:45"),
                ("2026-03-30T02:00", "2026-03-30T00:00"),
            ],
            id="spring: in the order of instants",
        ),
    ],
)
def test_summer_time_neither_loses_nor_doubles_a_slot(
    words: str, zone: str, after: str, expected: list[tuple[str, str]]
) -> None:
    assert coming(words, zone, after, len(expected)) == expected


@pytest.mark.parametrize(("alias", "zone"), [("Europe/Kiev", "Europe/Kyiv"), ("US/Eastern", NEW_YORK)])
def test_alias_zones_are_their_zones(alias: str, zone: str) -> None:
    assert coming("friday 09:00", alias, "2026-10-01T00:00", 9) == coming(
        "friday 09:00", zone, "2026-10-01T00:00", 9
    )


@pytest.fixture(params=["UTC", NEW_YORK, KOLKATA, APIA])
def host_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The zone of the machine, which must not matter."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    host_time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    host_time.tzset()


def test_the_zone_of_the_machine_does_not_matter(host_zone: str) -> None:
    assert coming("daily 02:30", BERLIN, "2026-10-24T12:00", 2) == [
        ("2026-10-25T02:30", "2026-10-25T00:30"),
        ("2026-10-26T02:30", "2026-10-26T01:30"),
    ]


# --- what always holds -------------------------------------------------------------------------

ZONES = st.sampled_from(
    [
        BERLIN,
        NEW_YORK,
        LORD_HOWE,
        KOLKATA,
        APIA,
        "UTC",
        "America/Sao_Paulo",
        "Asia/Beirut",
        "Africa/Casablanca",
    ]
)
SCHEDULES = st.sampled_from(
    [
        "friday 09:00",
        "daily 02:30",
        "daily 00:15",
        "monthly 31 23:45",
        "last sunday 02:00",
        "*/15 * * * *",
        "10 */3 * * *",
        "0,30 0-3 * * 0",
        "*/10 1-3 30,31 * 6",
    ]
)
CHANGES = st.sampled_from(
    [
        "2026-03-08T07:00", "2026-11-01T06:00", "2026-03-29T01:00", "2026-10-25T01:00", "2026-10-03T15:30",
        "2026-04-04T15:00", "2011-12-30T10:00", "2018-11-04T03:00", "2018-02-18T02:00", "2026-02-15T02:00",
        "2026-06-15T12:00",
    ]
)  # fmt: skip
"""Instants at which clocks changed in one of the zones, and one at which none did."""
OFFSETS = st.integers(-72 * 60, 72 * 60).map(lambda minutes: timedelta(minutes=minutes))


def on_the_wall(name: str, zone: str) -> datetime:
    """The first instant at which a wall clock shows this, or would without the gap it falls into."""
    return datetime.fromisoformat(name).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@given(SCHEDULES, ZONES, CHANGES, OFFSETS)
def test_slots_ascend_and_none_comes_twice(words: str, zone: str, change: str, offset: timedelta) -> None:
    after = utc(change) + offset
    slots = list(islice(parse_schedule(words, zone).slots(after), 60))
    assert slots[0].instant > after
    assert all(one.instant < next_one.instant for one, next_one in pairwise(slots))
    assert len({slot.local for slot in slots}) == len(slots)
    assert all(on_the_wall(slot.local, zone) == slot.instant for slot in slots)


@given(SCHEDULES, ZONES, CHANGES, OFFSETS)
def test_the_latest_slot_is_the_one_before_the_next(
    words: str, zone: str, change: str, offset: timedelta
) -> None:
    at = utc(change) + offset
    schedule = parse_schedule(words, zone)
    latest = schedule.latest(at)
    assert latest
    assert latest.instant <= at
    assert next(schedule.slots(latest.instant)).instant > at
    assert next(schedule.slots(latest.instant - timedelta(microseconds=1))) == latest
    assert schedule.latest(latest.instant) == latest


@settings(max_examples=25)
@given(SCHEDULES, ZONES, CHANGES)
def test_slots_are_those_of_a_wall_clock_watched_minute_by_minute(words: str, zone: str, change: str) -> None:
    """The same answer by another way: look at the wall every minute, note what it shows first."""
    begin, minutes = utc(change) - timedelta(hours=30), 60 * 60
    schedule = parse_schedule(words, zone)
    rung: dict[str, datetime] = {}
    shown: set[str] = {
        f"{(begin - timedelta(minutes=n)).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}" for n in range(25 * 60)
    }
    for n in range(1, minutes):
        instant = begin + timedelta(minutes=n)
        wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        name = wall.isoformat(timespec="minutes")
        if (
            name not in shown
            and wall.time() in schedule.timing.times
            and schedule.timing.falls_on(wall.date())
        ):
            rung[name] = instant
        shown.add(name)
    slots: list[Slot] = []
    for slot in schedule.slots(begin):
        if slot.instant >= begin + timedelta(minutes=minutes):
            break
        slots.append(slot)
    assert {slot.local: slot.instant for slot in slots if slot.local in shown} == rung
    leapt = [slot for slot in slots if slot.local not in shown]
    assert all(slot.instant not in rung.values() for slot in leapt)
