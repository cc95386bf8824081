"""Footnotes: a mark in the text that leads to a list item, which leads back.

Kramdown, markdown-it, WordPress, Ghost and hand-made posts all have this form. As Markdown footnotes
they stay together in the letter; as plain links they would lead out of it.
"""

import re

from newsletter.content.clean.addresses import fragment
from newsletter.content.clean.tree import Content, Node

_BACK_CLASS = re.compile(r"back-?(?:ref|link)|footnote-?back|reversefootnote|footnote-return")
_BACK_SIGNS = frozenset("↩↑^⤴⏎←")
_VARIATION_SELECTORS = "\ufe0e\ufe0f"


def lift_footnotes(root: Node, base: str) -> None:
    """Turn marks into `footnote-ref` and their list items into `footnote`s at the end, in place.

    Nothing changes when a list is only partly made of footnotes, or a footnote has no mark.
    """
    notes = {note.get("id"): note for note in root.find("li") if note.get("id") and _back_links(note, base)}
    lists = {node for node in root.find("ol", "ul") if not notes.keys().isdisjoint(_item_ids(node))}
    inside = {link for note in notes.values() for link in note.find("a")}
    marks = {
        link: name
        for link in root.find("a")
        if link not in inside and (name := fragment(link.get("href"), base)) in notes
    }
    labels = {name: str(number) for number, name in enumerate(dict.fromkeys(marks.values()), start=1)}
    listed = [name for node in lists for name in _item_ids(node)]
    if not notes or not sorted(notes) == sorted(labels) == sorted(listed):
        return
    _replace_marks(root, {mark: labels[name] for mark, name in marks.items()}, lists)
    for name, label in labels.items():
        _remove(notes[name], set(_back_links(notes[name], base)))
        root.children.append(Node("footnote", {"label": label}, notes[name].children))


def _item_ids(node: Node) -> list[str]:
    return [child.get("id") for child in node.children if isinstance(child, Node)]


def _back_links(note: Node, base: str) -> list[Node]:
    """The links of a note that lead back to its mark."""
    return [
        link
        for link in note.find("a")
        if fragment(link.get("href"), base)
        and (
            _BACK_CLASS.search(link.get("class").lower())
            or set(link.text.strip().strip(_VARIATION_SELECTORS)) <= _BACK_SIGNS
        )
    ]


def _replace_marks(node: Node, labels: dict[Node, str], lists: set[Node]) -> None:
    """Put references where the marks are, and take the lists of notes away with the line above them."""
    children: list[Content] = []
    for child in node.children:
        if isinstance(child, str):
            children.append(child)
            continue
        mark = _only_mark(child, labels)
        if mark:
            children.append(Node("footnote-ref", {"label": mark}))
        elif child not in lists:
            _replace_marks(child, labels, lists)
            is_shell = any("footnote" in name for name in child.classes)
            if not (is_shell and all(_is_nothing(part) for part in child.children)):
                children.append(child)
    node.children = children


def _only_mark(node: Node, labels: dict[Node, str]) -> str:
    """The label when the element is a mark, or a `sup` or `span` around nothing else."""
    if node in labels:
        return labels[node]
    links = node.find("a") if node.tag in {"sup", "span"} else []
    is_only = (
        len(links) == 1 and links[0] in labels and node.text.strip("[] \n") == links[0].text.strip("[] \n")
    )
    return labels[links[0]] if is_only else ""


def _is_nothing(content: Content) -> bool:
    return not content.strip() if isinstance(content, str) else content.tag == "hr"


def _remove(node: Node, unwanted: set[Node]) -> None:
    node.children = [child for child in node.children if isinstance(child, str) or child not in unwanted]
    for child in node.children:
        if isinstance(child, Node):
            _remove(child, unwanted)
