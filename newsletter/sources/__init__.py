"""Where posts come from; each source is one module, found by name when a setting asks for it.

A `[[sources]]` table with a `folder` is of the kind `folder`; one with a `url` is of the kind of its
scheme. Other packages add kinds through the entry points `newsletter.sources`:
`docs/adding/a-source.md` says how.
"""

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, cast

from newsletter.config.settings import Settings, SourceSettings
from newsletter.errors import BadSetting
from newsletter.net.addresses import readable

if TYPE_CHECKING:
    from newsletter.net import Fetcher
    from newsletter.ports import Source

    SourceMaker = Callable[[SourceSettings, Settings, Fetcher], Source]

GROUP = "newsletter.sources"
BUILT_IN = {
    "http": "newsletter.sources.feed:from_settings",
    "https": "newsletter.sources.feed:from_settings",
    "folder": "newsletter.sources.folder:from_settings",
}
"""Kind → its maker: (SourceSettings, Settings, Fetcher) → Source. Nobody else's goes before these."""


def make_source(source: SourceSettings, settings: Settings, fetcher: "Fetcher") -> "Source":
    """The source of one `[[sources]]` table. Raises BadSetting when nothing can read its kind."""
    points = {point.name: point for point in entry_points(group=GROUP)}
    points |= {name: EntryPoint(name, value, GROUP) for name, value in BUILT_IN.items()}
    folder, schemes = points.pop("folder"), points
    point = folder if source.folder else schemes.get(source.url.partition(":")[0].strip().lower())
    if point is None:
        raise BadSetting(
            f"“{readable(source.url)}” is no source",
            where="sources.url",
            remedy=f"begin it with one of: {', '.join(sorted(schemes))}",
        )
    return _load(point)(source, settings, fetcher)


def _load(point: EntryPoint) -> "SourceMaker":
    try:
        return cast("SourceMaker", point.load())
    except (ImportError, AttributeError) as error:
        raise BadSetting(
            f"the source “{point.name}:” cannot be loaded: {error}",
            where="sources.url",
            remedy="install the package that brings it anew",
        ) from error
