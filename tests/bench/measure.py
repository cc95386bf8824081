"""What a run of a loop took: time, CPU, memory."""

import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One run of a loop in a process of its own."""

    began: float
    ended: float
    """Seconds of a clock that all processes of a machine share."""
    cpu: float
    """Seconds, of all threads."""
    peak_mb: float
    recipients: int
    ledger: float = 0.0
    """Seconds of CPU in the ledger, of which `reading` to read whom a batch is for."""
    reading: float = 0.0

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def rate(self) -> float:
        return self.recipients / self.seconds

    @property
    def cpu_each(self) -> float:
        """Microseconds."""
        return self.cpu / self.recipients * 1e6


class Stopwatch:
    """From now until `measured`."""

    def __init__(self) -> None:
        self._began, self._cpu = time.perf_counter(), time.process_time()

    def measured(self, recipients: int, *, ledger: float = 0.0, reading: float = 0.0) -> Measured:
        return Measured(
            began=self._began,
            ended=time.perf_counter(),
            cpu=time.process_time() - self._cpu,
            peak_mb=_peak_mb(),
            recipients=recipients,
            ledger=ledger,
            reading=reading,
        )


class Spent:
    """A function, with the CPU seconds that it takes in all threads."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._lock = threading.Lock()
        self.seconds = 0.0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        began = time.thread_time()
        try:
            return self._function(*arguments, **options)
        finally:
            with self._lock:
                self.seconds += time.thread_time() - began


class SpentBy:
    """An object, with the CPU seconds that its methods take in all threads."""

    def __init__(self, inner: object) -> None:
        self._inner = inner
        self._methods: list[Spent] = []

    def __getattr__(self, name: str) -> Spent:
        spent = Spent(getattr(self._inner, name))
        self._methods.append(spent)
        setattr(self, name, spent)
        return spent

    @property
    def spent(self) -> float:
        return sum(method.seconds for method in self._methods)


def _peak_mb() -> float:
    """This process's own peak; getrusage's is the parent's when that was higher before the exec."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
