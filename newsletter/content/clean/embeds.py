"""What a mail cannot show becomes a card: a title with a link, the words, and whose they are.

A card is a `div` with the classes that markdown.py gives its containers, so that a card read back
from a rendered letter is a card again.
"""

import re
from collections.abc import Iterable

from newsletter.content.clean.addresses import address
from newsletter.content.clean.embedsites import Embed, embed
from newsletter.content.clean.tree import Content, Node
from newsletter.content.markdown import CARD_KINDS

_POST_SITES = {
    "twitter-tweet": "Twitter",
    "twitter-video": "Twitter",
    "bluesky-embed": "Bluesky",
    "mastodon-embed": "Mastodon",
    "instagram-media": "Instagram",
    "tiktok-embed": "TikTok",
    "text-post-media": "Threads",
    "reddit-card": "Reddit",
    "reddit-embed-bq": "Reddit",
    "imgur-embed-pub": "Imgur",
    "fb-post": "Facebook",
    "fb-video": "Facebook",
}
_PERMALINKS = ("data-instgrm-permalink", "data-text-post-permalink", "data-embed-url", "data-href", "cite")
_KIND_TITLES = {
    "video": "Video",
    "audio": "Audio",
    "post": "Post",
    "gallery": "Pictures",
    "document": "Document",
}
_GENERIC_TITLE = re.compile(
    r"https?://\S+|(?:youtube|vimeo) video player|(?:embedded )?(?:video|audio|content|iframe|player)"
    r"|(?:video|audio) player|(?:spotify|twitter) embed|embed|untitled",
    re.IGNORECASE,
)
_CARD_CLASSES = tuple(frozenset({"card", f"card-{kind}"}) for kind in CARD_KINDS)
_DASH = re.compile(r"\A\s*(?:—|–|―|--?)\s*")
_SIGNATURE = re.compile(r"\s*(?:—|–|―|--)\s*\S")


def card(kind: str, title: str, url: str, rest: Iterable[Content] = ()) -> Node:
    """A card whose first paragraph is the title, linked, followed by `rest`."""
    heading = Node("p", {}, [Node("a", {"href": url}, [title])])
    return Node("div", {"class": f"card card-{kind}"}, [heading, *rest])


def is_card(node: Node) -> bool:
    """Whether the node is a card, made here or read back from a letter."""
    if node.tag != "div" or node.classes not in _CARD_CLASSES:
        return False
    title = next((child for child in node.children if isinstance(child, Node)), None)
    return title is not None and title.tag == "p" and [child.tag for child in title.elements()][:1] == ["a"]


def cards_for_embeds(parent: Node, base: str) -> None:
    """Replace everything embedded below `parent` by cards, in place; nothing is fetched."""
    children: list[Content] = []
    for child in parent.children:
        if isinstance(child, str):
            children.append(child)
            continue
        made = _cards(child, base)
        if made is None:
            cards_for_embeds(child, base)
            made = [child]
        children += made
    parent.children = children


def _cards(node: Node, base: str) -> list[Content] | None:
    """What stands for the node when it is an embed; None when it is none."""
    match node.tag:
        case "x-iframe":
            return _framed(node, [node.get(name) for name in ("data-src", "data-lazy-src", "src")], base)
        case "video" | "audio":
            return [_media(node, base)]
        case "object" | "embed":
            parameters = {param.get("name").lower(): param.get("value") for param in node.find("param")}
            inner = [inside.get("src") for inside in node.find("embed", "x-iframe")]
            addresses = [
                *inner,
                parameters.get("movie", ""),
                parameters.get("src", ""),
                node.get("data"),
                node.get("src"),
            ]
            fallback = Node("div", {}, [c for c in node.children if not _is_part_of_object(c)])
            cards_for_embeds(fallback, base)
            return [*_framed(node, addresses, base), *fallback.children]
        case "blockquote" | "div":
            site = next((_POST_SITES[name] for name in sorted(node.classes) if name in _POST_SITES), "")
            return _post(node, site, base) if site else None
    return None


def _is_part_of_object(content: Content) -> bool:
    return isinstance(content, Node) and content.tag in {"param", "embed", "x-iframe"}


def _framed(node: Node, addresses: Iterable[str], base: str) -> list[Content]:
    url = next((absolute for value in addresses if (absolute := address(value, base))), "")
    if not url:
        return []
    found = embed(url)
    return [card(found.kind, _title(node, found), found.url)]


def _title(node: Node, found: Embed) -> str:
    given = " ".join((node.get("title") or node.get("aria-label")).split())
    if given and not _GENERIC_TITLE.fullmatch(given):
        return given
    return f"{_KIND_TITLES[found.kind]} on {found.site}" if found.kind in _KIND_TITLES else found.site


def _media(node: Node, base: str) -> Content:
    sources = [node.get("src"), *(source.get("src") for source in node.find("source", "a", "embed"))]
    linked = [link.get("href") for link in node.find("a")]
    url = next((found for value in [*sources, *linked] if (found := address(value, base))), "")
    if not url:
        return ""
    title = " ".join((node.get("title") or node.get("aria-label")).split())
    poster = address(node.get("poster"), base)
    rest = [Node("p", {}, [Node("img", {"src": poster, "alt": title})])] if poster else []
    return card(node.tag, title or f"{_KIND_TITLES[node.tag]}: {_file_name(url)}", url, rest)


def _file_name(url: str) -> str:
    return url.partition("?")[0].rstrip("/").rpartition("/")[2] or url


def _post(node: Node, site: str, base: str) -> list[Content] | None:
    """A card for a tweet and its like: its words as a quotation, then who wrote it and when."""
    links = [found for link in node.find("a") if (found := address(link.get("href"), base))]
    named = [found for name in _PERMALINKS if (found := address(node.get(name), base))]
    inner = [found for frame in node.find("x-iframe") if (found := address(frame.get("src"), base))]
    url = next(iter([*named, *reversed(links), *inner]), "")
    if not url:
        return None
    cards_for_embeds(node, base)
    words, signature = _signed(node)
    rest: list[Content] = []
    if not Node("", {}, words).is_blank:
        rest.append(Node("blockquote", {}, words))
    if not Node("", {}, signature).is_blank:
        rest.append(Node("p", {}, signature))
    if site == "Twitter" and "//x.com/" in url:
        site = "X"
    return [card("video" if "video" in " ".join(node.classes) else "post", f"Post on {site}", url, rest)]


def _signed(node: Node) -> tuple[list[Content], list[Content]]:
    """A post's words, and its last line `— Name (@name) <a>date</a>` as `Name (@name) · date`."""
    for at in range(len(node.children) - 1, -1, -1):
        child = node.children[at]
        if not _SIGNATURE.match(child if isinstance(child, str) else child.text):
            continue
        if isinstance(child, str):
            return node.children[:at], _who_and_when([child, *node.children[at + 1 :]])
        if child.tag == "p" and at > 0:
            return node.children[:at], _who_and_when([*child.children, *node.children[at + 1 :]])
    return node.children, []


def _who_and_when(line: list[Content]) -> list[Content]:
    first, *others = line
    who: list[Content] = [_DASH.sub("", first, count=1) if isinstance(first, str) else first, *others]
    last = max((i for i, part in enumerate(who) if isinstance(part, Node) and part.tag == "a"), default=0)
    before = who[last - 1] if last else None
    if isinstance(before, str):
        who[last - 1] = f"{before.rstrip()} · "
    return who
