"""Text that is too faint on its ground: in light, in the letter's own dark, and turned dark by force."""

from collections.abc import Iterable, Iterator

from newsletter.content.checks.colours import Colour, contrast, in_hex, inverted
from newsletter.content.checks.letter import Letter, Problem, check, described, shortened
from newsletter.content.checks.looks import Drawn
from newsletter.models import Severity

_ENOUGH, _ENOUGH_FOR_LARGE = 4.5, 3.0
"""WCAG 2.2, success criterion 1.4.3."""
_LARGE, _LARGE_BOLD = 24.0, 18.66
"""CSS pixels: 18 points, or 14 points in bold (WCAG 2.2, definition of “large scale”)."""
_LEGIBLE = 3.0
"""Nobody designs what a mail program inverts: it only has to be legible."""


@check("contrast-light", Severity.WARNING, remedy="darken the text or lighten its ground in style.css")
def contrast_light(letter: Letter) -> Iterator[Problem]:
    """Text whose contrast in light is under 4.5 : 1, or 3 : 1 for large text."""
    return _faint((each, each.colour, each.ground, _needed(each)) for each in letter.texts_in_light)


@check(
    "contrast-dark",
    Severity.WARNING,
    remedy="give both colours in the theme's block for prefers-color-scheme: dark",
)
def contrast_dark(letter: Letter) -> Iterator[Problem]:
    """The same in the letter's own dark colours."""
    return _faint((each, each.colour, each.ground, _needed(each)) for each in letter.texts_in_dark)


@check(
    "contrast-inverted",
    Severity.WARNING,
    remedy="choose text and ground further apart, or less strong colours, in style.css",
)
def contrast_inverted(letter: Letter) -> Iterator[Problem]:
    """Text that falls under 3 : 1 when a mail program turns light letters dark, as Gmail and Outlook do."""
    return _faint(
        (each, inverted(each.colour), inverted(each.ground), _LEGIBLE) for each in letter.texts_in_light
    )


def _needed(text: Drawn) -> float:
    large = text.size >= _LARGE or (text.bold and text.size >= _LARGE_BOLD)
    return _ENOUGH_FOR_LARGE if large else _ENOUGH


def _faint(texts: Iterable[tuple[Drawn, Colour, Colour, float]]) -> Iterator[Problem]:
    """One problem for each pair of colours that is too close."""
    found: dict[tuple[str, str, float], list[Drawn]] = {}
    for text, colour, ground, needed in texts:
        if contrast(colour, ground) < needed:
            found.setdefault((in_hex(colour), in_hex(ground), contrast(colour, ground)), []).append(text)
    for (colour_name, ground_name, ratio), drawn in found.items():
        more = f" and {len(drawn) - 1} more" if len(drawn) > 1 else ""
        yield Problem(
            message=f"“{shortened(drawn[0].words, 30)}”{more}: {colour_name} on {ground_name} "
            f"has a contrast of {ratio:.1f} : 1",
            where=f"HTML part, {described(drawn[0].element)}",
        )
