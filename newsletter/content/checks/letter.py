"""What a check is, and the letter that every check looks at."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

from lxml import html
from lxml.html import HtmlElement

from newsletter.config.settings import NewsletterSettings
from newsletter.config.theme import Theme
from newsletter.content.checks.answers import Answer
from newsletter.content.checks.looks import Drawn, drawn_texts, has_dark_scheme
from newsletter.models import Finding, Issue, RenderedEmail, Section, Severity

_UNSPACED = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_WORD = re.compile(rf"{_UNSPACED}|\w+?(?={_UNSPACED}|\b)")
"""A character of the scripts that are written without spaces, or a word of the others."""
_POST_ID = re.compile(r"post-(\d{1,6})", re.ASCII)
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
    source: str = ""
    """The issue file's text, in which findings get their lines; empty when there is none."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    """What servers said, by address; empty when none was asked."""

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

    @cached_property
    def texts_in_light(self) -> list[Drawn]:
        """How each text is drawn on a light screen."""
        return drawn_texts(self.page, dark=False)

    @cached_property
    def texts_in_dark(self) -> list[Drawn]:
        """How each text is drawn in the letter's own dark colours; empty when it has none."""
        return drawn_texts(self.page, dark=True) if has_dark_scheme(self.page) else []

    @cached_property
    def prose(self) -> list[tuple[Section | None, str]]:
        """The words of each section, and under None those of the rest; code samples left out."""
        pieces: dict[int, list[str]] = {}
        _gather_prose(self.page.xpath("//body")[0], 0, pieces)
        sections = (None, *self.issue.sections)
        return [
            (sections[number], "".join(found)) for number, found in pieces.items() if number < len(sections)
        ]

    def section_of(self, element: HtmlElement) -> Section | None:
        """The section that the element shows; None for the intro, the outro and the theme's own.

        Themes mark sections with `id="post-1"` and so on.
        """
        for holder in (element, *element.iterancestors()):
            number = _POST_ID.fullmatch(holder.get("id", ""))
            if number and 0 < int(number[1]) <= len(self.issue.sections):
                return self.issue.sections[int(number[1]) - 1]
        return None

    def place_of(self, key: str) -> str:
        """The line of the issue file's front matter that holds the subject or the preheader."""
        lines = self.source.split("\n")
        line = next((number for number, each in enumerate(lines, 1) if each.startswith(f"{key}:")), 0)
        return f"issues/{self.issue.id}.md:{line}" if line else key.capitalize()

    def place_in(self, element: HtmlElement, words: str) -> str:
        """Where the author finds what the element shows, by words that stand there in the issue file."""
        return self.place(self.section_of(element), words)

    def place(self, section: Section | None, words: str = "") -> str:
        """The line of the issue file on which the words stand, else that on which the section begins.

        Without a section the whole file is searched, and what is not there is the theme's.
        """
        begin = section.line if section else 1
        later = [each.line for each in self.issue.sections if section and each.line > begin]
        line = self._line(words, begin, min(later, default=None)) or (begin if section else 0)
        if not section and not line:
            return "HTML part"
        return f"issues/{self.issue.id}.md" + (f":{line}" if line else "")

    def _line(self, words: str, begin: int, end: int | None) -> int:
        """The first line from `begin` and before `end` that holds the words; 0 when none does."""
        if not words or not begin:
            return 0
        lines = self.source.split("\n")[begin - 1 : end and end - 1]
        return next((number for number, line in enumerate(lines, start=begin) if words in line), 0)


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


def named(element: HtmlElement) -> str:
    """What the author knows a link or a picture by: its words, or the name of its file."""
    if element.tag == "img":
        source = element.get("src", "")
        file_name = unquote(source.partition("?")[0].rpartition("/")[2])
        return f"The picture “{shortened(element.get('alt') or file_name or source)}”"
    return f"The link “{shortened(element.text_content())}”"


def described(element: HtmlElement) -> str:
    """The element and its classes, such as `<td class="small end">`."""
    classes = element.get("class")
    return f'<{element.tag} class="{classes}">' if classes else f"<{element.tag}>"


def scheme_of(address: str) -> str:
    """The address's scheme in lower case; empty when it has none."""
    match = re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*):", address)
    return match[1].lower() if match else ""


def words(text: str) -> list[str]:
    """The words of a text in lower case; hints where a word may be parted are no part of it."""
    return _WORD.findall(re.sub("[\u00ad\u200b\u2060\ufeff]", "", text).casefold())


def _gather_prose(element: HtmlElement, number: int, pieces: dict[int, list[str]]) -> None:
    """Put the words under the number of the section that they stand in, 0 for none."""
    if element.tag in {"code", "pre", "style", "script"}:
        return
    marked = _POST_ID.fullmatch(element.get("id", ""))
    number = int(marked[1]) if marked else number
    between = "" if element.tag in _INLINE else " "
    found = pieces.setdefault(number, [])
    found.append(between + (element.text or ""))
    for child in element:
        _gather_prose(child, number, pieces)
        found.append(child.tail or "")
    found.append(between)


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
