"""What a language must bring so that letters can be written in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrases:
    """All that a letter says by itself, in one language; words in braces are filled in.

    Dates follow Unicode CLDR 46 (`dateFormatItem` yMMMMd and its kin), plurals its cardinal rules.
    """

    language: str
    """BCP 47 tag."""
    months: tuple[str, ...]
    """From January, in the form that stands beside a day."""
    weekdays: tuple[str, ...]
    """From Monday."""
    full_date: str
    long_date: str
    short_date: str
    first_of_month: str = ""
    """How the first day is written; empty: as the number."""
    numerals: str = ""
    """The ten figures; empty: 0123456789."""
    plural: Callable[[int], str]
    """The plural category of a number, a key of `posts`."""
    posts: Mapping[str, str]
    cards: Mapping[str, tuple[str, str]]
    """For each kind of card: what it is, and what a reader does with it."""
    read_on_the_web: str
    unsubscribe: str
    settings: str
    """The link to what the reader may choose."""
    why: str
    """Why somebody gets this letter; holds `{name}` and `{host}`."""
    contents: str
    sources: str
    read_on: str
    read_on_at: str
    """Under the beginning of a post; holds `{source}`."""
    image: str
    note: str
    quotes: tuple[str, str] = ("“", "”")
    colon: str = ":"

    def number(self, value: int) -> str:
        """The number in the language's figures, without separators."""
        figures = str(value)
        return figures.translate(str.maketrans("0123456789", self.numerals)) if self.numerals else figures

    def count_of_posts(self, count: int) -> str:
        """Such as `5 posts`."""
        return self.posts[self.plural(count)].format(n=self.number(count))

    def dated(self, day: date, pattern: str) -> str:
        """The day, written by one of the three patterns."""
        return pattern.format(
            weekday=self.weekdays[day.weekday()],
            day=self.first_of_month if day.day == 1 and self.first_of_month else self.number(day.day),
            month=self.months[day.month - 1],
            year=self.number(day.year),
        )


def one_or_other(count: int) -> str:
    """The plural category in English, German and Spanish (CLDR 46)."""
    return "one" if count == 1 else "other"
