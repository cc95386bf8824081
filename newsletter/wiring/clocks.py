"""The clocks of a running program; tests bring their own."""

import threading
from datetime import UTC, datetime, timedelta

from newsletter.ports import Clock


class SystemClock:
    """The real time; `sleep` ends early when the process is asked to stop."""

    def __init__(self, stopped: threading.Event | None = None) -> None:
        self._stopped = stopped or threading.Event()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)


class ShiftedClock:
    """Another clock, put forward or back, for runs that act as if it were another time."""

    def __init__(self, clock: Clock, shift: timedelta) -> None:
        self._clock = clock
        self._shift = shift

    def now(self) -> datetime:
        return self._clock.now() + self._shift

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)
