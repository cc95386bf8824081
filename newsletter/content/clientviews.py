"""A letter as mail clients change it before they draw it: HTML in, HTML out, for the preview.

Each function does one thing that a kind of client does. What Word does is in `wordview`.
"""

import re
from typing import Literal

import lxml.html
from lxml.html import HtmlElement

from newsletter.content.checks.colours import in_hex, read_colour
from newsletter.content.checks.colours import inverted as turned_round

_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.DOTALL | re.IGNORECASE)
_PREFERENCE = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_SCHEME = re.compile(r"(?<![\w-])((?:supported-)?color-schemes?\s*:)[^;}]*", re.IGNORECASE)
_SCHEME_META = re.compile(
    r"""(<meta\b[^>]*\bname=["'](?:supported-)?color-schemes?["'][^>]*\bcontent=["'])[^"']*""", re.IGNORECASE
)
_ALWAYS, _NEVER = "(min-width: 0)", "(max-width: 0)"
_COLOURED = re.compile(r"((?<![\w-])[\w-]*(?:color|background|border|outline|shadow)[\w-]*\s*:)([^;{}]*)")
_COLOUR = re.compile(
    r"#[0-9a-f]{3,8}(?![\w-])|(?:rgb|hsl)a?\([^()]*\)|(?<![\w#(-])[a-z]+(?![\w(-])", re.IGNORECASE
)
"""What may be a colour; only `read_colour` knows."""
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
        if style := element.get("style"):
            element.set("style", _inverted_colours(style))
        for name in ("bgcolor", "color"):
            if value := element.get(name):
                element.set(name, _COLOUR.sub(_inverted_colour, value))
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
    return _COLOURED.sub(lambda match: match[1] + _COLOUR.sub(_inverted_colour, match[2]), css)


def _inverted_colour(match: re.Match[str]) -> str:
    found = read_colour(match[0])
    if found is None:
        return match[0]
    colour, opacity = found
    return in_hex(turned_round(colour)) + (f"{round(255 * opacity):02x}" if opacity < 1 else "")
