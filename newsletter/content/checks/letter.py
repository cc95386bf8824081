"""What a check is, and the letter that every check looks at."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from lxml import html
from lxml.html import HtmlElement

from newsletter.config.settings import NewsletterSettings
from newsletter.config.theme import Theme
from newsletter.models import Finding, Issue, RenderedEmail, Section, Severity

_UNSPACED = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_WORD = re.compile(rf"{_UNSPACED}|\w+?(?={_UNSPACED}|\b)")
"""A character of the scripts that are written without spaces, or a word of the others."""
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "i", "ins", "kbd", "mark", "q", "s", "samp"}
    | {"small", "span", "strong", "sub", "sup", "tt", "u", "var", "del", "dfn"}
)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A rendered issue with all that a check may want to know of it."""

    email: RenderedEmail
    issue: Issue
    newsletter: NewsletterSettings
    headers: Mapping[str, str]
    """As `mime.headers_for` makes them for a reader, but not yet checked."""
    theme: Theme | None = None

    @cached_property
    def page(self) -> HtmlElement:
        """The HTML part without its comments."""
        page = html.document_fromstring(self.email.html)
        for comment in page.xpath("//comment()"):
            comment.drop_tree()
        return page

    @cached_property
    def visible_text(self) -> str:
        """What a reader of the HTML part sees, picture texts left out."""
        pieces: list[str] = []
        _gather(self.page.xpath("//body")[0], pieces)
        return " ".join("".join(pieces).split())

    def where(self, section: Section) -> str:
        """Where the author finds the section."""
        return f"issues/{self.issue.id}.md" + (f":{section.line}" if section.line else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that a check found; `where` is a line, a header or a part of the letter."""

    message: str
    where: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A rule for letters under a code that never changes; docs/reference/checks.md has an entry for each."""

    code: str
    severity: Severity
    remedy: str
    problems: Callable[[Letter], Iterator[Problem]]

    def findings(self, letter: Letter) -> list[Finding]:
        """What is wrong with this letter by this rule; empty when nothing is."""
        return [
            Finding(
                code=self.code,
                severity=self.severity,
                message=problem.message,
                remedy=self.remedy,
                where=problem.where,
            )
            for problem in self.problems(letter)
        ]


def check(
    code: str, severity: Severity, *, remedy: str
) -> Callable[[Callable[[Letter], Iterator[Problem]]], Check]:
    """A decorator that makes a generator of Problems a Check."""
    return lambda problems: Check(code=code, severity=severity, remedy=remedy, problems=problems)


def shortened(text: str, length: int = 60) -> str:
    """The text on one line, cut to `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def words(text: str) -> list[str]:
    """The words of a text in lower case; hints where a word may be parted are no part of it."""
    return _WORD.findall(re.sub("[\u00ad\u200b\u2060\ufeff]", "", text).casefold())


def _gather(element: HtmlElement, pieces: list[str]) -> None:
    """The words of inline elements run together as they are seen; blocks stand apart."""
    hidden = "display:none" in element.get("style", "").replace(" ", "")
    if hidden or element.tag in {"style", "script"}:
        return
    inline = element.tag in _INLINE
    pieces.append(("" if inline else " ") + (element.text or ""))
    for child in element:
        _gather(child, pieces)
        pieces.append(child.tail or "")
    pieces.append("" if inline else " ")
