"""How far a send has come: a bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from newsletter.cli.common import talk
from newsletter.models import SendProgress
from newsletter.usecases.standing import duration, seconds_left

QUIET_SECONDS = 30.0
"""A plain line comes at least this often while something moves, and otherwise at each tenth."""
Tell = Callable[[SendProgress], None]


@contextmanager
def shown_progress(terminal: bool) -> Iterator[Tell]:
    """A call that shows the progress of a send while the block runs."""
    if not terminal:
        yield PlainLines(talk)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("submitting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("submitting", total=None, rate=0.0)
        speed = Speed()

        def show(progress: SendProgress) -> None:
            handled = done(progress)
            rate = speed.after(handled, time.monotonic())
            bar.update(task, total=progress.audience, completed=handled, rate=rate)

        yield show


class PlainLines:
    """Tells the progress in lines: at each tenth that is done, and after half a minute of another."""

    def __init__(self, tell: Callable[[str], None], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._monotonic = monotonic
        self._speed = Speed()
        self._tenth = -1
        self._told_at = 0.0
        self._told = -1

    def __call__(self, progress: SendProgress) -> None:
        now, handled = self._monotonic(), done(progress)
        rate = self._speed.after(handled, now)
        tenth = handled * 10 // max(progress.audience, 1)
        late = handled > self._told and now - self._told_at >= QUIET_SECONDS
        if tenth <= self._tenth and not late:
            return
        self._tenth, self._told_at, self._told = tenth, now, handled
        line = f"{handled} of {progress.audience}"
        if rate:
            line += f", {rate:,.0f}/s"
        if (left := seconds_left(progress, rate)) is not None:
            line += f", {duration(left)} left"
        self._tell(line)


class Speed:
    """Recipients in a second since the first look, which may come in the middle of a send."""

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None

    def after(self, handled: int, now: float) -> float:
        """The speed by now; 0 until something has moved."""
        if self._first is None:
            self._first = (handled, now)
        before, since = self._first
        return (handled - before) / (now - since) if now > since else 0.0


def done(progress: SendProgress) -> int:
    """Recipients who have been handled: settled, or as far as they can be for now."""
    return progress.settled + progress.uncertain
