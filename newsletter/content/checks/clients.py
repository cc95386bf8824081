"""What a letter asks of mail programs that some of the major ones lack."""

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml.html import HtmlElement

from newsletter.content.checks.clientsupport import (
    ATTRIBUTES,
    DISPLAYS,
    ELEMENTS,
    FUNCTIONS,
    PROPERTIES,
    UNITS,
)
from newsletter.content.checks.letter import Letter, Problem, check, described
from newsletter.models import Severity

_DECLARATION = re.compile(r"""\s*([\w-]+)\s*:\s*((?:[^;"'(]|"[^"]*"|'[^']*'|\((?:[^()]|\([^()]*\))*\))*)""")
_NO_EFFECT = frozenset({"auto", "initial", "none", "normal", "static", "visible"})
_FUNCTION = re.compile(rf"\b({'|'.join(FUNCTIONS)})\(", re.IGNORECASE)
_UNIT = re.compile(rf"\d({'|'.join(UNITS)})\b", re.IGNORECASE)


@check(
    "client-support",
    Severity.WARNING,
    remedy="use tables, padding and the attributes of pictures; docs/adding/a-theme.md tells how",
)
def client_support(letter: Letter) -> Iterator[Problem]:
    """An element, an attribute or a style on an element that a major mail program lacks, where its loss
    moves or hides content. What stands in `<style>` is taken for an extra that a letter can do without."""
    first: dict[tuple[str, str], HtmlElement] = {}
    for element in letter.page.iter():
        for lacking in (*_lacking_in_element(element), *_lacking_in_style(element.get("style", ""))):
            first.setdefault(lacking, element)
    for (feature, clients), element in first.items():
        yield Problem(
            message=f"{feature} is not known to {clients}", where=f"HTML part, {described(element)}"
        )


def _lacking_in_element(element: HtmlElement) -> Iterator[tuple[str, str]]:
    """(what, who lacks it) of the element itself."""
    if element.tag in ELEMENTS:
        yield f"<{element.tag}>", ELEMENTS[element.tag]
    for name in element.attrib:
        if name in ATTRIBUTES:
            yield f"the attribute {name}", ATTRIBUTES[name]


@lru_cache(maxsize=4096)
def _lacking_in_style(style: str) -> tuple[tuple[str, str], ...]:
    """(what, who lacks it) of a style attribute."""
    return tuple(_lacking_in_declarations(style))


def _lacking_in_declarations(style: str) -> Iterator[tuple[str, str]]:
    for name, value in _DECLARATION.findall(style):
        property_name, word = name.lower(), value.split("!")[0].strip().lower()
        if word in _NO_EFFECT:
            continue
        if property_name in PROPERTIES:
            yield property_name, PROPERTIES[property_name]
        elif property_name.startswith("background") and "url(" in word:
            yield "background-image", PROPERTIES["background-image"]
        elif property_name == "display" and word in DISPLAYS:
            yield f"display: {word}", DISPLAYS[word]
        for function in _FUNCTION.findall(word):
            yield f"{function}()", FUNCTIONS[function]
        for unit in _UNIT.findall(re.sub(r"url\([^)]*\)|#\w+", "", word)):
            yield f"the unit {unit}", UNITS[unit]
