"""What a browser, the checker of accessibility and a spam filter make of pages and mails to readers."""

from pathlib import Path

import pytest

from newsletter.usecases.subscribe import add_subscriber
from newsletter.wiring import open_app
from tests.proof.readerpages import SETTINGS, as_handed_over, reader_pages, system_mails
from tests.proof.test_browser import SCHEMES, WIDTHS
from tests.proof.test_spam import LIMIT
from tests.proof.tools import Page, Seen, look_at, markup_faults, spam_scores
from tests.support.project import make_project

LOOKED_AT = ("en", "ar")
"""One language of each direction: the others have the same elements."""
EXCEPTIONS: dict[str, object] = {
    "form-dup-name": "off",  # boxes of one choice have one name
    "long-title": "off",  # a newsletter's name is its author's
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    project = make_project(tmp_path_factory.mktemp("pages") / "letter")
    project.settings.write_text(project.settings.read_text(encoding="utf-8") + SETTINGS, encoding="utf-8")
    with open_app(project.folder, {}) as app:
        reader, _ = add_subscriber(
            "noor@example.org", app.subscribers, consent_source="", now=app.clock.now()
        )
        issue = app.gather(slot=None).issue
        assert issue is not None
        app.send(issue.id)
        return {
            name: page
            for language in LOOKED_AT
            for name, page in reader_pages(app, reader.id, language).items()
        }


@pytest.fixture(scope="module")
def seen(pages: dict[str, Page]) -> dict[str, Seen]:
    return look_at(pages, schemes=SCHEMES, widths=WIDTHS)


def test_no_page_violates_wcag_2_at_level_aa_in_light_or_dark(seen: dict[str, Seen]) -> None:
    found = {(name, scheme): page.violations[scheme] for name, page in seen.items() for scheme in SCHEMES}
    assert {place: violations for place, violations in found.items() if violations} == {}


def test_no_page_is_wider_than_its_window_or_asks_for_anything(seen: dict[str, Seen]) -> None:
    found = {(name, width): page.too_wide[str(width)] for name, page in seen.items() for width in WIDTHS}
    assert {place: pixels for place, pixels in found.items() if pixels} == {}
    assert {name: page.requests for name, page in seen.items() if page.requests or page.dialogs} == {}


def test_the_html_of_pages_is_valid(pages: dict[str, Page]) -> None:
    ours = {name: page.html for name, page in pages.items() if not name.startswith("issue")}
    found = markup_faults(ours, EXCEPTIONS)
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_no_mail_to_a_reader_violates_wcag_2_at_level_aa_or_is_too_wide() -> None:
    mails = {
        name: Page(html=mail.html) for name, mail in system_mails().items() if "(en" in name or "(ar" in name
    }
    seen = look_at(mails, schemes=SCHEMES, widths=WIDTHS)
    found = {(name, scheme): mail.violations[scheme] for name, mail in seen.items() for scheme in SCHEMES}
    assert {place: violations for place, violations in found.items() if violations} == {}
    assert {name: mail.too_wide for name, mail in seen.items() if any(mail.too_wide.values())} == {}
    assert {name: mail.requests for name, mail in seen.items() if mail.requests} == {}


def test_no_mail_to_a_reader_looks_like_spam(tmp_path: Path) -> None:
    mails = {
        name: as_handed_over(name, mail) for name, mail in system_mails().items() if "broadsheet" in name
    }
    scores = spam_scores(mails, tmp_path)
    assert {name: found for name, found in scores.items() if found.score >= LIMIT} == {}
