"""Who mails the letters: one module per provider, found through the entry points `newsletter.providers`.

`docs/reference/providers.md` says how to add one. Only the provider in use is imported.
"""

from importlib.metadata import entry_points
from typing import Protocol, cast

from newsletter.config.settings import Settings
from newsletter.errors import BadSetting
from newsletter.ports import Clock, Provider

GROUP = "newsletter.providers"


class ProviderClass(Protocol):
    """What an entry point must name: a class that makes a Provider from the settings."""

    def from_settings(self, settings: Settings, clock: Clock) -> Provider:
        """The provider. Raises BadSetting when a setting or a secret is missing or wrong."""
        ...


def make_provider(settings: Settings, clock: Clock) -> Provider:
    """The provider that `kind` in [provider] names. Raises BadSetting."""
    kind = settings.provider.kind
    points = {point.name: point for point in entry_points(group=GROUP)}
    if kind not in points:
        raise BadSetting(
            f"there is no provider “{kind}”",
            where="kind in [provider]",
            remedy=f"known here: {', '.join(sorted(points))}",
        )
    try:
        found = cast("ProviderClass", points[kind].load())
    except (ImportError, AttributeError) as error:
        raise BadSetting(
            f"the provider “{kind}” cannot be loaded: {error}",
            where="kind in [provider]",
            remedy="install the package that brings it anew",
        ) from error
    return found.from_settings(settings, clock)
