"""How a theme looks: its style sheets and settings, with every custom property in its place."""

import re
from dataclasses import dataclass

from newsletter.config.theme import Theme, custom_properties
from newsletter.content.stylesheet import (
    properties_of,
    with_values,
    without_comments,
    without_properties,
)
from newsletter.errors import BadTemplate

_BASE, _STYLE = "base.css", "style.css"
_PIXELS = re.compile(r"(\d{1,4})px")


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What stays the same in all letters of a theme; widths in CSS pixels."""

    files: dict[str, str]
    """The theme's files with the values of their custom properties."""
    style: str
    """The rules to inline."""
    width: int
    column: int
    """Width of the text: the sheet's, less `--side` on either side."""


def look_of(theme: Theme) -> Look:
    """The theme's look. Raises BadTemplate for a property that is used and not set, or of no use."""
    sheets = [theme.files.get(name, "") for name in (_BASE, _STYLE)]
    properties = {
        **properties_of("\n".join(sheets)),
        **custom_properties(theme.settings),
    }
    files = {name: _filled(theme, name, text, properties) for name, text in theme.files.items()}
    width, side = (_pixels(theme, name, properties) for name in ("width", "side"))
    return Look(
        files=files,
        style=without_properties("\n".join(files.get(name, "") for name in (_BASE, _STYLE))),
        width=width,
        column=max(width - 2 * side, 1),
    )


def _filled(theme: Theme, name: str, text: str, properties: dict[str, str]) -> str:
    try:
        return with_values(without_comments(text) if name.endswith(".css") else text, properties)
    except KeyError as error:
        missing = error.args[0]
        line = text[: text.find(f"--{missing}")].count("\n") + 1
        raise BadTemplate(
            f"var(--{missing}) has no value",
            where=f"{theme.paths.get(name, name)}:{line}",
            remedy=f"set --{missing} in :root {{ }} of {_STYLE}",
        ) from error


def _pixels(theme: Theme, name: str, properties: dict[str, str]) -> int:
    found = _PIXELS.fullmatch(properties.get(name, ""))
    if not found:
        raise BadTemplate(
            f"--{name} is no width in pixels",
            where=theme.paths.get(_STYLE, theme.name),
            remedy=f"write --{name}: 600px; in :root {{ }}",
        )
    return int(found[1])
