"""The text part: every word, no markup, lines that fit."""

import dataclasses
import re
import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content.bodytree import body_tree, inner_html
from newsletter.content.checks.letter import Letter, words
from newsletter.content.letter import dress
from newsletter.content.phrases import phrases_for
from newsletter.content.text import body_text
from newsletter.content.wrapping import columns, wrap
from newsletter.models import RenderedEmail
from tests.support.letters import LETTERS, NEWSLETTER, SHORT, THEMES, render

_EMAIL = render(SHORT)


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
        ("| a | long |\n|---|---:|\n| x | 2 |\n| y |", "a | long\n--+-----\nx |    2\ny |"),
        ("<table><tr><td>a<td align=right>1<tr><td>b<td align=right>22</table>", "a |  1\nb | 22"),
        ("<table><tr><td><p>one</p><p>two</p></td></tr></table>", "one\n\ntwo"),
    ],
)
def test_what_becomes_of_each_kind_of_block(markdown: str, text: str) -> None:
    assert told(markdown) == text


def test_a_body_is_told_in_the_readers_language() -> None:
    picture, card = "![mer](https://x.example/m)", "::: card video\n[T](https://v.example/)\n:::"
    markdown = f"{picture} <q>oui</q>[^1]\n\n{card}\n\n[^1]: N."
    text = body_text(body_tree(markdown, name="p1"), phrases_for("fr"))
    assert text == (
        "[Image\u00a0: mer] «\u00a0oui\u00a0» [note 1]\n\n"
        "[Vidéo · v.example]\nT\nRegarder\u00a0: https://v.example/\n\n[note 1] N."
    )


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
    assert all(columns(line) <= 72 for line in lines)
    assert not any(line[0] in "、。" for line in lines)


def test_an_opening_bracket_ends_no_line_and_a_joined_sign_is_not_parted() -> None:
    for before in range(30, 40):
        lines = wrap("灯" * before + "「光」" + "灯" * 10)
        assert not any(line.endswith("「") or line.startswith("」") for line in lines)
    assert any("👩\u200d🚒" in line for line in wrap("灯" * 35 + "👩\u200d🚒" + "灯"))


@given(
    st.lists(
        st.sampled_from(["漢", "字。", "「灯」", "（灯）！", "ｗ", "한", "e\u0301 ", "ab ", "(x) "]),
        max_size=150,
    )
)
def test_no_line_of_any_script_is_too_long(pieces: list[str]) -> None:
    lines = wrap("".join(pieces).strip())
    assert max(map(columns, lines)) <= 72
    assert "".join("".join(lines).split()) == "".join("".join(pieces).split())


def test_combining_marks_take_no_column() -> None:
    assert columns("\u202b\u200d") == 0
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


def seen_and_told(email: RenderedEmail) -> tuple[Counter[str], Counter[str]]:
    """The words that a reader of the HTML part sees, and those of the text part."""
    letter = Letter(email=email, issue=SHORT, newsletter=NEWSLETTER, headers={})
    return Counter(words(letter.visible_text)), Counter(words(email.text))


@settings(max_examples=60, deadline=None)
@given(st.lists(_block, max_size=4))
def test_any_body_is_told_with_every_word_that_is_seen(blocks: list[str]) -> None:
    tree = body_tree("\n\n".join(blocks), name="p1")
    text = body_text(tree)
    dress(tree)
    email = dataclasses.replace(_EMAIL, html=f"<body>{inner_html(tree)}</body>", text=text)
    seen, told = seen_and_told(email)
    assert seen - told == Counter()


@pytest.mark.parametrize("name", LETTERS)
@pytest.mark.parametrize("theme", THEMES)
def test_the_text_part_lacks_no_more_than_one_word_in_a_hundred(name: str, theme: str) -> None:
    seen, told = seen_and_told(render(LETTERS[name], theme=THEMES[theme]))
    assert (seen - told).total() <= seen.total() / 100


@pytest.mark.parametrize("name", sorted(set(LETTERS) - {"code-and-tables"}))
def test_every_line_fits_but_for_links(name: str) -> None:
    email = render(LETTERS[name])
    assert [
        line for line in email.text.split("\n") if columns(line) > 72 and not re.search(r"https?://", line)
    ] == []


def test_a_deep_quotation_keeps_room_for_words() -> None:
    text = told("> " * 15 + "word " * 30)
    assert all(line.count("word") >= 4 for line in text.split("\n")[:-1])
