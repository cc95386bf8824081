"""Size, order and style: what mail programs do badly with."""

from collections.abc import Iterator

from lxml import html

from newsletter.content.checks.letter import Letter, Problem, check, shortened
from newsletter.content.stylesheet import plain_sheets, unfit_rules
from newsletter.models import Severity

_CLIPPED = 100_000
"""Octets of HTML beyond which Gmail cuts a letter off (hteumeuleu/email-bugs #41: 99.5–100.2 kB)."""
_LARGE = 90_000
"""Leaves room for what a provider adds."""


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


@check("heading-order", Severity.WARNING, remedy="begin posts with ### and go down one level at a time")
def heading_order(letter: Letter) -> Iterator[Problem]:
    """A heading more than one level below the one before it, or one that holds nothing."""
    level = 0
    for heading in letter.page.xpath("//h1 | //h2 | //h3 | //h4 | //h5 | //h6"):
        own, words = int(heading.tag[1]), heading.text_content().strip()
        if not words and not heading.xpath(".//img/@alt[normalize-space()]"):
            yield Problem(message=f"An h{own} holds no words", where=letter.place_in(heading, ""))
        elif level and own > level + 1:
            yield Problem(
                message=f"“{shortened(words)}” is an h{own} below an h{level}",
                where=letter.place_in(heading, words),
            )
        level = own


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


def _largest(letter: Letter) -> str:
    """The parts that take the most room, when the theme marks posts with `id="post-1"` and so on."""
    sizes = [
        (len(html.tostring(element, encoding="unicode").encode()), section.title)
        for number, section in enumerate(letter.issue.sections, start=1)
        for element in letter.page.xpath(f'//*[@id="post-{number}"]')
    ]
    parts = [f"“{shortened(title, 40)}” {size // 1000} kB" for size, title in sorted(sizes, reverse=True)[:3]]
    return "the largest posts: " + ", ".join(parts) if parts else "its posts are not marked by the theme"
