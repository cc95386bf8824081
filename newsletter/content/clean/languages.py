"""Which parts of a post are in another language or run the other way than the post itself."""

from newsletter.content.clean.tree import Node

_UNKNOWN = frozenset({"", "und", "zxx", "mul"})


def keep_differing(root: Node, *, language: str, direction: str) -> None:
    """Take away every `lang` and `dir` that only repeats what stands around it, in place.

    A post without a language is taken to be in the first one that it names.
    """
    named = (element.get("lang") for element in root.elements())
    own = language or next((name for name in named if name), "")
    _keep(root, _primary(own), direction or "ltr")


def _keep(node: Node, language: str, direction: str) -> None:
    for child in node.children:
        if not isinstance(child, Node):
            continue
        own_language = _primary(child.attributes.pop("lang", ""))
        own_direction = child.attributes.pop("dir", "").strip().lower()
        if own_language not in _UNKNOWN | {language}:
            child.attributes["lang"] = own_language
        if own_direction in {"ltr", "rtl"} and own_direction != direction:
            child.attributes["dir"] = own_direction
        _keep(child, child.get("lang") or language, child.get("dir") or direction)


def _primary(tag: str) -> str:
    """The language of a BCP 47 tag without region; `zh-Hant` and its like keep their script."""
    parts = tag.strip().lower().replace("_", "-").split("-")
    script = [part.capitalize() for part in parts[1:2] if len(part) == 4 and part.isalpha()]
    return "-".join([*parts[:1], *script]) if parts[0].isalpha() else ""
