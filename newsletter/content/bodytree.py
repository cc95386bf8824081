"""Markdown → the cleaned tree of elements from which both parts of a letter are made.

The HTML part is the tree, dressed for mail clients (letter.py); the text part is the tree, told in
words (text.py). What one of them holds, the other holds too.
"""

import re

import nh3
from lxml import etree, html
from lxml.html import HtmlElement
from lxml.html.builder import E

from newsletter.content.markdown import CARD_KINDS, parser
from newsletter.errors import BadInput

MAX_DEPTH = 100
"""Nested elements; libxml2 drops what is nested deeper than 255, the template's own included."""

_TAGS = set(
    "a abbr article aside b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl "  # noqa: SIM905
    "dt em figcaption figure h1 h2 h3 h4 h5 h6 header footer hr i img ins kbd li main mark ol p pre q rp rt "
    "ruby s samp section small span strong sub summary sup table tbody td tfoot th thead time tr tt u ul var "
    "wbr".split()
)
_ATTRIBUTES = {
    "*": {"lang", "dir", "title", "id"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "td": {"colspan", "rowspan", "align", "style"},
    "th": {"colspan", "rowspan", "align", "scope", "style"},
    "blockquote": {"cite"},
    "q": {"cite"},
}
_CLASSES = {
    "div": {"button", "card", *(f"card-{kind}" for kind in CARD_KINDS)},
    "sup": {"footnote-ref"},
    "section": {"footnotes"},
    "hr": {"footnotes-sep"},
    "ol": {"footnotes-list"},
    "a": {"footnote-backref"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What lxml takes in no text that is set (XML 1.0 §2.2)."""
_markdown = parser()


def body_tree(markdown: str, *, name: str, url: str = "") -> HtmlElement:
    """A `<div>` that holds the Markdown's HTML: allowed elements and attributes only.

    `name` stands before the ids, so that two bodies of a letter share none. Links into a page that is not
    here (`#part`) lead to `url`, or are no links when it is empty. Raises BadInput when elements
    are nested too deep for a letter.
    """
    clean = nh3.clean(
        _markdown.render(markdown),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes=_SCHEMES,
        filter_style_properties={"text-align"},
        link_rel=None,
    )
    clean = _NOT_IN_XML.sub("", clean)
    tree = html.fragment_fromstring(clean, create_parent="div", parser=html.HTMLParser(huge_tree=True))
    if _depth(tree) > MAX_DEPTH:
        raise BadInput(
            f"HTML is nested more than {MAX_DEPTH} elements deep",
            remedy="write this part in Markdown or leave it out",
        )
    _settle_anchors(tree, name, url)
    for link in tree.xpath(".//a[not(normalize-space()) and not(.//img)]"):
        link.drop_tag()  # nobody can see or follow it
    for title in tree.xpath('.//div[contains(@class, "card-")]/p[1]/descendant::a[1]'):
        _split_after(title)
    for picture in tree.xpath(".//figure/p/descendant::img[last()]"):
        _split_after(picture)
    return tree


def inner_html(element: HtmlElement) -> str:
    """The HTML inside the element."""
    whole = html.tostring(element, encoding="unicode", with_tail=False)
    return whole[whole.index(">") + 1 : whole.rindex("<")]


def _depth(tree: HtmlElement) -> int:
    deepest = depth = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _settle_anchors(tree: HtmlElement, name: str, url: str) -> None:
    """Keep only ids that a link in this body leads to, and lead other `#` links to the page they were on."""
    for back in tree.xpath('.//a[@class="footnote-backref"]'):
        back.drop_tree()  # few mail programs follow it
    ids = {element.get("id") for element in tree.xpath(".//*[@id]")}
    wanted = set()
    for link in tree.xpath('.//a[starts-with(@href, "#")]'):
        target = link.get("href")[1:]
        if target in ids:
            wanted.add(target)
            link.set("href", f"#{name}-{target}")
        elif url and target:
            link.set("href", f"{url.partition('#')[0]}#{target}")
        else:
            del link.attrib["href"]
    for element in tree.xpath(".//*[@id]"):
        if element.get("id") in wanted:
            element.set("id", f"{name}-{element.get('id')}")
        else:
            del element.attrib["id"]


def _split_after(element: HtmlElement) -> None:
    """Give what follows the element in its paragraph a paragraph of its own: after the title of a card,
    after the picture of a figure."""
    while element.getparent().tag != "p":
        element = element.getparent()
    paragraph = element.getparent()
    rest = E.p((element.tail or "").lstrip())
    element.tail = None
    rest.extend(list(element.itersiblings()))
    if rest.text or len(rest):
        rest.tail, paragraph.tail = paragraph.tail, None
        paragraph.addnext(rest)
