"""The archive's pages in Chromium: nobody is shut out, on no screen, in no direction."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.web.app import make_pages
from newsletter.wiring import open_app
from tests.proof.tools import Page, look_at
from tests.support.project import make_project

SCHEMES = ("light", "dark")
WIDTHS = (320, 700)
LONG = "Ein" + "sehr" * 30 + "langesWort"


@pytest.fixture
def pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Page]:
    project = make_project(tmp_path / "letter", capsys)
    project.run("subscribers", "add", "noor@example.org")
    for name, subject in (
        ("2026-11-06", "The night boat stays"),
        ("2026-11-13", LONG),
        ("2026-11-20", "سفن"),
    ):
        path = project.folder / "issues" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        language = "ar" if name == "2026-11-20" else "en"
        head = f"---\nsubject: {subject}\npreheader: {subject}\nlanguage: {language}\n---\n"
        path.write_text(f"{head}\n## A post\n\nBoats.\n", encoding="utf-8")
        assert project.run("send", name, "--yes").status == 0
    asked = {
        "index": ("/archive", "en"),
        "index in Arabic": ("/archive", "ar"),
        "search": ("/archive/search?q=boats", "en"),
        "nothing found": ("/archive/search?q=train", "de"),
        "letter": ("/a/2026-11-13", "en"),
        "letter in Arabic": ("/a/2026-11-20", "ar"),
    }
    with open_app(project.folder, {}) as app:
        client = TestClient(make_pages(app))
        answers = {
            name: client.get(path, headers={"Accept-Language": language}).text
            for name, (path, language) in asked.items()
        }
    return {
        name: Page(html=re.sub(r'href="(\.\./)?feed\.\w+"', 'href="#"', text))
        for name, text in answers.items()
    }


def test_the_archive_is_open_to_everybody_on_every_screen(pages: dict[str, Page]) -> None:
    for name, seen in look_at(pages, schemes=SCHEMES, widths=WIDTHS).items():
        assert seen.violations == {scheme: [] for scheme in SCHEMES}, name
        assert set(seen.too_wide.values()) == {0}, name
        assert seen.requests == [], name
