"""What a browser and the checker of accessibility in it see of the letters."""

import pytest

from tests.proof.letters import golden_letters
from tests.proof.tools import Page, Seen, look_at

SCHEMES = ("light", "dark")
WIDTHS = (320, 375, 700)
"""CSS pixels: the narrowest phone that WCAG 2.1 names (1.4.10), a common one, a mail program's pane."""

_FAULTY = """\
<!DOCTYPE html><html><head><title>Faulty</title><style>
p { color: #333; background: #fff }
@media (prefers-color-scheme: dark) { p { color: #555; background: #444 } }
</style></head><body><p>Words</p><table width="500"><tr><td>wide</td></tr></table></body></html>"""


@pytest.fixture(scope="module")
def seen() -> dict[str, Seen]:
    pages = {name: Page(html=email.html) for name, email in golden_letters().items()}
    return look_at(pages | {"faulty": Page(html=_FAULTY)}, schemes=SCHEMES, widths=WIDTHS)


@pytest.fixture
def letters(seen: dict[str, Seen]) -> dict[str, Seen]:
    return {name: letter for name, letter in seen.items() if name != "faulty"}


def test_no_letter_violates_wcag_2_at_level_aa_in_light_or_dark(letters: dict[str, Seen]) -> None:
    found = {
        (name, scheme): letter.violations[scheme] for name, letter in letters.items() for scheme in SCHEMES
    }
    assert {place: violations for place, violations in found.items() if violations} == {}


def test_no_letter_is_wider_than_its_window(letters: dict[str, Seen]) -> None:
    found = {
        (name, width): letter.too_wide[str(width)] for name, letter in letters.items() for width in WIDTHS
    }
    assert {place: pixels for place, pixels in found.items() if pixels} == {}


def test_letters_ask_for_nothing_but_pictures_and_open_no_dialog(letters: dict[str, Seen]) -> None:
    emails = golden_letters()
    for name, letter in letters.items():
        assert letter.dialogs == []
        assert [url for url in letter.requests if f'src="{url}"' not in emails[name].html] == []


def test_faults_are_seen(seen: dict[str, Seen]) -> None:
    faulty = seen["faulty"]
    assert [violation.partition(":")[0] for violation in faulty.violations["light"]] == ["html-has-lang"]
    assert {violation.partition(":")[0] for violation in faulty.violations["dark"]} == {
        "color-contrast",
        "html-has-lang",
    }
    assert faulty.too_wide["320"] > 100
    assert faulty.too_wide["700"] == 0
