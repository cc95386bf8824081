"""The words that a letter says by itself, in the language of its readers.

A new language is one module beside these, a line in `_LANGUAGES`, and the tests say what it lacks.
"""

from newsletter.content.phrases.arabic import ARABIC, ARABIC_WITH_ITS_FIGURES, WITH_ITS_FIGURES
from newsletter.content.phrases.english import AMERICAN, ENGLISH
from newsletter.content.phrases.form import Phrases
from newsletter.content.phrases.french import FRENCH
from newsletter.content.phrases.german import GERMAN
from newsletter.content.phrases.hebrew import HEBREW
from newsletter.content.phrases.japanese import JAPANESE
from newsletter.content.phrases.spanish import SPANISH
from newsletter.content.phrases.ukrainian import UKRAINIAN

__all__ = ["ENGLISH", "PHRASES", "Phrases", "direction_of", "phrases_for"]

_LANGUAGES = (ENGLISH, AMERICAN, GERMAN, FRENCH, SPANISH, UKRAINIAN, ARABIC, HEBREW, JAPANESE)
PHRASES = {
    **{phrases.language: phrases for phrases in _LANGUAGES},
    **dict.fromkeys(WITH_ITS_FIGURES, ARABIC_WITH_ITS_FIGURES),
    "iw": HEBREW,
}
"""By BCP 47 tag, in lower case: languages, and regions that write otherwise than their language."""


_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ku", "ps", "sd", "ug", "ur", "yi"})
"""Languages written from right to left (Unicode CLDR 46, characterOrder)."""


def phrases_for(*languages: str) -> Phrases:
    """The phrases of the first of these tags that is known, with or without its region; else English."""
    for language in languages:
        tag = language.strip().lower().replace("_", "-")
        for known in (tag, tag.partition("-")[0]):
            if known in PHRASES:
                return PHRASES[known]
    return ENGLISH


def direction_of(language: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if language.lower().partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
