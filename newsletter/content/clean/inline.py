"""Runs of text, emphasis, links and images in their simplest equal form."""

import re
from collections.abc import Iterable

from newsletter.content.clean.tree import INLINE, Content, Node, names

EMPHASIS = frozenset({"strong", "em", "s"})
KEPT_AS_HTML = names("abbr bdi bdo cite dfn ins kbd mark q rp rt ruby samp sub sup u var wbr")
"""Inline elements that Markdown lacks: they stay as tags inside their paragraph."""

_SPACE = re.compile(r"[ \t\n]+")
_ATTRIBUTES = {"a": {"href", "class"}, "abbr": {"title"}, "img": {"src", "alt", "title", "width", "height"}}


def simplified(content: Iterable[Content], within: frozenset[str] = frozenset()) -> list[Content]:
    """The content without empty, doubled or meaningless elements, white space folded to single spaces."""
    result: list[Content] = []
    for child in content:
        if isinstance(child, str):
            _append_text(result, _SPACE.sub(" ", child))
        else:
            for part in _simplified(child, within):
                if isinstance(part, str):
                    _append_text(result, part)
                else:
                    result.append(part)
    return result


def trimmed(content: list[Content]) -> list[Content]:
    """The content without white space and line breaks at its ends."""
    _, inner, _ = _edges(content)
    return inner


def code_text(content: Iterable[Content]) -> list[Content]:
    """The content of preformatted text: links and images kept, line breaks as LF, colouring gone."""
    result: list[Content] = []
    for child in content:
        if isinstance(child, str):
            _append_code(result, child)
        elif child.tag == "br":
            _append_code(result, "\n")
        elif child.tag in {"a", "img"}:
            names_kept = _ATTRIBUTES[child.tag] - {"class"}
            kept = {name: value for name, value in child.attributes.items() if name in names_kept}
            result.append(Node(child.tag, kept, code_text(child.children)))
        else:
            is_block = child.tag not in INLINE
            for part in ["\n" * (is_block and not _ends_line(result)), *code_text(child.children)]:
                _append_code(result, part)
            _append_code(result, "\n" * (is_block and not _ends_line(result)))
    return result


def _append_code(result: list[Content], part: Content) -> None:
    if isinstance(part, str) and result and isinstance(last := result[-1], str):
        result[-1] = last + part
    elif part:
        result.append(part)


def _ends_line(content: list[Content]) -> bool:
    last = content[-1] if content else "\n"
    return isinstance(last, str) and last.endswith("\n")


def _simplified(node: Node, within: frozenset[str]) -> list[Content]:
    tag = node.tag
    if tag == "br":
        return [Node("br")]
    if tag == "footnote-ref":
        return [node]
    if tag in {"img", "wbr"}:
        return [_without_other_attributes(node)]
    kept = _without_other_attributes(node)
    named = {name for name in ("lang", "dir") if name in kept.attributes}
    keeps = (tag in EMPHASIS and tag not in within) or tag in KEPT_AS_HTML or tag in {"a", "code"}
    inner = simplified(node.children, within | {tag} if keeps else within)
    if not keeps and not named:
        return inner
    if not keeps:
        kept.tag = "span"
    before, kept.children, after = _edges(inner)
    if not kept.children:
        return [*before, *after]
    return [*before, kept, *after]


def _without_other_attributes(node: Node) -> Node:
    allowed = _ATTRIBUTES.get(node.tag, set()) | {"lang", "dir"}
    return Node(node.tag, {name: value for name, value in node.attributes.items() if name in allowed})


def _edges(content: list[Content]) -> tuple[list[Content], list[Content], list[Content]]:
    """White space and breaks before, the content between, and white space and breaks after."""
    before: list[Content] = []
    after: list[Content] = []
    inner = list(content)
    while inner and _is_space(inner[0]):
        before.append(inner.pop(0))
    while inner and _is_space(inner[-1]):
        after.insert(0, inner.pop())
    if inner and isinstance(first := inner[0], str) and first.startswith(" "):
        before.append(" ")
        inner[0] = first.lstrip(" ")
    if inner and isinstance(last := inner[-1], str) and last.endswith(" "):
        after.insert(0, " ")
        inner[-1] = last.rstrip(" ")
    return before, inner, after


def _is_space(content: Content) -> bool:
    return not content.strip(" ") if isinstance(content, str) else content.tag == "br"


def _append_text(result: list[Content], text: str) -> None:
    if result and isinstance(last := result[-1], str):
        if last.endswith(" ") and text.startswith(" "):
            text = text[1:]
        result[-1] = last + text
    elif text:
        result.append(text)
