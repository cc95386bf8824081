"""Footnotes: a mark in the text that leads to a list item, which leads back.

Kramdown, markdown-it, WordPress, Ghost and hand-made posts all have this form. As Markdown footnotes
they stay together in the letter; as plain links they would lead out of it.
"""

from newsletter.content.clean.addresses import fragment
from newsletter.content.clean.tree import Content, Node

_BACK_SIGNS = frozenset("↩↑^⤴⏎←")
_VARIATION_SELECTORS = "\ufe0e\ufe0f"


def lift_footnotes(root: Node, base: str) -> None:
    """Turn marks into `footnote-ref` and their list items into `footnote`s at the end, in place.

    Nothing changes when a list is only partly made of footnotes, or a footnote has no mark.
    """
    notes = {note.get("id"): note for note in root.find("li") if note.get("id") and _back_links(note)}
    lists = [
        node for node in root.find("ol", "ul") if any(id(child) in _ids(notes) for child in node.children)
    ]
    items = [child for node in lists for child in node.children if isinstance(child, Node)]
    inside = {id(link) for note in notes.values() for link in note.find("a")}
    marks = [
        link
        for link in root.find("a")
        if id(link) not in inside and fragment(link.get("href"), base) in notes
    ]
    labels = {
        name: str(at)
        for at, name in enumerate(dict.fromkeys(fragment(m.get("href"), base) for m in marks), 1)
    }
    if not notes or len(labels) != len(notes) or {id(item) for item in items} != _ids(notes):
        return
    labelled = {id(mark): labels[fragment(mark.get("href"), base)] for mark in marks}
    _replace_marks(root, labelled, {id(node) for node in lists})
    for name, label in labels.items():
        note = notes[name]
        back = {id(link) for link in _back_links(note)}
        _remove(note, back)
        root.children.append(Node("footnote", {"label": label}, note.children))


def _ids(notes: dict[str, Node]) -> set[int]:
    return {id(note) for note in notes.values()}


def _back_links(note: Node) -> list[Node]:
    """The links of a note that lead back to its mark."""
    return [
        link
        for link in note.find("a")
        if "#" in link.get("href")
        and (
            any("back" in name or "return" in name for name in link.classes)
            or set(link.text.strip().strip(_VARIATION_SELECTORS)) <= _BACK_SIGNS
        )
    ]


def _replace_marks(node: Node, labelled: dict[int, str], lists: set[int]) -> None:
    """Put references where the marks are, and take the lists of notes away with the line above them."""
    children: list[Content] = []
    for child in node.children:
        if isinstance(child, str):
            children.append(child)
            continue
        mark = _only_mark(child, labelled)
        if mark:
            children.append(Node("footnote-ref", {"label": mark}))
        elif id(child) not in lists:
            _replace_marks(child, labelled, lists)
            is_shell = any("footnote" in name for name in child.classes)
            if not (is_shell and all(_is_nothing(part) for part in child.children)):
                children.append(child)
    node.children = children


def _only_mark(node: Node, labelled: dict[int, str]) -> str:
    """The label when the element is a mark, or a `sup` or `span` around nothing else."""
    if id(node) in labelled:
        return labelled[id(node)]
    links = node.find("a") if node.tag in {"sup", "span"} else []
    is_only = (
        len(links) == 1
        and id(links[0]) in labelled
        and node.text.strip("[] \n") == links[0].text.strip("[] \n")
    )
    return labelled[id(links[0])] if is_only else ""


def _is_nothing(content: Content) -> bool:
    return not content.strip() if isinstance(content, str) else content.tag == "hr"


def _remove(node: Node, unwanted: set[int]) -> None:
    node.children = [child for child in node.children if id(child) not in unwanted]
    for child in node.children:
        if isinstance(child, Node):
            _remove(child, unwanted)
