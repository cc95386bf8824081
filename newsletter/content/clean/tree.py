"""A small tree of sanitised HTML, and what a reader sees of it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape, unescape

MAX_DEPTH = 60
"""Elements nested deeper are taken for their content: no letter needs them, and recursion stays bounded."""


def names(words: str) -> frozenset[str]:
    """The set of the words."""
    return frozenset(words.split())


VOID = names("br col embed hr img input param source track wbr")
INLINE = names(
    "a abbr b bdi bdo big br button cite code data del dfn em font footnote-ref i img ins kbd label mark nobr"
    " picture q rp rt ruby s samp small span strike strong sub sup time tt u var wbr x-noscript"
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9-]*)((?:\s[^\s=>"]+="[^"]*")*)\s*>|([^<]+|<)')
_ATTRIBUTE = re.compile(r'([^\s=>"]+)="([^"]*)"')
_SHAPE = names(
    "h1 h2 h3 h4 h5 h6 ul ol li dl dt dd pre table tr td th em strong s ins sub sup kbd mark ruby"
    " rt abbr details summary figure hr br"
)


@dataclass(slots=True, eq=False)
class Node:
    """An element; its text is among its children. The cleaner owns the tree and changes it in place."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    def get(self, name: str) -> str:
        """The attribute's value without white space around it, empty when there is none."""
        return self.attributes.get(name, "").strip()

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(self.attributes.get("class", "").lower().split())

    def elements(self) -> Iterator["Node"]:
        """Every element below this one, in the order of the document."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.elements()

    def find(self, *tags: str) -> list["Node"]:
        return [element for element in self.elements() if element.tag in tags]

    @property
    def text(self) -> str:
        """All text inside, as it stands."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def is_blank(self) -> bool:
        """Whether nothing inside can be seen."""
        return all(
            not child.strip() if isinstance(child, str) else child.tag not in _SEEN and child.is_blank
            for child in self.children
        )


Content = Node | str
_SEEN = frozenset({"img", "hr", "footnote-ref"})


def parse(canonical: str) -> Node:
    """The tree of HTML as nh3 writes it: every element closed, every `<` and `&` of the text escaped."""
    root = Node("root")
    path = [root]
    opened: list[bool] = []
    for token in _TOKEN.finditer(canonical):
        closing, tag, attributes, text = token.groups()
        if text is not None:
            path[-1].children.append(unescape(text))
        elif closing:
            if opened and opened.pop():
                path.pop()
        elif tag in VOID or len(path) <= MAX_DEPTH or (tag == "a" and path[-1].tag != "a"):
            node = Node(tag, {name: unescape(value) for name, value in _ATTRIBUTE.findall(attributes)})
            path[-1].children.append(node)
            if tag not in VOID:
                path.append(node)
                opened.append(True)
        else:
            opened.append(False)
    return root


def serialise(content: Content) -> str:
    """The content as HTML."""
    if isinstance(content, str):
        return escape(content, quote=False)
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in content.attributes.items())
    if content.tag in VOID:
        return f"<{content.tag}{attributes}>"
    inner = "".join(serialise(child) for child in content.children)
    return f"<{content.tag}{attributes}>{inner}</{content.tag}>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What a reader gets from a piece of HTML; two pieces with equal values read the same."""

    text: str
    """Visible words with single spaces between them."""
    links: tuple[str, ...]
    images: tuple[tuple[str, str, str, str], ...]
    """Address, alternative text, width and height of each."""
    quotations: tuple[int, ...]
    """Depth of each quotation, in order."""
    shape: Counter[str]
    """How many there are of each element that means something."""


def seen(content: Iterable[Content]) -> Seen:
    """What a reader sees of the content."""
    reader = _Reader()
    reader.read(content, quotation=0, in_code=False)
    return Seen(
        text=" ".join("".join(reader.text).split()),
        links=tuple(reader.links),
        images=tuple(reader.images),
        quotations=tuple(reader.quotations),
        shape=reader.shape,
    )


class _Reader:
    def __init__(self) -> None:
        self.text: list[str] = []
        self.links: list[str] = []
        self.images: list[tuple[str, str, str, str]] = []
        self.quotations: list[int] = []
        self.shape: Counter[str] = Counter()

    def read(self, content: Iterable[Content], *, quotation: int, in_code: bool) -> None:
        for child in content:
            if isinstance(child, str):
                self.text.append(child)
                continue
            tag = child.tag
            if tag == "footnote-ref" or "footnote-ref" in child.classes:
                self.shape["footnote-ref"] += 1
                continue
            if tag == "blockquote":
                self.quotations.append(quotation)
            if (
                tag in _SHAPE
                or (tag == "code" and not in_code)
                or (tag == "div" and "class" in child.attributes)
            ):
                self.shape[f"{tag} {child.get('class')}" if tag == "div" else tag] += 1
            if tag == "a":
                self.links.append(child.get("href"))
            elif tag == "img":
                self.images.append(
                    (
                        child.get("src"),
                        " ".join(child.get("alt").split()),
                        child.get("width"),
                        child.get("height"),
                    )
                )
            apart = tag not in INLINE or tag in {"br", "img"}
            self.text.append(" " * apart)
            self.read(
                child.children, quotation=quotation + (tag == "blockquote"), in_code=in_code or tag == "pre"
            )
            self.text.append(" " * apart)
