"""What the words of a letter give away: things left empty, left over or lost."""

import re
from collections import Counter
from collections.abc import Iterator

from newsletter.content.checks.letter import Letter, Problem, check, shortened, words
from newsletter.models import Section, Severity

_SUBJECT_LENGTH = 78
"""Characters; inbox lists show 40 to 80."""
_PREHEADER_LENGTH = 140
"""Characters; the widest inbox lists show about so many."""
_SHOUT = 10
"""Letters from which on capitals are no abbreviation."""
_PARITY = 0.99
"""Share of the HTML part's words that the text part holds."""
_TEMPLATE_SYNTAX = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\*\|\w+\|\*")
"""Jinja's and Mailchimp's ways of writing a merge field."""
_OWN_WORDS = 12
"""Words from which on two equal bodies are one."""
_UNFINISHED = re.compile(r"\b(?:TK|TKTK|TODO|FIXME|XXX)\b|(?i:\blorem ipsum\b)")
"""TK, “to come”, is what editors write where words are missing."""

_REFERENCE = re.compile(r"\[[^\[\]\n]+\]\[[^\[\]\n]*\]|\[\^[^\[\]\s]+\]")
"""CommonMark's reference links and the footnotes of its neighbours, left as they were written."""
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


@check("subject-empty", Severity.ERROR, remedy="write a subject in the issue file's front matter")
def subject_empty(letter: Letter) -> Iterator[Problem]:
    """A letter without a subject."""
    if not letter.email.subject.strip():
        yield Problem(message="The subject is empty", where=letter.place_of("subject"))


@check("subject-long", Severity.WARNING, remedy="say the most important words first, or fewer")
def subject_long(letter: Letter) -> Iterator[Problem]:
    """A subject that inbox lists cut."""
    if (length := len(letter.email.subject)) > _SUBJECT_LENGTH:
        yield Problem(
            message=f"The subject has {length} characters, over {_SUBJECT_LENGTH}",
            where=letter.place_of("subject"),
        )


@check("subject-shouting", Severity.WARNING, remedy="write it in small letters, with one mark at most")
def subject_shouting(letter: Letter) -> Iterator[Problem]:
    """A subject in capitals or with `!!`: filters count both against a letter."""
    subject = letter.email.subject
    cased = [character for character in subject if character.isupper() or character.islower()]
    if len(cased) >= _SHOUT and sum(map(str.isupper, cased)) > 0.8 * len(cased):
        yield Problem(message="The subject is written in capitals", where=letter.place_of("subject"))
    if marks := re.search(r"[!?！？]{2,}", subject):
        yield Problem(message=f"The subject holds “{marks[0]}”", where=letter.place_of("subject"))


@check("subject-wordless", Severity.WARNING, remedy="say in words what the letter is about")
def subject_wordless(letter: Letter) -> Iterator[Problem]:
    """A subject of emoji and marks alone, which screen readers spell out and filters distrust."""
    subject = letter.email.subject.strip()
    if subject and not any(character.isalnum() for character in subject):
        yield Problem(
            message=f"The subject “{shortened(subject)}” holds no word", where=letter.place_of("subject")
        )


@check("preheader-missing", Severity.WARNING, remedy="write a first line in the issue file’s front matter")
def preheader_missing(letter: Letter) -> Iterator[Problem]:
    """No preheader: inbox lists show the masthead and its links beside the subject."""
    if not letter.email.preheader.strip():
        yield Problem(message="There is no preheader", where=letter.place_of("preheader"))


@check("preheader-long", Severity.WARNING, remedy="say the most important words first, or fewer")
def preheader_long(letter: Letter) -> Iterator[Problem]:
    """A preheader that every inbox list cuts."""
    if (length := len(letter.email.preheader)) > _PREHEADER_LENGTH:
        yield Problem(
            message=f"The preheader has {length} characters, over {_PREHEADER_LENGTH}",
            where=letter.place_of("preheader"),
        )


@check("preheader-repeats", Severity.WARNING, remedy="say something that the subject does not")
def preheader_repeats(letter: Letter) -> Iterator[Problem]:
    """A preheader that says the subject once more."""
    told = words(letter.email.preheader)
    if told and told == words(letter.email.subject):
        yield Problem(message="The preheader repeats the subject", where=letter.place_of("preheader"))


@check("issue-empty", Severity.ERROR, remedy="add a post or some words of your own")
def issue_empty(letter: Letter) -> Iterator[Problem]:
    """An issue with no sections and no words of its own."""
    issue = letter.issue
    if not issue.sections and not (issue.intro_markdown + issue.outro_markdown).strip():
        yield Problem(message="The issue holds nothing", where=f"issues/{issue.id}.md")


@check("section-empty", Severity.WARNING, remedy="write something below the title, or remove it")
def section_empty(letter: Letter) -> Iterator[Problem]:
    """A section with neither words nor a link to them."""
    for section in letter.issue.sections:
        if not section.body_markdown.strip() and not section.url:
            yield Problem(message=f"“{shortened(section.title)}” has no words", where=letter.place(section))


@check("placeholder-undefined", Severity.ERROR, remedy="write the words themselves: text is never filled in")
def placeholder_undefined(letter: Letter) -> Iterator[Problem]:
    """`{{ … }}`, `{% … %}` or `*|…|*` outside the gathered posts: somebody meant it to be filled in."""
    gathered = "\n".join(f"{each.title}\n{each.body_markdown}" for each in letter.issue.sections if each.post)
    for key, text in (("subject", letter.email.subject), ("preheader", letter.email.preheader)):
        for found in dict.fromkeys(_TEMPLATE_SYNTAX.findall(text)):
            if found not in gathered:
                yield Problem(message=f"Readers will see “{shortened(found)}”", where=letter.place_of(key))
    for section, text in letter.prose:
        for found in () if section and section.post else dict.fromkeys(_TEMPLATE_SYNTAX.findall(text)):
            yield Problem(
                message=f"Readers will see “{shortened(found)}”", where=letter.place(section, found)
            )


@check("template-leftover", Severity.WARNING, remedy="remove it, or mark it as `code`")
def template_leftover(letter: Letter) -> Iterator[Problem]:
    """The same in a gathered post, which may tell of templates; code samples may hold them anywhere."""
    for section, text in letter.prose:
        for found in dict.fromkeys(_TEMPLATE_SYNTAX.findall(text)) if section and section.post else ():
            yield Problem(
                message=f"Readers will see “{shortened(found)}”", where=letter.place(section, found)
            )


@check("words-unfinished", Severity.WARNING, remedy="write what is still to come, or remove the mark")
def words_unfinished(letter: Letter) -> Iterator[Problem]:
    """TK, TODO, lorem ipsum: marks of text that is not ready; code samples may hold them."""
    for key, text in (("subject", letter.email.subject), ("preheader", letter.email.preheader)):
        for found in dict.fromkeys(_UNFINISHED.findall(text)):
            yield Problem(message=f"“{found}” looks unfinished", where=letter.place_of(key))
    for section, text in letter.prose:
        for found in dict.fromkeys(_UNFINISHED.findall(text)):
            yield Problem(message=f"“{found}” looks unfinished", where=letter.place(section, found))


@check("reference-undefined", Severity.WARNING, remedy="write its address or its note in the same section")
def reference_undefined(letter: Letter) -> Iterator[Problem]:
    """`[words][name]` or `[^1]` whose other half stands in another section, or nowhere."""
    for section, text in letter.prose:
        for found in dict.fromkeys(_REFERENCE.findall(text)):
            yield Problem(
                message=f"Readers will see “{shortened(found)}”", where=letter.place(section, found)
            )


@check("fence-unclosed", Severity.WARNING, remedy="write the same marks on a line below the code")
def fence_unclosed(letter: Letter) -> Iterator[Problem]:
    """A block of code that is never ended, and takes all that follows for code."""
    issue = letter.issue
    for section, text in (
        (None, issue.intro_markdown),
        *((each, each.body_markdown) for each in issue.sections),
        (None, issue.outro_markdown),
    ):
        if fence := _open_fence(text):
            yield Problem(
                message=f"A block of code that begins with “{fence}” is not ended",
                where=letter.place(section, fence),
            )


@check("post-repeated", Severity.WARNING, remedy="remove one of the two")
def post_repeated(letter: Letter) -> Iterator[Problem]:
    """Two sections with the same address, the same title or the same words."""
    seen: dict[str, Section] = {}
    for section in letter.issue.sections:
        marks = [_plain_address(section.url), section.title.casefold(), _body_mark(section)]
        first = next((seen[mark] for mark in marks if mark in seen), None)
        if first:
            yield Problem(
                message=f"“{shortened(section.title)}” repeats “{shortened(first.title)}”"
                + (f" of line {first.line}" if first.line else ""),
                where=letter.place(section),
            )
        for mark in filter(None, marks):
            seen.setdefault(mark, section)


@check(
    "text-part-short",
    Severity.WARNING,
    remedy="compare both parts; issue.txt.j2 must show what issue.html.j2 does",
)
def text_part_short(letter: Letter) -> Iterator[Problem]:
    """A text part that lacks more than one in a hundred of the HTML part's words."""
    shown = Counter(words(letter.visible_text))
    missing = shown - Counter(words(letter.email.text))
    if missing.total() > (1 - _PARITY) * shown.total():
        share = 100 * (1 - missing.total() / shown.total())
        lost = ", ".join(word for word, _ in missing.most_common(5))
        yield Problem(
            message=f"The text part holds {share:.0f} % of the words; lost: {lost}", where="text part"
        )


def _plain_address(url: str) -> str:
    """The address without what often differs between two of one page."""
    address = re.sub(r"^https?://(www\.)?", "", url.partition("#")[0].casefold())
    return re.sub(r"[?&](utm_\w+|ref)=[^&]*", "", address).rstrip("/?&")


def _open_fence(markdown: str) -> str:
    """The marks that begin a block of code which nothing ends (CommonMark 0.31 §4.5); else empty."""
    opened = ""
    for line in markdown.splitlines():
        found = _FENCE.fullmatch(line)
        if not found:
            continue
        marks, rest = found[1], found[2]
        if not opened:
            opened = "" if marks[0] == "`" and "`" in rest else marks
        elif marks.startswith(opened) and not rest.strip():
            opened = ""
    return opened


def _body_mark(section: Section) -> str:
    """The words of a body that is long enough to be somebody's very own."""
    told = words(section.body_markdown)
    return " ".join(told) if len(told) >= _OWN_WORDS else ""
