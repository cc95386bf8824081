"""docs/reference/pages.md names every path and method that the server answers, and no others."""

import re
from pathlib import Path

from starlette.testclient import TestClient

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "pages.md"
ROW = re.compile(r"^\| `(/\S*)` \| ([A-Z]+) \| \S", re.MULTILINE)


def test_the_page_and_the_server_know_the_same_paths(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    served = sorted((path, method.upper()) for path, methods in paths.items() for method in methods)
    assert sorted(ROW.findall(PAGE.read_text(encoding="utf-8"))) == served
