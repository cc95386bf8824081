"""How each text of a letter is drawn: the colours and size that its styles give it, in light or in dark.

Read from the final bytes: style attributes, `bgcolor`, and the `<style>` block with its rules for
dark schemes. Other media queries are left out: they change sizes, and the check is about colours.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from cssselect import HTMLTranslator, SelectorError, parse
from lxml.etree import XPath
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
_PAINT = re.compile(r"[a-z]+\([^()]*\)|[^\s(),]+")
"""The words of a `background`, of which one may be a colour."""
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


_Ranked = tuple[_Rank, str, str]
"""A rank, a property and its value."""


class _Pen(NamedTuple):
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


def drawn_texts(page: HtmlElement, *, dark: bool) -> list[Drawn]:
    """Every visible text of the page whose ground is known, in order."""
    canvas, ink = (_DARK_CANVAS, WHITE) if dark else (WHITE, BLACK)
    painter = _Painter(rules=_rules_by_element(page, dark=dark), link=_LINK[dark])
    for body in page.xpath("//body"):
        painter.draw(body, _Pen(colour=ink, ground=canvas, size=16.0, bold=False))
    return painter.found


@dataclass(kw_only=True)
class _Painter:
    """Walks one page. Most elements are like others, so that a pen is made once for all of a kind."""

    rules: Mapping[HtmlElement, tuple[_Ranked, ...]]
    link: str
    found: list[Drawn] = field(default_factory=list)
    pens: dict[object, _Pen | None] = field(default_factory=dict)

    def draw(self, element: HtmlElement, handed: _Pen) -> None:
        """Find the texts of the element and of all that it holds."""
        pen = self._pen(element, handed)
        if pen is None:
            return
        own = " ".join([element.text or "", *(child.tail or "" for child in element)])
        if pen.ground and any(character.isalnum() for character in own):
            self.found.append(
                Drawn(
                    words=" ".join(own.split()),
                    element=element,
                    colour=pen.colour,
                    ground=pen.ground,
                    size=pen.size,
                    bold=pen.bold,
                )
            )
        for child in element:
            self.draw(child, pen)

    def _pen(self, element: HtmlElement, handed: _Pen) -> _Pen | None:
        """What the element writes with; None when it is not seen."""
        rules, tag, attributes = self.rules.get(element, ()), element.tag, element.attrib
        is_link = tag == "a" and "href" in attributes
        style, ground = attributes.get("style", ""), attributes.get("bgcolor", "")
        kind = (handed, tag, is_link, style, ground, rules)
        if kind not in self.pens:
            hidden = tag in {"style", "script"}
            values = {"background-color": ground, "color": self.link if is_link else ""} | _settled(
                rules, style
            )
            self.pens[kind] = (
                None if hidden or values.get("display") == "none" else _changed(handed, tag, values)
            )
        return self.pens[kind]


def _changed(pen: _Pen, tag: str, style: Mapping[str, str]) -> _Pen:
    ground = pen.ground
    painted = style.get("background") or style["background-color"]
    if _PAINTED.search(painted):
        ground = None
    elif found := next(filter(None, map(read_colour, _PAINT.findall(painted))), None):
        ground = over(*found, ground) if ground else found[0] if found[1] == 1 else None
    written = read_colour(style["color"])
    return _Pen(
        ground=ground,
        colour=over(*written, ground or pen.colour) if written else pen.colour,
        size=_size(style.get("font-size", ""), pen.size, tag),
        bold=_is_bold(style.get("font-weight", ""), pen.bold or tag in _BOLD),
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


def _settled(rules: tuple[_Ranked, ...], style: str) -> dict[str, str]:
    """The strongest value of each property; of both ways to paint a ground, the stronger one."""
    own = [
        (_Rank(important, True, (0, 0, 0), order), name, value)
        for order, (name, value, important) in enumerate(_declarations(style))
    ]
    held = {name: (rank, value) for rank, name, value in sorted([*rules, *own])}
    if "background" in held and "background-color" in held:
        del held[min("background", "background-color", key=lambda name: held[name][0])]
    return {name: value for name, (_, value) in held.items()}


def _rules_by_element(page: HtmlElement, *, dark: bool) -> dict[HtmlElement, tuple[_Ranked, ...]]:
    """The declarations of the `<style>` block that hold for each element."""
    holding: dict[HtmlElement, tuple[_Ranked, ...]] = {}
    heads = (rule for css in _sheets(page) for rule in _plain_rules(css, dark=dark))
    for order, (head, body) in enumerate(heads):
        declared = _declarations(body)
        for selector in selectors(head) if declared else ():
            find, specificity = _finder(selector)
            ranked = tuple(
                (_Rank(important, False, specificity, order), name, value)
                for name, value, important in declared
            )
            for element in find(page) if find else ():
                holding[element] = (*holding.get(element, ()), *ranked)
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


@lru_cache(maxsize=4096)
def _finder(selector: str) -> tuple[XPath | None, tuple[int, int, int]]:
    """What finds the selector's elements, with its specificity; None for what cannot be known (:hover)."""
    try:
        parsed = parse(selector)[0]
        return XPath(HTMLTranslator().selector_to_xpath(parsed, prefix="//")), parsed.specificity()
    except SelectorError:
        return None, (0, 0, 0)


@lru_cache(maxsize=4096)
def _declarations(style: str) -> tuple[tuple[str, str, bool], ...]:
    """(property, value, whether important) of those that matter here."""
    found = []
    for name, value in _DECLARATION.findall(style):
        if name.lower() in _PROPERTIES:
            plain = re.sub(r"\s*!\s*important\s*$", "", value.strip().lower())
            found.append((name.lower(), plain, plain != value.strip().lower()))
    return tuple(found)
