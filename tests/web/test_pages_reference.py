"""docs/reference/pages.md names every path and method that the server answers, and no others."""

import re
from pathlib import Path

from starlette.testclient import TestClient

from newsletter.web.app import make_pages
from newsletter.wiring import open_app
from tests.support.project import make_project

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "pages.md"
ROW = re.compile(r"^\| `(/\S*)` \| ([A-Z]+) \| \S", re.MULTILINE)


def test_the_page_and_the_server_know_the_same_paths(tmp_path: Path) -> None:
    with open_app(make_project(tmp_path / "letter").folder, {}) as app:
        paths = TestClient(make_pages(app)).get("/openapi.json").json()["paths"]
    served = sorted((path, method.upper()) for path, methods in paths.items() for method in methods)
    assert sorted(ROW.findall(PAGE.read_text(encoding="utf-8"))) == served
