"""Words are found in any language, however they are written; nothing that a question holds does harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.searching import (
    MAX_TERMS,
    Snippet,
    folded,
    holds,
    paragraphs,
    read_query,
    snippet,
)

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
