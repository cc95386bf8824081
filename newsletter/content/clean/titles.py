"""Titles and names of authors: text, whatever a feed put around it."""

import re
from html import unescape

import nh3

from newsletter.content.clean.sanitise import is_too_much, without_controls, words_of

_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_TEXT_ONLY = nh3.Cleaner(tags=set(), clean_content_tags={"script", "style", "svg", "head", "template"})
# Marks that turn the direction of all text around them; the plain marks (U+200E, U+200F) stay
_DIRECTION_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def plain_text(html: str) -> str:
    """The visible text on one line, without tags, control characters and direction overrides.

    Character references are decoded; once more when the feed had escaped them twice
    (`AT&amp;amp;T`, `It&amp;#8217;s`).
    """
    html = without_controls(html)
    text = words_of(html) if is_too_much(html) else _TEXT_ONLY.clean(html)
    text = unescape(text)
    if _REFERENCE.search(text):
        text = unescape(text)
    return " ".join(re.split(r"[ \t\n\f]+", _DIRECTION_CONTROLS.sub("", without_controls(text)))).strip()
