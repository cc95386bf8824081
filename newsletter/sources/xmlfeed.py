"""RSS 0.9x–2.0, RDF and Atom, read by feedparser, which gets text and never an address.

feedparser's own sanitising and link resolving are off: `content.clean` sees what the author wrote,
embeds included, and knows which address the links are relative to.
"""

import html
import io
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import feedparser

from newsletter.errors import SourceFailed
from newsletter.sources.dates import moment, moment_of
from newsletter.sources.entries import MAX_ENTRIES, Enclosure, Entry, Feed, from_text, from_title

_ROOT = re.compile(r"<(?:\w{1,30}:)?(?:rss|feed|rdf|channel)(?=[\s>])", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\s")
_HARMLESS_ENTITY = re.compile(
    r"""<!ENTITY\s+\w+\s+(?:"[^"&%]{0,64}"|'[^'&%]{0,64}'|"&\#\w{1,8};"|'&\#\w{1,8};')\s*>"""
)
_ITEM = re.compile(r"<(?:\w{1,30}:)?(?:item|entry)\b", re.IGNORECASE)
_CATEGORY = re.compile(r"<(?:\w{1,30}:)?(?:category|subject)\b", re.IGNORECASE)
_MAX_TAGS = 400_000
"""Of a whole feed, those of its HTML included: feedparser takes up to 30 µs for each."""
_MAX_CATEGORIES = 20_000
"""Of a whole feed: feedparser compares each category of an entry with all others."""
_LONG_NAME = re.compile(
    r"<(?:\w{1,30}:)?(?:author|creator|contributor|managingeditor|webmaster|publisher|name|email|keywords)\b"
    r"[^<>]{0,500}>(?:<!\[CDATA\[)?[^<]{5000}",
    re.IGNORECASE,
)
"""feedparser looks for addresses and words in these with expressions of quadratic time."""
_MARKUP = re.compile(
    r"<(?:/?(?:p|br|a|b|i|em|strong|div|span|ul|ol|li|img|blockquote|h[1-6]|table)\b)", re.IGNORECASE
)
_ZERO_DATE = re.compile(r"(?<![+-])\b000\d\b")
_PARSER_FAULTS = (
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    ArithmeticError,
    AssertionError,
    RecursionError,
)
"""What feedparser was seen to raise, or may, on text that no feed should hold."""


def is_xml_feed(text: str) -> bool:
    """Whether the text holds the root element of a feed."""
    return _ROOT.search(text) is not None


def parse_xml_feed(text: str, *, url: str) -> Feed:
    """The feed. Raises SourceFailed when the text is none, or one that is made to exhaust its reader."""
    root = _ROOT.search(text)
    if root is None:
        raise SourceFailed("is no feed", remedy="give the address of the site's feed")
    _refuse_bombs(text, prolog=text[: root.start()])
    document = io.BytesIO(text[root.start() :].encode("utf-8", "ignore"))
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    try:
        parsed = feedparser.parse(
            document, response_headers=headers, resolve_relative_uris=False, sanitize_html=False
        )
    except _PARSER_FAULTS as error:
        raise SourceFailed(f"cannot be read as a feed ({type(error).__name__})") from error
    about = parsed["feed"]
    return Feed(
        title=about.get("title", ""),
        link=about.get("link", ""),
        language=about.get("language", ""),
        author=_author(about) if parsed.get("version", "").startswith("atom") else "",
        entries=tuple(_entry(item, url) for item in parsed["entries"]),
    )


def _refuse_bombs(text: str, *, prolog: str) -> None:
    """None. The prolog with its declarations never reaches the parser; a hostile one is told."""
    if len(_ENTITY.findall(prolog)) != len(_HARMLESS_ENTITY.findall(prolog)):
        raise SourceFailed("declares entities that expand, as feeds that attack their readers do")
    endless = (
        text.count("<") > _MAX_TAGS
        or len(_CATEGORY.findall(text)) > _MAX_CATEGORIES
        or len(_ITEM.findall(text)) > MAX_ENTRIES
        or _LONG_NAME.search(text)
    )
    if endless:
        raise SourceFailed("holds elements or names without end, as feeds that attack their readers do")


def _entry(item: feedparser.FeedParserDict, url: str) -> Entry:
    words = _words(item)
    language = words.get("language") or item.get("title_detail", {}).get("language") or ""
    base = words.get("base") or ""
    content, summary = _html(words), _html(item.get("summary_detail", {}))
    return Entry(
        guid=item.get("id", ""),
        link=item.get("feedburner_origlink") or item.get("link", ""),
        title=_title(item),
        content=content,
        summary="" if summary == content else summary,
        base="" if base == url else base,
        published=_moment(item, "published", "created", "updated"),
        updated=_moment(item, "updated"),
        author=_author(item),
        tags=tuple(tag.get("label") or tag.get("term") or "" for tag in item.get("tags", [])),
        language=language,
        image=_image(item),
        enclosures=tuple(_enclosures(item)),
    )


def _title(item: feedparser.FeedParserDict) -> str:
    title: str = item.get("title", "")
    is_html = item.get("title_detail", {}).get("type") != "text/plain"
    return title if is_html else from_title(title)


def _words(item: feedparser.FeedParserDict) -> dict[str, Any]:
    """The content to print: HTML before text, content before summary, the longest of several."""
    summary = item.get("summary_detail", {})
    candidates = [content for content in (*item.get("content", []), summary) if content.get("value")]
    return max(
        candidates, key=lambda words: (_is_html(words), words is not summary, len(words["value"])), default={}
    )


def _is_html(words: dict[str, Any]) -> bool:
    """Whether a text is HTML; many a feed forgets to say so."""
    return words.get("type") != "text/plain" or _MARKUP.search(words["value"]) is not None


def _html(words: dict[str, Any]) -> str:
    value = words.get("value", "")
    if not value or not _is_html(words):
        return from_text(value)
    twice_escaped = not _MARKUP.search(value) and _MARKUP.search(html.unescape(value))
    return html.unescape(value) if twice_escaped else value


def _moment(item: feedparser.FeedParserDict, *names: str) -> datetime | None:
    """The first of these dates that is one; feedparser takes the zero date's year 0001 for 2001."""
    for name in names:
        written = item.get(name, "") if name in item else ""
        if f"{name}_parsed" in item and not _ZERO_DATE.search(written):
            instant = moment_of(item[f"{name}_parsed"]) or moment(written)
            if instant:
                return instant
    return None


def _author(item: feedparser.FeedParserDict) -> str:
    """Names only: an address of a person is not for a letter."""
    people = [person.get("name", "") for person in item.get("authors", [])]
    return ", ".join(dict.fromkeys(name for name in people if name and "@" not in name))


def _enclosures(item: feedparser.FeedParserDict) -> Iterable[Enclosure]:
    links = [link for link in item.get("links", []) if link.get("rel") == "enclosure"]
    media = [file for file in item.get("media_content", []) if _kind(file) in {"audio", "video"}]
    files = {file.get("href") or file.get("url"): file for file in (*media, *links)}
    for url, file in files.items():
        if url:
            yield Enclosure(url=url, type=file.get("type", "").lower(), title=file.get("title", ""))


def _image(item: feedparser.FeedParserDict) -> str:
    """The picture that stands for the entry, when it is told outside of the content."""
    pictures = [file for file in item.get("media_content", []) if _kind(file) == "image"]
    pictures += item.get("media_thumbnail", [])
    pictures += [
        link for link in item.get("links", []) if link.get("rel") == "enclosure" and _kind(link) == "image"
    ]
    return next((file.get("url") or file.get("href") or "" for file in pictures), "")


def _kind(file: dict[str, Any]) -> str:
    medium: str = file.get("medium") or file.get("type", "").partition("/")[0]
    return medium.lower()
