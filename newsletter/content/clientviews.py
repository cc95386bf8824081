"""A letter as mail clients change it before they draw it: HTML in, HTML out, for the preview.

Each function does one thing that a kind of client does. What Word does is in `wordview`.
"""

import colorsys
import re
from typing import Literal

import lxml.html
from lxml.html import HtmlElement

_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.DOTALL | re.IGNORECASE)
_PREFERENCE = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_SCHEME = re.compile(r"(?<![\w-])((?:supported-)?color-schemes?\s*:)[^;}]*", re.IGNORECASE)
_SCHEME_META = re.compile(
    r"""(<meta\b[^>]*\bname=["'](?:supported-)?color-schemes?["'][^>]*\bcontent=["'])[^"']*""", re.IGNORECASE
)
_ALWAYS, _NEVER = "(min-width: 0)", "(max-width: 0)"
_COLOUR = re.compile(
    r"#(?P<hex>[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})(?![\w-])"
    r"|rgba?\(\s*(?P<red>\d{1,3})\s*[, ]\s*(?P<green>\d{1,3})\s*[, ]\s*(?P<blue>\d{1,3})(?P<rest>[^)]*)\)"
    r"|(?<=[:\s])(?P<name>white|black)(?![\w-])",
    re.IGNORECASE,
)
_INVERTED_GROUND = "<style>html { background: #000; color: #fff; } a { color: #9c9cff; }</style>"
"""What a client that inverts draws where the letter says nothing: the browser's own colours, inverted."""
_BLOCKED = "display: inline-block; outline: 1px dashed #808080; overflow: hidden;"
_BACKGROUND_PICTURE = re.compile(r"background(?:-image)?\s*:[^;]*url\([^;]*;?", re.IGNORECASE)


def in_scheme(page: str, scheme: Literal["light", "dark"]) -> str:
    """The letter as a client draws it that heeds its colour scheme, and whose reader has chosen this one,
    whatever the browser says that shows the preview."""

    def settled(match: re.Match[str]) -> str:
        css = _PREFERENCE.sub(lambda asked: _ALWAYS if asked[1].lower() == scheme else _NEVER, match[2])
        return match[1] + _SCHEME.sub(rf"\g<1> {scheme}", css) + match[3]

    return _SCHEME_META.sub(rf"\g<1>{scheme}", _STYLE.sub(settled, page))


def inverted(page: str) -> str:
    """The letter in a client that has no dark style of the letter's own and turns every colour around:
    the lightness is inverted, hue and saturation stay (Gmail on iOS, Outlook.com)."""
    document = _parsed(in_scheme(page, "light"))
    for element in document.xpath("//*"):
        for name in ("style", "bgcolor", "color"):
            if value := element.get(name):
                element.set(name, _inverted_colours(value))
    text = _STYLE.sub(lambda match: f"{match[1]}{_inverted_colours(match[2])}{match[3]}", _written(document))
    return _after_head(text, _INVERTED_GROUND)


def without_images(page: str) -> str:
    """The letter before its reader allows pictures: only their places and alternative texts."""
    document = _parsed(page)
    for picture in document.xpath("//img"):
        for name in ("src", "srcset"):
            picture.attrib.pop(name, None)
        picture.set("style", f"{picture.get('style', '')}; {_BLOCKED}".lstrip("; "))
    for element in document.xpath("//*"):
        element.attrib.pop("background", None)
        if style := element.get("style"):
            element.set("style", _BACKGROUND_PICTURE.sub("", style))
    return _written(document)


def without_styles(page: str) -> str:
    """The letter where `<style>` is dropped whole: Gmail for addresses of other providers, or when a
    style sheet is over its limit of 16 kB (caniemail.com, html-style, June 2026)."""
    return _STYLE.sub("", page)


def guarded(page: str, policy: str) -> str:
    """The letter with a content security policy of its own, for a frame that no server answers for."""
    return _after_head(page, f'<meta http-equiv="Content-Security-Policy" content="{policy}">')


def _parsed(page: str) -> HtmlElement:
    return lxml.html.document_fromstring(page)


def _written(document: HtmlElement) -> str:
    return "<!DOCTYPE html>\n" + lxml.html.tostring(document, encoding="unicode")


def _after_head(page: str, addition: str) -> str:
    """The page with the addition as the first thing in its head, or before everything without one."""
    start = re.search(r"<head\b[^>]*>", page, re.IGNORECASE)
    place = start.end() if start else 0
    return page[:place] + addition + page[place:]


def _inverted_colours(css: str) -> str:
    return _COLOUR.sub(_inverted_colour, css)


def _inverted_colour(match: re.Match[str]) -> str:
    red, green, blue, alpha = _channels(match)
    hue, lightness, saturation = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    inverted_channels = colorsys.hls_to_rgb(hue, 1 - lightness, saturation)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in inverted_channels) + alpha


def _channels(match: re.Match[str]) -> tuple[int, int, int, str]:
    """Red, green and blue from 0 to 255, and the two digits of the alpha when it has one."""
    if match["name"]:
        level = 255 if match["name"].lower() == "white" else 0
        return level, level, level, ""
    if match["hex"]:
        digits = match["hex"]
        if len(digits) < 6:
            digits = "".join(2 * digit for digit in digits)
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16), digits[6:]
    alpha = re.search(r"[\d.]+%?", match["rest"] or "")
    return *(min(int(match[name]), 255) for name in ("red", "green", "blue")), _alpha(alpha)  # type: ignore[return-value]


def _alpha(match: re.Match[str] | None) -> str:
    if match is None:
        return ""
    share = float(match[0].rstrip("%")) / (100 if match[0].endswith("%") else 1)
    return f"{round(255 * min(share, 1.0)):02x}"
