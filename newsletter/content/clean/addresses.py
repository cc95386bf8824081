"""Addresses that a mail may carry, made absolute; and the ones that only count readers."""

import re
from urllib.parse import unquote, urljoin, urlsplit

from markdown_it.common.normalize_url import normalizeLink

CARRIED = ("http", "https", "mailto", "tel")

_SRCSET_CANDIDATE = re.compile(r"(\S*[^\s,])(?:\s+(\d+(?:\.\d+)?)([wx]))?\s*(?:,|\Z)")
_IMAGE_ATTRIBUTES = ("data-src", "data-lazy-src", "data-original", "src")
_SRCSET_ATTRIBUTES = ("data-srcset", "srcset")
_WIDEST = 1600
"""CSS pixels: twice the width of a letter on a fine screen."""
_COUNTERS = re.compile(
    r"""^https?://(?:
      (?:feeds?\d?|feedproxy)\.[^/]*/~(?:r|ff?|a)/ | [^/]*/~r/[^/]+/~\d/
    | (?:feedads\.g|ad)\.doubleclick\.net/ | pixel\.wp\.com/ | stats\.wordpress\.com/
    | (?:feeds|stats)\.wordpress\.com/1\.0/ | [^/]*\.scorecardresearch\.com/ | pixel\.quantserve\.com/
    | [^/]*google-analytics\.com/ | cpx\.golem\.de/ | [^/]*\.met\.vgwort\.de/ | [^/]*statcounter\.com/
    | (?:www\.)?facebook\.com/tr\b | blogger\.googleusercontent\.com/tracker/ | medium\.com/_/stat\b
    | [^/]*assoc-amazon\.[a-z.]+/e/ir\b | rss\.buysellads\.com/ | res\d?\.feedsportal\.com/
    | [^?]*/(?:piwik|matomo)\.php\b
    )""",
    re.VERBOSE | re.IGNORECASE,
)


def address(value: str, base: str) -> str:
    """The absolute form of an address, percent-encoded; empty when a mail must not carry it."""
    value = re.sub(r"[\t\n\r]", "", value).strip()
    if not value:
        return ""
    try:
        absolute = normalizeLink(urljoin(base, value))
        parts = urlsplit(absolute)
    except ValueError:
        return ""
    if parts.scheme not in CARRIED or (parts.scheme in {"http", "https"} and not parts.hostname):
        return ""
    return absolute


def image_address(attributes: dict[str, str], base: str) -> str:
    """Where an image really is: lazy loading keeps the address beside a placeholder in `src`."""
    for name in _IMAGE_ATTRIBUTES:
        if found := address(attributes.get(name, ""), base):
            return found
    for name in _SRCSET_ATTRIBUTES:
        if found := address(largest_of(attributes.get(name, "")), base):
            return found
    return ""


def largest_of(srcset: str) -> str:
    """The candidate of a `srcset` that suits a letter: the widest up to 1600 pixels, else the first."""
    candidates = [(url, float(size or 1)) for url, size, _unit in _SRCSET_CANDIDATE.findall(srcset)]
    fitting = [candidate for candidate in candidates if candidate[1] <= _WIDEST] or candidates[:1]
    return max(fitting, key=lambda candidate: candidate[1])[0] if fitting else ""


def is_counter(url: str) -> bool:
    """Whether the address only counts readers (feed counters, analytics)."""
    return bool(_COUNTERS.match(url))


def fragment(value: str, base: str) -> str:
    """The part of the post itself that a link leads to; empty when it leads elsewhere."""
    page, _, part = value.strip().partition("#")
    return unquote(part) if page in {"", base.partition("#")[0]} else ""


def host_of(url: str) -> str:
    """The host without `www.`, as a reader knows it."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
