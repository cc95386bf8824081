"""Named places in the sending path where a test can end the process as a power cut would.

`NEWSLETTER_FAULT=after-claim` kills the process (SIGKILL) when it first passes that point;
`after-claim@3` at the third passage; `after-claim@3:TERM` sends SIGTERM instead. Unset, a
point costs one dictionary look-up. `docs/reference/faults.md` lists the points.
"""

import os
import signal

POINTS = (
    "before-freeze",
    "inside-freeze",
    "after-freeze",
    "inside-recovery",
    "before-claim",
    "inside-claim",
    "after-claim",
    "after-connect",
    "half-body",
    "after-body",
    "after-answer",
    "inside-record",
    "after-record",
    "before-finish",
    "before-event-commit",
    "after-event-commit",
    "inside-suppression-sync",
    "before-cancel",
    "after-cancel",
)
"""The names, in the order in which a sender passes them; then those of events and evidence."""

_passages: dict[str, int] = {}


def point(name: str) -> None:
    """Nothing, unless the environment names this point: then the process gets its signal here."""
    wanted = os.environ.get("NEWSLETTER_FAULT")
    if not wanted:
        return
    place, passage, signal_name = _parts(wanted)
    if place != name:
        return
    _passages[name] = _passages.get(name, 0) + 1
    if _passages[name] == int(passage or 1):
        os.kill(os.getpid(), signal.Signals[f"SIG{signal_name or 'KILL'}"])


def is_awaited(name: str) -> bool:
    """Whether the environment names this point."""
    return _parts(os.environ.get("NEWSLETTER_FAULT", ""))[0] == name


def _parts(wanted: str) -> tuple[str, str, str]:
    """The point, the number of its passage and the signal's name; the last two may be empty."""
    place, _, signal_name = wanted.partition(":")
    place, _, passage = place.partition("@")
    return place, passage, signal_name
