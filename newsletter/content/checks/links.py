"""Where links lead, and what their words say of it."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from newsletter.content.checks.hosts import host_of, in_ascii, is_local, looks_like_another, parent_hosts
from newsletter.content.checks.letter import Letter, Problem, check, named, scheme_of, shortened
from newsletter.models import Severity

_LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_SHORTENERS = frozenset(
    {"bit.ly", "tinyurl.com", "goo.gl", "ow.ly", "is.gd", "v.gd", "buff.ly", "t.ly", "rb.gy", "cutt.ly"}
    | {"shorturl.at", "tiny.cc", "rebrand.ly", "soo.gd", "s.id", "adf.ly", "bl.ink", "dlvr.it", "trib.al"}
)
"""Services that anybody may hide an address behind; not those of one network."""
_OF_ONE_NETWORK = frozenset({"t.co"})
"""Stands in posts from there in place of the addresses that are shown, and nobody can write it otherwise."""
_SAYS_NOTHING = frozenset(
    text
    for texts in (
        "click here|here|link|this link|this|click|more|read more|learn more|more info|continue reading",
        "see more|details|website",
        "hier|hier klicken|klicken sie hier|klick hier|mehr|mehr lesen|weiterlesen|mehr erfahren|lesen",
        "ici|cliquez ici|cliquer ici|lire la suite|en savoir plus|lire plus|plus|lien",
        "aquí|haz clic aquí|pulsa aquí|clic aquí|leer más|más|ver más|saber más|enlace",
        "qui|clicca qui|leggi di più|continua a leggere|leggi tutto|aqui|clique aqui|saiba mais|ler mais",
        "klik hier|lees meer|lees verder|meer|тут|натисніть тут|детальніше|читати далі|посилання",
        "здесь|нажмите здесь|подробнее|читать далее|هنا|اضغط هنا|انقر هنا|اقرأ المزيد|المزيد",
        "כאן|לחצו כאן|לחץ כאן|קרא עוד|קראו עוד|עוד|こちら|ここをクリック|続きを読む|詳細|もっと読む",
    )
    for text in texts.split("|")
)
"""English, German, French, Spanish, Italian and Portuguese, Dutch and Ukrainian, Russian and Arabic,
Hebrew and Japanese."""
_SHOWN_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w-]+(?:\.[\w-]+)+/\S+", re.IGNORECASE)


@check("link-relative", Severity.ERROR, remedy="write the whole address, beginning with https://")
def link_relative(letter: Letter) -> Iterator[Problem]:
    """A link or picture address without a host: a letter stands on no page."""
    for element, address in _addresses(letter):
        if not scheme_of(address) and not address.startswith("#"):
            yield Problem(
                message=f"{named(element)} has the address “{shortened(address)}”",
                where=letter.place_in(element, address),
            )


@check("link-unsafe", Severity.ERROR, remedy="link to a web page or a mail address")
def link_unsafe(letter: Letter) -> Iterator[Problem]:
    """`javascript:`, `data:` and other addresses that mail programs block, and that harm in others."""
    for element, address in _addresses(letter):
        scheme = scheme_of(address)
        allowed = {"http", "https"} if element.tag == "img" else _LINK_SCHEMES
        if scheme and scheme not in allowed:
            yield Problem(
                message=f"{named(element)} has an address of the kind {scheme}:",
                where=letter.place_in(element, address),
            )


@check("link-astray", Severity.WARNING, remedy="link to a part of this letter, or to a web page")
def link_astray(letter: Letter) -> Iterator[Problem]:
    """A link to a place that is not in the letter."""
    ids = set(letter.page.xpath("//@id"))
    for element, address in _addresses(letter):
        if address.startswith("#") and address[1:] not in ids:
            yield Problem(
                message=f"{named(element)} leads to “{shortened(address)}”",
                where=letter.place_in(element, address),
            )


@check(
    "link-lookalike",
    Severity.ERROR,
    remedy="type the address anew: a host that only looks right belongs to somebody else",
)
def link_lookalike(letter: Letter) -> Iterator[Problem]:
    """A host that mixes scripts or imitates Latin letters with others, so that it looks like another."""
    for link, address in _web_links(letter):
        host = host_of(address)
        if looks_like_another(host):
            yield Problem(
                message=f"{named(link)} leads to “{host}”, which is {in_ascii(host)}",
                where=letter.place_in(link, address),
            )


@check("link-shortened", Severity.WARNING, remedy="link to the page itself")
def link_shortened(letter: Letter) -> Iterator[Problem]:
    """A link through a public shortener: filters distrust it, and readers do not see where it leads."""
    for link, address in _web_links(letter):
        shortener = _SHORTENERS.intersection(parent_hosts(host_of(address)))
        if shortener and address.count("/") > 2 and not address.endswith("/"):
            yield Problem(
                message=f"{named(link)} leads through {min(shortener)}", where=letter.place_in(link, address)
            )


@check("link-says-elsewhere", Severity.WARNING, remedy="show the address that the link has, or words")
def link_says_elsewhere(letter: Letter) -> Iterator[Problem]:
    """A link whose words are one address and whose target is another: filters take it for a fraud."""
    for link, address in _web_links(letter):
        shown = " ".join(link.text_content().split()).strip("<>()…. ")
        if not _SHOWN_ADDRESS.fullmatch(shown):
            continue
        said = host_of(shown if "//" in shown else f"//{shown}")
        told, real = parent_hosts(said), parent_hosts(host_of(address))
        if said and not set(told[-2:-1] or told) & set(real) and real[0] not in _OF_ONE_NETWORK:
            yield Problem(
                message=f"The link “{shortened(shown)}” leads to {host_of(address)}",
                where=letter.place_in(link, address),
            )


@check("link-local", Severity.WARNING, remedy="link to an address that readers can reach")
def link_local(letter: Letter) -> Iterator[Problem]:
    """A link or picture on the author's own machine or network.

    Nothing is said while a post or the newsletter's own `public_url` is there: then it is a trial.
    """
    homes = [letter.newsletter.public_url, *(section.url for section in letter.issue.sections)]
    if any(is_local(host_of(home)) for home in homes):
        return
    for element, address in _addresses(letter):
        if scheme_of(address) in {"http", "https"} and is_local(host_of(address)):
            yield Problem(
                message=f"{named(element)} is on {host_of(address)}, where no reader can look",
                where=letter.place_in(element, address),
            )


@check("link-text-generic", Severity.WARNING, remedy="let the link's words say where it leads")
def link_text_generic(letter: Letter) -> Iterator[Problem]:
    """Links such as “click here”, which say nothing to those who hear a page read.

    One that repeats another link of its post, such as “read more” below a linked title, is let be.
    """
    links = [(link, " ".join(link.text_content().split())) for link, _ in _web_links(letter)]
    told = {
        (link.get("href"), _post_of(letter, link))
        for link, shown in links
        if shown and not _is_generic(shown)
    }
    for link, shown in links:
        address = link.get("href", "")
        if _is_generic(shown) and (address, _post_of(letter, link)) not in told:
            yield Problem(
                message=f"The link “{shown}” leads to {shortened(address)}",
                where=letter.place_in(link, address),
            )


@check("link-without-text", Severity.WARNING, remedy="give the link words")
def link_without_text(letter: Letter) -> Iterator[Problem]:
    """A link that holds neither words nor a picture: nobody can see, hear or follow it."""
    for link, address in _web_links(letter):
        if not link.text_content().strip() and not link.xpath(".//img"):
            yield Problem(
                message=f"A link to {shortened(address)} has no words", where=letter.place_in(link, address)
            )


def _addresses(letter: Letter) -> Iterator[tuple[HtmlElement, str]]:
    for element in letter.page.xpath("//a[@href] | //img"):
        yield element, (element.get("href") or element.get("src") or "").strip()


def _web_links(letter: Letter) -> Iterator[tuple[HtmlElement, str]]:
    for element, address in _addresses(letter):
        if element.tag == "a" and scheme_of(address) in {"http", "https"}:
            yield element, address


def _post_of(letter: Letter, link: HtmlElement) -> int:
    """A number that links of one post share; 0 for the rest of the letter."""
    section = letter.section_of(link)
    return id(section) if section else 0


def _is_generic(shown: str) -> bool:
    return shown.strip(" .…»›→>:[]()").casefold() in _SAYS_NOTHING
