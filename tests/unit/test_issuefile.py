"""Issue files: what an author may do to one, and what is said when it cannot be read."""

from datetime import UTC, datetime

import pytest

from newsletter.content.issuefile import parse_issue, write_issue
from newsletter.content.tidy import tidy_body, tidy_issue
from newsletter.errors import BadIssueFile
from newsletter.models import Issue, IssueId, PostId, Section

PATH = "issues/2026-11-27.md"
ISSUE = Issue(
    id=IssueId("2026-11-27"),
    subject="Issue #5: “Readers & writers”",
    preheader="12:30",
    theme="broadsheet",
    language="en",
    slot="2026-11-27T09:00",
    intro_markdown="Good morning.\n\n- one\n- two",
    sections=(
        Section(
            title="A city [at night] --> *soon*",
            url="https://blog.example.com/night_(1)?a=1&copy;=2",
            body_markdown="First.\n\n### Inside\n\n```\n## no heading\n```\n\n> ## quoted\n> — Somebody",
            post=PostId('guid"-->\n<b>'),
            source_name="The Blog",
            author="Ada “A.” Writer",
            published=datetime(2026, 11, 24, 10, tzinfo=UTC),
        ),
        Section(
            title="שלום",
            url="https://blog.example.com/hebrew",
            body_markdown="טקסט",
            post=PostId("2"),
            language="he",
            direction="rtl",
        ),
        Section(title="In my own words", body_markdown="Only mine."),
    ),
    outro_markdown="Until next week.",
)
TEXT = write_issue(ISSUE)


def read(text: str) -> Issue:
    return parse_issue(
        text, issue_id=IssueId("2026-11-27"), path=PATH, default_theme="broadsheet", default_language="de"
    )


def with_front(front: str, body: str = "") -> str:
    return f"---\n{front}\n---\n{body}"


# --- the file as it is written -----------------------------------------------------------------


def test_a_written_issue_is_read_back_as_it_was() -> None:
    assert tidy_issue(ISSUE) == ISSUE
    assert read(TEXT) == ISSUE


def test_a_written_file_is_pleasant_to_edit() -> None:
    lines = TEXT.split("\n")
    assert lines[0] == "---"
    assert lines[1].startswith("# This file is yours.")
    assert 'subject: "Issue #5: “Readers & writers”"' in lines
    assert "## [שלום](https://blog.example.com/hebrew)" in lines
    assert "## In my own words" in lines
    assert "<!-- outro -->" in lines
    assert TEXT.endswith("Until next week.\n")


def test_a_post_is_named_on_one_line_that_nothing_in_it_can_leave() -> None:
    marker = next(line for line in TEXT.split("\n") if line.startswith("<!-- post"))
    assert marker == (
        '<!-- post id="guid&quot;--&gt;&#10;&lt;b&gt;" source="The Blog" author="Ada “A.” Writer" '
        'published="2026-11-24T10:00:00Z" -->'
    )


def test_sections_know_their_line() -> None:
    lines = TEXT.split("\n")
    for section in read(TEXT).sections:
        assert lines[section.line - 1].startswith("## ")
        assert section.title[:5] in lines[section.line - 1]


def test_keys_without_a_value_are_not_written() -> None:
    text = write_issue(
        Issue(id=IssueId("x"), subject="S", preheader="", theme="t", language="en", sections=())
    )
    assert "preheader" not in text
    assert "slot" not in text
    assert "outro" not in text


# --- what the author may do --------------------------------------------------------------------


def test_sections_can_be_reordered_and_deleted() -> None:
    head, first, second, own = TEXT.replace("\n<!-- outro -->\n\nUntil next week.\n", "").split("\n\n## ")
    issue = read(f"{head}\n\n## {own}\n\n## {first}\n\n<!-- outro -->\n\nUntil next week.\n")
    assert issue.sections == (ISSUE.sections[2], ISSUE.sections[0])
    assert issue.outro_markdown == ISSUE.outro_markdown
    assert second.split("\n")[0] not in {section.title for section in issue.sections}


def test_a_section_can_be_retitled_and_shortened() -> None:
    section = read(with_front("subject: x", '## A *better* `title`\n<!-- post id="1" -->\nShort.')).sections[
        0
    ]
    assert (section.title, section.url, section.post) == ("A better title", "", "1")
    assert section.body_markdown == "Short."


def test_a_section_without_its_marker_is_the_authors_own() -> None:
    section = read(with_front("subject: x", "## [Title](https://a.example/)\n\nWords.")).sections[0]
    assert section == Section(title="Title", url="https://a.example/", body_markdown="Words.")


def test_a_section_can_be_moved_below_the_outro() -> None:
    issue = read(with_front("subject: x", "Hello\n\n<!-- outro -->\n\nBye\n\n## Late\n\nWords."))
    assert (issue.intro_markdown, issue.outro_markdown) == ("Hello", "Bye")
    assert [section.title for section in issue.sections] == ["Late"]


def test_keys_that_are_missing_take_the_defaults() -> None:
    issue = read(with_front('subject: "x"'))
    assert (issue.preheader, issue.theme, issue.language, issue.slot) == ("", "broadsheet", "de", None)


@pytest.mark.parametrize("text", ["\ufeff" + TEXT, TEXT.replace("\n", "\r\n"), TEXT.replace("\n", "\r")])
def test_a_file_saved_by_another_editor_is_the_same(text: str) -> None:
    assert read(text) == ISSUE


@pytest.mark.parametrize(
    "body",
    [
        "```\n## no\n```",
        "~~~ md\n## no\n~~~",
        "> ## no",
        "- ## no",
        "1. x\n\n   ## no",
        "<div>\n## no\n</div>",
        "<pre>\n\n## no\n\n</pre>",
        "::: card video\n## no\n:::",
        "    ## no",
        "[^1]: ## no",
        "### no",
        "\\## no",
        "##no",
    ],
)
def test_only_a_heading_at_the_top_level_begins_a_section(body: str) -> None:
    issue = read(with_front("subject: x", f"{body}\n\n## Yes\n\n{body}\n\n## Again"))
    assert [section.title for section in issue.sections] == ["Yes", "Again"]
    assert issue.intro_markdown == body
    assert issue.sections[0].body_markdown == body


@pytest.mark.parametrize(
    ("heading", "title", "url"),
    [
        ("## Title ##", "Title", ""),
        ("Title\n-----", "Title", ""),
        ("##", "", ""),
        ("## [a](https://x.example) b", "a b", ""),
        ("## **[a](https://x.example)**", "a", "https://x.example"),
        ("## [a](<https://x.example/a b>)", "a", "https://x.example/a%20b"),
        ("## [a](https://bücher.example/ü)", "a", "https://bücher.example/ü"),
        ("## [a](javascript:alert)", "[a](javascript:alert)", ""),
        ("## A & B &amp; C", "A & B & C", ""),
        ("## <b>bold</b>", "<b>bold</b>", ""),
        ("## [a] [b]", "[a] [b]", ""),
    ],
)
def test_a_heading_is_read_as_words_and_address(heading: str, title: str, url: str) -> None:
    section = read(with_front("subject: x", f"{heading}\n\nWords.")).sections[0]
    assert (section.title, section.url, section.body_markdown) == (title, url, "Words.")


# --- YAML's traps ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "subject"),
    [
        ("12:30", "12:30"),
        ("NO", "NO"),
        ("010", "010"),
        ("1.10", "1.10"),
        ("2026-11-27", "2026-11-27"),
        ("null", "null"),
        ("it's", "it's"),
        ("'Issue #5'", "Issue #5"),
        ('"Re: hello" # a comment', "Re: hello"),
        ("C# and F#", "C# and F#"),
        (">\n  folded\n  text", "folded text"),
    ],
)
def test_a_subject_is_the_text_that_was_written(value: str, subject: str) -> None:
    assert read(with_front(f"subject: {value}")).subject == subject


@pytest.mark.parametrize(
    ("front", "line", "message", "remedy"),
    [
        ("theme: t\nsubject: Issue #5", 3, "YAML reads “Issue #5” as “Issue”", 'subject: "Issue #5"'),
        ("subject: #5 is out", 2, "YAML reads “#5 is out” as “”", 'subject: "#5 is out"'),
        ("subject: !important news", 2, "YAML reads", 'subject: "!important news"'),
        ("subject: &c Co", 2, "YAML reads", 'subject: "&c Co"'),
        ("subject: x\npreheader: a # b", 3, "YAML reads “a # b” as “a”", 'preheader: "a # b"'),
        ("theme: t\nsubject: Re: hello", 3, "cannot be read", "in quotation marks"),
        ("subject: @me", 2, "cannot be read", "in quotation marks"),
        ("subject: *me", 2, "cannot be read", "in quotation marks"),
        ("subject:\tx", 2, "cannot be read", "in quotation marks"),
        ('subject: "x', 2, "cannot be read", "in quotation marks"),
        ('subject: "x\x07"', 2, "control character", "in quotation marks"),
        ("[" * 999, 2, "cannot be read", "in quotation marks"),
        ("- subject", 2, "cannot be read", "in quotation marks"),
        ("? [a]\n: b", 2, "cannot be read", "in quotation marks"),
        ("subject: [a, b]", 2, "“subject” is not text", "quotation marks"),
        ("subject: a\nsubject: b", 3, "“subject” is given twice", "remove one"),
        ("subject: a\nsubjct: b", 3, "unknown key “subjct”", "did you mean “subject”?"),
        ("theme: t", 1, "no subject", 'subject: "…"'),
        ("theme: t\nsubject: ''", 3, "no subject", 'subject: "…"'),
        ("subject: x\nlanguage: english!", 3, "no language tag", "BCP 47"),
        ("subject: x\nslot: friday", 3, "“friday” is no slot", "2026-11-27T09:00"),
        ("subject: x\nslot: 2026-11-27T09:00+01:00", 3, "is no slot", "2026-11-27T09:00"),
    ],
)
def test_a_front_matter_that_says_something_else_is_refused(
    front: str, line: int, message: str, remedy: str
) -> None:
    with pytest.raises(BadIssueFile) as caught:
        read(with_front(front))
    assert str(caught.value).startswith(f"{PATH}:{line}: ")
    assert message in str(caught.value)
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "front matter is missing"),
        ("# Hello\n", 1, "front matter is missing"),
        ("---\nsubject: x\n", 1, "has no end"),
        ("\n\n# Hello\n", 3, "front matter is missing"),
        ("\n \n---\nsubject: x\n", 3, "has no end"),
        ("\n\n---\nsubjekt: x\n---\n", 4, "unknown key"),
        ("\n\n---\nsubject: x\n---\n\n## A\n<!-- post -->\n", 8, "has no id"),
        ('---\nsubject: x\n---\nHi\n\n<!-- post id="1" -->\n', 6, "does not stand below a heading"),
        ('---\nsubject: x\n---\n## A\nWords.\n\n<!-- post id="1" -->\n', 7, "does not stand below"),
        ("---\nsubject: x\n---\n<!-- outro -->\n\n<!-- outro -->\n", 6, "a second <!-- outro -->"),
        ("---\nsubject: x\n---\n\n## A\n<!-- post -->\n", 6, "has no id"),
        ("---\nsubject: x\n---\n\n## A\n<!-- post id=1 -->\n", 6, "cannot be read"),
        ('---\nsubject: x\n---\n## A\n<!-- post id="1" autor="B" -->\n', 5, "unknown attribute “autor”"),
        ('---\nsubject: x\n---\n## A\n<!-- post id="1" published="soon" -->\n', 5, "no time of publication"),
        (
            '---\nsubject: x\n---\n## A\n<!-- post id="1" published="2026-11-24T10:00" -->\n',
            5,
            "no time of publication",
        ),
        ('---\nsubject: x\n---\n## A\n<!-- post id="1"\n\n## B\n', 5, "has no end"),
        ("---\nsubject: x\n---\nA\n---\n\n<!-- post -->\n", 7, "has no id"),
    ],
)
def test_a_broken_file_names_its_line_and_a_remedy(text: str, line: int, message: str) -> None:
    with pytest.raises(BadIssueFile) as caught:
        read(text)
    assert str(caught.value).startswith(f"{PATH}:{line}: ")
    assert message in str(caught.value)
    assert caught.value.remedy


# --- bodies that would not stay whole ----------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "tidied"),
    [
        ("# One\n\n## Two ##\n\n### Three", "### One\n\n### Two\n\n### Three"),
        ("One\n===\n\nTwo\nlines\n---\nText", "### One\n\n### Two lines\nText"),
        ("> # Quoted\n\n```\n# code\n```", "> # Quoted\n\n```\n# code\n```"),
        ("```py\nx = 1", "```py\nx = 1\n```"),
        ("~~~~\nx", "~~~~\nx\n~~~~"),
        ("::: card video\n[a](https://x.example)", "::: card video\n[a](https://x.example)\n:::"),
        ("<!-- open", "<!-- open\n-->"),
        ("<pre>\ncode", "<pre>\ncode\n</pre>"),
        ('<!-- post id="7" -->\n\nText', '<!-- (post) id="7" -->\n\nText'),
        ("Text\n\n<!-- outro -->\n\nMore", "Text\n\n<!-- (outro) -->\n\nMore"),
        ("\r\n \n  Text  \r\n\r\n", "  Text"),
        ("\n    code\n", "    code"),
        ("a\0b\ud800", "a\ufffdb\ufffd"),
    ],
)
def test_a_body_that_would_break_the_file_is_made_whole(body: str, tidied: str) -> None:
    assert tidy_body(body) == tidied
