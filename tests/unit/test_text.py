"""The text part: every word, no markup, lines that fit."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content.bodytree import body_tree
from newsletter.content.text import body_text
from newsletter.content.wrapping import columns, wrap
from tests.support.letters import RIGHT_TO_LEFT, ROUNDUP, render


def told(markdown: str) -> str:
    return body_text(body_tree(markdown, name="p1"))


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("Plain *words* and **more**.", "Plain words and more."),
        ("One\ntwo  \nthree", "One two\nthree"),
        ("### Heading\n\ntext", "Heading\n-------\n\ntext"),
        ("> a\n>\n> > b\n>\n> — C", "> a\n>\n> > b\n>\n> — C"),
        ("- a\n- b\n  - c\n\n3. x\n4. y", "- a\n- b\n  - c\n\n3. x\n4. y"),
        ("1. a\n\n   more\n2. b", "1. a\n\n   more\n\n2. b"),
        ("```\nx  =  1\n\n\n\ny\n```", "    x  =  1\n\n    y"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("x<br>y <b>bold</b> H<sub>2</sub>O", "x\ny bold H2O"),
        ("![a boat](https://x.example/a.png) sails", "[Image: a boat] sails"),
        ("![](https://x.example/a.png)", ""),
        ("Word[^1]\n\n[^1]: A note.", "Word [note 1]\n\n[note 1] A note."),
        ("<p>raw <i>words</i></p><script>alert(1)</script>", "raw words"),
        ("<dl><dt>Term</dt><dd>What it means</dd></dl>", "Term\n\n    What it means"),
        ("<q>said</q> &amp; &lt;done&gt; soft\u00adhyphen", "“said” & <done> softhyphen"),
        ("::: figure\n![a](https://x.example/a.png)\nA *caption*.\n:::", "[Image: a]\n\nA caption."),
        (
            "::: button\n[Give **now**](https://x.example/?a=1&b=2)\n:::",
            "Give now:\nhttps://x.example/?a=1&b=2",
        ),
        (
            "::: card video\n[Title](https://www.video.example/1)\n\nWho · when\n:::",
            "[Video · video.example]\nTitle\n\nWho · when\nWatch: https://www.video.example/1",
        ),
        (
            "::: card post\n[Title](https://s.example/1)\n\n> Words\n:::",
            "[Post · s.example]\nTitle\n\n> Words\n\nRead: https://s.example/1",
        ),
        ("| a | b |\n|---|---|\n| long | 2 |", "a    | b\n-----+--\nlong | 2"),
        ("<table><tr><td><p>one</p><p>two</p></td></tr></table>", "one\n\ntwo"),
    ],
)
def test_what_becomes_of_each_kind_of_block(markdown: str, text: str) -> None:
    assert told(markdown) == text


def test_links_are_numbered_once_and_listed_at_the_end() -> None:
    text = told("[One](https://x.example/1), [two](https://x.example/2), [one again](https://x.example/1).")
    assert text == "One [1], two [2], one again [1].\n\n[1] https://x.example/1\n[2] https://x.example/2"


def test_a_link_that_shows_its_own_address_is_not_listed() -> None:
    text = told("<https://x.example/> [x.example](https://x.example/) <a@x.example> [#](#nowhere)")
    assert text == "https://x.example/ https://x.example/ a@x.example #"


def test_a_link_is_never_broken_and_stands_alone_when_it_is_long() -> None:
    link = "https://x.example/" + "path/" * 40
    assert link in told(f"See [this page]({link}) and <{link}>").split("\n")


def test_a_wide_table_is_told_row_by_row() -> None:
    cell = "many words " * 9
    text = told(f"| Who | What |\n|---|---|\n| Ada | {cell} |\n| Bob | {cell} |")
    assert text.startswith("Who: Ada\nWhat: many words")
    assert "\n\nWho: Bob\n" in text


def test_scripts_without_spaces_wrap_by_columns_and_begin_no_line_with_a_full_stop() -> None:
    lines = told("霧の夜、灯台の明かりだけが船を導きます。" * 12).split("\n")
    assert len(lines) > 5
    assert all(columns(line) <= 74 for line in lines)  # a full stop may hang over the edge
    assert not any(line[0] in "、。" for line in lines)


def test_combining_marks_take_no_column() -> None:
    assert columns(unicodedata.normalize("NFD", "éàü")) == 3
    assert columns("漢字") == 4


@given(st.lists(st.text(st.characters(categories=("Lu", "Ll", "Nd")), min_size=1, max_size=90), max_size=60))
def test_wrapping_keeps_every_word_and_no_line_is_too_long(words: list[str]) -> None:
    lines = wrap(" ".join(words))
    assert "".join(" ".join(lines).split()) == "".join(words)
    assert all(columns(line) <= 72 or " " not in line for line in lines)


_inline = st.sampled_from(
    [
        "word",
        "*em*",
        "`code`",
        "[link](https://x.example/)",
        "<b>raw</b>",
        "![p](https://x.example/p)",
        "漢字",
    ]
)
_paragraph = st.lists(_inline, min_size=1, max_size=30).map(" ".join)
_block = st.recursive(
    _paragraph
    | st.sampled_from(
        ["---", "| a | b |\n|---|---|\n| c | d |", "<div>raw</div>", "# Head", "```\ncode\n```"]
    ),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(
            lambda blocks: "> " + "\n\n".join(blocks).replace("\n", "\n> ")
        )
        | st.lists(inner, min_size=1, max_size=3).map(
            lambda blocks: "- " + "\n\n".join(blocks).replace("\n", "\n  ")
        )
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_block, max_size=4))
def test_any_body_is_told_without_markup_and_without_holes(blocks: list[str]) -> None:
    tree = body_tree("\n\n".join(blocks), name="p1")
    for code in tree.xpath(".//pre"):
        code.drop_tree()  # code is shown as it was written
    text = body_text(tree)
    assert "\n\n\n" not in text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    assert not re.search(r"</?\w+>|\]\(|\*\*|```", text)


@pytest.mark.parametrize("issue", [ROUNDUP, RIGHT_TO_LEFT], ids=["roundup", "right-to-left"])
def test_every_line_fits_but_for_links(issue: object) -> None:
    email = render(issue)  # type: ignore[arg-type]
    assert [
        line for line in email.text.split("\n") if columns(line) > 74 and not re.search(r"https?://", line)
    ] == []


def test_a_deep_quotation_keeps_room_for_words() -> None:
    text = told("> " * 15 + "word " * 30)
    assert all(line.count("word") >= 4 for line in text.split("\n")[:-1])
