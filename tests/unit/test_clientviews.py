"""The preview's pictures of mail clients: each takes away what its client takes away, and no more."""

import re

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.clientviews import guarded, in_scheme, inverted, without_images, without_styles
from newsletter.content.inboxrow import INBOX_CLIENTS, cut, first_words, inbox_rows
from newsletter.content.wordview import as_word_draws_it
from newsletter.content.wrapping import columns
from tests.support.letters import RIGHT_TO_LEFT, ROUNDUP, SHORT, render

LETTERS = [render(letter).html for letter in (SHORT, ROUNDUP, RIGHT_TO_LEFT)]


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body>{body}</body></html>"


def words(letter: str) -> str:
    return first_words_of(letter, "//body")


def first_words_of(letter: str, path: str) -> str:
    return " ".join(lxml.html.document_fromstring(letter).xpath(path)[0].text_content().split())


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize(
    "view",
    [
        lambda letter: in_scheme(letter, "light"),
        lambda letter: in_scheme(letter, "dark"),
        inverted,
        without_images,
        without_styles,
        as_word_draws_it,
        lambda letter: guarded(letter, "default-src 'none'"),
    ],
)
def test_no_view_changes_a_word_of_a_letter(letter: str, view: object) -> None:
    assert callable(view)
    assert words(view(letter)) == words(letter)


# --- colours -----------------------------------------------------------------------------------


def test_a_chosen_scheme_holds_whatever_the_browser_prefers() -> None:
    css = "@media (prefers-color-scheme: dark) { p { color: #fff } } :root { color-scheme: light dark; }"
    letter = page("<p>x</p>", f'<meta name="color-scheme" content="light dark"><style>{css}</style>')
    for scheme, condition in (("dark", "(min-width: 0)"), ("light", "(max-width: 0)")):
        shown = in_scheme(letter, scheme)  # type: ignore[arg-type]
        assert "prefers-color-scheme" not in shown
        assert f"@media {condition} {{ p" in shown
        assert f"color-scheme: {scheme}; }}" in shown
        assert f'content="{scheme}"' in shown


@pytest.mark.parametrize(
    ("colour", "turned"),
    [
        ("#ffffff", "#000000"),
        ("#000", "#ffffff"),
        ("white", "#000000"),
        ("rgb(255, 0, 0)", "#ff0000"),
        ("rgba(255, 255, 255, 0.5)", "#00000080"),
        ("#80000040", "#ff7f7f40"),
        ("currentColor", "currentColor"),
    ],
)
def test_inversion_turns_the_lightness_and_keeps_the_hue(colour: str, turned: str) -> None:
    shown = inverted(page(f'<p style="margin: 0; color: {colour}; font: 12px x">white #fff</p>'))
    assert f'style="margin: 0; color: {turned}; font: 12px x"' in shown
    assert ">white #fff</p>" in shown


def test_inversion_reaches_borders_attributes_and_style_sheets_but_no_fonts() -> None:
    shown = inverted(
        page(
            '<table bgcolor="#ffffff" style="border: 1px solid black; font-family: Arial Black">'
            "<tr><td>x</td></tr></table>",
            "<style>.a { background: white url(x.png) } #fff { margin: 0 }</style>",
        )
    )
    assert '<table bgcolor="#000000" style="border: 1px solid #ffffff; font-family: Arial Black"' in shown
    assert ".a { background: #000000 url(x.png) } #fff { margin: 0 }" in shown


def test_inversion_ignores_the_letters_own_dark_colours() -> None:
    css = "<style>@media (prefers-color-scheme: dark) { p { color: #123456 } }</style>"
    assert "@media (max-width: 0)" in inverted(page("<p>x</p>", css))


@given(st.integers(0, 0xFFFFFF))
def test_inverting_twice_gives_nearly_the_same_colour(colour: int) -> None:
    once = inverted(page(f'<p style="color: #{colour:06x}">x</p>'))
    twice = re.findall(r'<p style="color: #(\w{6})"', inverted(once))[0]
    octets = zip(bytes.fromhex(twice), colour.to_bytes(3, "big"), strict=True)
    assert all(abs(a - b) <= 2 for a, b in octets)


# --- pictures and style sheets -----------------------------------------------------------------


def test_without_images_nothing_is_asked_for_and_alternative_texts_stay() -> None:
    shown = without_images(
        page(
            '<img src="https://a.example/x.png" srcset="https://a.example/2x.png 2x" alt="A lamp" width="9">'
            '<table background="https://a.example/bg.png"><tr><td style="color: red; '
            'background: url(https://a.example/c.png) no-repeat; margin: 0">x</td></tr></table>'
        )
    )
    assert "https://" not in shown
    assert 'alt="A lamp" width="9"' in shown
    assert "color: red;" in shown
    assert "margin: 0" in shown


def test_without_styles_only_what_stands_on_the_elements_is_left() -> None:
    shown = without_styles(page('<p style="color: red">x</p>', "<style>a{}</style><STYLE type=x>b{}</STYLE>"))
    assert "style>" not in shown.lower()
    assert '<p style="color: red">' in shown


def test_a_frames_policy_is_the_first_thing_in_its_head() -> None:
    shown = guarded(page("x", "<title>t</title>"), "default-src 'none'")
    assert '<head><meta http-equiv="Content-Security-Policy" content="default-src \'none\'"><title>' in shown


# --- Word --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("element", "style", "left"),
    [
        ("p", "margin: 0 0 8px; padding: 9px; color: red; border-radius: 4px", "margin: 0 0 8px; color: red"),
        ("a", "display: inline-block; padding: 9px; margin: 2px; color: red", "color: red"),
        ("img", "max-width: 100%; height: auto; border: 0", "border: 0"),
        ("div", "margin: 0 auto; max-width: 620px", ""),
        ("p", "color: rgba(0, 0, 0, 0.5); font-size: 1.2rem; line-height: 1.5", "line-height: 1.5"),
        ("p", "mso-hide: all; max-height: 0", "display: none"),
        ("p", "color: red !important; font-weight: bold", "font-weight: bold"),
    ],
)
def test_word_reads_some_declarations_on_some_elements(element: str, style: str, left: str) -> None:
    shown = as_word_draws_it(page(f'<{element} style="{style}">'))
    assert f'<{element} style="{left}"' in shown


def test_a_cell_gets_the_padding_that_is_meant_for_word() -> None:
    cell = '<table><tr><td style="padding: 0; mso-padding-alt: 15px 26px">x</td></tr></table>'
    assert '<td style="padding: 15px 26px"' in as_word_draws_it(page(cell))


@pytest.mark.parametrize(
    ("condition", "seen"),
    [
        ("mso", True),
        ("gte mso 9", True),
        ("mso 16", True),
        ("(gte mso 9)|(IE)", True),
        ("(mso)&(lt mso 12)", False),
        ("lt mso 9", False),
        ("mso 12", False),
        ("IE", False),
    ],
)
def test_conditional_comments_are_read_as_outlook_reads_them(condition: str, seen: bool) -> None:
    shown = as_word_draws_it(page(f"a<!--[if {condition}]><b>only there</b><![endif]-->z"))
    assert ("only there" in shown) is seen
    assert "endif" not in shown


@pytest.mark.parametrize("opening", ["<!--[if !mso]><!-->", "<!--[if !mso]>-->", "<!--[if !mso]><!-- -->"])
def test_what_outlook_is_not_to_see_is_not_there(opening: str) -> None:
    shown = as_word_draws_it(page(f"a{opening}<b>elsewhere</b><!--<![endif]-->z"))
    assert "elsewhere" not in shown
    assert "az" in shown


def test_word_reads_a_style_sheet_without_media_queries() -> None:
    css = "@media (width: 1px) { .a { color: red } } .b { color: blue; border-radius: 4px } [x] { top: 0 }"
    shown = as_word_draws_it(page("x", f"<style>{css}</style>"))
    assert "<style>.b { color: blue }</style>" in shown


# --- the list of mail --------------------------------------------------------------------------


@given(st.text(max_size=200), st.integers(1, 120))
def test_a_cut_text_always_fits_and_is_the_beginning_of_what_was_written(text: str, room: int) -> None:
    shown = cut(text, room)
    assert shown == text or (columns(shown) <= room and text.startswith(shown.removesuffix("…")))


def test_each_client_shows_its_own_length_and_the_words_that_follow_a_short_preheader() -> None:
    letter = page(
        "<div style='display:none'>A short one.</div><style>x{}</style><p>Then the masthead</p>" * 9
    )
    rows = inbox_rows("A subject that goes on " * 9, letter)
    assert [row.client for row in rows] == [client.name for client in INBOX_CLIENTS]
    for row, client in zip(rows, INBOX_CLIENTS, strict=True):
        assert columns(row.subject) in {client.subject, client.subject - 1}
        assert row.snippet.startswith("A short one. Then the masthead"[: client.snippet - 2])
        assert row.snippet.endswith("…")
    assert first_words(page("")) == ""
