"""What a browser and the checker of accessibility in it see of the preview's pages."""

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.content.issuefile import write_issue
from newsletter.errors import BadTemplate
from newsletter.models import Finding, Severity
from newsletter.web.preview import personal_letter
from newsletter.web.preview_site import Site
from newsletter.wiring import open_app
from tests.proof.tools import Page, Seen, look_at
from tests.support.preview import EIGHT_POSTS
from tests.support.project import make_project

KINDS = ("index", "text", "headers", "issue")
SCHEMES = ("light", "dark")
WIDTHS = (320, 375, 700)
"""CSS pixels: the narrowest phone that WCAG 2.1 names (1.4.10), a common one, half a screen."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """What is seen of one view of each kind; frames hold letters, which have proofs of their own."""
    folder = tmp_path_factory.mktemp("seen")
    write_pages(folder)
    pages = {name: Page(path=folder / f"{name}.html") for name in KINDS}
    return look_at(pages, schemes=SCHEMES, widths=WIDTHS)


def write_pages(folder: Path) -> None:
    """The pages of a letter of eight posts, with findings of both kinds and an error."""
    project = make_project(folder / "letter")
    letter = EIGHT_POSTS
    path = project.folder / "issues" / f"{letter.id}.md"
    path.parent.mkdir()
    path.write_text(write_issue(letter), encoding="utf-8")
    where = f"issues/{letter.id}.md:9"
    findings = [
        Finding(code="a-code", severity=each, message="What is wrong", remedy="what to do", where=where)
        for each in Severity
    ]
    with open_app(project.folder, {}) as app:
        review = replace(app.review(letter.id), findings=tuple(findings))
        shown = personal_letter(app, review)
        site = Site(
            app=app,
            issue_id=letter.id,
            source=app.files.read(letter.id),
            review=review,
            letter=shown,
            framed=shown.html,
            error=BadTemplate("unexpected '}'", where=where, remedy="mend it"),
            version="1",
        )
        (folder / "frames").mkdir()
        for name in site.paths():
            (folder / name).write_bytes(site.file(name) or b"")


def test_no_page_violates_wcag_2_at_level_aa_in_light_or_dark(seen: dict[str, Seen]) -> None:
    found = {(name, scheme): page.violations[scheme] for name, page in seen.items() for scheme in SCHEMES}
    assert {place: violations for place, violations in found.items() if violations} == {}


def test_no_page_is_wider_than_its_window(seen: dict[str, Seen]) -> None:
    found = {(name, width): page.too_wide[str(width)] for name, page in seen.items() for width in WIDTHS}
    assert {place: pixels for place, pixels in found.items() if pixels} == {}
