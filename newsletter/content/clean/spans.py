"""The inside of a paragraph as Markdown: emphasis, links, images, code, and text that stays text."""

import re
from collections.abc import Sequence

from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace

from newsletter.content.clean.inline import EMPHASIS
from newsletter.content.clean.tree import Content, Node, serialise

_MARKS = {"strong": "**", "em": "*", "s": "~~"}
_ESCAPED = re.compile(r"[\\`*\[\]]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|(?<=~)~|<(?=[A-Za-z/!?])|&(?=#?\w{1,31};)")
_LINE_START = re.compile(
    r"(?m)^(?:([-+](?=[ \t]|$)|#{1,6}(?=[ \t]|$)|>|:{3}|(?:=+|-+)[ \t]*$|[|:-][|:\- \t]*$))"
)
_LINE_START_NUMBER = re.compile(r"(?m)^(\d{1,9})(?=[.)](?:[ \t]|$))")
_TICKS = re.compile(r"`+")


def text_to_markdown(text: str) -> str:
    """Markdown of a plain paragraph."""
    return guarded(escaped(text))


def inline_to_markdown(content: Sequence[Content]) -> str:
    """Markdown of a paragraph with the content given."""
    return "\n".join(paragraph_lines(content))


def paragraph_lines(content: Sequence[Content]) -> list[str]:
    """The lines of a paragraph, none of which begins another kind of block."""
    text = inline_markdown(content, line_break="\\\n").strip(" \n")
    return guarded("\n".join(line.strip(" ") for line in text.split("\n"))).split("\n")


def guarded(text: str) -> str:
    """The text with everything escaped that would make a line begin a block."""
    return _LINE_START_NUMBER.sub(r"\1\\", _LINE_START.sub(backslashed, text))


def backslashed(found: re.Match[str]) -> str:
    """What was found, with a backslash before it."""
    return f"\\{found[0]}"


def escaped(text: str) -> str:
    """Text that Markdown reads as the very same text."""
    return _ESCAPED.sub(backslashed, text)


def inline_markdown(content: Sequence[Content], *, line_break: str, following: str = "") -> str:
    """The content as one piece of Markdown; `following` is the visible character that comes after it."""
    written = ""
    for at, child in enumerate(content):
        after = _first_character_from(content, at + 1) or following
        piece = escaped(child) if isinstance(child, str) else _element(child, written[-1:], after, line_break)
        if piece.startswith("[") and written.endswith(("!", "^")):
            written = f"{written[:-1]}\\{written[-1]}"
        if piece.startswith("{") and written.endswith((")", "}")):
            piece = f"\\{piece}"
        if piece.startswith(("(", ":")) and written.endswith("]") and isinstance(child, str):
            piece = f"\\{piece}"
        written += piece
    return written


def _first_character_from(content: Sequence[Content], at: int) -> str:
    return next((first for i in range(at, len(content)) if (first := _first_character(content[i]))), "")


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
    inner = inline_markdown(node.children, line_break=line_break, following="]" if tag == "a" else after)
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
    inner = inline_markdown(node.children, line_break=line_break, following=after)
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
    title = escaped(node.get("title")).replace('"', '\\"')
    target = _target(node.get("src")) + (f' "{title}"' if title else "")
    sizes = " ".join(f"{name}={node.get(name)}" for name in ("width", "height") if node.get(name))
    return f"![{escaped(node.get('alt'))}]({target})" + (f"{{{sizes}}}" if sizes else "")


def _target(url: str) -> str:
    """An address between round brackets: it is percent-encoded, so only brackets and `&` can mislead."""
    url = re.sub(r"&(?=#?\w{1,31};)", "&amp;", url)
    return f"<{url}>" if url.count("(") != url.count(")") or url.find(")") < url.find("(") else url
