"""What makes two entries the same post: guid, else canonical link, else title and date."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from newsletter.models import PostId

MAX_ID = 500
_TRACKERS = re.compile(
    r"utm_.*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|igshid|mc_[ce]id|mkt_tok|_hs(enc|mi)|vero_.*|oly_.*_id",
    re.IGNORECASE,
)
"""Query parameters that tell where a reader came from and never what is shown."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Identified(Protocol):
    """The parts of an entry that tell it from the others; `link` is absolute or empty."""

    @property
    def guid(self) -> str: ...
    @property
    def link(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def published(self) -> datetime | None: ...


def identities(entries: Sequence[Identified], home: str) -> list[PostId | None]:
    """One identity per entry, in order; None for an entry that repeats an earlier one.

    A guid that stands at entries with different links or none, and a link that several entries share
    or that is only the feed's home page, identify nothing: such entries fall to the next rule, so
    that none of them is taken for another and lost.
    """
    keys = [(entry.guid.strip(), canonical_link(entry.link), _fingerprint(entry)) for entry in entries]
    links = Counter(link for _, link, _ in keys)
    shared = {"", canonical_link(home), *(link for link, count in links.items() if count > 1)}
    guids = Counter(guid for guid, _ in {(guid, link or fingerprint) for guid, link, fingerprint in keys})
    owners: dict[str, str] = {}
    answer: dict[int, PostId] = {}
    for number, (guid, link, fingerprint) in enumerate(keys):
        whole = fingerprint + link
        for candidate in (
            "" if guids[guid] > 1 else _short(guid),
            "" if link in shared else _short(link),
            fingerprint,
            _hash(whole),
        ):
            if candidate and owners.setdefault(candidate, whole) == whole:
                answer[number] = PostId(candidate)
                break
    first = {identity: number for number, identity in reversed(answer.items())}
    return [identity if first[identity] == number else None for number, identity in answer.items()]


def canonical_link(url: str) -> str:
    """The address by which posts are compared: without fragment, trackers and a default port."""
    parts = urlsplit(without_trackers(url))
    return urlunsplit(parts._replace(fragment=""))


def without_trackers(url: str) -> str:
    """The address for readers: the same page without what tells where they came from."""
    if not url:
        return ""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    default = _DEFAULT_PORTS.get(parts.scheme.lower())
    fragment = "" if _TRACKERS.fullmatch(parts.fragment.partition("=")[0]) else parts.fragment
    query = "&".join(
        pair for pair in parts.query.split("&") if not _TRACKERS.fullmatch(pair.partition("=")[0])
    )
    return urlunsplit((parts.scheme.lower(), host.removesuffix(f":{default}"), parts.path, query, fragment))


def _fingerprint(entry: Identified) -> str:
    """A hash of title and date; of the words, too, where there is no title."""
    words = "" if entry.title.strip() else entry.content or entry.summary
    return _hash("\0".join((entry.title.strip(), str(entry.published or ""), words)))


def _short(guid: str) -> str:
    return guid if len(guid) <= MAX_ID else _hash(guid)


def _hash(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
