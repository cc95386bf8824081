"""The beginning of a post: whole blocks, then up to the end of a sentence."""

import re
from collections.abc import Iterable, Iterator, Sequence

from newsletter.content.clean.spans import inline_to_markdown
from newsletter.content.clean.tomarkdown import as_rendered
from newsletter.content.clean.tree import Content, Node, seen
from newsletter.content.markdown import parser

SUMMARY_LIMIT = 300
_LONGEST_ABBREVIATION = 8
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[」』”’）]*")
_MARK = re.compile(r"(?<!\\)\[\^([^\]\s]+)\](?!:)")
_NOTE = re.compile(r"^\[\^([^\]\s]+)\]:.*(?:\n+    .*)*", re.MULTILINE)
_ABBREVIATED = re.compile(r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|Prof|St|vs|e\.g|i\.e|z\.B|bzw|ca|Nr|No|etc|al))\.$")


def excerpt(markdown: str, *, limit: int = 600) -> str:
    """The first blocks of the Markdown that hold at most `limit` visible characters.

    A paragraph that goes beyond is cut at the end of a sentence, a list between two items; cards,
    quotations and other blocks are kept whole or left out. The first block that is no heading is
    always there, or its first sentence. Footnotes come with the text that refers to them.
    """
    taken: list[str] = []
    left = limit
    for kind, source in _blocks(markdown):
        size = len(_visible(source))
        if size > left and kind != "heading_open":
            is_first = all(block.startswith("#") for block in taken)
            taken += filter(None, [_beginning(kind, source, left, is_first=is_first)])
            break
        taken.append(source)
        left -= size
    while len(taken) > 1 and taken[-1].startswith("#"):
        taken.pop()
    return "\n\n".join([*taken, *_notes(markdown, taken)])


def excerpt_leading_on(markdown: str, *, words: str, url: str) -> str:
    """The excerpt, with the words as a link to the whole below it; no link when nothing was left out."""
    beginning = excerpt(markdown)
    if not url or beginning.split() == markdown.split():
        return beginning
    return f"{beginning}\n\n{inline_to_markdown([Node('a', {'href': url}, [words])])}"


def _blocks(markdown: str) -> Iterator[tuple[str, str]]:
    """The token type and the source of each block, without footnotes."""
    lines = markdown.split("\n")
    for token in parser().parse(markdown):
        if token.type == "footnote_block_open":
            return
        if token.level == 0 and token.map and token.nesting >= 0:
            first, last = token.map
            if token.type.startswith("container_") and "".join(lines[last : last + 1]).startswith(":::"):
                last += 1  # the plugin's map ends before the closing line
            yield token.type, "\n".join(lines[first:last]).rstrip()


def _beginning(kind: str, source: str, left: int, *, is_first: bool) -> str:
    """What may stand of a block that is too long; of the first block, something always."""
    if kind == "paragraph_open":
        part = _sentences(source, left, at_least_one=is_first)
    elif kind in {"bullet_list_open", "ordered_list_open"}:
        part = _items(source, left)
    else:
        part = ""
    return part or (source if is_first else "")


def _notes(markdown: str, taken: Iterable[str]) -> list[str]:
    """The footnotes that the blocks taken refer to."""
    wanted = {label for block in taken for label in _MARK.findall(block)}
    return [found[0].rstrip() for found in _NOTE.finditer(markdown) if found[1] in wanted]


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
    if ends := [end for end in _sentence_ends(text[: limit + 1]) if end <= limit]:
        return text[: ends[-1]]
    words = text[: limit - 1].rpartition(" ")[0] or text[: limit - 1]
    return words.rstrip(" ,;:–—-") + "…"


def _visible(source: str) -> str:
    return seen(as_rendered(source).children).text


def _sentence_ends(text: str) -> list[int]:
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    return [end for end in ends if not _ABBREVIATED.search(text[max(0, end - _LONGEST_ABBREVIATION) : end])]


def _sentences(source: str, limit: int, *, at_least_one: bool) -> str:
    """The first sentences of a paragraph, its emphasis and links whole."""
    kept: list[Content] = []
    best: Sequence[Content] = []
    length = 0
    for child in _paragraph(source).children:
        if isinstance(child, str):
            ends = _sentence_ends(child)
            if within := [end for end in ends if end <= limit - length]:
                best = [*kept, child[: within[-1]]]
            elif ends and at_least_one and not best:
                best = [*kept, child[: ends[0]]]
        length += len(child if isinstance(child, str) else child.text)
        kept.append(child)
        if length > limit and (best or not at_least_one):
            break
    return inline_to_markdown(best) if best else ""


def _paragraph(source: str) -> Node:
    """The paragraph as a tree, with its references to footnotes."""
    labels = list(dict.fromkeys(_MARK.findall(source)))
    rendered = as_rendered("\n".join([source, *(f"\n[^{label}]: note" for label in labels)]))
    paragraph = next(child for child in rendered.children if isinstance(child, Node))
    for mark in paragraph.find("sup"):
        if "footnote-ref" in mark.classes and (number := re.search(r"\d+", mark.text)):
            mark.tag, mark.attributes = "footnote-ref", {"label": labels[int(number[0]) - 1]}
            mark.children = []
    return paragraph


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
