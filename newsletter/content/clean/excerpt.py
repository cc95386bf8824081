"""The beginning of a post: whole blocks, then up to the end of a sentence."""

import re
from collections.abc import Iterable, Sequence

from newsletter.content.clean.tomarkdown import as_rendered, inline_to_markdown
from newsletter.content.clean.tree import Content, Node, seen
from newsletter.content.markdown import parser

SUMMARY_LIMIT = 300
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[」』”’）]*")
_ABBREVIATED = re.compile(r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|Prof|St|vs|e\.g|i\.e|z\.B|bzw|ca|Nr|No|etc|al))\.$")


def excerpt(markdown: str, *, limit: int = 600) -> str:
    """The first blocks of the Markdown that hold at most `limit` visible characters.

    A paragraph that goes beyond is cut at the end of a sentence, a list between two items; cards,
    quotations and other blocks are kept whole or left out. The first block is always there.
    """
    lines = markdown.split("\n")
    tokens = [
        token for token in parser().parse(markdown) if token.level == 0 and token.map and token.nesting >= 0
    ]
    taken: list[str] = []
    left = limit
    for token in tokens:
        first, last = token.map or (0, 0)
        source = "\n".join(lines[first:last]).rstrip()
        size = len(_visible(source))
        if size <= left:
            taken.append(source)
            left -= size
            continue
        part = ""
        if token.type == "paragraph_open":
            part = _sentences(source, left, at_least_one=not taken)
        elif token.type in {"bullet_list_open", "ordered_list_open"}:
            part = _items(source, left)
        if part or not any(not block.startswith("#") for block in taken):
            taken.append(part or source)
        break
    while len(taken) > 1 and taken[-1].startswith("#"):
        taken.pop()
    return "\n\n".join(taken)


def first_sentences(blocks: Iterable[Node], *, limit: int = SUMMARY_LIMIT) -> str:
    """Plain text of the first paragraphs, cut at a sentence, or at a word when the first is too long."""
    text = ""
    for block in blocks:
        if block.tag == "p":
            text = f"{text} {seen([block]).text}".strip()
        if len(text) > limit:
            break
    if len(text) <= limit:
        return text
    end = _last_end(text, limit)
    if end:
        return text[:end]
    return (
        text[: limit - 1].rpartition(" ")[0].rstrip(" ,;:–—-") + "…"
        if " " in text[: limit - 1]
        else text[: limit - 1] + "…"
    )


def _visible(source: str) -> str:
    return seen(as_rendered(source).children).text


def _last_end(text: str, limit: int) -> int:
    """Where the last whole sentence within the limit ends; 0 when none does."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text) if found.end() <= limit]
    return max((end for end in ends if not _ABBREVIATED.search(text[:end])), default=0)


def _sentences(source: str, limit: int, *, at_least_one: bool) -> str:
    """The first sentences of a paragraph, its emphasis and links whole."""
    paragraph = next((child for child in as_rendered(source).children if isinstance(child, Node)), Node("p"))
    kept: list[Content] = []
    best: Sequence[Content] = []
    length = 0
    for child in paragraph.children:
        if isinstance(child, str):
            room = limit - length
            ends = [
                found.end()
                for found in _SENTENCE_END.finditer(child)
                if not _ABBREVIATED.search(child[: found.end()])
            ]
            within = [end for end in ends if end <= room]
            if within:
                best = [*kept, child[: within[-1]]]
            elif ends and at_least_one and not best:
                best = [*kept, child[: ends[0]]]
        length += len(child if isinstance(child, str) else child.text)
        kept.append(child)
        if length > limit and (best or not at_least_one):
            break
    return inline_to_markdown(best) if best else ""


def _items(source: str, limit: int) -> str:
    """The first items of a list that fit."""
    lines = source.split("\n")
    kept = 0
    for token in parser().parse(source):
        if token.type == "list_item_open" and token.level == 1 and token.map:
            if len(_visible("\n".join(lines[: token.map[1]]))) > limit:
                break
            kept = token.map[1]
    return "\n".join(lines[:kept]).rstrip()
