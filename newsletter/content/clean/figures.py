"""What sites make figures of, and where they put the captions."""

from newsletter.content.clean.tree import INLINE, Content, Node

_CAPTION_CLASSES = frozenset(
    {"wp-caption-text", "gallery-caption", "tr-caption", "kg-card-caption", "caption"}
)
_FIGURE_CLASSES = frozenset({"wp-caption", "tr-caption-container", "gallery-item", "image-caption-wrapper"})


def is_figure(node: Node) -> bool:
    """Whether the element holds pictures with a caption, by its tag or by the class its site gives it."""
    return node.tag == "figure" or bool(node.classes & _FIGURE_CLASSES and node.find("img"))


def split_captions(node: Node) -> tuple[list[Content], list[Content]]:
    """A figure's content without its captions, and the captions' content."""
    body: list[Content] = []
    captions: list[Content] = []
    for child in node.children:
        if isinstance(child, Node) and _is_caption(child):
            captions.append(Node("div", {}, child.children))
        elif isinstance(child, Node) and child.tag not in INLINE and any(map(_is_caption, child.elements())):
            inner, found = split_captions(child)
            body.append(Node(child.tag, child.attributes, inner))
            captions += found
        else:
            body.append(child)
    return body, captions


def _is_caption(node: Node) -> bool:
    return node.tag == "figcaption" or bool(node.classes & _CAPTION_CLASSES and not node.find("img"))
