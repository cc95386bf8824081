"""Every check finds its bad sample and lets the good one pass."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from newsletter.config.theme import Theme
from newsletter.content.checks import CHECKS, run_checks
from newsletter.content.checks.letter import Letter, words
from newsletter.content.links import issue_placeholder, sender_for
from newsletter.models import Finding, Issue, RenderedEmail, Severity
from tests.support.letters import (
    BROADSHEET,
    KEY,
    NEWSLETTER,
    RIGHT_TO_LEFT,
    ROUNDUP,
    SHORT,
    issue,
    render,
    section,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "checks.md"
MARK = issue_placeholder(KEY, SHORT.id)
short = cache(lambda: render(SHORT))
Change = Callable[[Issue, RenderedEmail], tuple[Issue, RenderedEmail]]


def html(old: str, new: str) -> Change:
    """A change of the HTML part alone, as a theme could make it."""

    def change(letter: Issue, email: RenderedEmail) -> tuple[Issue, RenderedEmail]:
        assert old in email.html
        return letter, dataclasses.replace(email, html=email.html.replace(old, new))

    return change


def text(old: str, new: str) -> Change:
    def change(letter: Issue, email: RenderedEmail) -> tuple[Issue, RenderedEmail]:
        assert old in email.text
        return letter, dataclasses.replace(email, text=email.text.replace(old, new))

    return change


def written(other: Issue) -> Change:
    """What the author wrote instead."""
    return lambda _letter, _email: (other, render(other))


def subject(words: str) -> Change:
    return lambda letter, email: (
        dataclasses.replace(letter, subject=words),
        dataclasses.replace(email, subject=words),
    )


def body(markdown: str) -> Change:
    return written(issue(section("A light", markdown)))


_BOTTOM = "</body>"
BAD: Mapping[str, list[Change]] = {
    "unsubscribe-missing": [
        html(MARK, "gone"),
        text(MARK, "gone"),
        html(f'"{NEWSLETTER.public_url}/u/', '"x/'),
    ],
    "postal-address-missing": [html("10115", "0"), text("10115", "0")],
    "header-unsafe": [subject("Hello\r\nBcc: eve@example.org"), subject("bell \a")],
    "placeholder-astray": [html(_BOTTOM, f"{MARK}</body>"), text("Unsubscribe", MARK), subject(MARK)],
    "subject-empty": [subject(""), subject(" ")],
    "subject-long": [subject("x" * 79)],
    "issue-empty": [written(issue())],
    "section-empty": [written(issue(section("Mine", " ", url="")))],
    "template-leftover": [body("Dear {{ name }},"), body("{% if x %}"), subject("*|FNAME|*, hello")],
    "words-unfinished": [body("The number is TK."), body("Lorem ipsum dolor"), subject("TODO")],
    "link-text-generic": [body("[Click here](https://x.example/)"), body("[Read more…](https://x.example/)")],
    "text-part-short": [text("lamp", "")],
    "link-relative": [body("[a page](/about)"), body("![a boat](boat.png)"), body("[a page](//x.example/)")],
    "link-unsafe": [
        html(_BOTTOM, '<a href="javascript:alert(1)">x</a></body>'),
        html(_BOTTOM, '<img alt="x" src="data:image/png;base64,AA"></body>'),
    ],
    "link-astray": [html(_BOTTOM, '<a href="#nowhere">the end</a></body>')],
    "image-without-alt": [body("![](https://x.example/a.png)")],
    "image-not-https": [body("![a boat](http://x.example/a.png)")],
    "html-large": [html(_BOTTOM, "x" * 85_000 + _BOTTOM)],
    "html-too-large": [html(_BOTTOM, "x" * 100_000 + _BOTTOM)],
}
GOOD: Mapping[str, list[Change]] = {
    "subject-long": [subject("x" * 78)],
    "section-empty": [written(issue(section("Only a title")))],
    "template-leftover": [body("Write `{{ name }}` in the template."), body("A {brace} and 100 %")],
    "words-unfinished": [body("He xxxed it; lorem alone is fine; the TKO was quick")],
    "link-text-generic": [body("[Click here for the minutes](https://x.example/)")],
    "link-relative": [body("[a](https://x.example/) [b](mailto:a@x.example) [c](tel:+491)")],
    "link-unsafe": [body("[x](https://x.example/) [m](mailto:a@x.example)")],
    "image-not-https": [body("![a boat](https://x.example/a.png)")],
    "html-large": [html(_BOTTOM, "x" * 60_000 + _BOTTOM)],
}


def findings(change: Change, *, theme: Theme | None = None) -> list[Finding]:
    letter, email = change(SHORT, short())
    return run_checks(email, sender_for(NEWSLETTER), NEWSLETTER, issue=letter, theme=theme)


@pytest.mark.parametrize(("code", "change"), [(code, each) for code, all_ in BAD.items() for each in all_])
def test_a_check_finds_its_bad_sample(code: str, change: Change) -> None:
    assert code in {finding.code for finding in findings(change)}


@pytest.mark.parametrize(("code", "change"), [(code, each) for code, all_ in GOOD.items() for each in all_])
def test_a_check_lets_its_good_sample_pass(code: str, change: Change) -> None:
    assert code not in {finding.code for finding in findings(change)}


@pytest.mark.parametrize("letter", [SHORT, ROUNDUP, RIGHT_TO_LEFT], ids=["short", "roundup", "right-to-left"])
def test_a_good_letter_has_no_findings(letter: Issue) -> None:
    assert (
        run_checks(render(letter), sender_for(NEWSLETTER), NEWSLETTER, issue=letter, theme=BROADSHEET) == []
    )


@pytest.mark.parametrize("name", ["List-Id", "List-Unsubscribe-Post"])
def test_a_missing_list_header_is_found(name: str) -> None:
    sender = sender_for(NEWSLETTER)
    headers = {key: value for key, value in sender.headers.items() if key != name}
    bare = dataclasses.replace(sender, headers=headers)
    found = run_checks(render(SHORT), bare, NEWSLETTER, issue=SHORT)
    assert [(finding.code, finding.where) for finding in found] == [("list-header-missing", name)]


@pytest.mark.parametrize(
    ("css", "lost"),
    [
        (".a { color: red }\n@media print { .a { color: red } }", [":2 “@media print”"]),
        ("/* a\n b */ .a { color: red }\n\np, .a * { color: red; }", [":4 “.a *”"]),
        ("a[class*=x] { color: red }", [":1 “a[class*=x]”"]),
        ("p:not(.x) { color: red } p:first-child { color: red }", [":1 “p:not(.x)”"]),
        ("p { color: rgb(0 0 0 / 50%) }", [":1 “rgb(0 0 0 / 50%)”"]),
        ("@import 'x.css';\n.a { color: rgb(1, 2, 3) }", [":1 “@import 'x.css'”"]),
        (".a { color: red } .b > .c, h1 + p { margin: 0 }", []),
    ],
)
def test_rules_that_inlining_loses_are_named_with_their_line(css: str, lost: list[str]) -> None:
    theme = dataclasses.replace(BROADSHEET, files={**BROADSHEET.files, "style.css": css})
    found = findings(lambda letter, email: (letter, email), theme=theme)
    path = BROADSHEET.paths["style.css"]
    assert [finding.where + " " + finding.message.partition(": ")[0] for finding in found] == [
        path + each for each in lost
    ]


def test_the_size_check_names_what_takes_the_room() -> None:
    letter = issue(section("A long one", "words and words " * 6500), section("A short one", "words"))
    found = run_checks(render(letter), sender_for(NEWSLETTER), NEWSLETTER, issue=letter)
    assert re.search(
        r"has 1\d\d kB; the largest posts: “A long one” 10\d kB, “A short one” 0 kB", found[0].message
    )


def test_findings_name_the_line_of_the_issue_file() -> None:
    letter = issue(section("A", "All is well."), section("B", "This is TK.", line=12))
    found = run_checks(render(letter), sender_for(NEWSLETTER), NEWSLETTER, issue=letter)
    assert [(each.code, each.where) for each in found] == [("words-unfinished", "issues/2026-11-27.md:12")]


def test_errors_stand_before_warnings() -> None:
    letter = issue(section("A", "TK [x](/relative) ![](https://x.example/a.png)"))
    severities = [
        each.severity for each in run_checks(render(letter), sender_for(NEWSLETTER), NEWSLETTER, issue=letter)
    ]
    assert severities == [Severity.ERROR, Severity.WARNING, Severity.WARNING]


def test_the_visible_text_is_what_a_reader_sees() -> None:
    page = (
        "<!DOCTYPE html><html><head><title>t</title><style>p{}</style></head><body><!-- c -->"
        '<div style="display: none">hidden</div><p>One<b>two</b></p><p>three</p></body></html>'
    )
    email = dataclasses.replace(render(SHORT), html=page)
    assert Letter(email=email, issue=SHORT, newsletter=NEWSLETTER, headers={}).visible_text == "Onetwo three"


def test_scripts_without_spaces_are_counted_by_character() -> None:
    assert words("霧の夜 fog霧 l\u00adamp 9") == ["霧", "の", "夜", "fog", "霧", "lamp", "9"]


def test_every_check_has_samples_and_an_entry_on_the_page() -> None:
    codes = [check.code for check in CHECKS]
    assert len(set(codes)) == len(codes)
    assert set(codes) == set(BAD) | {"list-header-missing", "css-rule-lost"}
    rows = re.findall(r"^\| `([\w-]+)` \| (error|warning) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(check.code, check.severity.value) for check in CHECKS]
