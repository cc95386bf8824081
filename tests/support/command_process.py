"""A command of the program as its own process, quick to start and ready to be killed.

As `tests.support.sender_process` for senders: forked from a server that has the program imported already,
and as real as one that a shell starts. It runs the program's `main` with words and environment of its own.
"""

import multiprocessing
import os
import pkgutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import newsletter
from newsletter.cli import main
from tests.support import sender_process

PATIENCE = 30.0
"""Seconds after which a command that should have ended has not."""

# There is one such server for all: what senders need is named again, for the last list counts.
_context = multiprocessing.get_context("forkserver")
_modules = [found.name for found in pkgutil.walk_packages(newsletter.__path__, "newsletter.")]
_context.set_forkserver_preload(
    [name for name in _modules if "__main__" not in name and ".migrations" not in name]
    + [sender_process.__name__, __name__]
)


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command that was started."""

    process: ForkServerProcess
    said: Path
    """What it writes, on both of its streams."""

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def end(self) -> int:
        """How the process ended: its exit status, or the signal's number below zero."""
        self.process.join(PATIENCE)
        status = self.process.exitcode
        if status is None:
            self.process.kill()
            self.process.join()
            raise AssertionError(f"the command had not ended after {PATIENCE} s: {self.words}")
        assert "Traceback" not in self.words, self.words
        return status

    @property
    def words(self) -> str:
        return self.said.read_text(encoding="utf-8")


def nothing() -> None:
    """None, and nothing is done."""


def start(
    *words: str, environment: Mapping[str, str], said: Path, prepare: Callable[[], None] = nothing
) -> Command:
    """The command at work; what it says goes to the file `said`.

    `prepare` is called in the new process before the command: there a test can plant a death.
    """
    said.touch()
    process = _context.Process(target=_run, args=(words, dict(environment), said, prepare), daemon=True)
    process.start()
    return Command(process=process, said=said)


def _run(
    words: tuple[str, ...], environment: dict[str, str], said: Path, prepare: Callable[[], None]
) -> None:
    os.environ.update(environment)
    sys.argv = ["newsletter", *words]
    file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    prepare()
    main()
