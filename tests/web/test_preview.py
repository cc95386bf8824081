"""The preview's pages: the very bytes that are sent, shown where nothing of them can act."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.content.addresses import parse_address
from newsletter.content.markdown import CARD_KINDS
from newsletter.errors import BadTemplate, WrongState
from newsletter.models import Finding, IssueId, Severity, SubscriberStatus
from newsletter.web.preview import personal_letter
from newsletter.web.preview_server import make_preview_pages
from newsletter.web.preview_site import FRAMES, VIEWS, Site, View, write_preview
from newsletter.web.preview_watch import LivePreview
from newsletter.wiring import App
from tests.support.clock import FakeClock
from tests.support.leaving import leave
from tests.support.project import Project
from tests.support.readers import reader

LOCAL = "http://127.0.0.1:8711"


@pytest.fixture
def project(project: Project) -> Project:
    project.run(
        "subscribers", "add", "Noor Aziz <noor@example.org>", "leaver@example.org", "soren@example.org"
    )
    return project


@pytest.fixture
def app(app: App) -> App:
    return replace(app, clock=FakeClock(datetime(2026, 11, 27, 8, 0, 12, tzinfo=UTC)))


@pytest.fixture
def issue(project: Project) -> IssueId:
    return IssueId(Path(project.run("gather").stdout.strip()).stem)


@pytest.fixture
def client(app: App, issue: IssueId) -> TestClient:
    pages = make_preview_pages(LivePreview(app, issue, {}))
    return TestClient(pages, base_url=LOCAL, follow_redirects=False)


def site(app: App, issue: IssueId) -> Site:
    review = app.review(issue)
    letter = personal_letter(app, review)
    return Site(
        app=app,
        issue_id=issue,
        source=app.files.read(issue),
        review=review,
        letter=letter,
        framed=letter.html,
    )


def page(site: Site, name: str) -> str:
    body = site.file(f"{name}.html")
    assert body is not None
    return body.decode("utf-8")


# --- the very bytes ----------------------------------------------------------------------------


def test_what_is_shown_of_a_subscriber_is_to_the_octet_what_the_provider_writes(
    project: Project, app: App, issue: IssueId, client: TestClient
) -> None:
    leave(app.joining, reader(app, "leaver@example.org").id, app.clock.now())
    readers = {name: reader(app, name).id for name in ("noor@example.org", "soren@example.org")}
    shown = {name: client.get(f"/letter.eml?reader={number}").content for name, number in readers.items()}
    pages = {name: client.get(f"/index.html?reader={number}").text for name, number in readers.items()}
    app.send(issue)
    written = {path.read_bytes() for path in project.letters()}
    assert set(shown.values()) == written
    for name, octets in shown.items():
        assert sha256(octets).hexdigest() in pages[name]
        assert f"To: {'Noor Aziz <noor@example.org>' if 'noor' in name else name}".encode() in octets
    frozen = app.ledger.frozen(issue)
    assert frozen is not None
    assert all(frozen.email.sha256 in each for each in pages.values())


def test_a_frozen_issue_is_said_to_be_frozen_and_an_edited_one_to_reach_nobody(
    project: Project, app: App, issue: IssueId
) -> None:
    assert "frozen" not in page(site(app, issue), "index")
    app.send(issue)
    assert "These bytes were frozen on 2026-11-27 at 08:00 UTC for 3 readers" in page(
        site(app, issue), "index"
    )
    path = project.folder / "issues" / f"{issue}.md"
    path.write_text(path.read_text(encoding="utf-8") + "\nToo late.\n", encoding="utf-8")
    assert "reaches nobody" in page(site(app, issue), "index")


def test_the_parts_are_the_letter_and_the_views_show_them(
    client: TestClient, app: App, issue: IssueId
) -> None:
    letter = personal_letter(app, app.review(issue))
    assert client.get("/letter.html").text == letter.html
    assert client.get("/letter.txt").text == letter.text
    assert client.get("/letter.eml").content == letter.eml
    text = client.get("/text.html").text
    assert "The night boat stays" in re.findall(r"<pre>(.*?)</pre>", text, re.DOTALL)[0]
    headers = client.get("/headers.html").text
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in headers
    assert "&lt;!DOCTYPE html&gt;" in client.get("/source.html").text


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_view_stands_beside_the_findings_and_the_rows_of_three_inboxes(
    client: TestClient, view: View
) -> None:
    name = view.name
    answer = client.get(f"/{name}.html")
    assert answer.status_code == 200
    for words in ("Findings", "Gmail in a browser", "Apple Mail on an iPhone", "Outlook on Windows"):
        assert words in answer.text
    assert f'<a href="{name}.html" aria-current="page">' in answer.text
    for frame in re.findall(r'src="(frames/[^"]+)"', answer.text):
        assert client.get(f"/{frame}").status_code == 200


# --- nothing acts ------------------------------------------------------------------------------


def test_the_pages_hold_no_script_and_no_style_of_their_own(client: TestClient) -> None:
    for view in VIEWS:
        answer = client.get(f"/{view.name}.html")
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert re.findall(r"<script\b[^>]*>", answer.text) == ['<script src="preview.js" defer>']
        assert not re.search(
            r"<style|\sstyle=|\son\w+=|javascript:",
            re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", answer.text, flags=re.DOTALL),
        )


def test_a_letter_is_framed_without_any_right(client: TestClient) -> None:
    for name in ("index", "gallery"):
        assert set(re.findall(r"<iframe\b([^>]*?) title", client.get(f"/{name}.html").text)) == {" sandbox"}
    for path in (*(f"frames/{name}.html" for name in FRAMES), "letter.html"):
        policy = client.get(f"/{path}").headers["Content-Security-Policy"].split("; ")
        assert "sandbox" in policy
        assert "default-src 'none'" in policy
        assert not any(rule.startswith(("script-src", "connect-src", "frame-src")) for rule in policy)
    assert (
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        in client.get("/frames/light.html").text
    )


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.1:8711", ""])
def test_a_page_that_was_rebound_to_this_machine_reads_nothing(client: TestClient, host: str) -> None:
    for path in ("/", "/letter.eml", "/events"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert "night boat" not in answer.text
    assert client.get("/", headers={"Host": "localhost:8711"}).status_code == 200


def test_looking_changes_nothing(client: TestClient, app: App, issue: IssueId) -> None:
    before = (list(app.subscribers.list()), app.issues.list())
    number = reader(app, "noor@example.org").id
    for path in site(app, issue).paths():
        assert client.get(f"/{path}?reader={number}").status_code == 200
        assert client.post(f"/{path}").status_code == 405
    assert client.post("/readers", data={"address": "noor@example.org"}).status_code == 303
    assert client.get("/readers").status_code == 404
    assert (list(app.subscribers.list()), app.issues.list()) == before


@pytest.mark.parametrize(
    "path",
    [
        "/newsletter.toml",
        "/../newsletter.toml",
        "/frames/../../newsletter.toml",
        "/%2e%2e/newsletter.toml",
        "/index.html?reader=9999",
        "/index.html?reader=0",
        "/index.html?reader=noor",
        f"/?reader={10**30}",
        "/frames/",
    ],
)
def test_what_is_no_page_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_words_of_a_letter_are_only_words_on_the_page(app: App, issue: IssueId) -> None:
    attack = "</title><script>alert(1)</script>"
    shown = site(app, issue)
    assert shown.review is not None
    finding = Finding(code="x", severity=Severity.WARNING, message=attack, remedy=attack, where=attack)
    email = replace(shown.review.email, subject=attack)
    hostile = replace(shown, source=attack, review=replace(shown.review, email=email, findings=(finding,)))
    for view in VIEWS:
        assert "<script>" not in page(hostile, view.name)
    assert "&lt;script&gt;alert(1)" in page(hostile, "index")


# --- readers -----------------------------------------------------------------------------------


def test_a_reader_is_found_by_an_address_or_a_part_of_one(client: TestClient, app: App) -> None:
    def found(wanted: str) -> str:
        answer = client.post("/readers", data={"address": wanted})
        return answer.headers.get("Location", "") or answer.text

    assert (
        found("Noor@Example.org")
        == found("oor@")
        == f"index.html?reader={reader(app, 'noor@example.org').id}"
    )
    several = found("EXAMPLE")
    assert all(name in several for name in ("noor@example.org", "leaver@example.org", "soren@example.org"))
    for nobody in ("nobody@example.org", "", "%"):
        assert "Nobody on the list" in found(nobody)
    assert client.post("/readers", content=b"address=" + b"a" * 5000).status_code == 413


def test_every_link_of_a_readers_page_stays_with_this_reader(client: TestClient, app: App) -> None:
    number = reader(app, "noor@example.org").id
    shown = client.get(f"/?reader={number}").text
    assert "noor@example.org" in shown
    links = re.findall(r'(?:href|src)="((?:frames/|letter|\w+-?\w*\.html)[^"]*)"', shown)
    assert len(links) > len(VIEWS)
    assert all(f"?reader={number}" in link for link in links)


def test_somebody_who_gets_no_letter_can_be_shown_all_the_same(
    client: TestClient, app: App, issue: IssueId
) -> None:
    address = parse_address("waiting@example.org")
    person, _ = app.subscribers.add(
        address, status=SubscriberStatus.UNCONFIRMED, consent_source="form", now=app.clock.now()
    )
    assert f"{issue}.0" in client.get(f"/?reader={person.id}").text


# --- what is wrong -----------------------------------------------------------------------------


def test_a_finding_leads_to_its_line(app: App, issue: IssueId) -> None:
    shown = site(app, issue)
    assert shown.review is not None
    there = Finding(code="a", severity=Severity.ERROR, message="m", remedy="r", where=f"issues/{issue}.md:7")
    elsewhere = replace(there, where="templates/x/style.css:3")
    found = page(replace(shown, review=replace(shown.review, findings=(there, elsewhere))), "index")
    assert '<a href="issue.html#L7">line 7</a>' in found
    assert "templates/x/style.css:3" in found
    lines = re.findall(r'id="L(\d+)"><a href="#L\1">\1</a><code>(.*?)</code>', page(shown, "issue"))
    assert [number for number, _ in lines] == [str(n + 1) for n in range(len(shown.source.splitlines()))]
    assert (
        "night boat"
        in dict(lines)[
            str(
                next(
                    n
                    for n, line in enumerate(shown.source.splitlines(), 1)
                    if line.startswith("## [The night")
                )
            )
        ]
    )


def test_an_error_stands_above_the_last_good_letter_or_alone(app: App, issue: IssueId) -> None:
    error = BadTemplate("unexpected '}'", where="templates/mine/issue.html.j2:12", remedy="mend it")
    shown = replace(site(app, issue), error=error)
    for view in VIEWS:
        assert "templates/mine/issue.html.j2:12: unexpected" in page(shown, view.name)
    assert "The last good preview is shown below" in page(shown, "index")
    assert "frames/light.html" in page(shown, "index")
    alone = Site(app=app, issue_id=issue, source="x", error=error)
    assert "This cannot be shown" in page(alone, "index")
    assert "iframe" not in page(alone, "index")
    assert alone.file("letter.html") is None


# --- the gallery -------------------------------------------------------------------------------


def test_the_gallery_shows_every_kind_of_block_in_every_theme(app: App, issue: IssueId) -> None:
    shown = site(app, issue)
    frames = [path for path in shown.paths() if path.startswith("frames/gallery-")]
    assert {"frames/gallery-broadsheet-light.html", "frames/gallery-broadsheet-dark.html"} <= set(frames)
    for path in frames:
        letter = page(shown, path.removesuffix(".html"))
        for mark in (
            "<blockquote",
            "<ol",
            "<ul",
            "<pre",
            "<h3",
            "<h4",
            "<hr",
            "<sup",
            'dir="rtl"',
            'class="nested"',
            'class="attribution"',
            'class="button-link"',
            'class="caption"',
            'class="data"',
        ):
            assert mark in letter, (path, mark)
        assert letter.count('class="card-cell"') == len(CARD_KINDS)
        assert letter.count("data:image/svg+xml;base64,") == 2
        assert not re.search(r'<img[^>]*src="http', letter)


def test_a_theme_that_cannot_be_shown_says_why_in_its_frame(
    project: Project, app: App, issue: IssueId
) -> None:
    shown = site(app, issue)
    theme = project.folder / "templates" / "broken"
    theme.mkdir(parents=True)
    (theme / "issue.html.j2").write_text("<!DOCTYPE html>\n{{ nothing.such }}", encoding="utf-8")
    (theme / "issue.txt.j2").write_text("text", encoding="utf-8")
    letter = page(shown, "frames/gallery-broken-light")
    assert "broken/issue.html.j2:2" in letter
    assert "every block" in page(shown, "frames/gallery-broadsheet-light")


# --- files -------------------------------------------------------------------------------------


def test_the_written_pages_are_the_served_ones_without_a_server(
    app: App, issue: IssueId, tmp_path: Path
) -> None:
    index = write_preview(app, issue, tmp_path / "seen")
    written = {str(path.relative_to(index.parent)) for path in index.parent.rglob("*") if path.is_file()}
    shown = site(app, issue)
    assert written == {*shown.paths(), ".newsletter-preview"}
    assert (index.parent / "letter.eml").read_bytes() == shown.file("letter.eml")
    for path in index.parent.glob("*.html"):
        for link in re.findall(r'(?:href|src)="([^"#:]+)"', path.read_text(encoding="utf-8")):
            if path.name != "letter.html":
                assert (index.parent / link).is_file(), (path.name, link)
    assert "<script" not in index.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["letter.txt", "notes.md", ".newsletter-build"])
def test_pages_are_not_written_among_files_of_others(
    project: Project, issue: IssueId, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / name).write_text("mine")
    refused = project.run("preview", issue, "--out", str(folder))
    assert refused.status == 1
    assert "holds other things" in refused.stderr
    assert "--force" not in refused.stderr
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).read_text() == "mine"


@pytest.mark.parametrize("out", ["issues", ""])
def test_pages_are_not_strewn_over_the_project(
    project: Project, issue: IssueId, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    monkeypatch.chdir(project.folder)
    before = sorted(project.folder.rglob("*.html"))
    refused = project.run("preview", issue, "--out", out)
    assert (refused.status, "holds other things" in refused.stderr) == (1, True)
    assert sorted(project.folder.rglob("*.html")) == before


def test_pages_take_the_place_of_an_earlier_previews_but_not_of_a_file_put_there_since(
    app: App, issue: IssueId, tmp_path: Path
) -> None:
    index = write_preview(app, issue, tmp_path / "seen")
    index.write_text("of an earlier letter")
    assert "The lighthouse" in write_preview(app, issue, tmp_path / "seen").read_text(encoding="utf-8")
    (tmp_path / "seen" / ".newsletter-preview").write_text("")
    index.write_text("put there since")
    with pytest.raises(WrongState, match=r"index\.html is there already and was not written by “preview”"):
        write_preview(app, issue, tmp_path / "seen")
    assert index.read_text() == "put there since"
