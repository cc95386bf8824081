"""The archive for machines: Atom (RFC 4287), JSON Feed 1.1 (jsonfeed.org, 2020) and a sitemap.

Ids are made from the key that the database was born with, so that they stay what they are when the
newsletter moves to another address or is called by another name.
"""

import hmac
import json
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import islice

from newsletter.content.clean.sanitise import without_controls

_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_MOST_PAGES = 50_000
"""In one sitemap (sitemaps.org)."""
_XML = '<?xml version="1.0" encoding="utf-8"?>\n'


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedEntry:
    """One issue; `html` is all of it."""

    id: str
    url: str
    title: str
    summary: str
    html: str
    language: str
    published: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """The newest issues, newest first."""

    id: str
    title: str
    author: str
    language: str
    home_url: str
    atom_url: str
    json_url: str
    born: datetime
    """When nothing had been published yet."""
    entries: tuple[FeedEntry, ...]


def lasting_id(key: bytes, name: str) -> str:
    """A `urn:uuid:` of version 8 (RFC 9562 §5.8) that is always the same for the name."""
    octets = bytearray(hmac.digest(key, b"feed:" + name.encode(), "sha256")[:16])
    octets[6], octets[8] = octets[6] & 0x0F | 0x80, octets[8] & 0x3F | 0x80
    return uuid.UUID(bytes=bytes(octets)).urn


def atom(feed: Feed) -> str:
    """The Atom document."""
    root = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": feed.language})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", _instant(max((entry.published for entry in feed.entries), default=feed.born)))
    _add(_add(root, "author"), "name", feed.author)
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.atom_url)
    _add(root, "link", rel="alternate", type="text/html", href=feed.home_url)
    _add(root, "generator", "broadsheet")
    for each in feed.entries:
        entry = _add(root, "entry", **({"xml:lang": each.language} if each.language else {}))
        _add(entry, "id", each.id)
        _say(entry, "title", each.title)
        _add(entry, "link", rel="alternate", type="text/html", href=each.url)
        _add(entry, "published", _instant(each.published))
        _add(entry, "updated", _instant(each.published))
        if each.summary:
            _say(entry, "summary", each.summary)
        _add(entry, "content", each.html, type="html")
    ET.indent(root)
    return _XML + ET.tostring(root, encoding="unicode") + "\n"


def json_feed(feed: Feed) -> str:
    """The JSON Feed document."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.json_url,
        "authors": [{"name": feed.author}],
        "language": feed.language,
        "items": [_item(entry) for entry in feed.entries],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _item(entry: FeedEntry) -> dict[str, str]:
    optional = {"summary": entry.summary, "language": entry.language}
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.html,
        "date_published": _instant(entry.published),
        "date_modified": _instant(entry.published),
        **{name: value for name, value in optional.items() if value},
    }


def sitemap(pages: Iterable[tuple[str, datetime | None]]) -> str:
    """The sitemap of these addresses and the times of their last change."""
    root = ET.Element("urlset", {"xmlns": _SITEMAP})
    for address, changed in islice(pages, _MOST_PAGES):
        page = _add(root, "url")
        _add(page, "loc", address)
        if changed:
            _add(page, "lastmod", _instant(changed))
    ET.indent(root)
    return _XML + ET.tostring(root, encoding="unicode") + "\n"


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, name, attributes)
    element.text = without_controls(text) or None
    return element


def _say(parent: ET.Element, name: str, words: str) -> None:
    """None; words that look like HTML are said as HTML, because many readers of feeds take them for it."""
    if escape(words, quote=False) == words:
        _add(parent, name, words)
    else:
        _add(parent, name, escape(words, quote=False), type="html")


def _instant(moment: datetime) -> str:
    """RFC 3339, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
