"""A schedule's words and a time zone → the slots in which issues are due.

A slot is named by its local wall time without an offset. The hour that autumn repeats has its
slots once, at their first passing. A slot in the hour that spring leaves out fires once, shifted
as the wall clock is (02:30 rings at 03:30), unless another slot rings at that instant anyway.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter.content.schedulewords import Timing, read_timing
from newsletter.errors import BadSchedule
from newsletter.models import Slot

_DAY = timedelta(days=1)
_LONGEST_GAP = timedelta(hours=25)
"""More than any zone ever left out at once: Apia had no 30 December 2011."""
_LOOK_BACK = (timedelta(days=3), timedelta(days=40), timedelta(days=400), timedelta(days=40 * 366))
"""Forty years hold every pairing of weekday and calendar day, also around a year such as 2100."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """The slots of one schedule, for ever."""

    timing: Timing
    timezone: str
    """IANA name, aliases included."""

    def slots(self, after: datetime) -> Iterator[Slot]:
        """Slots that ring strictly after `after`, in the order of their instants, without end."""
        zone = ZoneInfo(self.timezone)
        day = after.astimezone(zone).date() - 2 * _DAY
        waiting: list[Slot] = []
        while True:
            waiting += self._slots_named_on(day, zone)
            day += _DAY
            if not waiting:
                continue
            # Around a gap the order of names is not that of instants: a slot is let out only
            # when no later day can ring before it.
            safe = _first_passing(datetime.combine(day, time.min), zone) - _LONGEST_GAP
            waiting.sort(key=lambda slot: slot.instant)
            yield from (slot for slot in waiting if after < slot.instant < safe)
            waiting = [slot for slot in waiting if slot.instant >= safe]

    def latest(self, at: datetime) -> Slot | None:
        """The newest slot that has rung by `at`; None when there was none in forty years."""
        for span in _LOOK_BACK:
            newest = None
            for slot in self.slots(at - span):
                if slot.instant > at:
                    break
                newest = slot
            if newest:
                return newest
        return None

    def _slots_named_on(self, day: date, zone: ZoneInfo) -> Iterator[Slot]:
        if not self.timing.falls_on(day):
            return
        for at in self.timing.times:
            nominal = datetime.combine(day, at)
            instant = _first_passing(nominal, zone)
            rings_at = instant.astimezone(zone).replace(tzinfo=None)
            if rings_at == nominal or not self._names(rings_at):
                yield Slot(local=nominal.isoformat(timespec="minutes"), instant=instant)

    def _names(self, nominal: datetime) -> bool:
        return nominal.time() in self.timing.times and self.timing.falls_on(nominal.date())


def parse_schedule(text: str, timezone: str) -> Schedule:
    """The schedule that words or a cron expression mean in this IANA zone.

    Raises BadSchedule for everything that names no time.
    """
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSchedule(
            f"“{timezone}” is no time zone", remedy="use an IANA name such as Europe/Berlin"
        ) from error
    return Schedule(timing=read_timing(text), timezone=timezone)


def slot_instant(local: str, timezone: str) -> datetime:
    """When the slot of this name, such as `2026-11-27T09:00`, comes in this IANA zone."""
    return _first_passing(datetime.fromisoformat(local), ZoneInfo(timezone))


def _first_passing(nominal: datetime, zone: ZoneInfo) -> datetime:
    """PEP 495: fold=0 is the first of two passings, and in a gap the offset from before it."""
    return nominal.replace(tzinfo=zone, fold=0).astimezone(UTC)
