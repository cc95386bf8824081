"""What readers ask for about themselves: a link to their settings, another address, a pause."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.content.addresses import address_key
from newsletter.models import Address, Limit, SubscriberId
from newsletter.ports import Limits, Preferences, SubscriberStore
from newsletter.usecases.joining import DAY, HOUR, OVERALL_AN_HOUR, PER_CLIENT_AN_HOUR, bucket_of

LINKS_A_DAY = 3
"""Mails with a link to one address; each link works for a day."""
CHANGES_A_DAY = 3
"""New addresses that one person may name."""
LONGEST_PAUSE = timedelta(days=366)


def ask_for_link(
    addr_spec: str,
    *,
    client: str,
    key: bytes,
    now: datetime,
    subscribers: SubscriberStore,
    preferences: Preferences,
    limits: Limits,
) -> None:
    """None, whoever asks and whoever is asked for; who has the address is mailed a link, within limits."""
    wished = Limit(bucket=bucket_of(key, "link", address_key(addr_spec)), count=LINKS_A_DAY, seconds=DAY)
    if not limits.allow([wished, *_of_all(key, client)], now):
        return
    person = subscribers.find(addr_spec)
    if person is not None:
        preferences.mail_link(person.id, now)


def ask_for_change(
    subscriber_id: SubscriberId,
    address: Address,
    *,
    client: str,
    key: bytes,
    now: datetime,
    preferences: Preferences,
    limits: Limits,
) -> None:
    """None, whosever the new address is; its owner is mailed a button, within limits."""
    wishes = [
        Limit(bucket=bucket_of(key, "mover", str(subscriber_id)), count=CHANGES_A_DAY, seconds=DAY),
        Limit(bucket=bucket_of(key, "new", address_key(address.addr_spec)), count=LINKS_A_DAY, seconds=DAY),
    ]
    if limits.allow([*wishes, *_of_all(key, client)], now):
        preferences.ask_for_change(subscriber_id, address, now)


def pause_until(text: str, now: datetime, timezone: str) -> datetime | None:
    """When the day begins that an HTML date field names; None for an empty field.

    Raises ValueError for what is no day, is not to come, or is more than a year ahead.
    """
    if not text:
        return None
    zone = ZoneInfo(timezone)
    day, today = date.fromisoformat(text), now.astimezone(zone).date()
    if not today < day <= today + LONGEST_PAUSE:
        raise ValueError("the day is not within the year to come")
    return datetime.combine(day, time(), zone)


def _of_all(key: bytes, client: str) -> list[Limit]:
    """What counts for whatever one client asks for, and for all of them together."""
    limits = [Limit(bucket=bucket_of(key, "all links", ""), count=OVERALL_AN_HOUR, seconds=HOUR)]
    if client:
        limits.append(Limit(bucket=bucket_of(key, "asker", client), count=PER_CLIENT_AN_HOUR, seconds=HOUR))
    return limits
