"""Blocks as Markdown, each proven: what does not read the same when rendered stays HTML."""

from collections.abc import Sequence
from functools import cache
from typing import TypeGuard

from markdown_it import MarkdownIt

from newsletter.content.clean.blocklines import (
    FootnoteInHtml,
    as_html,
    block_lines,
    html_block,
    lines_of,
    written_in_turn,
)
from newsletter.content.clean.sanitise import sanitise_outgoing
from newsletter.content.clean.tree import Content, Node, parse, seen
from newsletter.content.markdown import parser

__all__ = ["FootnoteInHtml", "as_rendered", "to_markdown"]


def to_markdown(blocks: Sequence[Node]) -> str:
    """Markdown that reads the same as the blocks; what Markdown lacks stays as cleaned HTML.

    Raises FootnoteInHtml when footnotes cannot be kept as such.
    """
    marks = {mark.get("label") for block in blocks for mark in block.find("footnote-ref")}
    if marks != {block.get("label") for block in blocks if block.tag == "footnote"}:
        raise FootnoteInHtml
    return "\n\n".join("\n".join(lines) for lines in written_in_turn(blocks, write=_proven))


def as_rendered(markdown: str) -> Node:
    """The tree that a letter gets from the Markdown."""
    return parse(sanitise_outgoing(_parser().render(markdown)))


@cache
def _parser() -> MarkdownIt:
    return parser()


def _proven(block: Node, mark: str) -> list[str]:
    if block.tag == "footnote":
        return _proven_footnote(block)
    lines = block_lines(block, mark)
    labels = sorted({mark.get("label") for mark in block.find("footnote-ref")})
    rendered = as_rendered("\n".join([*lines, *(f"\n[^{label}]: note" for label in labels)]))
    read = [child for child in rendered.children if not _is_footnotes(child)]
    return lines if seen(read) == seen([as_html(block)]) else html_block(block)


def _proven_footnote(block: Node) -> list[str]:
    """The lines of a footnote. Raises FootnoteInHtml when they would not read the same."""
    first, *rest = lines_of(block.children) or [""]
    lines = [f"[^{block.get('label')}]: {first}".rstrip(), *(f"    {line}".rstrip() for line in rest)]
    rendered = as_rendered("\n".join([f"mark[^{block.get('label')}]", "", *lines]))
    notes = [item for part in rendered.children if _is_footnotes(part) for item in part.find("li")[:1]]
    read = [child for note in notes for child in _without_back_links(note).children]
    if seen(read) != seen([as_html(child) for child in block.children if isinstance(child, Node)]):
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
