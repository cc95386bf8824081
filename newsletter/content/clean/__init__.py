"""A feed's HTML → safe Markdown with quotations kept and embeds turned into cards.

The way of a post: sanitised by nh3, read into a small tree, repaired (addresses, counters, emphasis),
embeds made cards, laid out as plain blocks, and written as Markdown block by block, each proven to
read the same when rendered.
"""

from dataclasses import dataclass
from html import unescape

from newsletter.content.clean.blocks import blocks_of
from newsletter.content.clean.embeds import cards_for_embeds
from newsletter.content.clean.excerpt import excerpt, excerpt_leading_on, first_sentences
from newsletter.content.clean.footnotes import lift_footnotes
from newsletter.content.clean.languages import keep_differing
from newsletter.content.clean.sanitise import (
    is_too_much,
    sanitise_incoming,
    without_controls,
    without_inline_pictures,
    words_of,
)
from newsletter.content.clean.spans import text_to_markdown
from newsletter.content.clean.tidy import tidy
from newsletter.content.clean.titles import plain_text
from newsletter.content.clean.tomarkdown import FootnoteInHtml, to_markdown
from newsletter.content.clean.tree import Node, parse
from newsletter.models import Image

__all__ = ["Cleaned", "clean_html", "excerpt", "excerpt_leading_on", "plain_text"]

_SMALLEST_PICTURE = 64
"""CSS pixels: what is smaller is an icon and does not stand for a post."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cleaned:
    """A post's body as it may stand in an issue file."""

    markdown: str
    image: Image | None
    """The first picture that is no icon."""
    summary: str
    """The first sentences as plain text, at most 300 characters."""


def clean_html(html: str, *, base_url: str, language: str = "", direction: str = "") -> Cleaned:
    """The post as Markdown with its first picture and a summary.

    Addresses are resolved against `base_url`. `language` (BCP 47) and `direction` (`rtl`, `ltr`) are
    the post's own: parts that differ keep theirs. A post larger or more tangled than any letter
    (see sanitise.py) comes back as its words alone.
    """
    html = without_controls(html)
    if is_too_much(html):
        html = without_inline_pictures(html)
    if is_too_much(html):
        return _only_words(html)
    canonical = sanitise_incoming(html)
    if is_too_much(canonical):
        return _only_words(html)
    blocks = _blocks(canonical, base_url, language, direction)
    try:
        markdown = to_markdown(blocks)
    except FootnoteInHtml:
        blocks = _blocks(canonical, base_url, language, direction, footnotes=False)
        markdown = to_markdown(blocks)
    return Cleaned(markdown=markdown, image=_picture(blocks), summary=first_sentences(blocks))


def _blocks(
    canonical: str, base_url: str, language: str, direction: str, *, footnotes: bool = True
) -> list[Node]:
    root = parse(canonical)
    keep_differing(root, language=language, direction=direction)
    if footnotes:
        lift_footnotes(root, base_url)
    cards_for_embeds(root, base_url)
    tidy(root, base_url)
    return blocks_of(root, base_url)


def _only_words(html: str) -> Cleaned:
    paragraphs = [" ".join(line.split()) for line in unescape(words_of(html)).split("\n")]
    kept = [without_controls(paragraph) for paragraph in paragraphs if paragraph]
    markdown = "\n\n".join(text_to_markdown(paragraph) for paragraph in kept)
    return Cleaned(
        markdown=markdown, image=None, summary=first_sentences([Node("p", {}, [" ".join(kept[:20])])])
    )


def _picture(blocks: list[Node]) -> Image | None:
    for block in blocks:
        for image in block.find("img"):
            width, height = (
                int(image.get(name)) if image.get(name) else None for name in ("width", "height")
            )
            if min(width or _SMALLEST_PICTURE, height or _SMALLEST_PICTURE) >= _SMALLEST_PICTURE:
                return Image(url=image.get("src"), alt=image.get("alt"), width=width, height=height)
    return None
