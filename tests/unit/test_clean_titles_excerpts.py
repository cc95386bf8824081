"""Titles are text, and excerpts end where a reader may stop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.clean import excerpt, plain_text
from newsletter.content.markdown import parser


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("AT&amp;amp;T: It&amp;#8217;s", "AT&T: It’s"),
        ("How to use &lt;b&gt;", "How to use <b>"),
        ("Collar for <i>dogs</i>\n\t and  cats", "Collar for dogs and cats"),
        ("<script>alert(1)</script>Title<style>x{}</style>", "Title"),
        ("I <3 you & R&D", "I <3 you & R&D"),
        ("a\x00b\x07c\u202ed\u2028e", "abcd e"),
        ("Micro&#8209;Releases&nbsp;2", "Micro\u2011Releases\xa02"),
        ("{{ 7*7 }} <!-- x --> -->", "{{ 7*7 }} -->"),
        ("", ""),
    ],
)
def test_a_title_is_one_line_of_text(raw: str, title: str) -> None:
    assert plain_text(raw) == title


@given(st.text(max_size=200))
def test_a_title_never_holds_control_characters_or_line_ends(raw: str) -> None:
    title = plain_text(raw)
    assert title == title.strip(" ")
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029\u202e" for c in title)


POST = """### Head

First sentence here. Second *sentence* with [a link](https://x.example/a). Third has Mr. Smith in it. Fourth.

> A quotation that must never be cut in the middle.

- one item
- two items that are longer

::: card video
[Title](https://v.example/)
:::

Last[^1] paragraph. The end.

[^1]: Note text.
"""


@pytest.mark.parametrize(
    ("limit", "ending"),
    [
        (0, "First sentence here."),
        (60, "[a link](https://x.example/a)."),
        (82, "Third has Mr. Smith in it."),
        (90, "Fourth."),
        (140, "in the middle."),
        (150, "- one item"),
        (172, "- two items that are longer"),
        (180, "(https://v.example/)\n:::"),
        (195, "Last[^1] paragraph.\n\n[^1]: Note text."),
        (900, "The end.\n\n[^1]: Note text."),
    ],
)
def test_an_excerpt_ends_with_a_block_a_sentence_or_an_item(limit: int, ending: str) -> None:
    assert excerpt(POST, limit=limit).endswith(ending)


def test_a_first_block_that_cannot_be_cut_is_kept_whole() -> None:
    assert excerpt("> one two three. four five six.\n\nrest", limit=10) == "> one two three. four five six."
    assert excerpt("no sentence ends here at all\n\nrest", limit=10) == "no sentence ends here at all"


def test_an_excerpt_does_not_end_with_a_heading() -> None:
    assert excerpt("Text here.\n\n### Next\n\n" + "long " * 50, limit=30) == "Text here."


def test_sentences_of_languages_without_spaces_end_too() -> None:
    assert excerpt("これは文です。" * 30, limit=20) == "これは文です。" * 2


@pytest.mark.parametrize("limit", range(0, 260, 13))
def test_an_excerpt_is_markdown_with_nothing_left_open(limit: int) -> None:
    html = parser().render(excerpt(POST, limit=limit))
    assert "[^" not in html
    assert ":::" not in html
    assert "](" not in html
