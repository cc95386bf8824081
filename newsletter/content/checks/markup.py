"""Links, pictures, size and style: what mail programs do badly with."""

import re
from collections.abc import Iterator

from lxml import html
from lxml.html import HtmlElement

from newsletter.content.checks.letter import Letter, Problem, check, shortened
from newsletter.content.stylesheet import plain_sheets, unfit_rules
from newsletter.models import Severity

_CLIPPED = 100_000
"""Octets of HTML beyond which Gmail cuts a letter off (hteumeuleu/email-bugs #41: 99.5–100.2 kB)."""
_LARGE = 90_000
"""Leaves room for what a provider adds."""
_LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})


@check("link-relative", Severity.ERROR, remedy="write the whole address, beginning with https://")
def link_relative(letter: Letter) -> Iterator[Problem]:
    """A link or picture address without a host: a letter stands on no page."""
    for element, address in _addresses(letter):
        if not _scheme(address) and not address.startswith("#"):
            yield Problem(
                message=f"{_named(element)} has the address “{shortened(address)}”", where="HTML part"
            )


@check("link-unsafe", Severity.ERROR, remedy="link to a web page or a mail address")
def link_unsafe(letter: Letter) -> Iterator[Problem]:
    """`javascript:`, `data:` and other addresses that mail programs block, and that harm in others."""
    for element, address in _addresses(letter):
        scheme = _scheme(address)
        allowed = {"http", "https"} if element.tag == "img" else _LINK_SCHEMES
        if scheme and scheme not in allowed:
            yield Problem(
                message=f"{_named(element)} has an address of the kind {scheme}:", where="HTML part"
            )


@check("link-astray", Severity.WARNING, remedy="link to a part of this letter, or to a web page")
def link_astray(letter: Letter) -> Iterator[Problem]:
    """A link to a place that is not in the letter."""
    ids = set(letter.page.xpath("//@id"))
    for element, address in _addresses(letter):
        if address.startswith("#") and address[1:] not in ids:
            yield Problem(message=f"{_named(element)} leads to “{shortened(address)}”", where="HTML part")


@check(
    "image-without-alt",
    Severity.WARNING,
    remedy="describe the picture between the brackets: ![a red boat](…)",
)
def image_without_alt(letter: Letter) -> Iterator[Problem]:
    """A picture without words for those who do not see it; many mail programs hide pictures at first."""
    for image in letter.page.xpath("//img"):
        if not image.get("alt", "").strip():
            yield Problem(message=f"{_named(image)} has no text", where="HTML part")


@check("image-not-https", Severity.WARNING, remedy="use the picture's https:// address")
def image_not_https(letter: Letter) -> Iterator[Problem]:
    """A picture on plain http, which mail programs block or mark as unsafe."""
    for image in letter.page.xpath("//img"):
        if _scheme(image.get("src", "")) == "http":
            yield Problem(message=f"{_named(image)} is on plain http", where="HTML part")


@check("html-large", Severity.WARNING, remedy="shorten what takes the room, or show excerpts")
def html_large(letter: Letter) -> Iterator[Problem]:
    """HTML that comes near the size at which Gmail cuts a letter off."""
    if _LARGE < (size := len(letter.email.html.encode())) <= _CLIPPED:
        yield Problem(message=f"The HTML part has {size // 1000} kB; {_largest(letter)}", where="HTML part")


@check("html-too-large", Severity.ERROR, remedy="shorten what takes the room, or show excerpts")
def html_too_large(letter: Letter) -> Iterator[Problem]:
    """HTML that Gmail cuts off, and with it the link to unsubscribe."""
    if (size := len(letter.email.html.encode())) > _CLIPPED:
        yield Problem(message=f"The HTML part has {size // 1000} kB; {_largest(letter)}", where="HTML part")


@check(
    "css-rule-lost",
    Severity.WARNING,
    remedy='write it more simply, or move it into <style data-premailer="ignore">',
)
def css_rule_lost(letter: Letter) -> Iterator[Problem]:
    """A rule of the theme's style sheet that does not reach the elements."""
    theme = letter.theme
    for name, source in theme.files.items() if theme else ():
        sheets = [source] if name.endswith(".css") else plain_sheets(source)
        for sheet in sheets:
            first = source[: source.index(sheet)].count("\n")
            for rule in unfit_rules(sheet) if "{{" not in sheet else ():
                yield Problem(
                    message=f"“{shortened(rule.text)}”: {rule.why}",
                    where=f"{theme.paths.get(name, name) if theme else name}:{first + rule.line}",
                )


def _addresses(letter: Letter) -> Iterator[tuple[HtmlElement, str]]:
    for element in letter.page.xpath("//a[@href] | //img"):
        yield element, (element.get("href") or element.get("src") or "").strip()


def _scheme(address: str) -> str:
    match = re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*):", address)
    return match[1].lower() if match else ""


def _named(element: HtmlElement) -> str:
    """What the author knows the element by."""
    if element.tag == "img":
        return f"The picture “{shortened(element.get('alt') or element.get('src') or '')}”"
    return f"The link “{shortened(element.text_content())}”"


def _largest(letter: Letter) -> str:
    """The parts that take the most room, when the theme marks posts with `id="post-1"` and so on."""
    sizes = [
        (len(html.tostring(element, encoding="unicode").encode()), section.title)
        for number, section in enumerate(letter.issue.sections, start=1)
        for element in letter.page.xpath(f'//*[@id="post-{number}"]')
    ]
    parts = [f"“{shortened(title, 40)}” {size // 1000} kB" for size, title in sorted(sizes, reverse=True)[:3]]
    return "the largest posts: " + ", ".join(parts) if parts else "its posts are not marked by the theme"
