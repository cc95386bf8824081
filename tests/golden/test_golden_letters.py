"""Whole letters, byte for byte. Look at a changed file in a browser before `--update-golden`."""

from collections.abc import Callable

import pytest

from tests.support.golden import FOLDER
from tests.support.letters import LETTERS, THEMES, render


@pytest.mark.parametrize("name", LETTERS)
@pytest.mark.parametrize("theme", THEMES)
def test_a_letter_is_what_was_looked_at(name: str, theme: str, golden: Callable[[str, str], None]) -> None:
    email = render(LETTERS[name], theme=THEMES[theme])
    golden(f"{theme}-{name}.html", email.html)
    golden(f"{theme}-{name}.txt", email.text)


def test_every_golden_file_has_its_letter() -> None:
    known = {f"{theme}-{name}" for theme in THEMES for name in LETTERS}
    assert {path.stem for path in FOLDER.iterdir() if path.suffix in {".html", ".txt"}} == known
