"""The Markdown dialect of issue files: one parser for cleaning, rendering and the text part.

CommonMark with tables, strikethrough, footnotes and raw HTML, and three containers:

    ::: card video            ::: button                  ::: figure
    [Title](https://…)        [Donate now](https://…)     ![alt](https://…){width=600 height=400}
    Who · when                :::                         A caption.
    :::                                                   :::

A quotation's last paragraph is its attribution when it begins with an em dash:
`> — A. Reporter, [The Paper](https://…), 17 April 2026`.
"""

import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_plugin
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.footnote import footnote_plugin

CARD_KINDS = ("video", "audio", "post", "gallery", "document", "link")
"""`post` is a tweet, toot or the like; `link` is any other embed."""
ATTRIBUTION = "— "


def parser() -> MarkdownIt:
    """A new parser of the dialect; its HTML is not yet sanitised."""
    markdown = MarkdownIt("commonmark", {"html": True, "typographer": False})
    markdown.enable(["table", "strikethrough"])
    markdown.use(footnote_plugin)
    markdown.use(attrs_plugin, after=("image",), spans=False, allowed=["width", "height"])
    for name in ("card", "button", "figure"):
        markdown.use(container_plugin, name=name, validate=_validator(name), render=_render)
    return markdown


def card_kind(info: str) -> str:
    """The kind in a card's opening line (`card video`), `link` when it names none that is known."""
    words = info.split()
    return words[1] if len(words) > 1 and words[1] in CARD_KINDS else "link"


def _validator(name: str) -> Callable[[str, str], bool]:
    pattern = re.compile(rf"\s*{name}(\s+\w+)?\s*" if name == "card" else rf"\s*{name}\s*")
    return lambda params, _markup: bool(pattern.fullmatch(params))


def _render(_renderer: object, tokens: list[Token], index: int, _options: object, _env: object) -> str:
    token = tokens[index]
    name = token.type.removeprefix("container_").rpartition("_")[0]
    element = "figure" if name == "figure" else "div"
    if token.nesting < 0:
        return f"</{element}>\n"
    if name == "card":
        return f'<div class="card card-{card_kind(token.info)}">\n'
    return "<figure>\n" if name == "figure" else f'<div class="{name}">\n'
