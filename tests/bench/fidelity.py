"""What a feed's HTML shows and what a letter shows of it, measured without the cleaner's own code.

Both sides are parsed by BeautifulSoup over lxml, and words, links, images, quotations and embeds are
counted there. Only what a mail may carry counts: http, https, mailto and tel; no pictures of one
pixel, no feed counters, no `data:` addresses, no links without anything to see.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import NavigableString

_UNSEEN = [
    "script",
    "style",
    "svg",
    "template",
    "textarea",
    "select",
    "head",
    "iframe",
    "video",
    "audio",
    "object",
]
_INLINE = re.compile(
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|q|rp|rt|ruby|s|samp|small"
    "|span|strike|strikethrough|strong|sub|sup|time|tt|u|var|wbr"
)
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_COUNTER_HOSTS = (
    "feeds.wordpress.com",
    "stats.wordpress.com",
    "pixel.wp.com",
    "cpx.golem.de",
    "doubleclick.net",
)
_POSTS = (
    "twitter-tweet",
    "instagram-media",
    "bluesky-embed",
    "mastodon-embed",
    "tiktok-embed",
    "imgur-embed-pub",
)
_HARMFUL_TAGS = [
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "form",
    "input",
    "svg",
    "math",
    "link",
    "meta",
    "base",
]
_HARMFUL_ADDRESS = re.compile(r"\s*(?:javascript|vbscript|data|file)\s*:", re.IGNORECASE)


@dataclass(kw_only=True)
class Shown:
    """What one piece of HTML shows."""

    words: Counter[str]
    links: set[str]
    inner_links: set[str]
    """Links to a part of the post itself, such as a footnote's mark and the way back."""
    footnotes: int
    images: list[set[str]]
    """For each image the addresses at which it can be had."""
    quotations: Counter[tuple[int, str]]
    """Depth and first words of each."""
    embeds: int
    cards: int


@dataclass(kw_only=True)
class Fidelity:
    """How much of the posts of one feed came through; each pair is (kept, of)."""

    posts: int = 0
    words: list[int] = field(default_factory=lambda: [0, 0])
    links: list[int] = field(default_factory=lambda: [0, 0])
    images: list[int] = field(default_factory=lambda: [0, 0])
    quotations: list[int] = field(default_factory=lambda: [0, 0])
    embeds: list[int] = field(default_factory=lambda: [0, 0])
    lost: list[str] = field(default_factory=list)
    harmful: list[str] = field(default_factory=list)

    def missed_bars(self) -> list[str]:
        """The bars that the feed misses, in words."""
        missed = [f"{share(self.words):.2f} % of the words"] if share(self.words) < 99 else []
        for name in ("links", "images", "quotations", "embeds"):
            kept, of = getattr(self, name)
            if kept < of:
                missed.append(f"{of - kept} of {of} {name} lost")
        return [*missed, *(f"harmful: {what}" for what in self.harmful[:3])]


def share(pair: list[int]) -> float:
    """Per cent kept; 100 when there was nothing to keep."""
    kept, of = pair
    return 100 * kept / of if of else 100.0


def compare(fidelity: Fidelity, source_html: str, letter_html: str, *, base: str) -> None:
    """Add one post to the measure of its feed."""
    source, letter = shown(source_html, base), shown(letter_html, base)
    fidelity.posts += 1
    kept_words = source.words & letter.words
    _add(fidelity.words, kept_words.total(), source.words.total())
    outgoing, inner = source.links - source.inner_links, source.inner_links - letter.links
    kept_inner = min(len(inner), 2 * letter.footnotes)
    _add(
        fidelity.links,
        len(source.links) - len(outgoing - letter.links) - len(inner) + kept_inner,
        len(source.links),
    )
    in_letter = set().union(*letter.images) if letter.images else set()
    _add(fidelity.images, sum(1 for image in source.images if image & in_letter), len(source.images))
    _add(fidelity.quotations, (source.quotations & letter.quotations).total(), source.quotations.total())
    _add(fidelity.embeds, min(source.embeds, letter.cards), source.embeds)
    fidelity.lost += [f"word {word} ×{n}" for word, n in (source.words - letter.words).most_common(20)]
    fidelity.lost += [f"link {link}" for link in outgoing - letter.links]
    fidelity.lost += [f"{len(inner)} links inside the post"] * (kept_inner < len(inner))
    fidelity.lost += [f"image {sorted(image)}" for image in source.images if not image & in_letter]
    fidelity.lost += [f"quotation {quotation}" for quotation in source.quotations - letter.quotations]
    if letter.cards < source.embeds:
        fidelity.lost.append(f"{source.embeds} embeds, {letter.cards} cards")
    fidelity.harmful += harmful(letter_html)


def shown(html: str, base: str) -> Shown:
    """What the HTML shows to a reader."""
    soup = BeautifulSoup(html, "lxml")
    embeds, cards = _count_embeds(soup), _count_cards(soup)
    footnotes = len(soup.select("section.footnotes li"))
    for unseen in soup(_UNSEEN):
        unseen.decompose()
    links = {
        target
        for link in soup("a")
        if (_text(link).strip() or link.find("img"))
        if (target := _address(_attribute(link, "href"), base)) and not _is_counter_link(link, base)
    }
    hrefs = [_attribute(link, "href") for link in soup("a")]
    return Shown(
        words=Counter(_words(_text(soup))),
        links=links,
        inner_links=links & {_address(href, base) for href in hrefs if href.startswith("#")},
        footnotes=footnotes,
        images=[found for image in soup("img") if (found := _image(image, base))],
        quotations=Counter(
            _quotation(quote) for quote in soup("blockquote") if _text(quote).strip() or quote.find("img")
        ),
        embeds=embeds,
        cards=cards,
    )


def harmful(html: str) -> list[str]:
    """Everything in the HTML that acts, tracks, or reaches where a letter must not."""
    soup = BeautifulSoup(html, "lxml")
    found = [f"<{element.name}>" for element in soup(_HARMFUL_TAGS)]
    for element in soup(True):
        for name in element.attrs:
            value = _attribute(element, name)
            if (
                name.startswith("on")
                or name in {"style", "srcdoc", "formaction"}
                or _HARMFUL_ADDRESS.match(value)
            ):
                found.append(f'{element.name} {name}="{value[:60]}"')
        if element.name == "img" and _is_counter(element, _attribute(element, "src")):
            found.append(f"counter {_attribute(element, 'src')[:80]}")
    return found


def _add(pair: list[int], kept: int, of: int) -> None:
    pair[0] += kept
    pair[1] += of


def _attribute(element: Tag, name: str) -> str:
    value = element.get(name)
    return value.strip() if isinstance(value, str) else " ".join(value or [])


def _text(element: Tag) -> str:
    """The visible text, with a space wherever a block or a line ends."""
    pieces: list[str] = []
    for child in element.children:
        if isinstance(child, Tag):
            apart = "" if _INLINE.fullmatch(child.name) else " "
            pieces += [apart, _text(child), apart]
        elif isinstance(child, NavigableString) and not isinstance(child, Comment):
            pieces.append(str(child))
    return "".join(pieces)


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text))


def _address(value: str, base: str) -> str:
    """One spelling of an absolute address; empty when there is none or a mail must not carry it."""
    if not value:
        return ""
    try:
        absolute = urljoin(base, re.sub(r"\s+", "%20", unquote(value.strip())))
        scheme = urlsplit(absolute).scheme
    except ValueError:
        return ""
    absolute = unquote(absolute).rstrip("/")
    return re.sub(r"\s+", " ", absolute) if scheme in {"http", "https", "mailto", "tel"} else ""


def _image(image: Tag, base: str) -> set[str]:
    """The addresses at which the image can be had; empty when it is a counter or an emoji."""
    lazy = [_attribute(image, name) for name in ("data-src", "data-lazy-src", "data-original")]
    sources = [value for value in lazy if value] or [_attribute(image, "src")]
    found = {address for value in sources if (address := _address(value, base))}
    if any(_is_counter(image, address) for address in found) or "emoji" in " ".join(found):
        return set()
    return found


def _is_counter(image: Tag, address: str) -> bool:
    sizes = [_attribute(image, name) for name in ("width", "height")]
    host = urlsplit(address).hostname or ""
    is_flare = host.startswith("feed") and bool(re.search(r"/~(?:r|ff|a)/", address))
    return "1" in sizes or "0" in sizes or host.endswith(_COUNTER_HOSTS) or is_flare


def _is_counter_link(link: Tag, base: str) -> bool:
    """Whether nothing but a counter's picture can be seen of the link."""
    return not _text(link).strip() and not any(_image(image, base) for image in link("img"))


def _quotation(quote: Tag) -> tuple[int, str]:
    depth = len([parent for parent in quote.parents if parent.name == "blockquote"])
    return depth, " ".join(_words(_text(quote))[:4])


def _count_embeds(soup: BeautifulSoup) -> int:
    """Every outermost frame, player or quoted post that has an address."""
    count = 0
    for element in soup(["iframe", "video", "audio", "object", "embed", "blockquote"]):
        if element.find_parent(["video", "audio", "object"]):
            continue
        if element.name == "blockquote":
            count += any(name in _POSTS for name in _attribute(element, "class").split())
        else:
            count += any(_embedded_address(part) for part in [element, *element(True)])
    return count


def _embedded_address(part: Tag) -> bool:
    value = _attribute(part, "src") or _attribute(part, "data") or _attribute(part, "data-src")
    if part.name == "param" and _attribute(part, "name").lower() in {"movie", "src"}:
        value = _attribute(part, "value")
    return bool(value) and not _HARMFUL_ADDRESS.match(value)


def _count_cards(soup: BeautifulSoup) -> int:
    """Cards that have a title with a link."""
    titles = (card.find("a") for card in soup("div", class_="card"))
    return sum(1 for title in titles if isinstance(title, Tag) and _text(title).strip() and title.get("href"))
