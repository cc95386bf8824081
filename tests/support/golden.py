"""Golden files: results that people have looked at, kept as plain files beside the tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write tests/golden/ anew from what the program makes now",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """A function that holds a text to the golden file of this name, byte for byte."""
    update = bool(request.config.getoption("--update-golden"))

    def hold(name: str, text: str) -> None:
        path = FOLDER / name
        if update:
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"{path} is missing: look at the result, then run with --update-golden"
        assert text == path.read_bytes().decode("utf-8")

    return hold
