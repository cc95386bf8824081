"""People who come to the list one by one."""

from datetime import datetime

from newsletter.content.addresses import parse_address
from newsletter.models import Subscriber, SubscriberStatus
from newsletter.ports import SubscriberStore


def add_subscriber(
    text: str, store: SubscriberStore, *, consent_source: str, now: datetime
) -> tuple[Subscriber, bool]:
    """The subscriber of `Name <local@domain>`, and whether they are new; one who is known stays as
    they are, also when they left. Raises BadAddress.

    The author vouches for the consent: no confirmation is asked for.
    """
    return store.add(
        parse_address(text), status=SubscriberStatus.CONFIRMED, consent_source=consent_source, now=now
    )
