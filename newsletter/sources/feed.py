"""A feed on the web: asked only for what is new, and remembered for the day on which it is down."""

import html
import re
import zlib

import msgspec

from newsletter.config.settings import Settings, SourceSettings
from newsletter.errors import FetchRefused, SourceFailed
from newsletter.models import Fetched, SourceId
from newsletter.net import Fetcher, Response, readable
from newsletter.sources.encoding import text_of
from newsletter.sources.entries import Feed, posts_of, web_link
from newsletter.sources.jsonfeed import parse_json_feed
from newsletter.sources.xmlfeed import is_xml_feed, parse_xml_feed

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)
_FEED_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json"}
_LINK = re.compile(r"""<link\b(?:[^<>"']|"[^"<]*"|'[^'<]*')*>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""(?P<name>[a-z]{1,20})\s{0,9}=\s{0,9}(?:"(?P<quoted>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s>"']+))""",
    re.IGNORECASE,
)
_HEAD = 200_000
"""Characters of a page in which its `<link>` elements are looked for."""


class _Copy(msgspec.Struct, frozen=True, kw_only=True):
    """The last good answer: what the source's state holds, as msgpack."""

    url: str
    etag: str
    last_modified: str
    content_type: str
    packed: bytes
    """The body, compressed."""

    @property
    def body(self) -> bytes:
        return zlib.decompress(self.packed)

    @property
    def conditions(self) -> dict[str, str]:
        """The request headers that ask only for something newer (RFC 9110 §13.1)."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value}


class FeedSource:
    """RSS, RDF, Atom or JSON Feed at a URL."""

    def __init__(self, url: str, *, fetcher: Fetcher, name: str = "") -> None:
        self._url = url
        self._fetcher = fetcher
        self._name = name

    @property
    def id(self) -> SourceId:
        return SourceId(self._url)

    def fetch(self, state: bytes | None) -> Fetched:
        """The feed's posts; from the last good copy when it has not changed or cannot be had now.

        Raises SourceFailed when there is no such copy, when the feed is gone for good, and
        FetchRefused when its address may not be asked.
        """
        last = _last_copy(state)
        headers = {"Accept": _ACCEPT} | (last.conditions if last else {})
        notes: tuple[str, ...] = ()
        try:
            copy, feed, notes = self._read(self._fetcher.get(self._url, headers), last)
        except FetchRefused as error:
            raise self._refused(error) from error
        except _Gone:
            raise
        except SourceFailed as error:
            if last is None:
                raise
            copy, feed = last, self._parse(last)
            notes = (f"{error}; the last good copy was used",)
        posts = posts_of(feed, source=self.id, name=self._name, url=copy.url)
        return Fetched(posts=posts, state=msgspec.msgpack.encode(copy), notes=notes)

    def _refused(self, error: FetchRefused) -> FetchRefused:
        """The refusal, told as this feed's also when it was led to an address of somebody's choice."""
        where = readable(self._url)
        if error.message.startswith(f"{where}: "):
            return error
        return FetchRefused(
            f"{where}: leads to {error.message}", remedy="give the address at which the feed is now"
        )

    def _read(self, response: Response, last: _Copy | None) -> tuple[_Copy, Feed, tuple[str, ...]]:
        """What the answer says, with the copy to keep. Raises SourceFailed when it says nothing good."""
        where = readable(self._url)
        if response.status == 410:
            raise _Gone(f"{where}: the feed is gone for good (410)", remedy="remove it from [[sources]]")
        if response.status == 304 and last:
            return last, self._parse(last), ()
        if response.status != 200:
            raise SourceFailed(f"{where}: answered {response.status_line}", remedy=_remedy(response.status))
        copy = _Copy(
            url=response.url,
            etag=response.headers.get("etag", ""),
            last_modified=response.headers.get("last-modified", ""),
            content_type=response.headers.get("content-type", ""),
            packed=zlib.compress(response.body),
        )
        feed = self._parse(copy)
        if not response.moved_permanently:
            return copy, feed, ()
        note = f"{where}: moved for good; set its url to {readable(response.url)}"
        return copy, feed, (note,)

    def _parse(self, copy: _Copy) -> Feed:
        try:
            return parse_feed(copy.body, content_type=copy.content_type, url=copy.url)
        except SourceFailed as error:
            message = f"{readable(self._url)}: {error.message}"
            raise SourceFailed(message, remedy=error.remedy) from error


def from_settings(source: SourceSettings, _settings: Settings, fetcher: Fetcher) -> FeedSource:
    """The feed of a `[[sources]]` table with a `url`."""
    return FeedSource(source.url, fetcher=fetcher, name=source.name)


def parse_feed(body: bytes, *, content_type: str, url: str) -> Feed:
    """The feed in a body of any encoding and format; `url` is where it was read.

    Raises SourceFailed when there is none, naming the feed that a web page points to.
    """
    try:
        text = text_of(body, content_type).strip()
    except ValueError as error:
        raise SourceFailed(f"the feed {error}") from error
    if not text:
        raise SourceFailed("the answer is empty")
    if text.startswith("{"):
        return parse_json_feed(text)
    if is_xml_feed(text):
        return parse_xml_feed(text, url=url)
    found = discovered_feed(text, url)
    raise SourceFailed(
        "is a web page and no feed" if "<html" in text[:_HEAD].lower() else "is no feed",
        remedy=f"its feed is {found}: set that as url" if found else "give the address of the site's feed",
    )


def discovered_feed(page: str, url: str) -> str:
    """The feed that a page names in `<link rel="alternate" type="…">`; empty when it names none."""
    for link in _LINK.finditer(page[:_HEAD]):
        attributes = {
            match["name"].lower(): html.unescape(match["quoted"] or match["single"] or match["bare"] or "")
            for match in _ATTRIBUTE.finditer(link.group())
        }
        is_alternate = "alternate" in attributes.get("rel", "").lower().split()
        if is_alternate and attributes.get("type", "").lower() in _FEED_TYPES:
            return web_link(attributes.get("href", ""), url)
    return ""


class _Gone(SourceFailed):
    """The server says that the feed will never come back, so an old copy must not hide it."""


def _last_copy(state: bytes | None) -> _Copy | None:
    """The copy in a state; None when there is none, or it is of a version that is not known."""
    if state is None:
        return None
    try:
        return msgspec.msgpack.decode(state, type=_Copy)
    except msgspec.DecodeError:
        return None


def _remedy(status: int) -> str:
    return "check the address" if status in {401, 403, 404, 406} else "it is asked again at the next gather"
