"""Issue files: whatever a feed brings, the file gives back what was written into it."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from newsletter.content.issuefile import parse_issue, write_issue
from newsletter.content.tidy import one_line, tidy_body, tidy_issue
from newsletter.models import Issue, IssueId, PostId, Section

_SPECIALS = [
    "\n", "\n\n", "\r\n", "\r", "\t", "\0", "\x0b", "\x85", "\u2028", "\u00a0", "\ufeff", "\u202e", "\ud800",
    " ", "  ", "    ", "\\", "`", "```", "~~~", "*", "**", "_", "[", "]", "(", ")", "<", ">", "!", "#", "# ",
    "## ", "---", "\n===", "\n---\n", "-", "+", "1. ", "|", "{", "}", "&", "&amp;", "&#10;", "&copy;", "&lt",
    ":", "::: card video\n", ":::", "\n:::\n", "-->", "<!--", '<!-- post id="1" -->', "<!-- outro -->",
    "<!-- outro", "<pre>", "</pre>", "<div>", "<script>", "<![CDATA[", "<?", "<!X", "[^1]: ", '"', "'", "%",
    "[a]: https://x.example\n", "@", "https://a.example/(b)", "[t](https://x.example)", "שלום", "é", "🎉",
    "👩\u200d🚀", "a", "Word ",
]  # fmt: skip
HOSTILE = st.lists(st.one_of(st.sampled_from(_SPECIALS), st.text(max_size=3)), max_size=10).map("".join)
LINES = HOSTILE.map(one_line)
ADDRESSES = st.one_of(
    st.just(""),
    st.builds(
        "https://a.example/{}".format, st.text(st.sampled_from("ab()<>[]\\&;#?=%!*_`~ü\"' \n"), max_size=12)
    ),
    HOSTILE,
)
TIMES = st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SECTIONS = st.builds(
    Section,
    title=HOSTILE,
    body_markdown=HOSTILE,
    url=ADDRESSES,
    post=st.none() | HOSTILE.map(PostId),
    source_name=HOSTILE,
    author=HOSTILE,
    published=TIMES,
    language=st.sampled_from(["", "he", "zh-Hant", '">']),
    direction=st.sampled_from(["", "rtl", "ltr"]),
)
ISSUES = st.builds(
    Issue,
    id=st.just(IssueId("x")),
    subject=HOSTILE,
    preheader=HOSTILE,
    theme=st.sampled_from(["broadsheet", "no", "1.10"]),
    language=st.sampled_from(["en", "no", "he"]),
    to=st.sampled_from(["", "tag:berlin", 'tag:"a # b" and\n joined > 2026-01-01']),
    slot=st.sampled_from([None, "2026-11-27T09:00"]),
    sections=st.lists(SECTIONS, max_size=4).map(tuple),
    intro_markdown=HOSTILE,
    outro_markdown=HOSTILE,
)

_BLOCKS = [
    "Words with *emphasis*, `code` and [a link](https://x.example).",
    "### A heading",
    "#### Deeper",
    "- one\n- two\n\n  more",
    "1. first\n2. second",
    "> Quoted.\n>\n> — Somebody, [Paper](https://x.example)",
    "> # Quoted heading",
    "```python\n# a comment\n## another\n\nx = 1\n```",
    "    indented code",
    "::: card video\n[Title](https://x.example)\n\n> A tweet.\n\nWho · when\n:::",
    "::: button\n[Donate](https://x.example)\n:::",
    "::: figure\n![alt](https://x.example/a.png){width=600 height=400}\n\nA caption.\n:::",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "<table><tr><td>kept</td></tr></table>",
    "<div dir=\"rtl\">\nשלום\n</div>",
    "Text[^1].\n\n[^1]: A note.",
    "\\## not a heading",
    "Line one\\\nline two",
    "* * *",
    "1\\. no list, {{ 7*7 }}, {% x %}, \\<!-- \\-->",
]  # fmt: skip
CLEANED = st.lists(st.sampled_from(_BLOCKS), max_size=6).map("\n\n".join)
"""Bodies as the cleaner gives them: blocks with blank lines between, headings from level 3."""


def read(text: str) -> Issue:
    defaults: dict[str, Any] = {"default_theme": "other", "default_language": "xx"}
    return parse_issue(text, issue_id=IssueId("x"), path="issues/x.md", **defaults)


@settings(max_examples=300, deadline=None)
@given(ISSUES)
def test_any_issue_is_read_back_as_it_was_tidied(issue: Issue) -> None:
    assume(one_line(issue.subject))
    tidied = tidy_issue(issue)
    text = write_issue(issue)
    text.encode("utf-8")
    assert read(text) == tidied
    assert tidy_issue(tidied) == tidied
    assert write_issue(tidied) == text


@settings(max_examples=60, deadline=None)
@given(st.lists(CLEANED, min_size=3, max_size=5), LINES, LINES)
def test_a_gathered_issue_is_read_back_unchanged(bodies: list[str], title: str, author: str) -> None:
    intro, outro, *posts = bodies
    issue = Issue(
        id=IssueId("x"),
        subject="A subject",
        preheader="",
        theme="broadsheet",
        language="en",
        intro_markdown=intro,
        outro_markdown=outro,
        sections=tuple(
            Section(title=title, body_markdown=body, post=PostId("1"), author=author) for body in posts
        ),
    )
    assert read(write_issue(issue)) == issue


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
@example("::: card video\n```\n")
@example("<!-- a\n\n::: card\n")
@example("[^1]: <pre>")
def test_no_body_swallows_the_section_after_it(body: str) -> None:
    text = f"---\nsubject: x\n---\n## A\n\n{tidy_body(body)}\n\n## B\n"
    first, second = read(text).sections
    assert first.body_markdown == tidy_body(body)
    assert second.title == "B"
