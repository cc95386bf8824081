"""A clock that tests set."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until told; `sleep` moves it and keeps what was asked for in `slept`."""

    def __init__(self, start: datetime | str = "2026-11-27T08:00:00+00:00") -> None:
        self._now = datetime.fromisoformat(start) if isinstance(start, str) else start
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now.astimezone(UTC)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds=seconds)

    def advance(self, **span: float) -> None:
        self._now += timedelta(**span)

    def set(self, moment: str) -> None:
        self._now = datetime.fromisoformat(moment)
