"""How carefully a project sends: what its settings ask for, and a lease that lasts as long as a send."""

from collections.abc import Callable
from datetime import timedelta

from newsletter.config import Settings
from newsletter.config.rates import parse_rate
from newsletter.models import Lease, Pace
from newsletter.ports import Clock, Ledger
from newsletter.usecases.care import Care


def care(settings: Settings) -> Care:
    """What every send of the project heeds."""
    sending = settings.sending
    return Care(
        rate=parse_rate(sending.rate),
        warm_up=sending.warm_up,
        timezone=settings.newsletter.timezone,
        canary=sending.canary,
        canary_wait=sending.canary_wait,
        error_budget=sending.error_budget,
        max_bounced=sending.max_bounced,
        max_complained=sending.max_complained,
        cancelable=sending.certainty == "cancelable",
        events_expected=settings.provider.kind == "sendgrid" and bool(settings.provider.sendgrid.webhook_key),
    )


def pace(settings: Settings) -> Pace:
    """How fast the project's provider may be handed recipients."""
    asked = care(settings)
    return Pace(
        provider=settings.provider.kind, rate=asked.rate, warm_up=asked.warm_up, timezone=asked.timezone
    )


def keeping(lease: Lease, *, ttl: float, ledger: Ledger, clock: Clock) -> Callable[[], None]:
    """A call that renews the lease for `ttl` seconds when a tenth of them has passed since it last did.

    The call raises LeaseLost when another process has taken over.
    """
    renewed = clock.now()

    def keep() -> None:
        nonlocal renewed
        now = clock.now()
        if now - renewed >= timedelta(seconds=ttl / 10):
            ledger.renew(lease, ttl=ttl, now=now)
            renewed = now

    return keep
