"""Where posts come from; each source is one module, found by name when a setting asks for it.

A `[[sources]]` table with a `folder` is of the kind `folder`; one with a `url` is of the kind of its
scheme. Other packages add kinds through the entry points `newsletter.sources`.
"""

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from newsletter.config.settings import Settings, SourceSettings
from newsletter.errors import BadSetting

if TYPE_CHECKING:
    from newsletter.net import Fetcher
    from newsletter.ports import Source

GROUP = "newsletter.sources"
BUILT_IN = {
    "http": "newsletter.sources.feed:from_settings",
    "https": "newsletter.sources.feed:from_settings",
    "folder": "newsletter.sources.folder:from_settings",
}
"""Kind → its maker: (SourceSettings, Settings, Fetcher) → Source."""


def make_source(source: SourceSettings, settings: Settings, fetcher: "Fetcher") -> "Source":
    """The source of one `[[sources]]` table. Raises BadSetting when nothing can read its kind."""
    kind = "folder" if source.folder else source.url.partition(":")[0].strip().lower()
    makers = {name: EntryPoint(name, value, GROUP) for name, value in BUILT_IN.items()}
    makers = {entry.name: entry for entry in entry_points(group=GROUP)} | makers
    if kind not in makers:
        raise BadSetting(
            f"“{source.url}” is no source",
            where="sources.url",
            remedy=f"begin it with one of: {', '.join(sorted(makers.keys() - {'folder'}))}",
        )
    maker: Callable[[SourceSettings, Settings, Fetcher], Source] = makers[kind].load()
    return maker(source, settings, fetcher)
