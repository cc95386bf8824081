"""Every language says everything, with its own plurals, dates and figures."""

import dataclasses
import re
from datetime import date

import pytest

from newsletter.content.markdown import CARD_KINDS
from newsletter.content.phrases import ENGLISH, PHRASES, Phrases, phrases_for

LANGUAGES = ("en", "de", "fr", "es", "uk", "ar", "he", "ja")
FRIDAY = date(2026, 11, 27)


def test_the_promised_languages_are_there() -> None:
    assert set(LANGUAGES) <= set(PHRASES)


@pytest.mark.parametrize("phrases", PHRASES.values(), ids=PHRASES)
def test_every_language_has_every_phrase_with_the_same_blanks(phrases: Phrases) -> None:
    for field in dataclasses.fields(Phrases):
        said, english = getattr(phrases, field.name), getattr(ENGLISH, field.name)
        if isinstance(english, str) and english and not field.name.endswith("_date"):
            assert said.strip()
            assert set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", english)), field.name
    assert len(set(phrases.months)) == 12
    assert len(set(phrases.weekdays)) == 7
    assert set(phrases.cards) == set(CARD_KINDS)
    assert all(name and verb for name, verb in phrases.cards.values())


@pytest.mark.parametrize("phrases", PHRASES.values(), ids=PHRASES)
def test_every_number_has_a_plural_and_every_plural_a_number(phrases: Phrases) -> None:
    assert {phrases.plural(count) for count in range(201)} == set(phrases.posts)


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_no_language_is_english_in_disguise(language: str) -> None:
    phrases = PHRASES[language]
    for name in ("read_on_the_web", "unsubscribe", "why", "contents", "read_on", "read_on_at"):
        assert getattr(phrases, name) != getattr(ENGLISH, name)


@pytest.mark.parametrize(
    ("language", "counts"),
    [
        ("en", {0: "0 posts", 1: "1 post", 2: "2 posts"}),
        ("de", {1: "1 Beitrag", 5: "5 Beiträge"}),
        ("fr", {0: "0 billet", 1: "1 billet", 2: "2 billets"}),
        ("uk", {1: "1 допис", 2: "2 дописи", 5: "5 дописів", 11: "11 дописів", 12: "12 дописів"}),
        ("uk", {21: "21 допис", 22: "22 дописи", 25: "25 дописів", 111: "111 дописів"}),
        ("ar", {0: "لا منشورات", 1: "منشور واحد", 2: "منشوران", 3: "3 منشورات", 11: "11 منشورًا"}),
        ("ar", {10: "10 منشورات", 99: "99 منشورًا", 100: "100 منشور", 103: "103 منشورات"}),
        ("ar-EG", {3: "٣ منشورات"}),
        ("he", {1: "פוסט אחד", 2: "שני פוסטים", 3: "3 פוסטים"}),
        ("ja", {1: "1件の記事", 2: "2件の記事"}),
    ],
)
def test_posts_are_counted_as_the_language_counts(language: str, counts: dict[int, str]) -> None:
    phrases = phrases_for(language)
    assert {count: phrases.count_of_posts(count) for count in counts} == counts


@pytest.mark.parametrize(
    ("language", "full", "long", "short"),
    [
        ("en", "Friday, 27 November 2026", "27 November 2026", "27 November"),
        ("en-US", "Friday, November 27, 2026", "November 27, 2026", "November 27"),
        ("de", "Freitag, 27. November 2026", "27. November 2026", "27. November"),
        ("fr", "vendredi 27 novembre 2026", "27 novembre 2026", "27 novembre"),
        ("es", "viernes, 27 de noviembre de 2026", "27 de noviembre de 2026", "27 de noviembre"),
        ("uk", "пʼятниця, 27 листопада 2026 р.", "27 листопада 2026 р.", "27 листопада"),
        ("ar", "الجمعة، 27 نوفمبر 2026", "27 نوفمبر 2026", "27 نوفمبر"),
        ("ar-SA", "الجمعة، ٢٧ نوفمبر ٢٠٢٦", "٢٧ نوفمبر ٢٠٢٦", "٢٧ نوفمبر"),
        ("he", "יום שישי, 27 בנובמבר 2026", "27 בנובמבר 2026", "27 בנובמבר"),
        ("ja", "2026年11月27日金曜日", "2026年11月27日", "11月27日"),
    ],
)
def test_dates_are_written_as_unicode_cldr_writes_them(
    language: str, full: str, long: str, short: str
) -> None:
    phrases = phrases_for(language)
    patterns = (phrases.full_date, phrases.long_date, phrases.short_date)
    assert tuple(phrases.dated(FRIDAY, pattern) for pattern in patterns) == (full, long, short)


def test_the_first_of_a_french_month_is_an_ordinal() -> None:
    french = phrases_for("fr")
    assert french.dated(date(2026, 5, 1), french.short_date) == "1er mai"
    assert french.dated(date(2026, 5, 21), french.short_date) == "21 mai"


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        (("de-AT",), "de"),
        (("uk_UA",), "uk"),
        (("nl", "fr"), "fr"),
        (("", "ja"), "ja"),
        (("iw",), "he"),
        (("nl",), "en"),
        ((), "en"),
    ],
)
def test_the_first_known_language_is_taken(tags: tuple[str, ...], language: str) -> None:
    assert phrases_for(*tags).language == language
