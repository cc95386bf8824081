"""What the readers' pages say, in the languages of the letters: one module for each group of pages.

A group is a frozen dataclass of sentences and a table of them by language. English is always there;
a test says what another language lacks.
"""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

LANGUAGES = ("en", "de", "fr", "es", "uk", "ar", "he", "ja")
"""BCP 47 tags of the languages that every group must speak."""


def spoken(*wanted: str) -> str:
    """The first of the wanted tags that the pages speak, with or without its region; else English."""
    for tag in wanted:
        language = tag.strip().lower().replace("_", "-").partition("-")[0]
        language = {"iw": "he"}.get(language, language)
        if language in LANGUAGES:
            return language
    return "en"


def in_language(table: Mapping[str, T], language: str) -> T:
    """The group's sentences in this language, as `spoken` names it."""
    return table[language]
