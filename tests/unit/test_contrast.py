"""How texts of a letter are drawn: colours read, the cascade followed, contrast computed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from newsletter.content.checks.colours import (
    BLACK,
    WHITE,
    Colour,
    contrast,
    in_hex,
    inverted,
    over,
    read_colour,
)
from newsletter.content.checks.looks import drawn_texts, has_dark_scheme

parts = st.integers(0, 255).map(lambda part: part / 255)
colours = st.tuples(parts, parts, parts)


@pytest.mark.parametrize(
    ("css", "hex_digits", "opacity"),
    [
        ("#abc", "#aabbcc", 1),
        ("#ABCD", "#aabbcc", 221 / 255),
        ("#1f1b16", "#1f1b16", 1),
        ("#1f1b1680", "#1f1b16", 128 / 255),
        ("rgb(255, 128, 0)", "#ff8000", 1),
        ("rgb(100% 50% 0% / 50%)", "#ff8000", 0.5),
        ("rgba(0,0,0,.25)", "#000000", 0.25),
        ("hsl(120deg, 100%, 25%)", "#008000", 1),
        (" White ", "#ffffff", 1),
        ("transparent", "#000000", 0),
    ],
)
def test_colours_are_read(css: str, hex_digits: str, opacity: float) -> None:
    found = read_colour(css)
    assert found
    assert in_hex(found[0]) == hex_digits
    assert found[1] == pytest.approx(opacity)


@pytest.mark.parametrize(
    "css", ["", "inherit", "#12", "rgb(1, 2)", "rgb(a, b, c)", "var(--ink)", "salmonish"]
)
def test_what_is_no_colour_is_none(css: str) -> None:
    assert read_colour(css) is None


def test_contrast_is_that_of_wcag() -> None:
    grey, blue = read_colour("#767676"), read_colour("#0000ff")
    assert grey
    assert blue
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast(grey[0], WHITE) == pytest.approx(4.54, abs=0.005)
    assert contrast(blue[0], WHITE) == pytest.approx(8.59, abs=0.005)


@given(colours, colours)
def test_contrast_always_lies_between_1_and_21_either_way_round(one: Colour, other: Colour) -> None:
    assert 1 <= contrast(one, other) <= 21.001
    assert contrast(one, other) == contrast(other, one)


@given(colours)
def test_inverting_twice_always_gives_the_colour_back(colour: Colour) -> None:
    assert inverted(inverted(colour)) == pytest.approx(colour, abs=1e-6)
    assert over(colour, 1, BLACK) == pytest.approx(colour)


def drawn(body: str, *, style: str = "", dark: bool = False) -> list[str]:
    """`words colour/ground` of each text."""
    page = html.document_fromstring(f"<html><head><style>{style}</style></head><body>{body}</body></html>")
    return [
        f"{text.words} {in_hex(text.colour)}/{in_hex(text.ground)}" for text in drawn_texts(page, dark=dark)
    ]


DARK = "@media (prefers-color-scheme: dark)"


@pytest.mark.parametrize(
    ("style", "body", "seen"),
    [
        ("", '<p style="color:#111">a <i>b</i> c</p>', ["a c #111111/#ffffff", "b #111111/#ffffff"]),
        ("", '<td bgcolor="#000000" style="color: #fff">a</td>', ["a #ffffff/#000000"]),
        ("", '<p style="background: #000 none">a</p>', ["a #000000/#000000"]),
        ("", '<p style="background-color: rgb(0, 0, 0)">a</p>', ["a #000000/#000000"]),
        ("", '<p style="background: none rgb(0, 0, 0) repeat">a</p>', ["a #000000/#000000"]),
        ("", '<p style="background: url(a.png)"><i style="background: transparent">a</i></p>', []),
        ("", '<a href="/">a</a> <a>b</a>', ["a #0000ee/#ffffff", "b #000000/#ffffff"]),
        (".a { color: #111 } p { color: #222 }", '<p class="a">a</p>', ["a #111111/#ffffff"]),
        (".a { color: #111 } .b { color: #222 }", '<p class="b a">a</p>', ["a #222222/#ffffff"]),
        (".a { color: #111 }", '<p class="a" style="color: #222">a</p>', ["a #222222/#ffffff"]),
        (".a { color: #111 !important }", '<p class="a" style="color: #222">a</p>', ["a #111111/#ffffff"]),
        (".a p, b { color: #111 }", '<div class="a"><p>a</p></div>', ["a #111111/#ffffff"]),
        ("p:hover { color: #111 }", "<p>a</p>", ["a #000000/#ffffff"]),
        (".a { display: none }", '<p class="a">a</p>', []),
        (f"{DARK} {{ p {{ color: #111 }} }}", "<p>a</p>", ["a #000000/#ffffff"]),
        ("@media (max-width: 600px) { p { color: #111 } }", "<p>a</p>", ["a #000000/#ffffff"]),
        ("[data-ogsc] p { color: #111 }", "<p>a</p>", ["a #000000/#ffffff"]),
    ],
)  # fmt: skip
def test_styles_are_followed(style: str, body: str, seen: list[str]) -> None:
    assert drawn(body, style=style) == seen


def test_dark_rules_hold_in_dark_only_and_over_styles_when_they_are_important() -> None:
    rules = ".a { color: #eee !important; background-color: #222 !important } .b { color: #ddd }"
    style = f"{DARK} {{ {rules} }}"
    body = '<p class="a" style="color:#111; background-color:#fff">a</p><p class="b" style="color:#111">b</p>'
    assert drawn(body, style=style) == ["a #111111/#ffffff", "b #111111/#ffffff"]
    assert drawn(body, style=style, dark=True) == ["a #eeeeee/#222222", "b #111111/#121212"]


@pytest.mark.parametrize(
    ("head", "dark"),
    [
        ("", False),
        ('<meta name="color-scheme" content="light">', False),
        ('<meta name="color-scheme" content="light dark">', True),
        (f"<style>{DARK} {{ p {{ color: red }} }}</style>", True),
        (
            "<style>/* @media (prefers-color-scheme: dark) { p { color: red } } */ p { margin: 0 }</style>",
            False,
        ),
    ],
)
def test_a_letter_says_whether_it_has_dark_colours(head: str, dark: bool) -> None:
    page = html.document_fromstring(f"<html><head>{head}</head><body></body></html>")
    assert has_dark_scheme(page) is dark
