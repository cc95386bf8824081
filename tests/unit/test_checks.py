"""Every check finds its bad sample and lets the good one pass."""

import dataclasses
import re
from functools import cache
from pathlib import Path

import pytest

from newsletter.config.theme import Theme
from newsletter.content.checks import CHECKS, run_checks
from newsletter.content.checks.answers import Answer
from newsletter.content.checks.letter import Letter, words
from newsletter.content.issuefile import parse_issue
from newsletter.content.links import sender_for
from newsletter.models import Finding, Severity
from tests.support.check_samples import BAD, GOOD, Change
from tests.support.letters import (
    BROADSHEET,
    LETTERS,
    NEWSLETTER,
    SHORT,
    THEMES,
    issue,
    render,
    section,
)

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "checks.md"
SAMPLE = ROOT / "issues" / "2026-11-20.md"
short = cache(lambda: render(SHORT))


def findings(change: Change, *, theme: Theme | None = None) -> list[Finding]:
    letter, email = change(SHORT, short())
    return run_checks(email, sender_for(NEWSLETTER), NEWSLETTER, issue=letter, theme=theme)


@pytest.mark.parametrize(("code", "change"), [(code, each) for code, all_ in BAD.items() for each in all_])
def test_a_check_finds_its_bad_sample(code: str, change: Change) -> None:
    assert code in {finding.code for finding in findings(change)}


@pytest.mark.parametrize(("code", "change"), [(code, each) for code, all_ in GOOD.items() for each in all_])
def test_a_check_lets_its_good_sample_pass(code: str, change: Change) -> None:
    assert code not in {finding.code for finding in findings(change)}


LINK, PICTURE = "https://harbour.org/a", "https://harbour.org/a.png"
SAID = [
    ("link-dead", LINK, Answer(status=404, said="404 Not Found")),
    ("link-dead", LINK, Answer(status=503, said="503 Service Unavailable")),
    ("link-dead", LINK, Answer(said="the name cannot be resolved")),
    ("image-missing", PICTURE, Answer(status=403, said="403 Forbidden")),
    ("image-missing", PICTURE, Answer(said="the connection broke")),
    ("image-missing", PICTURE, Answer(status=200, said="200 OK", media_type="text/html")),
    ("image-large", PICTURE, Answer(status=200, said="200 OK", media_type="image/png", octets=200_001)),
]
"""What servers say → the code that stands for it."""
GOOD_ANSWER = Answer(status=200, said="200 OK", media_type="image/png", octets=200_000)


def found_online(answers: dict[str, Answer]) -> set[str]:
    letter = issue(section("A", f"[a]({LINK}#part)\n\n![a boat]({PICTURE}){{width=60 height=40}}"))
    found = run_checks(render(letter), sender_for(NEWSLETTER), NEWSLETTER, issue=letter, answers=answers)
    return {each.code for each in found}


@pytest.mark.parametrize(("code", "address", "answer"), SAID)
def test_a_bad_answer_of_a_server_is_found(code: str, address: str, answer: Answer) -> None:
    assert found_online({LINK: GOOD_ANSWER, PICTURE: GOOD_ANSWER, address: answer}) == {code}


def test_a_good_answer_or_none_is_no_finding() -> None:
    refused = Answer(status=403, said="403 Forbidden")
    assert found_online({LINK: refused, PICTURE: GOOD_ANSWER}) == set()
    assert found_online({}) == set()


def test_one_finding_tells_that_nothing_can_be_reached() -> None:
    none = Answer(said="the name cannot be resolved")
    assert found_online({LINK: none, PICTURE: none}) == {"network-away"}
    assert found_online({LINK: none}) == {"network-away"}


@pytest.mark.parametrize("name", LETTERS)
@pytest.mark.parametrize("theme", THEMES)
def test_a_good_letter_has_no_findings(name: str, theme: str) -> None:
    letter, files = LETTERS[name], THEMES[theme]
    email = render(letter, theme=files)
    assert run_checks(email, sender_for(NEWSLETTER), NEWSLETTER, issue=letter, theme=files) == []


def test_the_sample_issue_has_no_findings() -> None:
    source = SAMPLE.read_text(encoding="utf-8")
    letter = parse_issue(
        source, issue_id=SHORT.id, path="x", default_theme="broadsheet", default_language="en"
    )
    found = run_checks(render(letter), sender_for(NEWSLETTER), NEWSLETTER, issue=letter, source=source)
    assert found == []


@pytest.mark.parametrize("name", ["List-Id", "List-Unsubscribe-Post"])
def test_a_missing_list_header_is_found(name: str) -> None:
    sender = sender_for(NEWSLETTER)
    headers = {key: value for key, value in sender.headers.items() if key != name}
    bare = dataclasses.replace(sender, headers=headers)
    found = run_checks(render(SHORT), bare, NEWSLETTER, issue=SHORT)
    assert [(finding.code, finding.where) for finding in found] == [("list-header-missing", name)]


@pytest.mark.parametrize(("spare", "found"), [(0, []), (1, ["List-Unsubscribe"])])
def test_an_unsubscribe_link_that_relays_would_fold_is_found(spare: int, found: list[str]) -> None:
    room = 75 - len("https://.example.com/u/") - 35 + spare
    newsletter = dataclasses.replace(NEWSLETTER, public_url=f"https://{'n' * room}.example.com")
    email = render(SHORT, newsletter=newsletter)
    findings = run_checks(email, sender_for(newsletter), newsletter, issue=SHORT)
    assert [each.where for each in findings if each.code == "header-long"] == found
    assert {each.code for each in findings} <= {"header-long"}


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


def test_findings_name_the_line_on_which_a_link_or_a_word_stands() -> None:
    source = (
        "---\nsubject: x\n---\n[one](/one)\n\n## [A](https://x.example/a)\n\nAll is well.\n\n[here](https://x.example/h)\n\n"
        "## [B](https://x.example/b)\n\n![](https://x.example/b.png)\n\nTK\n\n[here](https://x.example/h)\n"
    )
    letter = parse_issue(
        source, issue_id=SHORT.id, path="x", default_theme="broadsheet", default_language="en"
    )
    letter = dataclasses.replace(letter, subject=SHORT.subject, preheader=SHORT.preheader)
    found = run_checks(render(letter), sender_for(NEWSLETTER), NEWSLETTER, issue=letter, source=source)
    assert {(each.code, each.where) for each in found} == {
        ("link-relative", "issues/2026-11-27.md:4"),
        ("link-text-generic", "issues/2026-11-27.md:10"),
        ("image-without-alt", "issues/2026-11-27.md:14"),
        ("image-without-size", "issues/2026-11-27.md:14"),
        ("words-unfinished", "issues/2026-11-27.md:16"),
        ("link-text-generic", "issues/2026-11-27.md:18"),
    }


def test_findings_name_the_line_of_the_subject_and_of_the_preheader_and_each_thing_once() -> None:
    source = '---\nsubject: "LIT AGAIN TODAY!!"\npreheader: "It is TK"\n---\nFog.\n'
    letter = parse_issue(
        source, issue_id=SHORT.id, path="x", default_theme="broadsheet", default_language="en"
    )
    found = run_checks(render(letter), sender_for(NEWSLETTER), NEWSLETTER, issue=letter, source=source)
    assert [(each.code, each.where) for each in found] == [
        ("subject-shouting", "issues/2026-11-27.md:2"),
        ("subject-shouting", "issues/2026-11-27.md:2"),
        ("words-unfinished", "issues/2026-11-27.md:3"),
    ]


def test_errors_stand_before_warnings() -> None:
    letter = issue(section("A", "TK [x](/relative) ![](https://x.example/a.png){width=6 height=4}"))
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
    online = {code for code, _, _ in SAID}
    assert set(codes) == {
        *BAD,
        *online,
        "network-away",
        "list-header-missing",
        "header-long",
        "css-rule-lost",
    }
    rows = re.findall(r"^\| `([\w-]+)` \| (error|warning) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(check.code, check.severity.value) for check in CHECKS]
