"""What the words of a letter give away: things left empty, left over or lost."""

import re
from collections import Counter
from collections.abc import Iterator

from newsletter.content.checks.letter import Letter, Problem, check, shortened, words
from newsletter.models import Severity

_SUBJECT_LENGTH = 78
"""Characters; inbox lists show 40 to 80."""
_PARITY = 0.99
"""Share of the HTML part's words that the text part holds."""
_TEMPLATE_SYNTAX = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\*\|\w+\|\*")
"""Jinja's and Mailchimp's ways of writing a merge field."""
_UNFINISHED = re.compile(r"\b(?:TK|TKTK|TODO|FIXME|XXX)\b|(?i:\blorem ipsum\b)")
"""TK, “to come”, is what editors write where words are missing."""
_SAYS_NOTHING = frozenset(
    {
        "click here",
        "here",
        "link",
        "this link",
        "more",
        "read more",
        "this",
        "click",
        "learn more",
        "continue reading",
    }
)


@check("subject-empty", Severity.ERROR, remedy="write a subject in the issue file's front matter")
def subject_empty(letter: Letter) -> Iterator[Problem]:
    """A letter without a subject."""
    if not letter.email.subject.strip():
        yield Problem(message="The subject is empty", where="Subject")


@check("subject-long", Severity.WARNING, remedy="say the most important words first, or fewer")
def subject_long(letter: Letter) -> Iterator[Problem]:
    """A subject that inbox lists cut."""
    if (length := len(letter.email.subject)) > _SUBJECT_LENGTH:
        yield Problem(message=f"The subject has {length} characters, over {_SUBJECT_LENGTH}", where="Subject")


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
            yield Problem(message=f"“{shortened(section.title)}” has no words", where=letter.where(section))


@check("template-leftover", Severity.WARNING, remedy="remove it: text is never filled in, only templates are")
def template_leftover(letter: Letter) -> Iterator[Problem]:
    """`{{ … }}`, `{% … %}` or `*|…|*` that readers will see as it is; code samples may hold them."""
    samples = "".join(code.text_content() for code in letter.page.xpath("//code | //pre"))
    for part, text in (("Subject", letter.email.subject), ("HTML part", letter.visible_text)):
        for found in dict.fromkeys(_TEMPLATE_SYNTAX.findall(text)):
            if found not in samples:
                yield Problem(message=f"Readers will see “{shortened(found)}”", where=part)


@check("words-unfinished", Severity.WARNING, remedy="write what is still to come, or remove the mark")
def words_unfinished(letter: Letter) -> Iterator[Problem]:
    """TK, TODO, lorem ipsum: marks of text that is not ready."""
    issue = letter.issue
    texts = [("Subject", issue.subject), ("preheader", issue.preheader)]
    texts += [(f"issues/{issue.id}.md", text) for text in (issue.intro_markdown, issue.outro_markdown)]
    texts += [(letter.where(each), f"{each.title}\n{each.body_markdown}") for each in issue.sections]
    for where, text in texts:
        for found in dict.fromkeys(_UNFINISHED.findall(text)):
            yield Problem(message=f"“{found}” looks unfinished", where=where)


@check("link-text-generic", Severity.WARNING, remedy="let the link's words say where it leads")
def link_text_generic(letter: Letter) -> Iterator[Problem]:
    """Links such as “click here”, which say nothing to those who hear a page read."""
    for link in letter.page.xpath("//a[@href]"):
        shown = " ".join(link.text_content().split())
        if shown.strip(" .…»→>:").casefold() in _SAYS_NOTHING:
            yield Problem(
                message=f"The link “{shown}” leads to {shortened(link.get('href'))}", where="HTML part"
            )


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
