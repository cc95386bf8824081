"""What providers report afterwards."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from newsletter.models import (
    Consequence,
    Ending,
    ProviderEvent,
    Suppression,
    SuppressionReason,
    Taken,
    Tally,
    WebhookRequest,
)


class EventParser(Protocol):
    """The reading side of a provider: what happened after it accepted a request."""

    @property
    def max_bytes(self) -> int:
        """The longest body that a call may have."""
        ...

    def parse_events(self, request: WebhookRequest, now: datetime) -> Sequence[ProviderEvent]:
        """The events of one webhook call; unknown types become `EventType.UNKNOWN`.

        Raises WebhookRejected when the signature, the age or the form is wrong.
        """
        ...


class EventRules(Protocol):
    """What events mean; see `usecases/events.py`. Pure, so that any order of events ends alike."""

    def consequence(self, event: ProviderEvent) -> Consequence:
        """What one event means for its delivery and the person."""
        ...

    def ending(self, events: Iterable[ProviderEvent], confirmed_at: datetime | None) -> Ending:
        """What all events of one person add up to, since they confirmed."""
        ...

    def alarm(self, before: Tally, after: Tally) -> str:
        """Why an issue is to be paused; empty when it is not."""
        ...


class EventStore(Protocol):
    """Events that were taken in, and what they changed."""

    def take(self, events: Sequence[ProviderEvent], rules: EventRules, now: datetime) -> Taken:
        """What became of one webhook call: all of it is committed, or nothing. Any repetition and any
        order of calls ends with the same deliveries and subscribers. Raises Busy.
        """
        ...


class SuppressionList(Protocol):
    """The side of a provider that keeps lists of addresses which it writes to no more."""

    @property
    def name(self) -> str: ...

    @property
    def reasons(self) -> Sequence[SuppressionReason]:
        """One for each list."""
        ...

    def page(
        self, reason: SuppressionReason, since: datetime, until: datetime, *, offset: int
    ) -> tuple[Sequence[Suppression], bool]:
        """Entries of one list made in [since, until], and whether the page is full: there may be more.

        Raises as Provider.submit does.
        """
        ...

    def suppress(self, addresses: Sequence[str]) -> None:
        """None; the provider writes to none of these any more. Raises as Provider.submit does."""
        ...

    def close(self) -> None: ...


class SuppressionStore(Protocol):
    """The addresses that are never written to again, also those of nobody on the list."""

    def keep(self, entries: Sequence[Suppression], source: str, now: datetime) -> int:
        """How many people of the list were ended by these entries; an address that is not on the list
        is remembered as a keyed hash. One transaction; repeating it is harmless.
        """
        ...

    def mark(self, name: str) -> datetime | None:
        """How far the reading of a provider's list came; None: never begun."""
        ...

    def set_mark(self, name: str, moment: datetime) -> None: ...
