"""Blocks as Markdown, each proven: what does not read the same when rendered stays HTML."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TypeGuard

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace

from newsletter.content.clean.inline import EMPHASIS
from newsletter.content.clean.sanitise import sanitise_outgoing
from newsletter.content.clean.tree import HEADINGS, Content, Node, parse, seen, serialise
from newsletter.content.markdown import parser

_MARKS = {"strong": "**", "em": "*", "s": "~~"}
_ESCAPED = re.compile(r"[\\`*\[\]]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|(?<=~)~|<(?=[A-Za-z/!?])|&(?=#?\w{1,31};)")
_LINE_START = re.compile(
    r"(?m)^(?:([-+](?=[ \t]|$)|#{1,6}(?=[ \t]|$)|>|:{3}|(?:=+|-+)[ \t]*$|[|:-][|:\- \t]*$))"
)
_LINE_START_NUMBER = re.compile(r"(?m)^(\d{1,9})(?=[.)](?:[ \t]|$))")
_HEADING_END = re.compile(r"(?<=[ \t])(#+)$|^(#+)$")
_COLONS = re.compile(r"(?m)^[> ]*(:{3,})")
_TICKS = re.compile(r"`+")
_LARGEST_START = 999_999_999
_ALIGNMENTS = {"left": ":--", "center": ":-:", "right": "--:"}


class FootnoteInHtml(Exception):
    """A block that must stay HTML refers to a footnote, which Markdown would then not find."""


def to_markdown(blocks: Iterable[Node]) -> str:
    """Markdown that reads the same as the blocks; what Markdown lacks stays as cleaned HTML.

    Raises FootnoteInHtml when footnotes cannot be kept as such.
    """
    return "\n\n".join("\n".join(lines) for lines in _sequence(blocks, write=_proven))


def text_to_markdown(text: str) -> str:
    """Markdown of a plain paragraph."""
    return _guarded(_escaped(text))


def inline_to_markdown(content: Sequence[Content]) -> str:
    """Markdown of a paragraph with the content given."""
    return "\n".join(_paragraph(content))


def as_rendered(markdown: str) -> Node:
    """The tree that a letter gets from the Markdown."""
    return parse(sanitise_outgoing(_parser().render(markdown)))


def html_block(node: Node) -> list[str]:
    """The block as HTML on one line: an empty line would end it for Markdown.

    Raises FootnoteInHtml when it refers to a footnote.
    """
    if node.find("footnote-ref"):
        raise FootnoteInHtml
    html = sanitise_outgoing(serialise(_as_html(node))).strip()
    if "<pre" in html:
        return [html.replace("\n", "&#10;")]
    return [re.sub(r"\s*\n\s*", " ", html)]


@cache
def _parser() -> MarkdownIt:
    return parser()


def _proven(block: Node, mark: str) -> list[str]:
    if block.tag == "footnote":
        return _proven_footnote(block)
    lines = _block(block, mark)
    labels = sorted({mark.get("label") for mark in block.find("footnote-ref")})
    rendered = as_rendered("\n".join([*lines, *(f"\n[^{label}]: note" for label in labels)]))
    read = [child for child in rendered.children if not _is_footnotes(child)]
    return lines if seen(read) == seen([_as_html(block)]) else html_block(block)


def _proven_footnote(block: Node) -> list[str]:
    """The lines of a footnote. Raises FootnoteInHtml when they would not read the same."""
    first, *rest = _lines(block.children) or [""]
    lines = [f"[^{block.get('label')}]: {first}".rstrip(), *(f"    {line}".rstrip() for line in rest)]
    rendered = as_rendered("\n".join([f"mark[^{block.get('label')}]", "", *lines]))
    notes = [item for part in rendered.children if _is_footnotes(part) for item in part.find("li")[:1]]
    read = [child for note in notes for child in _without_back_links(note).children]
    if seen(read) != seen([_as_html(child) for child in block.children if isinstance(child, Node)]):
        raise FootnoteInHtml
    return lines


def _is_footnotes(content: Content) -> TypeGuard[Node]:
    return isinstance(content, Node) and bool(content.classes & {"footnotes", "footnotes-sep"})


def _without_back_links(node: Node) -> Node:
    kept = [
        child for child in node.children if isinstance(child, str) or "footnote-backref" not in child.classes
    ]
    return Node(
        node.tag, node.attributes, [c if isinstance(c, str) else _without_back_links(c) for c in kept]
    )


def _as_html(node: Node) -> Node:
    """The block as it would be rendered: code inside `pre`, its language as a class."""
    if node.tag == "pre" and "language" in node.attributes:
        code = Node("code", {"class": f"language-{node.get('language')}"}, node.children)
        kept = {name: value for name, value in node.attributes.items() if name != "language"}
        return Node("pre", kept, [code])
    children = [child if isinstance(child, str) else _as_html(child) for child in node.children]
    return Node(node.tag, node.attributes, children)


def _sequence(blocks: Iterable[Node], *, write: Callable[[Node, str], list[str]]) -> list[list[str]]:
    """Each block's lines; of two lists side by side the second has other marks, or they would be one."""
    written: list[list[str]] = []
    previous, mark = "", "-"
    for block in blocks:
        mark = "+" if block.tag == previous and mark == "-" else "-"
        written.append(write(block, mark))
        previous = block.tag
    return written


def _block(block: Node, mark: str = "-") -> list[str]:
    """The block's lines of Markdown, without proof."""
    if {"lang", "dir"} & block.attributes.keys():
        return html_block(block)
    tag = block.tag
    if tag == "p":
        return _paragraph(block.children)
    if tag in HEADINGS:
        text = _inline(block.children, line_break="<br>").strip()
        return [f"{'#' * int(tag[1])} {_HEADING_END.sub(_backslashed, text)}"]
    if tag in {"ul", "ol"}:
        return _list(block, mark)
    if tag == "blockquote":
        return [f"> {line}".rstrip() for line in _lines(block.children)]
    if tag == "pre" and all(isinstance(child, str) for child in block.children):
        return _fence(block)
    if tag == "table":
        return _table(block) or html_block(block)
    if tag == "hr":
        return ["* * *"]
    if tag in {"div", "figure"} and (name := _container(block)):
        inner = _lines(block.children)
        colons = max((len(found) for found in _COLONS.findall("\n".join(inner))), default=2) + 1
        return [f"{':' * colons} {name}", *inner, ":" * colons]
    return html_block(block)


def _container(block: Node) -> str:
    if block.tag == "figure":
        return "figure"
    words = block.get("class").split()
    return f"card {words[-1].removeprefix('card-')}" if "card" in words else " ".join(words)


def _lines(children: Iterable[Content]) -> list[str]:
    blocks = [child if isinstance(child, Node) else Node("p", {}, [child]) for child in children]
    lines: list[str] = []
    for written in _sequence(blocks, write=_block):
        lines += [*([""] if lines else []), *written]
    return lines


def _list(block: Node, mark: str) -> list[str]:
    start = block.get("start")
    numbered = block.tag == "ol"
    number = int(start) if start.isdecimal() and int(start) <= _LARGEST_START else 1
    if (
        "reversed" in block.attributes
        or block.get("type") not in {"", "1"}
        or (start and str(number) != start)
    ):
        return html_block(block)
    items = [item for item in block.children if isinstance(item, Node)]
    if any(item.attributes for item in items):
        return html_block(block)
    is_loose = any(sum(isinstance(c, Node) and c.tag == "p" for c in item.children) > 1 for item in items)
    lines: list[str] = []
    for item in items:
        bullet = f"{number}{'.' if mark == '-' else ')'}" if numbered else mark
        number += 1
        inner = _lines(item.children) if is_loose else _tight_lines(item.children)
        indent = " " * (len(bullet) + 1)
        if lines and is_loose:
            lines.append("")
        lines += (
            [f"{bullet} {inner[0]}".rstrip(), *(f"{indent}{line}".rstrip() for line in inner[1:])]
            if inner
            else [bullet]
        )
    return lines


def _tight_lines(children: Sequence[Content]) -> list[str]:
    """The lines of a list item; a nested list follows its text without an empty line."""
    lines: list[str] = []
    blocks = [child for child in children if isinstance(child, Node)]
    previous = ""
    for block, written in zip(blocks, _sequence(blocks, write=_block), strict=True):
        is_joined = not lines or (previous == "p" and block.tag in {"ul", "ol"} and not block.get("start"))
        lines += [*([] if is_joined else [""]), *written]
        previous = block.tag
    return lines


def _fence(block: Node) -> list[str]:
    text = "".join(child for child in block.children if isinstance(child, str))
    ticks = "`" * max(3, *(len(run) + 1 for run in _TICKS.findall(text)), 3)
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
        [_inline(cell.children, line_break="<br>").strip().replace("|", "\\|") for cell in row]
        for row in rows
    ]
    ruler = [_ALIGNMENTS.get(cell.get("align").lower(), "---") for cell in rows[0]]
    return ["| " + " | ".join(row) + " |" for row in [written[0], ruler, *written[1:]]]


def _is_simple(cell: Node) -> bool:
    plain = not {"lang", "dir", "rowspan", "colspan"} & {
        name for name in cell.attributes if cell.get(name) != "1"
    }
    return plain and not any(
        isinstance(c, Node) and c.tag in {"p", "ul", "ol", "div", "pre"} for c in cell.children
    )


# --- inside a paragraph ------------------------------------------------------------------------


def _paragraph(content: Sequence[Content]) -> list[str]:
    text = _inline(content, line_break="\\\n").strip(" \n")
    return _guarded("\n".join(line.strip(" ") for line in text.split("\n"))).split("\n")


def _guarded(text: str) -> str:
    """The text with everything escaped that would make a line begin a block."""
    return _LINE_START_NUMBER.sub(r"\1\\", _LINE_START.sub(_backslashed, text))


def _backslashed(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _escaped(text: str) -> str:
    return _ESCAPED.sub(_backslashed, text)


def _inline(content: Sequence[Content], *, line_break: str, following: str = "") -> str:
    """The content as one piece of Markdown; `following` is the visible character that comes after it."""
    written = ""
    for at, child in enumerate(content):
        after = next((first for part in content[at + 1 :] if (first := _first_character(part))), following)
        piece = (
            _escaped(child) if isinstance(child, str) else _element(child, written[-1:], after, line_break)
        )
        if piece.startswith("[") and written.endswith(("!", "^")):
            written = f"{written[:-1]}\\{written[-1]}"
        if piece.startswith("{") and written.endswith((")", "}")):
            piece = f"\\{piece}"
        if piece.startswith(("(", ":")) and written.endswith("]") and isinstance(child, str):
            piece = f"\\{piece}"
        written += piece
    return written


def _first_character(content: Content) -> str:
    if isinstance(content, str):
        return content[:1]
    return {"br": "\n", "img": "!"}.get(content.tag) or content.text[:1]


def _element(node: Node, before: str, after: str, line_break: str) -> str:
    tag = node.tag
    if tag == "br":
        return line_break
    if tag == "img":
        return _image(node)
    if tag == "footnote-ref":
        return f"[^{node.get('label')}]"
    if {"lang", "dir"} & node.attributes.keys():
        return _tagged(node, after, line_break)
    if tag == "code":
        return _code(node) or _tagged(node, after, line_break)
    inner = _inline(node.children, line_break=line_break, following="]" if tag == "a" else after)
    if tag == "a":
        return f"[{inner}]({_target(node.get('href'))})"
    if tag in EMPHASIS and _can_be_marked(inner, before, after):
        return f"{_MARKS[tag]}{inner}{_MARKS[tag]}"
    return _tagged(node, after, line_break)


def _tagged(node: Node, after: str, line_break: str) -> str:
    """The element as tags around its Markdown."""
    if node.tag == "wbr":
        return "<wbr>"
    opening = serialise(Node(node.tag, node.attributes)).removesuffix(f"</{node.tag}>")
    inner = _inline(node.children, line_break=line_break, following=after)
    return f"{' '.join(opening.split())}{inner}</{node.tag}>"


def _can_be_marked(inner: str, before: str, after: str) -> bool:
    """Whether marks around `inner` would open and close emphasis (CommonMark 0.31 §6.2)."""
    if (
        not inner
        or before in {"*", "~", "_"}
        or after in {"*", "~", "_"}
        or inner[0] in "*~_"
        or inner[-1] in "*~_"
    ):
        return False
    opens = not _is_mark(inner[0]) or not before or _is_space(before) or _is_mark(before)
    closes = not _is_mark(inner[-1]) or not after or _is_space(after) or _is_mark(after)
    return opens and closes and not _is_space(inner[0]) and not _is_space(inner[-1])


def _is_space(character: str) -> bool:
    return isWhiteSpace(ord(character))


def _is_mark(character: str) -> bool:
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)


def _code(node: Node) -> str:
    """A code span; empty when the code holds links or images and must be written with tags."""
    elements = list(node.elements())
    if any(element.tag in {"a", "img"} for element in elements):
        return ""
    text = " ".join(node.text.replace("\n", " ").split(" "))
    ticks = "`" * (max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    pad = (
        " "
        if text.startswith("`") or text.endswith("`") or (text.startswith(" ") and text.endswith(" "))
        else ""
    )
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _image(node: Node) -> str:
    title = node.get("title").replace("\\", "\\\\").replace('"', '\\"')
    target = _target(node.get("src")) + (f' "{title}"' if title else "")
    sizes = " ".join(f"{name}={node.get(name)}" for name in ("width", "height") if node.get(name))
    return f"![{_escaped(node.get('alt'))}]({target})" + (f"{{{sizes}}}" if sizes else "")


def _target(url: str) -> str:
    """An address between round brackets: it is percent-encoded, so only brackets and `&` can mislead."""
    url = re.sub(r"&(?=#?\w{1,31};)", "&amp;", url)
    return f"<{url}>" if url.count("(") != url.count(")") or url.find(")") < url.find("(") else url
