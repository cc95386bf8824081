"""Who mails the letters: one module per provider, found through the entry points `newsletter.providers`.

`docs/reference/providers.md` says how to add one. Only the provider in use is imported.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, cast

from newsletter.config.settings import Settings
from newsletter.errors import BadSetting, did_you_mean
from newsletter.ports import Clock, Provider

GROUP = "newsletter.providers"


class ProviderClass(Protocol):
    """What an entry point must name: a class that makes a Provider from the settings."""

    def from_settings(self, settings: Settings, clock: Clock) -> Provider:
        """The provider. Raises BadSetting when a setting or a secret is missing or wrong."""
        ...


def make_provider(settings: Settings, clock: Clock) -> Provider:
    """The provider that `kind` in [provider] names. Raises BadSetting."""
    point = find_provider(settings)
    try:
        found = cast("ProviderClass", point.load())
    except (ImportError, AttributeError) as error:
        raise BadSetting(
            f"the provider “{point.name}” cannot be loaded: {error}",
            where=settings.where("provider.kind"),
            remedy="install the package that brings it anew",
        ) from error
    return found.from_settings(settings, clock)


def find_provider(settings: Settings) -> EntryPoint:
    """Where the provider that `kind` names is found. Raises BadSetting when there is none."""
    kind = settings.provider.kind
    points = {point.name: point for point in entry_points(group=GROUP)}
    if kind not in points:
        raise BadSetting(
            f"there is no provider “{kind}”",
            where=settings.where("provider.kind"),
            remedy=did_you_mean(kind, points),
        )
    return points[kind]
