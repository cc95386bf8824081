"""Time, and what rings the doorbell."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only way to the time: tests pass one that they set."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """None, after `seconds`, or sooner when the process was asked to stop."""
        ...


class Engine(Protocol):
    """What rings the doorbell: it calls `tick` again and again, and knows nothing else."""

    def start(self, tick: Callable[[], None]) -> None: ...

    def stop(self) -> None:
        """None, when the tick that was running has ended."""
        ...
