"""A post as a plain sequence of blocks: paragraphs, headings, lists, quotations, figures, cards.

Wrappers are opened, runs of text become paragraphs, links around blocks move inside them, headings
begin at h3 (the post's title is the h2), and quotations end with their attribution.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile

from newsletter.content.clean.addresses import address, host_of
from newsletter.content.clean.attributions import credit_at_end, split_credit, undashed
from newsletter.content.clean.embeds import is_card
from newsletter.content.clean.figures import is_figure, split_captions
from newsletter.content.clean.inline import code_text, simplified, trimmed
from newsletter.content.clean.tables import table
from newsletter.content.clean.tree import HEADINGS, INLINE, Content, Node
from newsletter.content.markdown import ATTRIBUTION

_TITLE_LEVEL = 2
_DEEPEST_HEADING = 6
_WIDE = 100
"""CSS pixels from which a picture at the beginning of a paragraph is more than an icon."""
_LIST_ATTRIBUTES = ("start", "reversed", "type")


def blocks_of(root: Node, base: str) -> list[Node]:
    """The blocks of a tidied post, in order."""
    blocks = _Flow(base).blocks(root.children)
    _demote_headings(blocks)
    return blocks


class _Flow:
    """Turns any content into blocks; `base` resolves the `cite` of quotations."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.rules: dict[str, Callable[[Node], list[Node]]] = {
            **dict.fromkeys(HEADINGS, self._heading),
            "ul": self._list,
            "ol": self._list,
            "dl": self._definitions,
            "blockquote": self._quotation,
            "pre": self._preformatted,
            "table": lambda node: table(node, self.blocks),
            "details": self._details,
            "hr": lambda _node: [Node("hr")],
            "footnote": self._footnote,
        }

    def blocks(self, content: Iterable[Content]) -> list[Node]:
        """The blocks that hold the content: what is no block is gathered into paragraphs."""
        blocks: list[Node] = []
        run: list[Content] = []
        for child in _spread(content):
            if isinstance(child, str) or _is_inline(child):
                run.append(child)
            else:
                blocks += [*_paragraphs(run), *self._block(child)]
                run = []
        return [*blocks, *_paragraphs(run)]

    def _block(self, node: Node) -> list[Node]:
        if is_card(node):
            return [Node("div", {"class": node.get("class")}, list(self.blocks(node.children)))]
        if is_figure(node):
            made = self._figure(node)
        elif node.tag == "a":
            made = [_linked(block, node.attributes) for block in self.blocks(node.children)]
        elif node.tag in self.rules:
            made = self.rules[node.tag](node)
        else:
            made = self.blocks(_with_buttons(node))
        for block in made:
            for name in ("lang", "dir"):
                if name in node.attributes:
                    block.attributes.setdefault(name, node.attributes[name])
        return made

    def _heading(self, node: Node) -> list[Node]:
        made = self.blocks(node.children)
        for block in made:
            if block.tag == "p" and block.text.strip():
                block.tag = node.tag
        return made

    def _list(self, node: Node) -> list[Node]:
        if any("gallery" in name for name in node.classes) and node.find("img"):
            return self.blocks(_opened(node))
        items: list[Node] = []
        for child in node.children:
            if isinstance(child, Node) and child.tag == "li":
                items.append(Node("li", _language(child), self._lines(child)))
            elif isinstance(child, Node) or child.strip():
                if not items:
                    items.append(Node("li"))
                items[-1].children += self.blocks([child])
        items = [item for item in items if not item.is_blank]
        kept = {name: value for name, value in node.attributes.items() if name in _LIST_ATTRIBUTES}
        return [Node(node.tag, kept, list(items))] if items else []

    def _lines(self, node: Node) -> list[Content]:
        return list(self.blocks(node.children))

    def _definitions(self, node: Node) -> list[Node]:
        if any("gallery" in name for name in node.classes) or not _has_only_definitions(node):
            return self.blocks(_opened(node))
        entries: list[Content] = []
        for child in node.elements():
            if child.tag in {"dt", "dd"}:
                blocks = self.blocks(child.children)
                only = blocks[0] if len(blocks) == 1 and blocks[0].tag == "p" else None
                entries.append(Node(child.tag, _language(child), only.children if only else list(blocks)))
        return [Node("dl", {}, entries)]

    def _quotation(self, node: Node) -> list[Node]:
        words, credit = split_credit(node)
        inner = self.blocks(words)
        attribution = _joined(self.blocks(credit)) or credit_at_end(inner)
        cited = address(node.get("cite"), self.base)
        if cited.startswith("http") and inner and cited not in {link.get("href") for link in node.find("a")}:
            if not attribution:
                attribution = [Node("a", {"href": cited}, [host_of(cited)])]
            elif not any(isinstance(part, Node) and part.tag == "a" for part in attribution):
                attribution = [Node("a", {"href": cited}, attribution)]
        if attribution:
            inner.append(Node("p", {}, [ATTRIBUTION, *attribution]))
        return [Node("blockquote", {}, list(inner))] if inner else []

    def _preformatted(self, node: Node) -> list[Node]:
        if any(map(is_card, node.elements())):
            return self.blocks(node.children)
        content = code_text(node.children)
        if content and isinstance(first := content[0], str):
            content[0] = first.removeprefix("\n")
        if content and isinstance(last := content[-1], str):
            content[-1] = last.rstrip()
        made = Node("pre", {}, content)
        if made.is_blank:
            return []
        if language := node.get("language"):
            made.attributes["language"] = language
        return [made]

    def _figure(self, node: Node) -> list[Node]:
        """A figure when it is pictures with a caption; else its parts, the caption after them."""
        body, captions = split_captions(node)
        caption = _joined(self.blocks(captions))
        if any(is_figure(inside) for inside in node.elements()):
            return self.blocks(_opened(node))
        made = self.blocks(body)
        if not caption:
            return made
        below = Node("p", {}, caption)
        if made and all(block.tag == "p" and block.find("img") and not block.text.strip() for block in made):
            return [Node("figure", {}, [*made, below])]
        if len(made) == 1 and made[0].tag == "blockquote":
            made[0].children.append(Node("p", {}, [ATTRIBUTION, *undashed(caption)]))
            return made
        if len(made) == 1 and is_card(made[0]):
            made[0].children.append(below)
            return made
        return [*made, below]

    def _footnote(self, node: Node) -> list[Node]:
        return [Node("footnote", {"label": node.get("label")}, self._lines(node))]

    def _details(self, node: Node) -> list[Node]:
        summary = [child for child in node.children if isinstance(child, Node) and child.tag == "summary"]
        rest = [child for child in node.children if not (isinstance(child, Node) and child.tag == "summary")]
        heads: list[Content] = [Node("summary", {}, _joined(self.blocks(head.children))) for head in summary]
        return [Node("details", {}, [*heads, *self.blocks(rest)])]


def _spread(content: Iterable[Content]) -> Iterator[Content]:
    """The content with emphasis opened that was drawn around blocks."""
    for child in content:
        if isinstance(child, Node) and child.tag in INLINE - {"a"} and not _is_inline(child):
            yield from _spread(child.children)
        else:
            yield child


def _is_inline(node: Node) -> bool:
    return node.tag in INLINE | {"img"} and all(
        _is_inline(child) for child in node.children if isinstance(child, Node)
    )


def _has_only_definitions(node: Node) -> bool:
    """Whether a definition list holds terms and their definitions, perhaps in groups, and nothing else."""
    parts = [child for child in node.children if isinstance(child, Node) or child.strip()]
    return bool(parts) and all(
        isinstance(part, Node)
        and (
            (part.tag in {"dt", "dd"} and not part.find("dl", "dt", "dd"))
            or (part.tag == "div" and _has_only_definitions(part))
        )
        for part in parts
    )


def _language(node: Node) -> dict[str, str]:
    return {name: node.attributes[name] for name in ("lang", "dir") if name in node.attributes}


def _opened(node: Node) -> list[Content]:
    """The children of a list, a definition list or a figure, as content of their own."""
    renamed = {"li": "div", "dt": "div", "dd": "div", "figcaption": "div", "ul": "div", "dl": "div"}
    return [
        Node(renamed.get(child.tag, child.tag), child.attributes, child.children)
        if isinstance(child, Node)
        else child
        for child in node.children
    ]


def _paragraphs(run: list[Content]) -> list[Node]:
    """Paragraphs of a run of inline content: two line breaks in a row part them."""
    made: list[Node] = []
    part: list[Content] = []
    breaks = 0
    for child in [*simplified(run), Node("br"), Node("br")]:
        if isinstance(child, Node) and child.tag == "br":
            breaks += 1
        elif isinstance(child, Node) or child.strip(" "):
            breaks = 0
        part.append(child)
        if breaks > 1:
            made += _paragraph(trimmed(part))
            part = []
    return made


def _paragraph(content: list[Content]) -> list[Node]:
    """The paragraph, or the buttons that it consists of; nothing when there is nothing to see."""
    node = Node("p", {}, content)
    if node.is_blank:
        return []
    seen = [child for child in content if isinstance(child, Node) or child.strip()]
    if all(isinstance(child, Node) and (_is_button(child) or child.tag == "br") for child in seen):
        buttons = [child for child in seen if isinstance(child, Node) and child.tag == "a"]
        return [
            Node("div", {"class": "button"}, [Node("p", {}, [_plain_link(button)])]) for button in buttons
        ]
    for link in node.find("a"):
        link.attributes.pop("class", None)
    pictures = list(takewhile(_is_wide_picture, seen))
    after = content.index(pictures[-1]) + 1 if pictures else 0
    rest = trimmed(content[after:])
    return [*(Node("p", {}, [picture]) for picture in pictures), *([Node("p", {}, rest)] if rest else [])]


def _is_wide_picture(content: Content) -> bool:
    """Whether a page would let the text flow around it; in a letter it stands by itself."""
    if isinstance(content, str) or content.text.strip():
        return False
    images = [content] if content.tag == "img" else content.find("img")
    return len(images) == 1 and int(images[0].get("width") or 0) >= _WIDE


def _is_button(node: Node) -> bool:
    return (
        node.tag == "a" and node.get("class") == "button" and bool(node.text.strip()) and not node.find("img")
    )


def _plain_link(link: Node) -> Node:
    return Node("a", {"href": link.get("href")}, link.children)


def _with_buttons(node: Node) -> list[Content]:
    """The children; in a `div` that is a button itself, its links are marked as such."""
    if node.tag == "div" and node.classes & {"button", "wp-block-button"}:
        for link in node.find("a"):
            link.attributes["class"] = "button"
    return node.children


def _linked(block: Node, attributes: dict[str, str]) -> Node:
    """The block with its text linked, for a link that was drawn around blocks."""
    if any(isinstance(child, str) or child.tag in INLINE | {"img"} for child in block.children):
        if not block.find("a"):
            block.children = [Node("a", {"href": attributes["href"]}, block.children)]
    else:
        block.children = [_linked(child, attributes) for child in block.children if isinstance(child, Node)]
    return block


def _joined(blocks: list[Node]) -> list[Content]:
    """The blocks' inline content as one line, without a leading dash."""
    line: list[Content] = []
    for block in blocks:
        line += [*([Node("br")] if line else []), *block.children]
    return undashed(line)


def _demote_headings(blocks: list[Node]) -> None:
    headings = [node for block in blocks for node in [block, *block.elements()] if node.tag in HEADINGS]
    if headings:
        shift = _TITLE_LEVEL + 1 - min(int(heading.tag[1]) for heading in headings)
        for heading in headings:
            heading.tag = f"h{min(_DEEPEST_HEADING, int(heading.tag[1]) + shift)}"
