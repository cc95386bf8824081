"""Colours: read from CSS, laid over each other, compared, inverted."""

import re
from colorsys import hls_to_rgb, rgb_to_hls
from functools import lru_cache

Colour = tuple[float, float, float]
"""Red, green and blue of sRGB, each from 0 to 1."""

WHITE: Colour = (1.0, 1.0, 1.0)
BLACK: Colour = (0.0, 0.0, 0.0)
_NAMES = {
    "black": "#000000", "silver": "#c0c0c0", "gray": "#808080", "grey": "#808080", "white": "#ffffff",
    "maroon": "#800000", "red": "#ff0000", "purple": "#800080", "fuchsia": "#ff00ff", "green": "#008000",
    "lime": "#00ff00", "olive": "#808000", "yellow": "#ffff00", "navy": "#000080", "blue": "#0000ff",
    "teal": "#008080", "aqua": "#00ffff", "orange": "#ffa500", "transparent": "#00000000",
}  # fmt: skip
"""CSS 2.1 §4.3.6; the many later names are not read."""
_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*)\)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def read_colour(css: str) -> tuple[Colour, float] | None:
    """The colour and its opacity from 0 to 1; None for what is no colour that is known here."""
    css = css.strip().lower()
    css = _NAMES.get(css, css)
    if match := _HEX.fullmatch(css):
        digits = match[1] if len(match[1]) > 4 else "".join(digit * 2 for digit in match[1])
        red, green, blue, opacity = (
            int(f"{digits}ff"[index : index + 2], 16) / 255 for index in (0, 2, 4, 6)
        )
        return (red, green, blue), opacity
    if match := _FUNCTION.fullmatch(css):
        return _from_function(match[1], re.split(r"[\s,/]+", match[2].strip()))
    return None


def over(top: Colour, opacity: float, below: Colour) -> Colour:
    """What is seen of a colour that lies on another."""
    red, green, blue = (
        opacity * upper + (1 - opacity) * lower for upper, lower in zip(top, below, strict=True)
    )
    return red, green, blue


@lru_cache(maxsize=4096)
def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio, from 1 to 21 (WCAG 2.2, definition of “contrast ratio”)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def inverted(colour: Colour) -> Colour:
    """The colour with its lightness turned round and its hue kept, as mail programs darken letters."""
    hue, lightness, saturation = rgb_to_hls(*colour)
    return hls_to_rgb(hue, 1 - lightness, saturation)


def in_hex(colour: Colour) -> str:
    """Such as `#1f1b16`."""
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def _luminance(colour: Colour) -> float:
    """Relative luminance, from 0 to 1 (WCAG 2.2)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _from_function(name: str, values: list[str]) -> tuple[Colour, float] | None:
    try:
        numbers = [
            _number(value, 255 if name == "rgb" and index < 3 else 1) for index, value in enumerate(values)
        ]
    except ValueError:
        return None
    if len(numbers) not in {3, 4}:
        return None
    first, second, third, opacity = (*numbers, 1.0)[:4]
    if name == "hsl":
        return hls_to_rgb(first % 360 / 360, _within(third), _within(second)), _within(opacity)
    return (_within(first / 255), _within(second / 255), _within(third / 255)), _within(opacity)


def _number(text: str, whole: float) -> float:
    """The number, a percentage as a share of the whole. Raises ValueError."""
    text = text.removesuffix("deg")
    return float(text[:-1]) / 100 * whole if text.endswith("%") else float(text)


def _within(number: float) -> float:
    return min(max(number, 0.0), 1.0)
