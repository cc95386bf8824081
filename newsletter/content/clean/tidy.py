"""The small repairs on the way in: real addresses, no counters, one name for each kind of emphasis."""

import re

from newsletter.content.clean.addresses import address, image_address, is_counter
from newsletter.content.clean.tree import Content, Node

_SAME_AS = {"b": "strong", "i": "em", "del": "s", "strike": "s", "tt": "code", "acronym": "abbr"}
_EMOJI_CLASSES = frozenset({"wp-smiley", "emoji", "emojione", "twemoji", "emoji-img"})
_EMOJI_ADDRESS = re.compile(r"//s\.w\.org/images/core/emoji/|twemoji|/wp-includes/images/smilies/")
_LONGEST_EMOJI = 20
_LINK_SHELLS = frozenset({"feedflare", "sharedaddy", "addtoany_share_save_container"})
_LANGUAGE_CLASS = re.compile(
    r"(?:^|\s)(?:language|lang|highlight-source|sourceCode)-([\w+#.-]{1,20})", re.IGNORECASE
)
_BRUSH = re.compile(r"brush:\s*([\w+#-]{1,20})")
_PLAIN_LANGUAGES = frozenset({"none", "plain", "plaintext", "text", "txt"})
_PIXELS = re.compile(r"\s*(\d{1,5})(?:\.\d+)?(?:px)?\s*\Z")
_TINY_STYLE = re.compile(r"(?:^|[;\s])(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|\Z)")
_BUTTON_CLASSES = frozenset({"button", "btn", "cta", "wp-block-button__link", "wp-element-button"})
_BUTTON_CLASS_STARTS = ("btn-", "button-", "kg-btn", "mcnbutton")


def tidy(node: Node, base: str) -> None:
    """Repair everything below `node` in place."""
    known = {image_address(image.attributes, base) for image in _images_outside_noscript(node)}
    children: list[Content] = []
    for child in node.children:
        children += [child] if isinstance(child, str) else _tidied(child, base, known)
    node.children = children


def _images_outside_noscript(node: Node) -> list[Node]:
    inside = {image for block in node.find("x-noscript") for image in block.find("img")}
    return [image for image in node.find("img") if image not in inside]


def _tidied(node: Node, base: str, known: set[str]) -> list[Content]:
    """What stands for the element: itself, its content, or nothing."""
    if node.classes & _LINK_SHELLS and not node.text.strip():
        return []
    if node.tag == "x-noscript":
        known_inside = {image_address(image.attributes, base) for image in node.find("img")}
        if known_inside and known_inside <= known and not node.text.strip():
            return []
    if node.tag == "img":
        return _image(node, base)
    if node.tag in {"pre", "code"}:
        _name_language(node)
    children: list[Content] = []
    for child in node.children:
        children += [child] if isinstance(child, str) else _tidied(child, base, known)
    node.children = children
    node.tag = _SAME_AS.get(node.tag, node.tag)
    return _link(node, base) if node.tag == "a" else [node]


def _image(node: Node, base: str) -> list[Content]:
    alt = " ".join(node.get("alt").split())
    is_emoji = node.classes & _EMOJI_CLASSES or _EMOJI_ADDRESS.search(node.get("src") + node.get("data-src"))
    if is_emoji and 0 < len(alt) <= _LONGEST_EMOJI:
        return [alt]
    url = image_address(node.attributes, base)
    if _is_pixel(node) or is_counter(url):
        return []
    if not url:
        return [alt] if alt else []
    attributes = {"src": url, "alt": alt}
    title = " ".join(node.get("title").split())
    if title and title != alt:
        attributes["title"] = title
    for name in ("width", "height"):
        if size := _pixels(node.get(name)):
            attributes[name] = str(size)
    return [Node("img", attributes)]


def _pixels(value: str) -> int | None:
    found = _PIXELS.match(value)
    return int(found[1]) if found else None


def _is_pixel(node: Node) -> bool:
    sizes = [_pixels(node.get(name)) for name in ("width", "height")]
    if any(size is not None and size <= 1 for size in sizes) and all(
        size is None or size <= 1 for size in sizes
    ):
        return True
    return len(_TINY_STYLE.findall(node.get("style").lower())) > 1


def _link(node: Node, base: str) -> list[Content]:
    url = address(node.get("href"), base)
    if not url or node.is_blank:
        return node.children
    attributes = {"href": url}
    if is_button(node):
        attributes["class"] = "button"
    kept = {name: node.attributes[name] for name in ("lang", "dir") if name in node.attributes}
    return [Node("a", attributes | kept, node.children)]


def is_button(node: Node) -> bool:
    """Whether a link is meant as a call to action: by its class, its role, or a `<button>` inside."""
    if node.get("role").lower() == "button" or node.find("button"):
        return True
    return any(name in _BUTTON_CLASSES or name.startswith(_BUTTON_CLASS_STARTS) for name in node.classes)


def _name_language(node: Node) -> None:
    """Write the language of a code block into its `language` attribute, wherever the site put it."""
    language = node.get("data-language") or node.get("data-lang")
    for inside in [node, *node.find("code")]:
        named = _LANGUAGE_CLASS.search(inside.get("class")) or _BRUSH.search(inside.get("class"))
        if named and not language:
            language = named[1]
    if re.fullmatch(r"[\w+#.-]{1,20}", language) and language.lower() not in _PLAIN_LANGUAGES:
        node.attributes["language"] = language.lower()
