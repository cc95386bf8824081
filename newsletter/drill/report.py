"""What came of many runs, as one table: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from newsletter import faults
from newsletter.drill.plan import Plan

NOBODY = "(nobody)"
HEADS = ("killed at", "runs", "by KILL", "by TERM", "copies accepted", "lost", "doubled", "uncertain left")


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What came of one run."""

    plan: Plan
    killed: int
    """Senders that SIGKILL ended."""
    accepted: int
    """Copies that the provider took."""
    lost: int
    doubled: int
    uncertain: int
    broken: tuple[str, ...]
    """The properties that did not hold, a line each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table: the sums of the runs whose last act had one end in mind."""

    point: str
    runs: int
    killed: int
    """Runs in which SIGKILL came."""
    stopped: int
    """Runs in which SIGTERM was to come."""
    accepted: int
    lost: int
    doubled: int
    uncertain: int


def rows(results: Sequence[Result]) -> Sequence[Row]:
    """A row for each point, in the order of `faults.POINTS`, one for the runs without, and the sums."""
    by_point = (
        (point, [each for each in results if _point(each) == point]) for point in (*faults.POINTS, NOBODY)
    )
    return [*(_row(point, those) for point, those in by_point if those), _row("all", results)]


def table(lines: Iterable[Row]) -> str:
    """The rows under their heads, numbers to the right."""
    cells = [HEADS, *(tuple(map(str, astuple(row))) for row in lines)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )


def _point(result: Result) -> str:
    plan = result.plan
    aimed_at = [*plan.kills, *filter(None, [plan.late_kill])]
    return aimed_at[-1].point if aimed_at else NOBODY


def _row(point: str, results: Sequence[Result]) -> Row:
    return Row(
        point=point,
        runs=len(results),
        killed=sum(each.killed > 0 for each in results),
        stopped=sum(
            any(kill.signal == "TERM" for kill in (*each.plan.kills, each.plan.late_kill) if kill)
            for each in results
        ),
        accepted=sum(each.accepted for each in results),
        lost=sum(each.lost for each in results),
        doubled=sum(each.doubled for each in results),
        uncertain=sum(each.uncertain for each in results),
    )
