"""One run of the drill, from its first sender to the last doubt: what came of it."""

from collections import Counter

import msgspec
from sqlalchemy import func, select

from newsletter.drill.evidence import settle
from newsletter.drill.plan import Evidence, Plan
from newsletter.drill.properties import Seen, broken
from newsletter.drill.report import Result
from newsletter.drill.run import NeverEnded, Run
from newsletter.drill.senders import ISSUE, Work, send_issue
from newsletter.drill.stage import Stage
from newsletter.models import SendProgress
from newsletter.store import tables


def play(plan: Plan, stage: Stage, *, work: Work = send_issue, keep: bool = False) -> Result:
    """The result of the run; a property that did not hold is told in it, and not raised.

    `work` is what a sender's process does. With `keep`, the project and the database of a run that
    broke a property stay where they are.
    """
    scene = stage.scene()
    kept = False
    try:
        with Run(plan, scene, work) as run:
            result = _result(run)
        kept = keep and bool(result.broken)
        return result
    finally:
        if not kept:
            stage.clear(scene)


def _result(run: Run) -> Result:
    plan = run.plan
    try:
        for kill in plan.kills:
            run.kill(kill)
        run.send_to_the_end()
        run.meddle(late=True)
        at_the_end = _seen(run)
        trouble = settle(run)
        seen = _seen(run, settled=plan.evidence is not Evidence.NONE)
        wrong = (*broken(plan, at_the_end), *trouble, *broken(plan, seen))
    except NeverEnded as error:
        seen = _seen(run)
        wrong = (str(error),)
    return Result(
        plan=plan,
        killed=run.killed,
        accepted=seen.copies.total(),
        lost=seen.lost,
        doubled=seen.doubled,
        uncertain=seen.progress.uncertain,
        broken=tuple(dict.fromkeys(wrong)),
    )


def _seen(run: Run, *, settled: bool = False) -> Seen:
    """What the ledger and the provider tell at this moment, when nobody is at work."""
    states = select(tables.attempts.c.state, func.count()).group_by(tables.attempts.c.state)
    with run.database.reading() as connection:
        attempts = Counter({row[0]: row[1] for row in connection.execute(states)})
        batches = connection.scalars(select(func.count()).select_from(tables.batches)).one()
    bodies = run.sendgrid.bodies()
    return Seen(
        state=run.state(),
        progress=run.app.ledger.progress(ISSUE) or SendProgress(audience=0),
        statuses=run.statuses(),
        copies=Counter(copy.address for copy in run.sendgrid.copies()),
        letters=len({msgspec.json.encode((body["subject"], body["content"])) for body in bodies}),
        attempts=attempts,
        batches=batches,
        requests=run.sendgrid.requests,
        gone=run.gone,
        settled=settled,
        crashed=run.crashed,
        redirect_followed=run.sendgrid.redirect_was_followed(),
    )
