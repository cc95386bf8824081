"""One run of the drill, from its first sender to the last doubt: what came of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import func, select

from newsletter.drill.evidence import settle
from newsletter.drill.plan import Evidence, Plan, Trouble
from newsletter.drill.properties import Seen, broken
from newsletter.drill.report import Result
from newsletter.drill.restoring import restore_an_old_copy
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
        with Run(plan, stage, scene, work) as run:
            result = _result(run)
        kept = keep and bool(result.broken)
        return result
    finally:
        if not kept:
            stage.clear(scene)


def _result(run: Run) -> Result:
    plan = run.plan
    trouble: tuple[str, ...] = ()
    try:
        for number, kill in enumerate(plan.kills):
            run.kill(kill)
            if number == 0 and plan.trouble is Trouble.RESTORED:
                trouble += restore_an_old_copy(run)
        run.send_to_the_end()
        run.meddle(late=True)
        if plan.evidence is not Evidence.CALL_BACK:  # else what is called back is on its way still
            trouble += broken(plan, _seen(run))
        trouble += settle(run)
        seen = _seen(run, settled=plan.evidence is not Evidence.NONE)
        wrong = (*trouble, *broken(plan, seen))
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


def _different_letters(bodies: Sequence[Mapping[str, Any]]) -> int:
    """How many letters went out as one: with its HTML or the text alone, every copy holds the same."""
    pages: dict[int, set[bytes]] = {}
    for body in bodies:
        pages.setdefault(len(body["content"]), set()).add(msgspec.json.encode(body["content"]))
    texts = {msgspec.json.encode((body["subject"], body["content"][0])) for body in bodies}
    return max([len(texts), *map(len, pages.values())])


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
        letters=_different_letters(bodies),
        attempts=attempts,
        batches=batches,
        requests=run.sendgrid.requests,
        gone=run.gone,
        settled=settled,
        crashed=run.crashed,
        redirect_followed=run.sendgrid.redirect_was_followed(),
    )
