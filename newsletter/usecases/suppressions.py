"""The provider's lists of suppressed addresses: read into ours, and ours told to the provider.

A list grows while it is read, so that pages by offset would skip and repeat: it is read by spans of
time, a span that has too many entries for one page in halves, oldest first. How far the reading came
is kept after each span, and the next one begins a day before that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from newsletter import faults
from newsletter.content.counting import counted
from newsletter.errors import BadSetting, ProviderError
from newsletter.models import SubscriberStatus, Suppression, SuppressionReason
from newsletter.ports import Clock, SubscriberStore, SuppressionList, SuppressionStore

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
EPOCH = datetime(2009, 1, 1, tzinfo=UTC)
"""No provider's list is older."""
AT_ONCE = 500
"""Addresses told to the provider in one request."""
_TRIED = "suppressions tried"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulled:
    """What a provider's lists brought."""

    read: int = 0
    """Entries, some of them perhaps twice."""
    ended: int = 0
    """People of the list whose subscription ended by it."""


def pull(lists: SuppressionList, *, store: SuppressionStore, clock: Clock) -> Pulled:
    """What all the provider's lists brought. What was read is kept when this is interrupted.

    Raises as Provider.submit does.
    """
    now = clock.now().replace(microsecond=0)
    read = ended = 0
    for reason in lists.reasons:
        name = f"{lists.name} {reason}"
        mark = store.mark(name)
        for until, entries in _spans(lists, reason, mark - DAY if mark else EPOCH, now + SECOND):
            read += len(entries)
            ended += store.keep(entries, lists.name, now)
            faults.point("inside-suppression-sync")
            store.set_mark(name, min(until, now))
    return Pulled(read=read, ended=ended)


def push(lists: SuppressionList, *, subscribers: SubscriberStore) -> int:
    """How many addresses of people who are suppressed here the provider was told. Harmless to repeat.

    Raises as Provider.submit does.
    """
    addresses = (person.address.addr_spec for person in subscribers.list(SubscriberStatus.SUPPRESSED))
    told = 0
    while some := list(islice(addresses, AT_ONCE)):
        lists.suppress(some)
        told += len(some)
    return told


def when_due(
    pulling: Callable[[], Pulled | None], *, store: SuppressionStore, clock: Clock
) -> tuple[str, ...]:
    """One line about today's reading of the lists; none when it was done, or has nothing to tell.

    A list that cannot be read is told once a day, and stops nothing.
    """
    now = clock.now()
    tried = store.mark(_TRIED)
    if tried and now - tried < DAY:
        return ()
    store.set_mark(_TRIED, now)
    try:
        pulled = pulling()
    except (ProviderError, BadSetting) as error:
        return (f"the provider's lists of suppressed addresses were not read: {error}",)
    if pulled is None or not pulled.ended:
        return ()
    return (f"{counted(pulled.ended, 'subscriber')} ended: on the provider's lists of suppressed addresses",)


def _spans(
    lists: SuppressionList, reason: SuppressionReason, since: datetime, until: datetime
) -> Iterator[tuple[datetime, Sequence[Suppression]]]:
    """(end of a span, its entries), oldest first. Neighbours share the second between them: whether a
    provider counts a span's last one is nowhere said.
    """
    entries, full = lists.page(reason, since, until, offset=0)
    if not full:
        yield until, entries
    elif until - since > SECOND:
        middle = since + (until - since) // (2 * SECOND) * SECOND
        yield from _spans(lists, reason, since, middle)
        yield from _spans(lists, reason, middle, until)
    else:
        offset = 0
        while full and entries:
            yield since, entries
            offset += len(entries)
            entries, full = lists.page(reason, since, until, offset=offset)
        yield until, entries
