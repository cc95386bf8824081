"""What happens in the drill's runs: everything, and the same for the same numbers."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from newsletter import faults
from newsletter.drill.plan import BEHAVIOURS, CLEAR, WAITS, WALK, Control, Evidence, Trouble, plan
from newsletter.drill.sendgrid.faults import Kind

SUITE = [plan(seed=4, number=number) for number in range(200)]


def test_two_hundred_runs_meet_every_point_with_every_behaviour_and_both_signals() -> None:
    met = {
        (kill.point, kill.signal, behaviour)
        for each in SUITE
        for kill in filter(None, (*each.kills, each.late_kill))
        for behaviour in each.behaviours
    }
    assert set(product(WALK, ("KILL", "TERM"), BEHAVIOURS)) <= met


def test_every_point_is_met_that_senders_or_takers_of_events_pass() -> None:
    assert len(set(WALK)) == len(WALK)
    assert set(WALK) <= set(faults.POINTS)


def test_two_hundred_runs_meet_every_trouble_control_and_number_of_senders() -> None:
    assert {each.trouble for each in SUITE} == set(Trouble)
    assert {each.evidence for each in SUITE} == set(Evidence)
    assert {each.control for each in SUITE} == set(Control)
    assert {each.senders for each in SUITE} == {1, 2, 4}
    assert {each.connections for each in SUITE} == {1, 2, 3}
    assert {kill.passage for each in SUITE for kill in each.kills} == {1, 2, 3, 4}


def test_some_runs_are_disturbed_by_nobody() -> None:
    quiet = [each for each in SUITE if each.needs_no_doubt and not each.kills]
    assert 5 < len(quiet) < 30


@given(seed=st.integers(), number=st.integers(0, 10_000))
def test_a_run_is_always_the_same_for_the_same_two_numbers(seed: int, number: int) -> None:
    assert plan(seed, number) == plan(seed, number)
    assert plan(seed, number) != plan(seed + 1, number)


@given(seed=st.integers(), number=st.integers(0, 10_000), recipients=st.integers(1, 2000))
def test_a_plan_can_always_be_played(seed: int, number: int, recipients: int) -> None:
    made = plan(seed, number, recipients=recipients)
    assert all(1 <= leaver <= recipients for leaver in made.leavers)
    assert all(kill.point in faults.POINTS for kill in made.kills)
    assert not (made.trouble is Trouble.CLOCK_BACK and WAITS.intersection(made.behaviours))


def test_what_a_clear_behaviour_did_with_a_request_is_clear() -> None:
    unclear = {name for name, fault in BEHAVIOURS.items() if fault.kind.startswith("accept_then")}
    assert not unclear & CLEAR
    assert {BEHAVIOURS[name].kind for name in CLEAR} >= {Kind.ACCEPT, Kind.THROTTLE, Kind.REFUSE_RECIPIENT}
