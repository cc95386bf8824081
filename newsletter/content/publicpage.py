"""A frozen letter → what everybody may see of it: the page of the archive, and the body of the feeds.

Both are made from the bytes that were frozen; nothing is rendered anew.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

import lxml.html
from lxml.html import HtmlElement

from newsletter.content.clean.sanitise import sanitise_outgoing

_LANGUAGE = re.compile(r"<html\b[^>]*?\slang=\"([A-Za-z0-9-]{1,35})\"")
_HEAD_END, _BODY, _BODY_END = map(re.compile, (r"</head>", r"<body\b[^>]*>", r"</body>"))
"""A letter is a whole document, and what it shows holds no such tag (content.clean, content.inlining)."""
_UNBROKEN = re.compile(r"[^\s\"'<>()]+")
_FRAME = ("masthead", "strip", "footer", "preview", "contents-around")
"""Classes of what a letter says about itself; a feed reader says that in its own way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What the archive adds to a letter, each a piece of HTML."""

    head: str
    top: str
    bottom: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    url: str
    words: str


def language_of(page: str) -> str:
    """The BCP 47 tag that the letter's document names; empty when it names none."""
    found = _LANGUAGE.search(page[:2000])
    return found[1] if found else ""


def public_page(page: str, placeholders: Sequence[str], *, instead: Link, around: Around) -> str:
    """The letter's document with `instead` where a reader's own links were, and the archive around it."""
    for placeholder in placeholders:
        page = _without_personal_links(page, placeholder, instead)
    page = _HEAD_END.sub(lambda tag: around.head + tag[0], page, count=1)
    page = _BODY.sub(lambda tag: tag[0] + around.top, page, count=1)
    return _BODY_END.sub(lambda tag: around.bottom + tag[0], page, count=1)


def _without_personal_links(page: str, placeholder: str, instead: Link) -> str:
    """The page with the link to leave replaced, and every other one taken out with the dot before it."""
    mark = re.escape(placeholder)

    def replaced(link: re.Match[str]) -> str:
        if link["page"] != "u":
            return ""
        begin = f"{link['dot'] or ''}{link['begin']}{escape(instead.url)}"
        return f"{begin}{link['rest']}{escape(instead.words)}</a>"

    page = re.sub(
        rf'(?P<dot> · )?(?P<begin><a\b[^<>]*?\shref=")[^"<>]*/(?P<page>\w+)/{mark}[^"<>]*(?P<rest>"[^<>]*>)'
        r"(?:(?!</a>).)*</a>",
        replaced,
        page,
        flags=re.DOTALL,
    )
    if placeholder not in page:
        return page
    url = escape(instead.url)
    return _UNBROKEN.sub(lambda word: url if placeholder in word[0] else word[0], page)


@lru_cache(maxsize=64)
def feed_body(page: str, url: str, placeholders: tuple[str, ...]) -> str:
    """The letter's words, links and pictures as plain HTML without its layout; links within the letter
    lead to its page at `url`. Kept for the letters of a feed: each is 2 ms of work and never changes."""
    (body,) = lxml.html.document_fromstring(page).xpath("/html/body")
    for gone in body.xpath(".//comment()"):
        gone.drop_tree()
    for name in _FRAME:
        for part in body.xpath(f'.//*[contains(concat(" ", @class, " "), " {name} ")]'):
            part.drop_tree()
    for placeholder in placeholders:
        for link in body.xpath(".//a[contains(@href, $mark)]", mark=placeholder):
            link.drop_tree()
    _unframe(body)
    for link in body.xpath('.//a[starts-with(@href, "#")]'):
        link.set("href", url + link.get("href"))
    html = sanitise_outgoing("".join([body.text or "", *map(_written, body)]))
    for placeholder in placeholders:
        html = html.replace(placeholder, "")
    return re.sub(r"\n\s*\n", "\n", html).strip()


def _unframe(body: HtmlElement) -> None:
    """None; tables that only lay things out become blocks, and nothing is for looks any more."""
    for table in body.xpath('.//table[@role="presentation"]'):
        for row in table.xpath("./tr | ./tbody/tr"):
            for cell in row.xpath("./td"):
                cell.tag = "div"
            row.drop_tag()
        for part in table.xpath("./tbody"):
            part.drop_tag()
        table.drop_tag()
    for element in body.iter():
        for name in ("class", "id"):
            element.attrib.pop(name, None)


def _written(element: HtmlElement) -> str:
    return lxml.html.tostring(element, encoding="unicode")
