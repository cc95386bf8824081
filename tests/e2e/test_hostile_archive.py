"""A post that wants to act is only words on the web too, served as files hold it and as the server does."""

from pathlib import Path

import lxml.html
import pytest
from starlette.testclient import TestClient

from newsletter.content.publicpage import feed_body
from newsletter.web.app import make_pages
from newsletter.wiring import open_app
from tests.e2e.test_hostile_post import ATTACKS
from tests.proof.tools import Page, look_at
from tests.support.project import Project, make_project

TRAP = "http://127.0.0.1:9/"
"""Where nobody listens; Chromium's request would be seen before it fails."""


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    made.run("subscribers", "add", "noor@example.org")
    post = made.write_post("hostile", f"A title <script>fetch('{TRAP}title')</script>")
    text = post.read_text(encoding="utf-8")
    post.write_text(text + ATTACKS.format(trap=TRAP), encoding="utf-8")
    issue = made.folder / made.run("gather", "--unscheduled").stdout.strip()
    text = issue.read_text(encoding="utf-8")
    picture = f"<img src=https://pictures.example/x.png alt=x onerror=\"fetch('{TRAP}file')\">"
    attack = f"{picture}<script>fetch('{TRAP}own')</script></body></html>"
    issue.write_text(f"{text}\n\n{attack}\n", encoding="utf-8")
    ended = made.run("send", issue.stem, "--yes")
    assert ended.status == 0, ended.stderr
    return made


def pages_of(project: Project) -> dict[str, Page]:
    with open_app(project.folder, {}) as app:
        client = TestClient(make_pages(app))
        (issue,) = app.archive.list()
        paths = {
            "letter": f"/a/{issue.id}",
            "index": "/archive",
            "search": "/archive/search?q=harmless%20%3Cscript%3Ealert(1)%3C/script%3E",
        }
        answers = {name: client.get(path) for name, path in paths.items()}
        assert {answer.status_code for answer in answers.values()} == {200}
        (letter,) = app.archive.letters([issue.id])
        body = feed_body(letter.html, "https://n.example/a/1", letter.placeholders)
    seen = {name: Page(html=answer.text, headers=dict(answer.headers)) for name, answer in answers.items()}
    # Without the header that forbids scripts too: what is cleaned must be harmless by itself.
    bare = {f"{name} bare": Page(html=page.html) for name, page in seen.items()}
    return {**seen, **bare, "feed": Page(html=f"<!doctype html><title>feed</title>{body}")}


def test_no_page_of_the_archive_opens_a_dialog_or_asks_for_more_than_pictures(project: Project) -> None:
    pages = pages_of(project)
    assert "Harmless words about the harbour." in pages["letter"].html
    for name, seen in look_at(pages).items():
        assert seen.dialogs == [], name
        pictures = lxml.html.document_fromstring(pages[name].html).xpath("//img/@src")
        assert set(seen.requests) <= set(pictures), name
        assert not any(request.startswith(TRAP) for request in seen.requests), name
