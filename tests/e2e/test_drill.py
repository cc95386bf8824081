"""The kill drill: runs of real senders with 1,000 recipients each, on both databases.

`docs/howto/drill.md` tells how to repeat one of them; `tests/unit/test_drill_plan.py` holds that these
runs meet every point with every behaviour of the provider.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import URL

from newsletter.cli import cli
from newsletter.drill.plan import Control, Evidence, Kill, Plan, Trouble, plan
from newsletter.drill.play import play
from newsletter.drill.report import Result
from newsletter.drill.senders import Work
from newsletter.drill.stage import Stage
from tests.support import sabotage

SEED = 4
RECIPIENTS = 1000
ON_SQLITE = range(168)
ON_POSTGRESQL = range(168, 200)
RUNS_A_TEST = 4


def chunks(numbers: range) -> list[range]:
    return [numbers[at : at + RUNS_A_TEST] for at in range(0, len(numbers), RUNS_A_TEST)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with closing(Stage(tmp_path_factory.mktemp("drill"), recipients=RECIPIENTS)) as prepared:
        yield prepared


@pytest.fixture(scope="module")
def stage_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgresql_server: URL) -> Iterator[Stage]:
    url = postgresql_server.render_as_string(hide_password=False)
    folder = tmp_path_factory.mktemp("drill-pg")
    with closing(Stage(folder, recipients=RECIPIENTS, database=url)) as prepared:
        yield prepared


def drill(stage: Stage, numbers: range) -> None:
    results = [play(plan(SEED, number, recipients=RECIPIENTS), stage) for number in numbers]
    assert {each.plan.number: each.broken for each in results if each.broken} == {}
    assert sum(each.accepted for each in results) > RECIPIENTS * len(results) / 3
    to_be_killed = [each for each in results if any(kill.signal == "KILL" for kill in each.plan.kills)]
    assert sum(each.killed > 0 for each in to_be_killed) >= len(to_be_killed) / 2


@pytest.mark.parametrize("numbers", chunks(ON_SQLITE), ids=str)
def test_nobody_is_lost_or_doubled_whatever_dies(stage: Stage, numbers: range) -> None:
    drill(stage, numbers)


@pytest.mark.parametrize("numbers", chunks(ON_POSTGRESQL), ids=str)
def test_nobody_is_lost_or_doubled_on_postgresql(stage_on_postgresql: Stage, numbers: range) -> None:
    drill(stage_on_postgresql, numbers)


# --- the drill itself ---------------------------------------------------------------------------

SIMPLE = Plan(
    seed=0,
    number=0,
    recipients=RECIPIENTS,
    batch_size=50,
    senders=1,
    connections=1,
    kills=(Kill(point="after-claim", passage=4),),
    behaviours=("accepts", "accepts and closes"),
    error_budget=1,
    trouble=Trouble.NONE,
    control=Control.NONE,
    leavers=(),
    leave_at=0,
    control_at=0,
    trouble_at=0,
    evidence=Evidence.NONE,
    late_kill=None,
)


@pytest.mark.parametrize(
    ("work", "found"),
    [
        (sabotage.take_uncertain_for_pending, lambda result: result.doubled == 50),
        (sabotage.count_as_submitted_what_is_claimed, lambda result: result.lost == 50),
    ],
    ids=["doubled", "lost"],
)
def test_a_ledger_that_is_broken_is_found_out(
    stage: Stage, work: Work, found: Callable[[Result], bool]
) -> None:
    assert play(SIMPLE, stage).broken == ()
    result = play(SIMPLE, stage, work=work)
    assert found(result)
    assert result.broken


def test_only_a_run_that_failed_is_kept(tmp_path: Path) -> None:
    with closing(Stage(tmp_path, recipients=100)) as stage:
        few = replace(SIMPLE, recipients=100, batch_size=40, kills=())
        assert play(few, stage, keep=True).broken == ()
        assert [each.name for each in tmp_path.iterdir()] == ["prepared"]
        assert play(few, stage, keep=True, work=sabotage.take_uncertain_for_pending).broken
        assert (tmp_path / "run-2" / "data" / "newsletter.db").exists()


def test_the_command_prints_one_table_and_ends_well() -> None:
    ended = CliRunner().invoke(cli, ["drill", "--runs", "2", "--seed", "7", "--recipients", "120"])
    assert ended.exit_code == 0, ended.output
    assert [line.split()[0] for line in ended.stdout.splitlines()] == [
        "killed",
        "before-freeze",
        "inside-freeze",
        "all",
    ]
