"""Where an issue stands, and what a person has to do about it next."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from newsletter.models import SENDING, IssueRecord, IssueState, Movement, SendProgress

MAILS_TOLD_FOR = timedelta(days=7)
"""After that nobody need be told of a mail in doubt: no link that such a mail holds works any longer."""


def next_act(record: IssueRecord, progress: SendProgress | None) -> str:
    """What a person does about the issue now, in one sentence; empty when there is nothing to do."""
    match record.state:
        case IssueState.DRAFT if record.note:
            return f"it waits for you: “newsletter approve {record.id}”, or “send” to send it now"
        case IssueState.DRAFT:
            return f"look at it with “newsletter preview {record.id}”, then approve or send it"
        case IssueState.SCHEDULED:
            return f"“newsletter undo {record.id}” takes the approval back"
        case IssueState.FROZEN | IssueState.SUBMITTING:
            return f"when nothing moves, “newsletter send {record.id}” goes on"
        case IssueState.PAUSED:
            return f"mend what its note says, then “newsletter resume {record.id}”"
    if progress and progress.uncertain:
        return f"“newsletter reconcile {record.id}” looks for evidence about who is uncertain"
    return ""


def adds_up(progress: SendProgress, state: IssueState) -> bool:
    """Whether everybody of the frozen audience is accounted for, and nobody waits any longer. Who is pending
    in a cancelled issue was never handed over, and never is."""
    never = progress.pending if state is IssueState.CANCELLED else 0
    return progress.settled + progress.uncertain + never == progress.audience


def doubt_about_mails(uncertain: int) -> str:
    """So many of the program's own mails in doubt, and what a person does about it, in one line; empty when
    there is none."""
    if not uncertain:
        return ""
    those = "is uncertain and is" if uncertain == 1 else "are uncertain and are"
    return (
        f"{uncertain} of the program's own mails {those} not handed over again: "
        "readers who miss one may ask anew, and see yourself whether a draft waits for you"
    )


def seconds_left(progress: SendProgress, rate: float) -> float | None:
    """How long the rest takes at `rate` recipients a second; None when that is not known."""
    waiting = progress.pending + progress.submitting
    return waiting / rate if waiting and rate > 0 else None


def how_it_moves(
    record: IssueRecord, progress: SendProgress, movement: Movement, now: datetime
) -> Sequence[str]:
    """A line for each thing that is known of a send: its speed, what holds it up, and what came back."""
    lines = []
    sending = record.state in SENDING
    left = seconds_left(progress, movement.rate)
    if sending and left is not None:
        lines.append(f"{movement.rate:,.0f} recipients/s, {duration(left)} left")
    if sending and movement.waits_until:
        wait = duration((movement.waits_until - now).total_seconds())
        lines.append(f"the next request is made in {wait}" + (f": {movement.why}" if movement.why else ""))
    if sending and movement.canary == "waiting":
        lines.append("the canary goes first: the rest waits until it looks healthy")
    if movement.open_requests:
        one = movement.open_requests == 1
        lines.append(f"{movement.open_requests} request{'s are' if not one else ' is'} without an answer")
    if movement.after_acceptance:
        lines.append(", ".join(f"{count} {name}" for name, count in movement.after_acceptance.items()))
    return lines


def duration(seconds: float) -> str:
    """The span in words, such as `40 s`, `12 min` or `3 h 20 min`."""
    span = timedelta(seconds=round(max(seconds, 0)))
    if span < timedelta(minutes=2):
        return f"{span.seconds} s"
    minutes = round(span / timedelta(minutes=1))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
