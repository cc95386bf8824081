"""Whole letters, byte for byte. Look at a changed file in a browser before `--update-golden`."""

from collections.abc import Callable

import pytest

from newsletter.models import Issue
from tests.support.letters import RIGHT_TO_LEFT, ROUNDUP, SHORT, render


@pytest.mark.parametrize(
    ("name", "issue"), [("short", SHORT), ("roundup", ROUNDUP), ("right-to-left", RIGHT_TO_LEFT)]
)
def test_a_letter_is_what_was_looked_at(name: str, issue: Issue, golden: Callable[[str, str], None]) -> None:
    email = render(issue)
    golden(f"{name}.html", email.html)
    golden(f"{name}.txt", email.text)
