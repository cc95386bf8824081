"""The local engine: APScheduler rings, late or not, and stops when it is told to."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import pytest

from newsletter.engines.local import LocalEngine
from newsletter.errors import SourceFailed
from newsletter.ports import Engine

SOON = 10.0
"""Seconds after which a test gives up waiting for a condition."""


class Ticks:
    """A tick that counts itself and can be waited for."""

    def __init__(self, then: Callable[[int], None] = lambda _: None) -> None:
        self.count = 0
        self._then = then
        self._reached = {number: Event() for number in range(1, 50)}

    def __call__(self) -> None:
        self.count += 1
        if self.count in self._reached:
            self._reached[self.count].set()
        self._then(self.count)

    def wait_for(self, number: int) -> None:
        assert self._reached[number].wait(SOON), f"only {self.count} ticks came"


@contextmanager
def running(tick: Callable[[], None], *, interval: float, patience: float = SOON) -> Iterator[Engine]:
    engine = LocalEngine(interval=interval, patience=patience)
    engine.start(tick)
    try:
        yield engine
    finally:
        engine.stop()


def test_the_first_tick_comes_at_once() -> None:
    ticks = Ticks()
    with running(ticks, interval=3600):
        ticks.wait_for(1)
    assert ticks.count == 1


def test_ticks_go_on_coming() -> None:
    ticks = Ticks()
    with running(ticks, interval=0.02):
        ticks.wait_for(4)


def test_an_error_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(number: int) -> None:
        if number == 1:
            raise SourceFailed("https://a.example/feed: gone", remedy="remove it")
        if number == 2:
            raise ZeroDivisionError

    ticks = Ticks(then=fail)
    with caplog.at_level(logging.WARNING), running(ticks, interval=0.02):
        ticks.wait_for(4)
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in errors] == [
        "https://a.example/feed: gone — remove it",
        "a tick failed",
    ]
    assert errors[0].exc_info is None
    assert "ZeroDivisionError" in caplog.text


def test_a_tick_never_runs_beside_itself() -> None:
    inside, overlaps = [False], [0]
    entered, leave = Event(), Event()

    def work(number: int) -> None:
        overlaps[0] += inside[0]
        inside[0] = True
        if number == 1:
            entered.set()
            leave.wait(SOON)
        inside[0] = False

    ticks = Ticks(then=work)
    with running(ticks, interval=0.01):
        assert entered.wait(SOON)
        leave.wait(0.1)  # ten intervals pass
        assert ticks.count == 1
        leave.set()
        ticks.wait_for(4)
    assert overlaps == [0]


def test_stop_waits_for_the_running_tick_and_lets_no_other_begin() -> None:
    entered, leave, left = Event(), Event(), Event()

    def work(_: int) -> None:
        entered.set()
        leave.wait(SOON)
        left.set()

    ticks = Ticks(then=work)
    with running(ticks, interval=0.01) as engine:
        assert entered.wait(SOON)
        leave.set()
        engine.stop()
        assert left.is_set()
        assert not [thread for thread in threading.enumerate() if thread.name == "APScheduler"]


def test_stop_has_a_deadline_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    entered, leave = Event(), Event()

    def work(_: int) -> None:
        entered.set()
        leave.wait(SOON)

    with running(Ticks(then=work), interval=0.01, patience=0.05) as engine:
        assert entered.wait(SOON)
        begun = time.monotonic()
        engine.stop()
        assert time.monotonic() - begun < SOON / 2
        leave.set()
    assert "did not end within 0.05 seconds" in caplog.text


def test_stop_is_harmless_before_the_start_and_when_repeated() -> None:
    engine = LocalEngine()
    engine.stop()
    ticks = Ticks()
    engine.start(ticks)
    ticks.wait_for(1)
    engine.stop()
    engine.stop()


def test_importing_the_engine_loads_no_scheduler() -> None:
    code = "import sys, newsletter.engines.local; print('apscheduler' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
