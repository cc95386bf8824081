"""Leaving the list."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaving:
    """Sentences in which `{name}` is the newsletter's."""

    unsubscribe: str
    """The title and the button."""
    explanation: str
    gone: str
    gone_explanation: str
    unknown: str
    unknown_explanation: str


ENGLISH = Leaving(
    unsubscribe="Unsubscribe",
    explanation="You will get no more letters from {name}.",
    gone="You are unsubscribed",
    gone_explanation="{name} will not write to you again.",
    unknown="This link does not work",
    unknown_explanation="This link is not one of ours, or it was cut. Try the one in a newer letter.",
)
LEAVING: Mapping[str, Leaving] = dict.fromkeys(("en", "de", "fr", "es", "uk", "ar", "he", "ja"), ENGLISH)
