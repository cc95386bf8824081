"""Who mails the letters: one module per provider, found through the entry points `newsletter.providers`.

`docs/adding/a-provider.md` says how to add one. Only the provider in use is imported.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, cast, runtime_checkable

from newsletter.config.settings import Settings
from newsletter.errors import BadSetting, did_you_mean
from newsletter.ports import Clock, EventParser, Provider, SuppressionList

GROUP = "newsletter.providers"


class ProviderClass(Protocol):
    """What an entry point must name: a class that makes a Provider from the settings."""

    def from_settings(self, settings: Settings, clock: Clock) -> Provider:
        """The provider. Raises BadSetting when a setting or a secret is missing or wrong."""
        ...


@runtime_checkable
class Reporting(Protocol):
    """The class of a provider that reports what became of letters."""

    def event_parser(self, settings: Settings) -> EventParser | None:
        """The reader of its events; None while the settings name no key. Raises BadSetting."""
        ...


@runtime_checkable
class Suppressing(Protocol):
    """The class of a provider that keeps lists of addresses which it writes to no more."""

    def suppression_list(self, settings: Settings, clock: Clock) -> SuppressionList:
        """Its lists. Raises BadSetting."""
        ...


def make_provider(settings: Settings, clock: Clock) -> Provider:
    """The provider that `kind` in [provider] names. Raises BadSetting."""
    return _load(find_provider(settings), settings).from_settings(settings, clock)


def make_event_parser(settings: Settings, name: str) -> EventParser | None:
    """What reads the events of the provider of this name, also when another one is in use now; None
    when there is no such provider, it reports none, or no key is set. Raises BadSetting.
    """
    for point in entry_points(group=GROUP, name=name):
        found = _load(point, settings)
        return found.event_parser(settings) if isinstance(found, Reporting) else None
    return None


def make_suppression_list(settings: Settings, clock: Clock) -> SuppressionList | None:
    """The lists of the provider in use; None when it keeps none. Raises BadSetting."""
    found = _load(find_provider(settings), settings)
    return found.suppression_list(settings, clock) if isinstance(found, Suppressing) else None


def _load(point: EntryPoint, settings: Settings) -> ProviderClass:
    try:
        return cast("ProviderClass", point.load())
    except (ImportError, AttributeError) as error:
        raise BadSetting(
            f"the provider “{point.name}” cannot be loaded: {error}",
            where=settings.where("provider.kind"),
            remedy="install the package that brings it anew",
        ) from error


def find_provider(settings: Settings) -> EntryPoint:
    """Where the provider that `kind` names is found. Raises BadSetting when there is none."""
    kind = settings.provider.kind
    points = entry_points(group=GROUP)
    if kind not in points.names:
        raise BadSetting(
            f"there is no provider “{kind}”",
            where=settings.where("provider.kind"),
            remedy=did_you_mean(kind, points.names),
        )
    return points[kind]
