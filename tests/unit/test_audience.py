"""Audience filters: what is written is what is meant, and what is wrong is said with its place."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.audience import (
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_RULES,
    YEARS,
    read_filter,
    values_of,
    write_rule,
)
from newsletter.errors import BadFilter
from newsletter.models.audiences import AllOf, AnyOf, Event, Has, Order, Rule, Trait, When, Without

BERLIN = Has(trait=Trait.TAG, value="berlin")
GERMAN = Has(trait=Trait.LANGUAGE, value="de")
LATE = When(event=Event.JOINED, order=Order.AFTER, day=date(2026, 1, 1))


def read(text: str) -> Rule:
    return read_filter(text, timezone="Europe/Berlin", language="en").rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("tag:berlin", BERLIN),
        ("  TAG:berlin  ", BERLIN),
        ('tag:"berlin"', BERLIN),
        (r'tag:"New \"York\", \\VIP"', Has(trait=Trait.TAG, value=r'New "York", \VIP')),
        ("tag:berlin and joined > 2026-01-01", AllOf(rules=(BERLIN, LATE))),
        ("tag:berlin AND joined>2026-01-01", AllOf(rules=(BERLIN, LATE))),
        ("tag:berlin or language:de and joined > 2026-01-01",
         AnyOf(rules=(BERLIN, AllOf(rules=(GERMAN, LATE))))),
        ("(tag:berlin or language:de) and not joined > 2026-01-01",
         AllOf(rules=(AnyOf(rules=(BERLIN, GERMAN)), Without(rule=LATE)))),
        ("not(tag:berlin)", Without(rule=BERLIN)),
        ("email:*@example.org", Has(trait=Trait.EMAIL, value="*@example.org")),
        ("source:https://blog.example.com/*", Has(trait=Trait.SOURCE, value="https://blog.example.com/*")),
        ("confirmed <= 2026-02-28", When(event=Event.CONFIRMED, order=Order.UNTIL, day=date(2026, 2, 28))),
        ("tag:and", Has(trait=Trait.TAG, value="and")),
        ("tag:مرحبا", Has(trait=Trait.TAG, value="مرحبا")),
    ],
)  # fmt: skip
def test_words_become_a_rule(text: str, rule: Rule) -> None:
    assert read(text) == rule


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("taag:berlin", 1, "did you mean “tag”?"),
        ("tag:berlin and joind > 2026-01-01", 16, "did you mean “joined”?"),
        ("tag:berlin andd tag:b", 12, "does not follow"),
        ("tag:berlin tag:b", 12, "does not follow"),
        ("tag:", 1, "lacks its value"),
        ("tag = berlin", 1, "write it as tag:"),
        ("tag:berlin or", 14, "missing at the end"),
        ("and tag:berlin", 1, "missing before “and”"),
        ("tag:a and or tag:b", 11, "missing before “or”"),
        ("(tag:berlin", 1, "never closed"),
        ("tag:berlin)", 11, "closes nothing"),
        ("()", 2, "missing before “)”"),
        ("(tag:a tag:b)", 8, "does not follow"),
        ("joined:2026-01-01", 1, "is about a day"),
        ("joined 2026-01-01", 8, "lacks <"),
        ("joined > 2026-13-01", 10, "is no day"),
        ("joined > yesterday", 10, "is no day"),
        ("joined > 0026-01-01", 10, "is no day"),
        ("joined >", 9, "the day is missing"),
        ("joined == 2026-01-01", 9, "is no day"),
        ("language:g", 1, "is no language tag"),
        ('tag:"berlin', 1, "lacks its value"),
        ("> 2026-01-01", 1, "does not belong here"),
        ("tag:berlin; drop table subscribers", 13, "does not follow"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_column(text: str, column: int, says: str) -> None:
    with pytest.raises(BadFilter) as caught:
        read(text)
    assert caught.value.message.startswith(f"column {column}: ")
    assert says in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["", "   ", "x" * (MAX_LENGTH + 1), "(" * 200 + "tag:a" + ")" * 200])
def test_nothing_too_long_too_deep_or_empty_is_read(text: str) -> None:
    with pytest.raises(BadFilter):
        read(text)


def test_depth_and_number_of_rules_have_a_bound() -> None:
    read("not " * (MAX_DEPTH - 1) + "tag:a")
    with pytest.raises(BadFilter, match="too deep"):
        read("not " * MAX_DEPTH + "tag:a")
    read(" or ".join(["tag:a"] * MAX_RULES))
    with pytest.raises(BadFilter, match="more than"):
        read(" or ".join(["tag:a"] * (MAX_RULES + 1)))


def test_the_tags_of_a_filter_are_known() -> None:
    rule = read("tag:a or not (tag:b and language:de)")
    assert list(values_of(rule, Trait.TAG)) == ["a", "b"]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
LEAVES = st.one_of(
    st.builds(Has, trait=st.sampled_from([Trait.TAG, Trait.EMAIL, Trait.SOURCE]), value=TEXTS),
    st.builds(Has, trait=st.just(Trait.LANGUAGE), value=st.sampled_from(["de", "pt-BR", "he"])),
    st.builds(
        When,
        event=st.sampled_from(Event),
        order=st.sampled_from(Order),
        day=st.dates(date(YEARS[0], 1, 1), date(YEARS[1], 12, 31)),
    ),
)


def branches(inner: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Without, rule=inner), st.builds(AllOf, rules=several), st.builds(AnyOf, rules=several)
    )


RULES: st.SearchStrategy[Rule] = st.recursive(LEAVES, branches, max_leaves=8)


@given(RULES)
def test_what_is_written_always_reads_back_as_the_same_rule(rule: Rule) -> None:
    text = write_rule(rule)
    if len(text) <= MAX_LENGTH:
        assert read(text) == rule


@given(st.text(max_size=60) | st.lists(st.sampled_from(
    ["tag:a", "and", "or", "not", "(", ")", "joined", ">", "2026-01-01", '"', "tag:", "email:*"]), max_size=9
).map(" ".join))  # fmt: skip
def test_any_text_is_read_or_refused_with_a_remedy(text: str) -> None:
    try:
        rule = read(text)
    except BadFilter as error:
        remedy = error.remedy
    else:
        remedy = write_rule(rule)
    assert remedy
