"""Issues to render: a short one, a roundup with everything that a post can hold, one from right to left."""

from datetime import UTC, date, datetime
from pathlib import Path

from newsletter.config.settings import NewsletterSettings
from newsletter.config.theme import Theme, load_theme, theme_names
from newsletter.content.links import issue_placeholder
from newsletter.content.render import render_issue
from newsletter.models import Issue, IssueId, RenderedEmail, Section

KEY = bytes(range(32))
DATED = date(2026, 11, 27)
NEWSLETTER = NewsletterSettings(
    name="The Friday Roundup",
    sender="Ada Writer <ada@news.example.com>",
    postal_address="1 Example Street, 10115 Berlin",
    public_url="https://news.example.com",
    timezone="Europe/Berlin",
)
BROADSHEET = load_theme(Path("no-project"), "broadsheet")
THEMES = {name: load_theme(Path("no-project"), name) for name in theme_names(Path("no-project"))}


def section(title: str, body: str = "", **changes: object) -> Section:
    """A post of this title, gathered from a blog unless `changes` say otherwise."""
    values: dict[str, object] = {
        "url": "https://blog.example.com/" + title.lower().replace(" ", "-"),
        "source_name": "The Harbour Blog",
        "published": datetime(2026, 11, 24, 10, tzinfo=UTC),
        **changes,
    }
    return Section(title=title, body_markdown=body, **values)  # type: ignore[arg-type]


def issue(*sections: Section, **changes: object) -> Issue:
    """An issue of these sections."""
    values: dict[str, object] = {
        "id": IssueId("2026-11-27"),
        "subject": "What the harbour said",
        "preheader": "Four stories from a week of fog.",
        "theme": "broadsheet",
        "language": "en",
        **changes,
    }
    return Issue(sections=sections, **values)  # type: ignore[arg-type]


def render(
    letter: Issue, *, theme: Theme = BROADSHEET, newsletter: NewsletterSettings = NEWSLETTER
) -> RenderedEmail:
    """The issue as the program would send it."""
    return render_issue(
        letter,
        theme=theme,
        newsletter=newsletter,
        placeholder=issue_placeholder(KEY, letter.id),
        dated=DATED,
    )


SHORT = issue(section("A light in the fog", "The lamp on the mole was lit *again* on Tuesday."))

_COMMENTARY = """\
I have said for years that the harbour board does not read its own minutes. On Monday it [proved it](https://harbour.example/minutes).

> The board “has no knowledge of a lamp”, its spokesman said, and asked what a lamp would be for.
>
> > A lamp is for being seen.
>
> — M. Quill, [The Evening Tide](https://tide.example/lamp), 23 November 2026

The keeper's answer, filmed on his telephone:

::: card video
[“Then come and look”](https://www.youtube.com/watch?v=harbour1)

Keeper of the Lamp · 24 November 2026
:::

::: figure
![The mole at night, its lamp lit](https://pictures.example/mole.jpg){width=1200 height=800}
The mole on Tuesday. Photograph: the keeper
:::
"""

_APPEAL = """\
The lamp needs oil until spring.[^1]

::: button
[Give a litre of oil](https://harbour.example/oil?from=letter&litres=1)
:::

### What oil costs

| Month | Litres | Price |
|-------|-------:|------:|
| December | 40 | 92 € |
| January | 44 | 101 € |

- a litre burns for **nine hours**
- a night in winter has sixteen
  1. so count twice
  2. and give once

[^1]: The board pays for `paint`, not for [oil](https://harbour.example/budget).
"""

_REPLIES = """\
::: card post
[A skipper answers](https://social.example/@skipper/1)

> We steer by it. Put that in your minutes.

The Skipper · 25 November 2026
:::

Another wrote in code:

```
if fog and not lamp:
    stay_home()
```

<details><summary>The whole log</summary><p>Fog, fog, lamp, home.</p></details>
"""

ROUNDUP = issue(
    section("The board has no knowledge of a lamp", _COMMENTARY, author="A. Keeper"),
    section("Help the lamp through the winter", _APPEAL),
    section("What the skippers say: a title that is long enough to wrap in every inbox list", _REPLIES),
    section(
        "灯台の手紙",
        "霧の夜、灯台の明かりだけが船を導きます。霧の夜、灯台の明かりだけが船を導きます。",
        language="ja",
        source_name="港の便り",
    ),
    section("My own two words", "Thank you.", url="", source_name="", published=None, post=None),
    intro_markdown="A short week, a long fog.",
    outro_markdown="Until Friday.\n\n— Ada",
)

RIGHT_TO_LEFT = issue(
    section(
        "המנורה על המזח",
        "המנורה דולקת שוב, [כך נכתב](https://harbour.example/he).\n\n"
        "> אין לנו ידיעה על מנורה.\n>\n> — דובר המועצה\n\n"
        "- אחת\n- שתיים\n\n"
        "::: button\n[לתרומה](https://harbour.example/oil)\n:::\n",
        language="he",
        direction="rtl",
        source_name="בלוג הנמל",
    ),
    section("An English guest", "Left to right in the middle.", language="en"),
    subject="מה אמר הנמל",
    preheader="סיפור אחד ואורח אחד.",
    language="he",
)

_CODE = """\
```python
def lamp(fog: float, *, oil: float = 1.0) -> bool:
    \"\"\"Whether the lamp is lit: a < b && c > d, and a line that is longer than a letter is wide.\"\"\"
    return fog > 0.5 and oil > 0
```

Inline `fog <= 0.5 && oil`, then a list with code:

1. `make lamp`

       indented = code

2. done
"""

_TABLES = """\
| Ship | From | Tonnes | Fee |
|:-----|:----:|-------:|----:|
| *Anna* | Bergen | 1,200 | 92.50 € |
| 海の光 | 横浜 | 98,000 | 1,101.00 € |
| Łódź & Sons | Gdańsk | 7 | 0.75 € |

| Rule | What the harbour board means by it, in its own words |
|------|------|
| 1 | A vessel that has no lamp must not be seen, and a vessel that is not seen has no lamp. |
| 2 | The fee for the lamp is due on the day before it is lit, and is not paid back in fog. |
"""

CODE_AND_TABLES = issue(
    section("A lamp in Python", _CODE),
    section("What ships pay", _TABLES, source_name="The Toll House"),
    subject="Code and tables",
    preheader="Two posts with more columns than words.",
)

TWENTY = issue(
    *(
        section(
            f"Post {number}: what the tide brought",
            f"The tide of day {number} brought **{number} planks** and [a letter](https://tide.example/{number}).\n\n"
            f"> Plank {number} was dry.\n>\n> — M. Quill, [The Evening Tide](https://tide.example/lamp)",
            source_name=("The Harbour Blog", "The Toll House", "Marée basse")[number % 3],
            language=("", "", "fr")[number % 3],
        )
        for number in range(1, 21)
    ),
    subject="Twenty tides",
    preheader="Twenty posts, told shortly.",
)

LETTERS = {
    "short": SHORT,
    "roundup": ROUNDUP,
    "right-to-left": RIGHT_TO_LEFT,
    "code-and-tables": CODE_AND_TABLES,
    "twenty-posts": TWENTY,
}
"""The letters that have golden files in every shipped theme."""
