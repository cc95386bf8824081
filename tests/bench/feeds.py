"""How much of real feeds comes through: `python -m tests.bench.feeds`.

Prints a line per feed of `../shared/feeds` and exits with 1 when a bar is missed: words ≥ 99 %, links,
images and quotations 100 %, every embed a card, nothing harmful left.
"""

import gzip
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from time import perf_counter

import feedparser

from newsletter.content.bodytree import body_tree, inner_html
from newsletter.content.clean import clean_html
from newsletter.content.letter import dress
from tests.bench.fidelity import Fidelity, compare, share

FEEDS = Path(__file__).parents[2].parent / "shared" / "feeds"
_NOT_TEXT = bytes(code for code in range(32) if code not in b"\t\n\r")


@dataclass(frozen=True, kw_only=True)
class SourcePost:
    """A post as its feed has it."""

    html: str
    base_url: str
    language: str = ""


def main() -> int:
    """0 when every feed holds every bar."""
    if not FEEDS.is_dir():
        print(f"bench feeds: no feeds beside the checkout ({FEEDS.name}/)", file=sys.stderr)
        return 2
    print(f"{'feed':<28} posts  words %  links %  images %  quotes %  embeds → cards     ms")
    missed: list[str] = []
    total = 0.0
    for path in feed_files():
        fidelity, seconds = measure(path)
        total += seconds
        embeds = f"{fidelity.embeds[1]} → {fidelity.embeds[0]}"
        shares = [
            share(pair) for pair in (fidelity.words, fidelity.links, fidelity.images, fidelity.quotations)
        ]
        print(
            f"{path.name:<28} {fidelity.posts:>5}{shares[0]:>9.2f}{shares[1]:>9.1f}{shares[2]:>10.1f}"
            f"{shares[3]:>10.1f}{embeds:>16}{seconds * 1000:>7.0f}"
        )
        if "-v" in sys.argv:
            print("".join(f"    {what}\n" for what in fidelity.lost), end="")
        missed += [f"{path.name}: {bar}" for bar in fidelity.missed_bars()]
    print(f"\nparsed and cleaned in {total:.1f} s")
    print("bars: words ≥ 99 %, links, images and quotations 100 %, every embed a card, nothing harmful")
    print("all held" if not missed else "MISSED\n  " + "\n  ".join(missed))
    return 1 if missed else 0


def feed_files() -> list[Path]:
    """The real feeds, by name."""
    return sorted(path for path in FEEDS.iterdir() if path.suffix in {".xml", ".json", ".html"})


def as_letter(markdown: str) -> str:
    """The HTML that a letter carries of the Markdown, before its declarations are inlined."""
    body = body_tree(markdown, name="post")
    dress(body)
    return inner_html(body)


def measure(path: Path, render: Callable[[str], str] = as_letter) -> tuple[Fidelity, float]:
    """The fidelity of one feed's posts, and the seconds that parsing and cleaning took."""
    fidelity = Fidelity()
    started = perf_counter()
    posts = list(source_posts(path.read_bytes()))
    cleaned = [clean_html(post.html, base_url=post.base_url, language=post.language) for post in posts]
    seconds = perf_counter() - started
    for post, result in zip(posts, cleaned, strict=True):
        compare(fidelity, post.html, render(result.markdown), base=post.base_url)
    return fidelity, seconds


def source_posts(body: bytes) -> Iterator[SourcePost]:
    """The posts of a feed with their HTML untouched."""
    if body.startswith(b"\x1f\x8b"):
        body = gzip.decompress(body)
    body = body.translate(None, _NOT_TEXT).lstrip()
    if body.startswith(b"{"):
        yield from _json_posts(body)
        return
    feed = feedparser.parse(
        BytesIO(body),
        response_headers={"content-type": "application/xml"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    for entry in feed["entries"]:
        part = entry["content"][0] if "content" in entry else entry.get("summary_detail", {})
        html = part.get("value", "")
        if part.get("type") == "text/plain":
            html = escape(html)
        base = part.get("base") or entry.get("link") or feed["feed"].get("link") or "https://feed.example/"
        yield SourcePost(
            html=html, base_url=base, language=part.get("language") or feed["feed"].get("language") or ""
        )


def _json_posts(body: bytes) -> Iterator[SourcePost]:
    feed = json.loads(body)
    for item in feed["items"]:
        html = item.get("content_html") or escape(item.get("content_text", ""))
        base = item.get("url") or feed.get("home_page_url") or "https://feed.example/"
        yield SourcePost(
            html=html, base_url=base, language=item.get("language") or feed.get("language") or ""
        )


if __name__ == "__main__":
    sys.exit(main())
