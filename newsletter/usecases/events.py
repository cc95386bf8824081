"""What a provider's events mean, and the taking in of one webhook call.

The decisions are pure: what one event means (`consequence`), what all events of a person add up to
(`ending`), and when an issue fares so badly that it is paused (`alarm`). None of them depends on the
order in which events arrive. `docs/explanation/events.md` has them as tables.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from newsletter.config.settings import SendingSettings
from newsletter.models import (
    NOTHING,
    BounceClass,
    Consequence,
    DeliveryId,
    DeliveryStatus,
    Ending,
    EventType,
    ProviderEvent,
    SuppressionReason,
    Taken,
    Tally,
    WebhookRequest,
)
from newsletter.ports import Clock, EventParser, EventStore

log = logging.getLogger("newsletter.events")

LEAST_BOUNCED = 20
"""Fewer permanent bounces pause no issue: of a small list every share is large."""
LEAST_COMPLAINED = 3

_BLAMELESS_CLASSES = {
    BounceClass.CONTENT,
    BounceClass.REPUTATION,
    BounceClass.FREQUENCY,
    BounceClass.TECHNICAL,
}
_BLAMELESS_SUBJECTS = {"3", "5", "6", "7"}
"""RFC 3463 §3.4, 3.6–3.8: mail system, protocol, content, policy. None of them is about a person."""
_TOO_LONG = "2.3"
_FULL = "2.2"
"""RFC 3463 §3.3: a letter too long for the mailbox, a mailbox that is full."""


def take_events(
    request: WebhookRequest, *, parser: EventParser, store: EventStore, rules: "EventJudge", clock: Clock
) -> Taken:
    """What became of one webhook call, committed. Raises WebhookRejected, or Busy: then nothing changed."""
    now = clock.now()
    taken = store.take(parser.parse_events(request, now), rules, now)
    for line in (*taken.contradictions, *taken.alarms):
        log.warning("%s", line)
    return taken


@dataclass(frozen=True, kw_only=True, slots=True)
class EventJudge:
    """The decisions, with the numbers of the settings (ports.EventRules)."""

    soft_bounces: int
    max_bounced: float
    max_complained: float

    @classmethod
    def from_settings(cls, sending: SendingSettings) -> Self:
        return cls(
            soft_bounces=sending.soft_bounces,
            max_bounced=sending.max_bounced,
            max_complained=sending.max_complained,
        )

    def consequence(self, event: ProviderEvent) -> Consequence:
        return consequence(event)

    def ending(self, events: Iterable[ProviderEvent], confirmed_at: datetime | None) -> Ending:
        return ending(events, confirmed_at, row=self.soft_bounces)

    def alarm(self, before: Tally, after: Tally) -> str:
        """Why the issue is to be paused; empty when it is not, or was as bad before.

        So an issue that the author resumed is not paused again by the next bounce.
        """
        now, earlier = self._trouble(after), self._trouble(before)
        return "" if earlier else now

    def _trouble(self, tally: Tally) -> str:
        counts = (
            (tally.bounced, LEAST_BOUNCED, self.max_bounced, "bounced permanently", "max_bounced"),
            (tally.complained, LEAST_COMPLAINED, self.max_complained, "were called spam", "max_complained"),
        )
        for count, least, share, what, setting in counts:
            if count >= least and count > share * tally.submitted:
                return (
                    f"{count:,} of {tally.submitted:,} letters {what}, more than [sending] {setting} allows"
                )
        return ""


# --- one event ---------------------------------------------------------------------------------


def consequence(event: ProviderEvent) -> Consequence:
    """What the event means for the delivery that it names and for the person."""
    match event.type:
        case EventType.SUBMITTED:
            return Consequence(proves=True)
        case EventType.DEFERRED:
            return Consequence(status=DeliveryStatus.DEFERRED, proves=True, mailed=True)
        case EventType.DELIVERED:
            return Consequence(status=DeliveryStatus.DELIVERED, reached=True, proves=True, mailed=True)
        case EventType.OPENED | EventType.CLICKED:
            return Consequence(reached=not event.machine, proves=True, mailed=True)
        case EventType.BOUNCED:
            return _bounce(event)
        case EventType.REJECTED:
            return _drop(event)
        case EventType.COMPLAINED:
            return Consequence(
                status=DeliveryStatus.COMPLAINED,
                ends=SuppressionReason.COMPLAINED,
                reached=True,
                proves=True,
                mailed=True,
            )
        case EventType.UNSUBSCRIBED:
            return Consequence(ends=SuppressionReason.UNSUBSCRIBED, reached=True, proves=True, mailed=True)
        case EventType.UNKNOWN:
            return NOTHING


def _bounce(event: ProviderEvent) -> Consequence:
    permanent = event.permanent and not _is_blameless(event) and not event.enhanced_status.endswith(_FULL)
    ends = None
    if permanent:
        invalid = event.bounce_class is BounceClass.INVALID_ADDRESS
        ends = SuppressionReason.INVALID if invalid else SuppressionReason.BOUNCED
    return Consequence(
        status=DeliveryStatus.BOUNCED,
        reason="permanent" if permanent else "temporary",
        ends=ends,
        counts=not permanent and not _is_blameless(event),
        proves=True,
        mailed=True,
    )


def _is_blameless(event: ProviderEvent) -> bool:
    """Whether the bounce is about the letter, the sender or the way, and not about the person."""
    if event.bounce_class is BounceClass.INVALID_ADDRESS:
        return False
    _, _, rest = event.enhanced_status.partition(".")
    return (
        event.bounce_class in _BLAMELESS_CLASSES
        or rest.partition(".")[0] in _BLAMELESS_SUBJECTS
        or rest == _TOO_LONG
    )


_DROPPED_FOR = {
    BounceClass.INVALID_ADDRESS: SuppressionReason.INVALID,
    BounceClass.BOUNCED_BEFORE: SuppressionReason.BOUNCED,
    BounceClass.COMPLAINED_BEFORE: SuppressionReason.COMPLAINED,
    BounceClass.UNSUBSCRIBED_BEFORE: SuppressionReason.UNSUBSCRIBED,
}


def _drop(event: ProviderEvent) -> Consequence:
    ends = _DROPPED_FOR.get(event.bounce_class) if event.bounce_class else None
    complained = ends is SuppressionReason.COMPLAINED
    return Consequence(
        status=DeliveryStatus.COMPLAINED if complained else DeliveryStatus.BOUNCED,
        reason="dropped",
        ends=ends,
        proves=True,
    )


# --- one person --------------------------------------------------------------------------------


def ending(events: Iterable[ProviderEvent], confirmed_at: datetime | None, *, row: int) -> Ending:
    """What all events of one person add up to; those from before `confirmed_at` say nothing any more.

    `row` is the number of letters in a row that must bounce temporarily.
    """
    since = confirmed_at and confirmed_at.replace(microsecond=0)  # providers tell whole seconds
    told = [(e, consequence(e)) for e in events if since is None or e.occurred_at >= since]
    left_at = min(
        (e.occurred_at for e, means in told if means.ends is SuppressionReason.UNSUBSCRIBED), default=None
    )
    reasons = [
        (-means.ends.strength, e.occurred_at, means.ends)
        for e, means in told
        if means.ends and means.ends is not SuppressionReason.UNSUBSCRIBED
    ]
    if not reasons and (at := _bounced_in_a_row(told, row)):
        reasons = [(0, at, SuppressionReason.BOUNCES_IN_A_ROW)]
    if not reasons:
        return Ending(left_at=left_at)
    _, at, reason = min(reasons)
    return Ending(reason=reason, at=at, left_at=left_at)


def _bounced_in_a_row(told: Sequence[tuple[ProviderEvent, Consequence]], row: int) -> datetime | None:
    """When the newest letters became too many that bounced in a row; None when they are not.

    A letter stands where its latest event does: so one that arrived can end a row and never make one.
    """
    letters: dict[DeliveryId, tuple[datetime, bool]] = {}
    for event, means in told:
        if event.delivery_id and (means.counts or means.reached):
            at, reached = letters.get(event.delivery_id, (event.occurred_at, False))
            letters[event.delivery_id] = (max(at, event.occurred_at), reached or means.reached)
    newest = sorted((at, letter, reached) for letter, (at, reached) in letters.items())[-row:]
    if len(newest) < row or any(reached for _, _, reached in newest):
        return None
    return newest[-1][0]
