"""Whose words a quotation holds, wherever the page has put the name."""

import re

from newsletter.content.clean.inline import trimmed
from newsletter.content.clean.tree import Content, Node

_DASH = re.compile(r"\A[ \t\n\xa0]*(?:—|–|―|--|[-~](?=\s))\s*")
_DASHES = " \n\t-–—―~"
_LONGEST_ATTRIBUTION = 200
"""Characters."""


def split_credit(node: Node) -> tuple[list[Content], list[Content]]:
    """A quotation's words, and the content of the `footer`, `cite` or `figcaption` that ends it."""
    at = len(node.children)
    while at and isinstance(before := node.children[at - 1], str) and not before.strip():
        at -= 1
    last = node.children[at - 1] if at else None
    if not isinstance(last, Node) or at == 1:
        return node.children, []
    only = [child for child in last.children if isinstance(child, Node) or child.strip(_DASHES)]
    is_cited = (
        last.tag == "p" and len(only) == 1 and isinstance(only[0], Node) and only[0].tag in {"cite", "footer"}
    )
    before_cite = node.children[at - 2]
    starts_line = not isinstance(before_cite, str) or not before_cite.strip() or _ends_with_dash(before_cite)
    if last.tag in {"footer", "figcaption"} or is_cited or (last.tag == "cite" and starts_line):
        words = node.children[: at - 1]
        if words and isinstance(tail := words[-1], str) and last.tag == "cite":
            words[-1] = tail.rstrip(_DASHES)
        return words, [last]
    return node.children, []


def _ends_with_dash(text: str) -> bool:
    return text.rstrip().endswith(("—", "–", "―", "--"))


def credit_at_end(blocks: list[Node]) -> list[Content]:
    """The attribution taken off the last paragraph: it begins with a dash, or is a cite on its own line."""
    last = blocks[-1] if blocks else None
    if last is None or last.tag != "p":
        return []
    if len(blocks) > 1 and _DASH.match(last.text) and len(last.text) < _LONGEST_ATTRIBUTION:
        blocks.pop()
        return undashed(last.children)
    broken = max(
        (i for i, c in enumerate(last.children) if isinstance(c, Node) and c.tag == "br"), default=-1
    )
    line = trimmed(last.children[broken + 1 :])
    text = Node("", {}, line).text
    if broken > 0 and len(text) < _LONGEST_ATTRIBUTION and (_is_cite(line) or _DASH.match(text)):
        last.children = trimmed(last.children[:broken])
        return undashed(line)
    return []


def _is_cite(line: list[Content]) -> bool:
    return len(line) == 1 and isinstance(line[0], Node) and line[0].tag == "cite"


def undashed(content: list[Content]) -> list[Content]:
    """The content without the dash that it begins with."""
    result = list(content)
    if result and isinstance(first := result[0], str):
        result[0] = _DASH.sub("", first, count=1)
    elif result and isinstance(first, Node) and first.tag == "cite":
        result[0] = Node("cite", first.attributes, undashed(first.children))
    return result
