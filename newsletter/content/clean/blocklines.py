"""Blocks as lines of Markdown, or of HTML where Markdown has no words for them."""

import re
from collections.abc import Callable, Iterable, Sequence

from newsletter.content.clean.sanitise import sanitise_outgoing
from newsletter.content.clean.spans import backslashed, inline_markdown, paragraph_lines
from newsletter.content.clean.tree import HEADINGS, INLINE, Content, Node, serialise

_HEADING_END = re.compile(r"(?<=[ \t])(#+)$|^(#+)$")
_COLONS = re.compile(r"(?m)^[> ]*(:{3,})")
_TICKS = re.compile(r"`+")
_LARGEST_START = 999_999_999
_ALIGNMENTS = {"left": ":--", "center": ":-:", "right": "--:"}


class FootnoteInHtml(Exception):
    """A block that must stay HTML refers to a footnote, which Markdown would then not find."""


def html_block(node: Node) -> list[str]:
    """The block as HTML on one line: an empty line would end it for Markdown.

    Raises FootnoteInHtml when it refers to a footnote.
    """
    if node.find("footnote-ref"):
        raise FootnoteInHtml
    html = sanitise_outgoing(serialise(as_html(node))).strip()
    if "<pre" in html:
        return [html.replace("\n", "&#10;")]
    return [re.sub(r"\s*\n\s*", " ", html)]


def as_html(node: Node) -> Node:
    """The block as it would be rendered: code inside `pre`, its language as a class."""
    if node.tag == "pre" and "language" in node.attributes:
        code = Node("code", {"class": f"language-{node.get('language')}"}, node.children)
        kept = {name: value for name, value in node.attributes.items() if name != "language"}
        return Node("pre", kept, [code])
    children = [child if isinstance(child, str) else as_html(child) for child in node.children]
    return Node(node.tag, node.attributes, children)


def written_in_turn(blocks: Iterable[Node], *, write: Callable[[Node, str], list[str]]) -> list[list[str]]:
    """Each block's lines; of two lists side by side the second has other marks, or they would be one."""
    written: list[list[str]] = []
    previous, mark = "", "-"
    for block in blocks:
        mark = "+" if block.tag == previous and mark == "-" else "-"
        written.append(write(block, mark))
        previous = block.tag
    return written


def block_lines(block: Node, mark: str = "-") -> list[str]:
    """The block's lines of Markdown, without proof."""
    if {"lang", "dir"} & block.attributes.keys():
        return html_block(block)
    tag = block.tag
    if tag == "p":
        return paragraph_lines(block.children)
    if tag in HEADINGS:
        text = inline_markdown(block.children, line_break="<br>").strip()
        return [f"{'#' * int(tag[1])} {_HEADING_END.sub(backslashed, text)}"]
    if tag in {"ul", "ol"}:
        return _list(block, mark)
    if tag == "blockquote":
        return [f"> {line}".rstrip() for line in lines_of(block.children)]
    if tag == "pre" and all(isinstance(child, str) for child in block.children):
        return _fence(block)
    if tag == "table":
        return _table(block) or html_block(block)
    if tag == "hr":
        return ["* * *"]
    if tag in {"div", "figure"} and (name := _container(block)):
        inner = lines_of(block.children)
        colons = max((len(found) for found in _COLONS.findall("\n".join(inner))), default=2) + 1
        return [f"{':' * colons} {name}", *inner, ":" * colons]
    return html_block(block)


def _container(block: Node) -> str:
    if block.tag == "figure":
        return "figure"
    words = block.get("class").split()
    return f"card {words[-1].removeprefix('card-')}" if "card" in words else " ".join(words)


def lines_of(children: Iterable[Content]) -> list[str]:
    """The lines of blocks one after the other, with empty lines between."""
    blocks = [child if isinstance(child, Node) else Node("p", {}, [child]) for child in children]
    lines: list[str] = []
    for written in written_in_turn(blocks, write=block_lines):
        lines += [*([""] if lines else []), *written]
    return lines


def _list(block: Node, mark: str) -> list[str]:
    start = block.get("start")
    numbered = block.tag == "ol"
    number = int(start) if start.isdecimal() and int(start) <= _LARGEST_START else 1
    items = [item for item in block.children if isinstance(item, Node)]
    is_plain = (
        "reversed" not in block.attributes and block.get("type") in {"", "1"} and start in {"", str(number)}
    )
    if not is_plain or any(item.attributes for item in items):
        return html_block(block)
    is_loose = any(sum(isinstance(c, Node) and c.tag == "p" for c in item.children) > 1 for item in items)
    lines: list[str] = []
    for item in items:
        bullet = f"{number}{'.' if mark == '-' else ')'}" if numbered else mark
        number += 1
        inner = lines_of(item.children) if is_loose else _tight_lines(item.children)
        indent = " " * (len(bullet) + 1)
        if lines and is_loose:
            lines.append("")
        first, *others = inner or [""]
        lines += [f"{bullet} {first}".rstrip(), *(f"{indent}{line}".rstrip() for line in others)]
    return lines


def _tight_lines(children: Sequence[Content]) -> list[str]:
    """The lines of a list item; a nested list follows its text without an empty line."""
    lines: list[str] = []
    blocks = [child for child in children if isinstance(child, Node)]
    previous = ""
    for block, written in zip(blocks, written_in_turn(blocks, write=block_lines), strict=True):
        is_joined = not lines or (previous == "p" and block.tag in {"ul", "ol"} and not block.get("start"))
        lines += [*([] if is_joined else [""]), *written]
        previous = block.tag
    return lines


def _fence(block: Node) -> list[str]:
    text = "".join(child for child in block.children if isinstance(child, str))
    ticks = "`" * max([3, *(len(run) + 1 for run in _TICKS.findall(text))])
    return [f"{ticks}{block.get('language')}", *text.split("\n"), ticks]


def _table(block: Node) -> list[str]:
    """A pipe table; empty when the table has no heading row, or cells that are joined or hold blocks."""
    rows = [[cell for cell in row.children if isinstance(cell, Node)] for row in block.find("tr")]
    heads = [part for part in block.children if isinstance(part, Node) and part.tag == "thead"]
    if not heads or len(heads[0].children) != 1 or len({len(row) for row in rows}) != 1:
        return []
    for number, row in enumerate(rows):
        for cell in row:
            if cell.tag != ("td" if number else "th") or not _is_simple(cell):
                return []
    written = [
        [inline_markdown(cell.children, line_break="<br>").strip().replace("|", "\\|") for cell in row]
        for row in rows
    ]
    ruler = [_ALIGNMENTS.get(cell.get("align").lower(), "---") for cell in rows[0]]
    return ["| " + " | ".join(row) + " |" for row in [written[0], ruler, *written[1:]]]


def _is_simple(cell: Node) -> bool:
    told = {name for name in cell.attributes if cell.get(name) != "1"}
    is_inline = all(isinstance(child, str) or child.tag in INLINE | {"img"} for child in cell.children)
    return is_inline and not told & {"lang", "dir", "rowspan", "colspan"}
