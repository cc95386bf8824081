"""Words are found in any language, however they are written; nothing that a question holds does harm."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.phrases import PHRASES, phrases_for
from newsletter.content.searching import (
    MAX_TERMS,
    Snippet,
    folded,
    holds,
    own_paragraphs,
    paragraphs,
    read_query,
    snippet,
)
from tests.support.letters import NEWSLETTER, THEMES, issue, render, section

FOUND = [
    ("The night boats stay", "boat"),
    ("The night boats stay", "BOATS night"),
    ("The night boats stay", '"night boats"'),
    ("Die Straße am Café", "strasse cafe"),
    ("Лист про їжака", "їжака"),
    ("Лист про їжака", "ЇЖАК"),
    ("夜の船が戻ってきた", "船"),
    ("夜の船が戻ってきた", "「夜の船」"),
    ("ＡＢＣ全角", "abc"),
    ("밤배가 돌아왔다", "돌아"),
    ("والميناءُ القديم", "ميناء"),
    ("إلى الأمام", "الامام"),
    ("הספינה חזרה", "ספינה"),
    ("שָׁלוֹם", "שלום"),
    ("เรือกลางคืน", "กลางคืน"),
    ("don’t wait", "don't"),
    ("50 % of 1,200", "1,200"),
]
MISSED = [
    ("The party goes on", "art"),
    ("The night boats stay", '"night boat"'),
    ("The boat at night", '"night boat"'),
    ("мій", "мии"),
    ("The night boats stay", "boat train"),
    ("anything", "  "),
]


@pytest.mark.parametrize(("text", "query"), FOUND)
def test_words_are_found(text: str, query: str) -> None:
    terms = read_query(query)
    assert terms
    assert holds(folded(text), terms)


@pytest.mark.parametrize(("text", "query"), MISSED)
def test_what_was_not_asked_for_is_not_found(text: str, query: str) -> None:
    terms = read_query(query)
    assert not (terms and holds(folded(text), terms))


def test_a_letters_text_is_read_as_paragraphs_without_its_marks() -> None:
    text = (
        "Night\n=====\n\n> > the last boat [1] had\n> > left the quay\n\n夜の船が\n戻ってきた\n\n"
        "Unsubscribe:\nhttps://n.example.com/u/nl0123456789abcdef012345678\n\n[1] https://a.example/x"
    )
    assert paragraphs(text) == [
        "Night",
        "the last boat had left the quay",
        "夜の船が戻ってきた",
        "Unsubscribe:",
        "https://a.example/x",
    ]


BODY = "The boat left.\n\n- one · two\n- three\n\n> It [said](https://a.example/x) so.\n\n    ======"


@pytest.mark.parametrize("language", sorted(PHRASES))
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("count", [1, 12])
def test_a_letters_own_words_are_told_from_what_stands_around_them(
    language: str, theme: str, count: int
) -> None:
    posts = [section(f"Tale{number}", BODY, source_name=f"Paper{number % 3}") for number in range(count)]
    letter = issue(*posts, language=language, intro_markdown="Before all.", outro_markdown="Until Friday.")
    look = replace(THEMES[theme], settings=replace(THEMES[theme].settings, footer="Printed by hand"))
    text = render(letter, theme=look, newsletter=replace(NEWSLETTER, name="Gazette")).text
    phrases = phrases_for(language)
    furniture = ["Gazette", "Berlin", "Printed", "news.example.com", phrases.unsubscribe, phrases.settings]
    furniture += [phrases.read_on_the_web, *([phrases.contents, phrases.sources] if count > 1 else [])]
    own = own_paragraphs(text)
    for words in furniture:
        assert words in text
        assert words not in "\n".join(own)
    assert own[0] == "Before all."
    assert own[-1] == "Until Friday."
    assert re.findall(r"^Tale\d+", "\n".join(own), re.MULTILINE) == [f"Tale{n}" for n in range(count)]
    assert own.count("The boat left.") == own.count("It said so.") == count


def test_a_last_part_called_sources_that_is_no_list_of_them_is_searched() -> None:
    own = own_paragraphs(render(issue(section("Sources", "Springs of the river.", url=""))).text)
    assert "Springs of the river." in own


def test_a_text_part_of_another_form_is_searched_whole() -> None:
    text = f"Words\n\n{'=' * 72}\n\nMore words\n\nhttps://n.example.com/u/nl{'0' * 25}\n\nand\n\nthe end"
    for other in (text.replace("=" * 72, "* * *"), text + f"\n\n{'=' * 72}\n\nPS", "", "Words"):
        assert own_paragraphs(other) == paragraphs(other)
    assert own_paragraphs(text) == ["Words"]


def test_a_snippet_shows_the_words_as_they_are_written() -> None:
    text = f"{'long ' * 60}the Café on the Straße was shut {'ever ' * 60}"
    found = snippet(["nothing", text], read_query("strasse"))
    assert found.found == "Straße"
    assert found.before.startswith("…")
    assert found.before.endswith("the Café on the ")
    assert found.after.startswith(" was shut")
    assert found.after.endswith("…")
    assert snippet(["nothing"], read_query("strasse")) == Snippet()


@given(st.text(max_size=400), st.text(max_size=300))
def test_any_question_about_any_text_is_answered(text: str, query: str) -> None:
    terms = read_query(query)
    assert len(terms) <= MAX_TERMS
    blocks = paragraphs(text)
    found = snippet(blocks, terms)
    whole = found.before.removeprefix("…") + found.found + found.after.removesuffix("…")
    assert not whole or any(whole in block for block in blocks)


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=12), min_size=1, max_size=20))
def test_every_word_of_a_text_is_found_in_it(words: list[str]) -> None:
    text = " ".join(words)
    for word in words:
        terms = read_query(word)
        if terms and not any(quote in folded(word) for quote in "\"'"):
            assert holds(folded(text), terms)
