"""The readers' pages say everything in every language."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import pytest

from newsletter.web.phrases import LANGUAGES
from newsletter.web.phrases.archive import ARCHIVE
from newsletter.web.phrases.joining import JOINING
from newsletter.web.phrases.leaving import LEAVING
from newsletter.web.phrases.preferences import LANGUAGE_NAMES, PREFERENCES
from newsletter.web.phrases.privacy import PRIVACY
from newsletter.web.phrases.trouble import TROUBLE

GROUPS: Mapping[str, Mapping[str, Any]] = {
    "archive": ARCHIVE,
    "joining": JOINING,
    "leaving": LEAVING,
    "preferences": PREFERENCES,
    "privacy": PRIVACY,
    "trouble": TROUBLE,
}


def sentences(group: str) -> Iterator[tuple[tuple[str, str], str, str]]:
    """Each sentence of a group: its language and name, its words, and the English ones."""
    for language, words in GROUPS[group].items():
        for field in fields(words):
            said, meant = getattr(words, field.name), getattr(GROUPS[group]["en"], field.name)
            if isinstance(meant, str):
                yield (language, field.name), said, meant


@pytest.mark.parametrize("group", GROUPS)
def test_every_language_says_everything(group: str) -> None:
    assert set(GROUPS[group]) == set(LANGUAGES) == set(LANGUAGE_NAMES)
    for place, said, meant in sentences(group):
        assert said.strip(), place
        assert place[0] == "en" or said != meant, place


@pytest.mark.parametrize("group", ["archive", "preferences"])
def test_every_language_leaves_room_for_the_same(group: str) -> None:
    for place, said, meant in sentences(group):
        assert set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", meant)), place
