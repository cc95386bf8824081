"""After the last act: what the provider reports, and what settles those about whom nobody knows."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from newsletter.drill.plan import LIST_POINT, Evidence, Trouble
from newsletter.drill.run import NeverEnded, Run
from newsletter.drill.senders import ISSUE, Errand, Work, read_lists, reconcile, take_calls
from newsletter.drill.sendgrid.webhook import EVENTS_AT_ONCE, disorder
from newsletter.drill.stage import address
from newsletter.models import IssueState, SubscriberStatus, WebhookRequest

HELD_BACK = 0.8
"""The share of events that never comes: some of a request's are enough."""
MOST_TIMES = 3
"""How often something is done again that did not end well."""
A_DAY_LATER = timedelta(hours=25)


def settle(run: Run) -> tuple[str, ...]:
    """A line for each thing that went wrong while the uncertain were settled. Raises NeverEnded."""
    run.errand = replace(run.errand, jump=timedelta())  # the clock is right again
    run.sendgrid.script()  # and so is the provider
    trouble: tuple[str, ...] = ()
    match run.plan.evidence:
        case Evidence.EVENTS:
            trouble = _by_events(run)
        case Evidence.LOGS | Evidence.CALL_BACK:
            _until_done(run, reconcile, run.errand)
            run.send_to_the_end()
            run.sendgrid.advance(hours=3)  # whatever waits for its time is mailed
    if run.plan.late_kill and run.plan.late_kill.point == LIST_POINT:
        trouble += _by_lists(run)
    return trouble


def _by_events(run: Run) -> tuple[str, ...]:
    held_back = 0.0 if run.plan.trouble is Trouble.RESTORED else HELD_BACK
    events = disorder(run.sendgrid.events(), seed=run.plan.number, times=2, renamed=True, held_back=held_back)
    _take(run, events, fault=str(run.plan.late_kill or ""))
    before = run.statuses()
    _take(run, disorder(events, seed=run.plan.number + 1))
    if run.statuses() != before:
        return ("I6: the same events in another order made a difference",)
    return _by_their_absence(run)


def _by_their_absence(run: Run) -> tuple[str, ...]:
    """A line when somebody is uncertain still, though events of all other requests came in long ago.

    Where the clock had jumped forward, requests seem to be younger than the events: then it proves nothing.
    """
    mute = {Trouble.RESTORED, Trouble.CLOCK_FORWARD}
    if run.state() is not IssueState.SUBMITTED or run.plan.trouble in mute:
        return ()
    later = {"NEWSLETTER_SENDING__UNCERTAIN": "resend"}
    run.errand = replace(run.errand, jump=A_DAY_LATER, environ=run.errand.environ | later)
    run.sendgrid.advance(hours=A_DAY_LATER // timedelta(hours=1))
    _until_done(run, reconcile, run.errand)
    run.send_to_the_end()
    progress = run.app.ledger.progress(ISSUE)
    if progress and progress.uncertain and progress.submitted:
        return (f"I3: {progress.uncertain} are uncertain though silence is evidence",)
    return ()


def _by_lists(run: Run) -> tuple[str, ...]:
    """A line when somebody stays subscribed who is on the provider's lists."""
    listed = [address(number) for number in run.plan.leavers]
    for each in listed:
        run.sendgrid.suppressions.put("unsubscribes", each, run.sendgrid.now())
    _until_done(run, read_lists, replace(run.errand, fault=str(run.plan.late_kill)))
    people = [run.app.subscribers.find(each) for each in listed]
    if any(person and person.status is SubscriberStatus.CONFIRMED for person in people):
        return ("readers who are on the provider's lists are subscribed still",)
    return ()


def _take(run: Run, events: Sequence[dict[str, Any]], *, fault: str = "") -> None:
    """None, when every call was answered; those that were not are made again, as the provider does."""
    parts = [events[at : at + EVENTS_AT_ONCE] for at in range(0, len(events), EVENTS_AT_ONCE)]
    bodies = [json.dumps(part).encode() for part in parts]
    calls = tuple(WebhookRequest(headers=run.sendgrid.webhook.signed(body), body=body) for body in bodies)
    _until_done(run, take_calls, replace(run.errand, calls=calls, fault=fault))


def _until_done(run: Run, work: Work, errand: Errand) -> None:
    """None, when a process has done this work, the first time perhaps not to its end. Raises NeverEnded."""
    for _ in range(MOST_TIMES):
        if run.begin(work, errand):
            return
        errand = replace(errand, fault="")
    raise NeverEnded(f"{work.__name__} does not come to its end")
