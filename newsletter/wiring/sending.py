"""What comes before a send: whether the issue may go on at all, and a process made ready for it."""

import gc

from newsletter.errors import WrongState
from newsletter.models import IssueRecord, IssueState


def spare_the_collector() -> None:
    """None; what is loaded by now is not looked at again whenever garbage is collected.

    A send makes some ten objects per recipient and lets go of them by itself: looking for cycles
    among them after every 700 costs a fifth of its time.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def require_open(record: IssueRecord) -> None:
    """None. Raises WrongState for an issue of which nothing more is to be sent."""
    remedies = {
        IssueState.PAUSED: f"look at its note, then run “newsletter resume {record.id}”",
        IssueState.SKIPPED: "nothing of it was sent; its slot is used up",
        IssueState.CANCELLED: "a cancelled issue stays so; copy its file to a new name to send it",
    }
    if record.state in remedies:
        note = f": {record.note}" if record.note else ""
        raise WrongState(f"{record.id} is {record.state}{note}", remedy=remedies[record.state])
