"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1), read as leniently as feeds are written."""

import json
from typing import Any

from newsletter.errors import SourceFailed
from newsletter.sources.dates import moment
from newsletter.sources.entries import MAX_ENTRIES, Enclosure, Entry, Feed, from_text, from_title


def parse_json_feed(text: str) -> Feed:
    """The feed. Raises SourceFailed when the text is no JSON Feed."""
    try:
        document = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise SourceFailed(f"is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise SourceFailed("is JSON but no JSON Feed", remedy="give the address of the site's feed")
    if len(document["items"]) > MAX_ENTRIES:
        raise SourceFailed(f"holds more than {MAX_ENTRIES} posts")
    return Feed(
        title=_text(document.get("title")),
        link=_text(document.get("home_page_url")),
        language=_text(document.get("language")),
        author=_author(document),
        entries=tuple(_entry(item) for item in document["items"] if isinstance(item, dict)),
    )


def _entry(item: dict[str, Any]) -> Entry:
    return Entry(
        guid=_text(item.get("id")),
        link=_text(item.get("url")) or _text(item.get("external_url")),
        title=from_title(_text(item.get("title"))),
        content=_text(item.get("content_html")) or from_text(_text(item.get("content_text"))),
        summary=from_text(_text(item.get("summary"))),
        published=moment(_text(item.get("date_published")) or _text(item.get("date_modified"))),
        updated=moment(_text(item.get("date_modified"))),
        author=_author(item),
        tags=tuple(_text(tag) for tag in _list(item.get("tags"))),
        language=_text(item.get("language")),
        image=_text(item.get("image")) or _text(item.get("banner_image")),
        enclosures=tuple(
            Enclosure(
                url=_text(file.get("url")),
                type=_text(file.get("mime_type")).lower(),
                title=_text(file.get("title")),
            )
            for file in _list(item.get("attachments"))
            if isinstance(file, dict) and _text(file.get("url"))
        ),
    )


def _author(item: dict[str, Any]) -> str:
    """The names in `authors` (1.1), else the one in `author` (1.0)."""
    people = _list(item.get("authors")) or [item.get("author")]
    names = (_text(person.get("name")) for person in people if isinstance(person, dict))
    return ", ".join(filter(None, names))


def _text(value: object) -> str:
    """The value as text: some feeds give numbers for ids. Lone surrogates, which no file can hold, go."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).encode("utf-8", "ignore").decode("utf-8")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
