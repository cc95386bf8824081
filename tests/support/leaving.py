"""Leaving the list as a reader does: by the button of their mail program."""

from datetime import datetime

from newsletter.models import Channel, Consent, ConsentAction, SubscriberId
from newsletter.ports import Joining


def leave(joining: Joining, subscriber_id: SubscriberId, now: datetime) -> bool:
    """Whether the person was on the list until now."""
    step = Consent(action=ConsentAction.UNSUBSCRIBED, channel=Channel.ONE_CLICK, at=now)
    return joining.leave(subscriber_id, step, mail=False)
