"""What every feed format comes down to, and how it becomes posts."""

import html
import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from newsletter.content.clean import clean_html, plain_text
from newsletter.models import Image, Post, PostId, SourceId
from newsletter.sources.identity import identities, without_trackers

MAX_ENTRIES = 10_000
"""Of one feed; none that people read has more."""
MAX_TITLE = 300
MAX_SUMMARY = 300
"""Characters."""
MAX_TAGS = 20
_SAMPLE = 10_000
"""Characters of a body whose letters tell its direction."""
_CLOSING_TAG = re.compile(r"</[a-zA-Z][^<>]{0,100}>")
_TAG = re.compile(r"<[^<>]*>")
_RTL_LANGUAGES = {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi"}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosure:
    """A file that an entry brings along; `type` is its media type, empty when not told."""

    url: str
    type: str = ""
    title: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One item of a feed as its author wrote it: texts are HTML and trusted in nothing."""

    guid: str = ""
    link: str = ""
    title: str = ""
    content: str = ""
    summary: str = ""
    base: str = ""
    """What relative addresses in the content refer to, when the feed says so (xml:base)."""
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    tags: tuple[str, ...] = ()
    language: str = ""
    image: str = ""
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """A parsed feed, in the order in which it lists its entries."""

    title: str = ""
    link: str = ""
    language: str = ""
    author: str = ""
    """Who wrote every entry that names nobody."""
    entries: tuple[Entry, ...] = ()


def posts_of(feed: Feed, *, source: SourceId, name: str, url: str) -> tuple[Post, ...]:
    """The feed's posts, each once, cleaned; `url` is where the feed was read.

    Entries without title, words and files (such as a stray `<item/>`) are none.
    """
    home = web_link(feed.link, url) or url
    name = name or _shortened(plain_text(feed.title), MAX_TITLE) or urlsplit(url).hostname or source
    entries = [
        replace(entry, link=_reader_link(entry, home))
        for entry in feed.entries
        if entry.title or entry.content or entry.summary or entry.enclosures
    ]
    return tuple(
        _post(entry, feed, home, identity=identity, source=source, source_name=name)
        for entry, identity in zip(entries, identities(entries, home), strict=True)
        if identity is not None
    )


def _reader_link(entry: Entry, home: str) -> str:
    """Where the post is read: its link, else the first file that it brings; without trackers."""
    files = (enclosure.url for enclosure in entry.enclosures)
    links = (web_link(link, home) for link in (entry.link, *files))
    return without_trackers(next(filter(None, links), ""))


def _post(
    entry: Entry, feed: Feed, home: str, *, identity: PostId, source: SourceId, source_name: str
) -> Post:
    title = plain_text(entry.title)
    body = entry.content or entry.summary
    sample = html.unescape(_TAG.sub(" ", f"{title} {body[:_SAMPLE]}"))
    language, direction = language_and_direction(entry.language or feed.language, sample)
    base = web_link(entry.base, home) or entry.link or home
    cleaned = clean_html(
        body + _players(entry, body, title, base), base_url=base, language=language, direction=direction
    )
    summary = plain_text(entry.summary) if entry.content and entry.summary != entry.content else ""
    picture = web_link(entry.image, base)
    return Post(
        id=identity,
        source=source,
        source_name=source_name,
        url=entry.link,
        title=_shortened(title, MAX_TITLE),
        published=entry.published,
        updated=entry.updated,
        author=_shortened(plain_text(entry.author or feed.author), MAX_TITLE),
        summary=_shortened(summary, MAX_SUMMARY) or cleaned.summary,
        body_markdown=cleaned.markdown,
        image=cleaned.image or (Image(url=picture) if picture else None),
        tags=tuple(dict.fromkeys(filter(None, map(plain_text, entry.tags))))[:MAX_TAGS],
        language=language,
        direction=direction,
    )


def _players(entry: Entry, body: str, title: str, base: str) -> str:
    """HTML for the sound and films that the entry brings and its body does not name."""
    players = []
    for enclosure in entry.enclosures:
        kind = enclosure.type.partition("/")[0]
        address = html.escape(web_link(enclosure.url, base))
        if kind in {"audio", "video"} and address and address not in body and enclosure.url not in body:
            label = html.escape(enclosure.title or title)
            players.append(f'<{kind} src="{address}" title="{label}"></{kind}>')
    return "".join(players)


def _shortened(text: str, limit: int) -> str:
    """The text, cut at a word when it is longer than `limit`, with an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(maxsplit=1)[0].rstrip(" ,;:.–—") + "…"


def web_link(link: str, base: str) -> str:
    """The absolute http or https address; empty when the link is anything else."""
    try:
        absolute = urljoin(base, link.strip()) if link.strip() else ""
        parts = urlsplit(absolute)
    except ValueError:
        return ""
    return absolute if parts.scheme in {"http", "https"} and parts.hostname else ""


def from_text(text: str) -> str:
    """The HTML of plain text: blank lines part paragraphs, line ends stay."""
    paragraphs = re.split(r"\n[ \t]*\n\s*", text.replace("\r\n", "\n").strip())
    return "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in paragraphs if part).replace(
        "\n", "<br>\n"
    )


def from_title(text: str) -> str:
    """The HTML of a title that should be plain text: `<b>` alone is spoken of, `<b>…</b>` is meant."""
    return text if _CLOSING_TAG.search(text) else html.escape(text, quote=False)


def language_and_direction(language: str, text: str) -> tuple[str, str]:
    """The BCP 47 tag, empty when it is none or the letters belie it; `rtl`, `ltr` or empty.

    The letters decide the direction, because a feed has one language and its posts may have
    others; `ltr` is said only where the language would make one expect the opposite.
    """
    tag = language.strip().replace("_", "-")
    tag = tag if _LANGUAGE.fullmatch(tag) else ""
    expects_rtl = tag.partition("-")[0].lower() in _RTL_LANGUAGES
    is_rtl = _is_rtl(text, otherwise=expects_rtl)
    if is_rtl and not expects_rtl:
        return ("he" if _mostly_hebrew(text) else ""), "rtl"
    if expects_rtl and not is_rtl:
        return "", "ltr"
    return tag, "rtl" if is_rtl else ""


def _is_rtl(text: str, *, otherwise: bool) -> bool:
    """Whether most letters with a strong direction (UAX #9) run from right to left."""
    classes = [unicodedata.bidirectional(character) for character in text]
    rtl = sum(kind in {"R", "AL"} for kind in classes)
    ltr = classes.count("L")
    return rtl > ltr if rtl or ltr else otherwise


def _mostly_hebrew(text: str) -> bool:
    hebrew = sum("\u0590" <= character <= "\u05ff" for character in text)
    return hebrew > sum("\u0600" <= character <= "\u06ff" for character in text)
