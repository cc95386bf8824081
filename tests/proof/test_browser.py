"""What a browser and the checker of accessibility in it see of the letters."""

import pytest

from tests.proof.letters import golden_letters
from tests.proof.tools import Page, look_at
from tests.support.letters import THEMES, issue, render, section

SCHEMES = ("light", "dark")
WIDTHS = (320, 375, 700)
"""CSS pixels: the narrowest phone that WCAG 2.1 names (1.4.10), a common one, a mail program's pane."""

_WORD = "Hafenmeisterei" * 12
_ROW = f"|{'|'.join(f' Column{number} ' for number in range(20))}|"
_STRAIN = f"""\
{_WORD}, `{_WORD}`, [{_WORD}](https://blog.example.com/{_WORD})

[![](https://pictures.example/large.jpg){{width=1200 height=800}}](https://www.pictures.example/large)

> ![](https://pictures.example/quoted.jpg){{width=1200 height=800}}
>
> > {_WORD}
>
> ![](https://pictures.example/{_WORD}.jpg)
>
> — {_WORD}

::: card link
[{_WORD}](https://blog.example.com/)

{_WORD} · today
:::

::: button
[{"A call to action that goes on and on " * 4}](https://blog.example.com/)
:::

    {_WORD}()

- {_WORD}
  - {_WORD}

{_ROW}
|{"---|" * 20}
{_ROW}
"""
"""All that has made letters of real feeds wider than a phone, or left a screen reader without a word."""
_FAULTY = """\
<!DOCTYPE html><html><head><title>Faulty</title><style>
p { color: #333; background: #fff }
@media (prefers-color-scheme: dark) { p { color: #555; background: #444 } }
</style></head><body><p>Words</p><table width="500"><tr><td>wide</td></tr></table></body></html>"""


@pytest.fixture
def pages() -> dict[str, Page]:
    strained = issue(*(section(_WORD, _STRAIN) for _ in range(4)), preheader=_WORD)
    return {
        **{name: Page(html=email.html) for name, email in golden_letters().items()},
        **{
            f"{name} under strain": Page(html=render(strained, theme=theme).html)
            for name, theme in THEMES.items()
        },
    }


def test_no_letter_violates_wcag_2_at_level_aa_in_light_or_dark(pages: dict[str, Page]) -> None:
    seen = look_at(pages, schemes=SCHEMES)
    found = {(name, scheme): letter.violations[scheme] for name, letter in seen.items() for scheme in SCHEMES}
    assert {place: violations for place, violations in found.items() if violations} == {}


def test_no_letter_is_wider_than_its_window_or_asks_for_more_than_pictures(pages: dict[str, Page]) -> None:
    seen = look_at(pages, widths=WIDTHS)
    found = {(name, width): letter.too_wide[str(width)] for name, letter in seen.items() for width in WIDTHS}
    assert {place: pixels for place, pixels in found.items() if pixels} == {}
    for name, letter in seen.items():
        assert letter.dialogs == []
        assert [url for url in letter.requests if f'src="{url}"' not in pages[name].html] == []


def test_faults_are_seen() -> None:
    faulty = look_at({"faulty": Page(html=_FAULTY)}, schemes=SCHEMES, widths=WIDTHS)["faulty"]
    rules = {scheme: {found.partition(":")[0] for found in faulty.violations[scheme]} for scheme in SCHEMES}
    assert rules == {"light": {"html-has-lang"}, "dark": {"html-has-lang", "color-contrast"}}
    assert faulty.too_wide["320"] > 100
    assert faulty.too_wide["700"] == 0
