"""What the drill holds against a run: each property is found broken where it is."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from newsletter.drill.plan import Control, Evidence, Plan, Trouble
from newsletter.drill.properties import Seen, broken
from newsletter.drill.report import Result, rows, table
from newsletter.models import IssueState, SendProgress

PLAN = Plan(
    seed=1,
    number=0,
    recipients=3,
    batch_size=2,
    senders=1,
    connections=1,
    kills=(),
    behaviours=(),
    error_budget=1,
    trouble=Trouble.NONE,
    control=Control.NONE,
    leavers=(3,),
    leave_at=0,
    control_at=0,
    trouble_at=0,
    evidence=Evidence.NONE,
    late_kill=None,
)
GOOD = Seen(
    state=IssueState.SUBMITTED,
    progress=SendProgress(audience=3, submitted=2, suppressed_since=1),
    statuses={"a": "submitted", "b": "delivered", "c": "suppressed_since"},
    copies=Counter("ab"),
    letters=1,
    attempts=Counter(accepted=1, released=1),
    batches=1,
    requests=2,
    gone=frozenset("c"),
)
DOUBT = SendProgress(audience=3, submitted=1, suppressed_since=1, uncertain=1)


def test_a_good_end_breaks_nothing() -> None:
    assert broken(PLAN, GOOD) == ()


@pytest.mark.parametrize(
    ("changes", "property_"),
    [
        ({"copies": Counter("aab")}, "I1"),
        ({"copies": Counter("abc")}, "I2"),
        ({"copies": Counter("a")}, "I3"),
        ({"copies": Counter("abx")}, "I3"),
        ({"statuses": {**GOOD.statuses, "b": "pending"}}, "I3"),
        ({"statuses": {**GOOD.statuses, "b": "uncertain"}, "progress": DOUBT, "settled": True}, "I3"),
        ({"state": IssueState.SUBMITTING}, "I4"),
        ({"progress": replace(GOOD.progress, submitted=1, pending=1)}, "I4"),
        ({"progress": replace(GOOD.progress, audience=4)}, "I4"),
        ({"attempts": Counter(accepted=1, inflight=1)}, "I4"),
        ({"letters": 2}, "I5"),
        ({"statuses": {**GOOD.statuses, "b": "uncertain"}, "progress": DOUBT}, "I7"),
        ({"requests": 3}, "I8"),
        ({"attempts": Counter(accepted=2)}, "I8"),
        ({"crashed": 1}, "1 sender"),
        ({"redirect_followed": True}, "a redirect"),
    ],
)
def test_each_property_is_found_broken_where_it_is(changes: dict[str, Any], property_: str) -> None:
    assert any(line.startswith(property_) for line in broken(PLAN, replace(GOOD, **changes)))


def test_a_cancelled_issue_may_end_with_people_who_wait() -> None:
    ended = replace(
        GOOD,
        state=IssueState.CANCELLED,
        progress=SendProgress(audience=3, submitted=1, pending=1, suppressed_since=1),
        statuses={"a": "submitted", "b": "pending", "c": "suppressed_since"},
        copies=Counter("a"),
    )
    assert broken(replace(PLAN, control=Control.CANCEL), ended) == ()
    assert broken(PLAN, ended)


def test_the_table_has_the_sums_of_each_point_and_of_all() -> None:
    result = Result(plan=PLAN, killed=1, accepted=5, lost=0, doubled=2, uncertain=3, broken=("I1",))
    one, everything = rows([result, result])
    assert (one.point, one.runs, one.accepted, one.doubled) == ("(nobody)", 2, 10, 4)
    assert everything == replace(one, point="all")
    assert table([one]).splitlines()[1].split() == ["(nobody)", "2", "2", "0", "10", "0", "4", "6"]
