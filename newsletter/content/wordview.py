"""A letter as Outlook on Windows draws it: what the Word engine ignores is taken away.

The rules are those of Microsoft's “Word 2007 HTML and CSS Rendering Capabilities in Outlook 2007”,
which still holds for classic Outlook, and of hteumeuleu.com, “Making sense of Outlook's rendering
engine” (both read in November 2026). A browser draws the rest: its fonts and spacing are not Word's.
"""

import re

import lxml.html
from lxml.html import HtmlElement

from newsletter.content.stylesheet import without_comments


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OUTLOOK = 16
"""The version that conditional comments see (Outlook 2016 and later)."""
_TEXT = _names(
    "color background background-color font font-family font-size font-style font-variant font-weight "
    "text-align text-decoration text-transform vertical-align letter-spacing line-height white-space "
    "word-break list-style list-style-type direction border border-color border-style border-width "
    "border-collapse"
)
"""The category CORE: every element."""
_MARGINS = _names(
    "margin margin-left margin-right margin-top margin-bottom text-indent page-break-before page-break-after"
)
"""The category COREEXTENDED: every element but `<body>` and those that stand in a line."""
_BOXES = _names(
    "width height padding padding-left padding-right padding-top padding-bottom table-layout"
) | frozenset(
    f"border-{side}{part}"
    for side in ("left", "right", "top", "bottom")
    for part in ("", "-color", "-style", "-width")
)
"""The category FULL: tables, cells, lists and headings, but neither `<div>` nor `<p>`."""
_IN_LINE = _names("body span a b i em strong small sup sub code s u del img")
_PLAIN_BLOCKS = frozenset({"div", "p"})
_UNREAD_VALUE = re.compile(
    r"\b(rgba|hsla?|calc|var|min|max|clamp)\(|\d(rem|vw|vh|ch)\b|\bauto\b|url\(", re.IGNORECASE
)
_CONDITIONAL = re.compile(r"<!--\[if ([^\]]*)\]>(?!-->|<!-->)(.*?)<!\[endif\]-->", re.DOTALL | re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"<!--\[if ([^\]]*)\]>(?:-->|<!-->|<!-- -->)(.*?)<!--\s*<!\[endif\]-->", re.DOTALL | re.IGNORECASE
)
_VERSION = re.compile(r"(?:(lt|lte|gt|gte)\s+)?mso(?:\s+(\d+))?", re.IGNORECASE)
_XML = re.compile(r"<xml\b.*?</xml>", re.DOTALL | re.IGNORECASE)
_AT_RULE = re.compile(r"@[^{;]*(?:;|\{(?:[^{}]*\{[^{}]*\})*[^{}]*\})")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


def as_word_draws_it(page: str) -> str:
    """The letter with Outlook's conditional parts shown and what Word does not know left out."""
    document = lxml.html.document_fromstring(_XML.sub("", _conditions_decided(page)))
    for sheet in document.xpath("//style"):
        sheet.text = _rules_kept(sheet.text or "")
    for element in document.xpath("//*"):
        if style := element.get("style"):
            element.set("style", _written(_declarations_kept(element, style)))
    return "<!DOCTYPE html>\n" + lxml.html.tostring(document, encoding="unicode")


def _conditions_decided(page: str) -> str:
    """The page with the parts that Outlook sees in the open, and without those it does not."""
    page = _ELSEWHERE.sub(lambda match: match[2] if _holds(match[1]) else "", page)
    return _CONDITIONAL.sub(lambda match: match[2] if _holds(match[1]) else "", page)


def _holds(condition: str) -> bool:
    """Whether Outlook takes the condition for true: `mso`, `gte mso 9`, `!mso`, joined by | or &."""
    if "|" in condition:
        return any(_holds(part) for part in condition.split("|"))
    if "&" in condition:
        return all(_holds(part) for part in condition.split("&"))
    words = condition.strip("() \t\n")
    if words.startswith("!"):
        return not _holds(words[1:])
    asked = _VERSION.fullmatch(words)
    if asked is None:
        return False
    version = int(asked[2] or _OUTLOOK)
    return {
        "lt": version > _OUTLOOK,
        "lte": version >= _OUTLOOK,
        "gt": version < _OUTLOOK,
        "gte": version <= _OUTLOOK,
    }.get((asked[1] or "").lower(), version == _OUTLOOK)


def _rules_kept(css: str) -> str:
    """The rules of a style sheet that Word reads: no @ rules, no attribute or pseudo selectors."""
    rules = _RULE.findall(_AT_RULE.sub("", without_comments(css)))
    return "\n".join(
        f"{selector.strip()} {{ {_written(_known(body, _TEXT | _MARGINS | _BOXES))} }}"
        for selector, body in rules
        if not re.search(r"[\[:>+~*]", selector)
    )


def _declarations_kept(element: HtmlElement, style: str) -> dict[str, str]:
    known = _TEXT
    if element.tag not in _IN_LINE:
        known |= _MARGINS
        if element.tag not in _PLAIN_BLOCKS:
            known |= _BOXES
    declarations = {name: value for name, value in _parted(style).items() if "!important" not in value}
    kept = _known(_written(declarations), known)
    if "padding" in known and "mso-padding-alt" in declarations:
        kept["padding"] = declarations["mso-padding-alt"]
    if declarations.get("display") == "none" or declarations.get("mso-hide") == "all":
        kept["display"] = "none"
    return kept


def _known(style: str, names: frozenset[str]) -> dict[str, str]:
    return {
        name: value
        for name, value in _parted(style).items()
        if name in names and not _UNREAD_VALUE.search(value)
    }


def _parted(style: str) -> dict[str, str]:
    parts = (part.partition(":") for part in style.split(";"))
    return {name.strip().lower(): value.strip() for name, colon, value in parts if colon}


def _written(declarations: dict[str, str]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in declarations.items())
