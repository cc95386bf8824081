"""Providers' events and their lists of suppressed addresses, told with the project's machines."""

from contextlib import closing
from typing import TYPE_CHECKING

from newsletter.models import Taken, WebhookRequest
from newsletter.ports import EventParser
from newsletter.wiring.app import App

if TYPE_CHECKING:
    from newsletter.usecases.suppressions import Pulled


def event_parser(app: App, provider: str) -> EventParser | None:
    """What reads this provider's events; None when it reports none, or no key is set. Raises BadSetting."""
    from newsletter.providers import make_event_parser

    return make_event_parser(app.settings, provider)


def take_events(app: App, parser: EventParser, call: WebhookRequest) -> Taken:
    """What became of one webhook call, committed. Raises WebhookRejected or Busy: nothing changed."""
    from newsletter.usecases.events import EventJudge, take_events

    rules = EventJudge.from_settings(app.settings.sending)
    return take_events(call, parser=parser, store=app.events, rules=rules, clock=app.clock)


def pull_suppressions(app: App) -> "Pulled | None":
    """What the provider's lists brought; None when it keeps none. Raises as Provider.submit does."""
    from newsletter.providers import make_suppression_list
    from newsletter.usecases.suppressions import pull

    lists = make_suppression_list(app.settings, app.clock)
    if lists is None:
        return None
    with closing(lists):
        return pull(lists, store=app.suppressions, clock=app.clock)


def push_suppressions(app: App) -> int | None:
    """How many addresses of people suppressed here the provider was told; None when it keeps no list.

    Raises as Provider.submit does.
    """
    from newsletter.providers import make_suppression_list
    from newsletter.usecases.suppressions import push

    lists = make_suppression_list(app.settings, app.clock)
    if lists is None:
        return None
    with closing(lists):
        return push(lists, subscribers=app.subscribers)


def pull_when_due(app: App) -> tuple[str, ...]:
    """One line about the daily reading of the provider's lists; nothing when it is not due."""
    from newsletter.usecases.suppressions import when_due

    return when_due(lambda: pull_suppressions(app), store=app.suppressions, clock=app.clock)
