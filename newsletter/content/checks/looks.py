"""How each text of a letter is drawn: the colours and size that its styles give it, in light or in dark.

Read from the final bytes: style attributes, `bgcolor`, and the `<style>` block with its rules for
dark schemes. Other media queries are left out: they change sizes, and the check is about colours.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from cssselect import HTMLTranslator, SelectorError, parse
from lxml.html import HtmlElement

from newsletter.content.checks.colours import BLACK, WHITE, Colour, over, read_colour
from newsletter.content.stylesheet import selectors, statements, without_comments

_DARK_CANVAS: Colour = (18 / 255, 18 / 255, 18 / 255)
"""Chromium's and WebKit's page under `color-scheme: dark`, within a shade."""
_LINK = {False: "#0000ee", True: "#9e9eff"}
"""The colour of links that nothing styles, in light and in dark (HTML standard §15.3.4; Chromium)."""
_DARK_QUERY = re.compile(r"@media\b.*prefers-color-scheme\s*:\s*dark", re.IGNORECASE)
_DECLARATION = re.compile(r"""\s*([\w-]+)\s*:\s*((?:[^;"'(]|"[^"]*"|'[^']*'|\([^)]*\))*)""")
_PROPERTIES = frozenset({"color", "background", "background-color", "display", "font-size", "font-weight"})
_PAINTED = re.compile(r"url\(|gradient\(", re.IGNORECASE)
_SIZES = {"h1": 32.0, "h2": 24.0, "h3": 18.72, "small": 13.0}
"""CSS pixels that browsers give when nothing else is said."""
_BOLD = frozenset({"b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """Words of one element and how they are drawn; sizes in CSS pixels."""

    words: str
    element: HtmlElement
    colour: Colour
    ground: Colour
    size: float
    bold: bool


class _Rank(NamedTuple):
    """What decides between two declarations (CSS Cascading 4 §6.1): the greater one holds."""

    important: bool
    inline: bool
    specificity: tuple[int, int, int]
    order: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pen:
    """What an element hands down to its children; the ground is None where a picture lies."""

    colour: Colour
    ground: Colour | None
    size: float
    bold: bool


def has_dark_scheme(page: HtmlElement) -> bool:
    """Whether the letter brings dark colours of its own, or asks for the mail program's."""
    schemes: list[str] = page.xpath('//meta[@name="color-scheme"]/@content')
    return any("dark" in scheme.split() for scheme in schemes) or any(
        _DARK_QUERY.match(head) for css in _sheets(page) for head, _, _ in statements(css)
    )


def drawn_texts(page: HtmlElement, *, dark: bool) -> Iterator[Drawn]:
    """Every visible text of the page whose ground is known, in order."""
    canvas, ink = (_DARK_CANVAS, WHITE) if dark else (WHITE, BLACK)
    rules = _rules_by_element(page, dark=dark)
    start = _Pen(colour=ink, ground=canvas, size=16.0, bold=False)
    for body in page.xpath("//body"):
        yield from _drawn(body, start, rules, dark=dark)


_Rules = Mapping[HtmlElement, Mapping[str, tuple[_Rank, str]]]


def _drawn(element: HtmlElement, pen: _Pen, rules: _Rules, *, dark: bool) -> Iterator[Drawn]:
    style = _style_of(element, rules)
    if style.get("display") == "none" or element.tag in {"style", "script"}:
        return
    pen = _changed(pen, element, style, dark=dark)
    own = " ".join([element.text or "", *(child.tail or "" for child in element)])
    if pen.ground and any(character.isalnum() for character in own):
        yield Drawn(
            words=" ".join(own.split()), element=element, colour=pen.colour, ground=pen.ground, size=pen.size,
            bold=pen.bold,
        )  # fmt: skip
    for child in element:
        yield from _drawn(child, pen, rules, dark=dark)


def _changed(pen: _Pen, element: HtmlElement, style: Mapping[str, str], *, dark: bool) -> _Pen:
    ground = pen.ground
    painted = style.get("background-color") or style.get("background") or element.get("bgcolor") or ""
    if _PAINTED.search(painted):
        ground = None
    elif found := next(
        filter(None, map(read_colour, painted.split() if "(" not in painted else [painted])), None
    ):
        ground = over(*found, ground or found[0])
    is_link = element.tag == "a" and element.get("href") is not None
    written = read_colour(style.get("color") or (_LINK[dark] if is_link else ""))
    return replace(
        pen,
        ground=ground,
        colour=over(*written, ground or pen.colour) if written else pen.colour,
        size=_size(style.get("font-size", ""), pen.size, element.tag),
        bold=_is_bold(style.get("font-weight", ""), pen.bold or element.tag in _BOLD),
    )


def _size(written: str, inherited: float, tag: str) -> float:
    number = re.fullmatch(r"([\d.]+)(px|pt|em|rem|%)", written.strip())
    if not number:
        return _SIZES.get(tag, inherited)
    units = {"px": 1.0, "pt": 4 / 3, "em": inherited, "rem": 16.0, "%": inherited / 100}
    return float(number[1]) * units[number[2]]


def _is_bold(written: str, inherited: bool) -> bool:
    if written.isdigit():
        return int(written) >= 700
    return {"bold": True, "bolder": True, "normal": False}.get(written.strip(), inherited)


# --- the cascade -------------------------------------------------------------------------------


def _style_of(element: HtmlElement, rules: _Rules) -> dict[str, str]:
    found = dict(rules.get(element, {}))
    for order, (name, value, important) in enumerate(_declarations(element.get("style", ""))):
        rank = _Rank(important, True, (0, 0, 0), order)
        if name not in found or found[name][0] < rank:
            found[name] = (rank, value)
    if "background" in found and "background-color" in found:
        del found[min("background", "background-color", key=lambda name: found[name][0])]
    return {name: value for name, (_, value) in found.items()}


def _rules_by_element(page: HtmlElement, *, dark: bool) -> _Rules:
    """The declarations of the `<style>` block that hold for each element."""
    holding: dict[HtmlElement, dict[str, tuple[_Rank, str]]] = {}
    heads = (rule for css in _sheets(page) for rule in _plain_rules(css, dark=dark))
    for order, (head, body) in enumerate(heads):
        declared = _declarations(body)
        for selector in selectors(head) if declared else ():
            path, specificity = _path(selector)
            for element in page.xpath(path) if path else ():
                held = holding.setdefault(element, {})
                for name, value, important in declared:
                    rank = _Rank(important, False, specificity, order)
                    if name not in held or held[name][0] < rank:
                        held[name] = (rank, value)
    return holding


def _sheets(page: HtmlElement) -> list[str]:
    return [without_comments(style.text or "") for style in page.xpath("//style")]


def _plain_rules(css: str, *, dark: bool) -> Iterator[tuple[str, str]]:
    """(selectors, declarations) of the rules outside media queries, and inside those for dark schemes."""
    for head, body, _ in statements(css):
        if not head.startswith("@"):
            yield head, body
        elif dark and _DARK_QUERY.match(head):
            yield from _plain_rules(body, dark=dark)


@cache
def _path(selector: str) -> tuple[str, tuple[int, int, int]]:
    """The selector as XPath with its specificity; an empty path for what cannot be known here (:hover)."""
    try:
        parsed = parse(selector)[0]
        return HTMLTranslator().selector_to_xpath(parsed, prefix="//"), parsed.specificity()
    except SelectorError:
        return "", (0, 0, 0)


@cache
def _declarations(style: str) -> tuple[tuple[str, str, bool], ...]:
    """(property, value, whether important) of those that matter here."""
    found = []
    for name, value in _DECLARATION.findall(style):
        if name.lower() in _PROPERTIES:
            plain = re.sub(r"\s*!\s*important\s*$", "", value.strip().lower())
            found.append((name.lower(), plain, plain != value.strip().lower()))
    return tuple(found)
