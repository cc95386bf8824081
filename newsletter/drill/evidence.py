"""After the last act: what the provider reports, and what settles those about whom nobody knows."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from newsletter.drill.plan import Evidence
from newsletter.drill.run import NeverEnded, Run
from newsletter.drill.senders import take_calls
from newsletter.drill.sendgrid.webhook import EVENTS_AT_ONCE, disorder
from newsletter.models import WebhookRequest

HELD_BACK = 0.8
"""The share of events that never comes: some of a request's are enough."""
MOST_TIMES = 3
"""How often a call is made that was not answered."""


def settle(run: Run) -> Sequence[str]:
    """A line for each thing that went wrong while the uncertain were settled. Raises NeverEnded."""
    run.errand = replace(run.errand, jump=timedelta())  # the clock is right again
    if run.plan.evidence is Evidence.EVENTS:
        return tuple(_by_events(run))
    return ()


def _by_events(run: Run) -> Iterator[str]:
    events = disorder(run.sendgrid.events(), seed=run.plan.number, times=2, renamed=True, held_back=HELD_BACK)
    _take(run, events, kill=run.plan.late_kill)
    before = run.statuses()
    _take(run, disorder(events, seed=run.plan.number + 1))
    if run.statuses() != before:
        yield "I6: the same events in another order made a difference"


def _take(run: Run, events: Sequence[dict[str, Any]], *, kill: object = "") -> None:
    """None, when every call was answered; those that were not are made again, as the provider does."""
    parts = [events[at : at + EVENTS_AT_ONCE] for at in range(0, len(events), EVENTS_AT_ONCE)]
    bodies = [json.dumps(part).encode() for part in parts]
    calls = tuple(WebhookRequest(headers=run.sendgrid.webhook.signed(body), body=body) for body in bodies)
    fault = str(kill or "")
    for _ in range(MOST_TIMES):
        if run.start(take_calls, replace(run.errand, calls=calls, fault=fault)):
            return
        fault = ""
    raise NeverEnded("events are not taken")
