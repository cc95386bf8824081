"""Tables: those that hold data stay tables, those that only lay out a page are opened."""

from collections.abc import Callable, Iterable

from newsletter.content.clean.tree import Content, Node

_CELL_ATTRIBUTES = ("colspan", "rowspan", "align", "scope", "lang", "dir")


def table(node: Node, blocks: Callable[[Iterable[Content]], list[Node]]) -> list[Node]:
    """The table with cells in their simplest form, its caption before it; or what a layout table holds."""
    rows = node.find("tr")
    caption = [child for child in node.children if isinstance(child, Node) and child.tag == "caption"]
    cells = [
        [cell for cell in row.children if isinstance(cell, Node) and cell.tag in {"td", "th"}] for row in rows
    ]
    is_one_line = all(len(row) < 2 for row in cells) or (len(rows) == 1 and not node.find("th"))
    if is_one_line or node.find("table") or node.get("role") == "presentation":
        return blocks(_opened(node.children))
    made: list[Content] = [Node("tr", {}, [_cell(cell, blocks) for cell in row]) for row in cells]
    heads = sum(1 for row in rows if _is_head(node, row))
    parts: list[Content] = [Node("thead", {}, made[:heads])] if heads else []
    if made[heads:]:
        parts.append(Node("tbody", {}, made[heads:]))
    return [*(p for head in caption for p in blocks(head.children)), Node("table", {}, parts)]


def _is_head(node: Node, row: Node) -> bool:
    """Whether the row is in the `thead`, or is the first one and all headings."""
    heads = [part for part in node.children if isinstance(part, Node) and part.tag == "thead"]
    if any(row in head.children for head in heads):
        return True
    cells = [cell for cell in row.children if isinstance(cell, Node)]
    return not heads and row is node.find("tr")[0] and all(cell.tag == "th" for cell in cells)


def _cell(cell: Node, blocks: Callable[[Iterable[Content]], list[Node]]) -> Node:
    inner = blocks(cell.children)
    kept = {name: cell.attributes[name] for name in _CELL_ATTRIBUTES if name in cell.attributes}
    only = inner[0] if len(inner) == 1 and inner[0].tag == "p" and not inner[0].attributes else None
    return Node(cell.tag, kept, only.children if only else list(inner))


def _opened(content: Iterable[Content]) -> list[Content]:
    """Layout cells one after the other, each as a division."""
    opened: list[Content] = []
    for child in content:
        if isinstance(child, Node) and child.tag in {
            "caption",
            "thead",
            "tbody",
            "tfoot",
            "tr",
            "td",
            "th",
            "colgroup",
        }:
            opened.append(Node("div", child.attributes, _opened(child.children)))
        else:
            opened.append(child)
    return opened
