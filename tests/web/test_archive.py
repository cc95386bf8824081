"""The archive's pages: everybody's letters, nobody's links, nothing that was not submitted."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urljoin

import lxml.html
import pytest
from starlette.testclient import TestClient

from newsletter.models import IssueId, IssueState
from newsletter.models.archives import ArchivedIssue
from newsletter.web.app import make_pages
from newsletter.web.archivepages import ArchivePages, ServerPlaces
from newsletter.web.phrases import LANGUAGES
from newsletter.web.phrases.archive import ARCHIVE
from newsletter.wiring import App
from tests.support.project import Project

PAGES = (
    "/",
    "/archive",
    "/archive/2026",
    "/archive/search?q=boat",
    "/feed.xml",
    "/feed.json",
    "/sitemap.xml",
)
ISSUE = """\
---
subject: {subject}
preheader: A line about {subject}
language: {language}
---

Words before everything.

## [{title}](https://blog.example.com/{slug})

{body}
"""


@pytest.fixture
def project(project: Project) -> Project:
    project.run("subscribers", "add", "noor@example.org")
    return project


def write(project: Project, name: str, subject: str, body: str, *, language: str = "en") -> None:
    path = project.folder / "issues" / f"{name}.md"
    path.parent.mkdir(exist_ok=True)
    text = ISSUE.format(subject=subject, title=f"On {subject}", slug=name, body=body, language=language)
    path.write_text(text, encoding="utf-8")


def send(project: Project, name: str, subject: str, body: str, *, language: str = "en") -> None:
    write(project, name, subject, body, language=language)
    ended = project.run("send", name, "--yes")
    assert ended.status == 0, ended.stderr


def client_with(app: App, **archive: object) -> TestClient:
    changed = replace(app.settings.archive, **archive)  # type: ignore[arg-type]
    return TestClient(make_pages(replace(app, settings=replace(app.settings, archive=changed))))


def test_every_submitted_issue_is_listed_and_linked_with_its_neighbours(
    project: Project, client: TestClient
) -> None:
    for name, subject in (("2026-11-06", "First"), ("2026-11-13", "Second"), ("2026-11-20", "Third")):
        send(project, name, subject, "Words.")
    page = lxml.html.document_fromstring(client.get("/archive").text)
    assert page.xpath("//main//li/a/@href") == ["a/2026-11-20", "a/2026-11-13", "a/2026-11-06"]
    second = lxml.html.document_fromstring(client.get("/a/2026-11-13").text)
    assert second.xpath('//link[@rel="canonical"]/@href') == ["https://news.example.com/a/2026-11-13"]
    assert second.xpath('//a[@rel="prev"]/@href') == ["../a/2026-11-06"]
    assert second.xpath('//a[@rel="next"]/@href') == ["../a/2026-11-20"]
    assert second.xpath("//h2/a/@href") == ["https://blog.example.com/2026-11-13"]
    assert second.xpath('//*[@id="post-1"]')
    assert not lxml.html.document_fromstring(client.get("/a/2026-11-20").text).xpath('//*[@rel="next"]')


def test_every_link_of_the_archive_leads_somewhere(project: Project, client: TestClient) -> None:
    send(project, "2026-11-06", "First", "Words.")
    send(project, "2026-11-13", "Second & last", "Words about boats.")
    base = "http://testserver"
    for path in ("/", "/archive", "/archive/2026", "/archive/search?q=words", "/a/2026-11-13"):
        page = lxml.html.document_fromstring(client.get(path).text)
        every = {urljoin(base + path, link) for link in page.xpath("//@href | //@action")}
        links = {link for link in every if link.startswith(base)}
        assert len(links) >= 5
        for link in links:
            assert client.get(link).status_code == 200, (path, link)


def test_no_page_holds_anybodys_link(project: Project, app: App, client: TestClient) -> None:
    send(project, "2026-11-20", "Boats", "Words about a boat.")
    frozen = app.ledger.frozen(IssueId("2026-11-20"))
    assert frozen is not None
    (mark,) = (field.placeholder for field in frozen.email.merge_fields)
    assert mark in frozen.email.html
    for path in (*PAGES, "/a/2026-11-20"):
        text = client.get(path).text
        assert mark not in text
        assert "/u/" not in text
        assert "Unsubscribe" not in text


@pytest.mark.parametrize(
    "state", [IssueState.DRAFT, IssueState.SCHEDULED, IssueState.CANCELLED, IssueState.SKIPPED]
)
def test_what_was_not_submitted_is_nowhere(
    project: Project, app: App, client: TestClient, state: IssueState
) -> None:
    write(project, "2026-11-20", "Hidden boat", "A secret boat.")
    app.adopt(IssueId("2026-11-20"))
    if state is not IssueState.DRAFT:
        app.issues.set_state(IssueId("2026-11-20"), state, expected=[IssueState.DRAFT])
    assert client.get("/a/2026-11-20").status_code == 404
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code == (404 if path == "/archive/2026" else 200)
        assert "Hidden" not in answer.text
        assert "secret" not in answer.text


def test_a_cancelled_issue_that_was_frozen_is_nowhere(project: Project, app: App, client: TestClient) -> None:
    write(project, "2026-11-20", "Hidden boat", "A secret boat.")
    issue = IssueId("2026-11-20")
    app.adopt(issue)
    app.freeze(issue, app.provider())
    assert client.get("/a/2026-11-20").status_code == 404
    assert "Hidden" not in client.get("/feed.xml").text
    project.run("cancel", "2026-11-20")
    assert client.get("/a/2026-11-20").status_code == 404


@pytest.mark.parametrize("name", ["..%2f2026-11-20", "2026-11-20.md", "%2e%2e", "x" * 500, "%ff"])
def test_no_other_name_of_an_issue_leads_anywhere(client: TestClient, name: str) -> None:
    assert client.get(f"/a/{name}").status_code == 404


def test_an_archive_that_is_not_public_is_nowhere(project: Project, app: App) -> None:
    send(project, "2026-11-20", "Boats", "Words about a boat.")
    hidden = client_with(app, public=False)
    for path in (*PAGES, "/a/2026-11-20"):
        assert hidden.get(path).status_code == 404, path


def test_search_engines_are_kept_out_where_they_are_not_welcome(project: Project, app: App) -> None:
    send(project, "2026-11-20", "Boats", "Words about a boat.")
    open_, closed = client_with(app, indexed=True), client_with(app, indexed=False)
    for path in ("/archive", "/a/2026-11-20"):
        assert open_.get(path).headers["X-Robots-Tag"] == "all"
        assert 'name="robots"' not in open_.get(path).text
        assert closed.get(path).headers["X-Robots-Tag"] == "noindex"
        assert '<meta name="robots" content="noindex">' in closed.get(path).text
    assert closed.get("/sitemap.xml").status_code == 404
    assert "Sitemap: https://news.example.com/sitemap.xml" in open_.get("/robots.txt").text
    assert "Sitemap" not in closed.get("/robots.txt").text
    assert open_.get("/archive/search?q=boat").headers["X-Robots-Tag"] == "noindex"


def test_a_letter_may_show_pictures_and_nothing_else(project: Project, client: TestClient) -> None:
    send(project, "2026-11-20", "Boats", "Words.")
    answer = client.get("/a/2026-11-20")
    policy = dict(
        rule.strip().partition(" ")[::2] for rule in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "img-src": "https: data:",
        "style-src": "'unsafe-inline'",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "sandbox": "allow-popups allow-popups-to-escape-sandbox",
    }
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_words_are_found_in_every_language(project: Project, client: TestClient) -> None:
    send(project, "2026-11-06", "Boats", "The night boat stays, says <b>the</b> board.")
    send(project, "2026-11-13", "船", "夜の船が戻ってきた。", language="ja")
    send(project, "2026-11-20", "سفن", "عادت السفينة القديمة إلى الميناء.", language="ar")

    def found(query: str) -> list[str]:
        page = lxml.html.document_fromstring(client.get("/archive/search", params={"q": query}).text)
        return [str(each).rpartition("/")[2] for each in page.xpath('//ul[@class="letters"]/li/a/@href')]

    assert found("boat board") == ["2026-11-06"]
    assert found('"night boat"') == ["2026-11-06"]
    assert found('"boat night"') == []
    assert found("夜の船") == ["2026-11-13"]
    assert found("سفينة") == ["2026-11-20"]
    assert found("") == []
    send(project, "2026-11-27", "More boats", "Another boat board.")
    assert found("boat board") == ["2026-11-27", "2026-11-06"]


def test_what_stands_around_every_letter_is_not_searched(project: Project, client: TestClient) -> None:
    send(project, "2026-11-06", "Boats", "The night boat stays.")
    send(project, "2026-11-13", "Trains", "To unsubscribe, ask the guard.")
    for query, found in (("unsubscribe", 1), ("ropewalk", 0), ("read web", 0), ("harbour", 0)):
        page = client.get("/archive/search", params={"q": query}).text
        assert page.count('<a href="../a/') == found, query
    page = client.get("/archive/search?q=unsubscribe").text
    assert "To <mark>unsubscribe</mark>, ask the guard." in page


def test_a_question_is_shown_and_never_acts(project: Project, client: TestClient) -> None:
    send(project, "2026-11-06", "Boats", "Use `<script>alert(1)</script>` never.")
    for query in (
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7*7 }}",
        "%",
        "a" * 5000,
    ):
        answer = client.get("/archive/search", params={"q": query[:1500]})
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "<img" not in answer.text
        assert "49" not in re.sub(r"(?s)<style.*</style>", "", answer.text)
    assert "&lt;<mark>script</mark>&gt;" in client.get("/archive/search?q=script").text


def test_more_letters_than_a_page_shows_are_told(
    project: Project, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.web.search.MOST_HITS", 2)
    for day, more in (("06", False), ("13", False), ("20", True)):
        send(project, f"2026-11-{day}", "Boats", "Words.")
        page = client.get("/archive/search?q=boats").text
        assert page.count('<a href="../a/') == min(int(day) // 6, 2)
        assert (ARCHIVE["en"].more.format(count=2) in page) is more


@pytest.mark.parametrize("path", ["/archive", "/a/2026-11-20", "/feed.xml", "/feed.json", "/sitemap.xml"])
def test_who_has_the_page_already_is_told_so(project: Project, client: TestClient, path: str) -> None:
    send(project, "2026-11-20", "Boats", "Words.")
    whole = client.get(path)
    again = client.get(path, headers={"If-None-Match": f'W/"old", {whole.headers["ETag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == whole.headers["ETag"]
    assert client.get(path, headers={"If-None-Match": '"old"'}).status_code == 200
    if modified := whole.headers.get("Last-Modified"):
        assert client.get(path, headers={"If-Modified-Since": modified}).status_code == 304
        old = {"If-Modified-Since": modified, "If-None-Match": '"old"'}
        assert client.get(path, headers=old).status_code == 200
    for nonsense in ("yesterday", "Fri, 99 Foo 2026", "0"):
        assert client.get(path, headers={"If-Modified-Since": nonsense}).status_code == 200


def test_a_new_issue_changes_what_clients_have(project: Project, client: TestClient) -> None:
    send(project, "2026-11-13", "First", "Words.")
    before = client.get("/feed.xml")
    send(project, "2026-11-20", "Second", "Words.")
    after = client.get("/feed.xml", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert "Second" in after.text


def test_where_nobody_can_join_letters_lead_to_the_archive_instead(project: Project, app: App) -> None:
    send(project, "2026-11-20", "Boats", "Words.")
    readers = replace(app.settings.readers, sign_up=False)
    closed = TestClient(make_pages(replace(app, settings=replace(app.settings, readers=readers))))
    for path in ("/archive", "/a/2026-11-20"):
        text = closed.get(path).text
        assert "/subscribe" not in text
        assert "Unsubscribe" not in text


def test_years_are_those_of_the_newsletters_own_time(app: App) -> None:
    pages = ArchivePages(app, ServerPlaces())
    moment = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # in Berlin it is next year already
    late = ArchivedIssue(id=IssueId("x"), subject="s", preheader="", published=moment, changed=moment)
    assert list(pages.years([late])) == [2027]
    assert "1 January 2027" in pages.index([late], language="en", up="")


def test_an_empty_archive_says_so(client: TestClient) -> None:
    assert ARCHIVE["en"].empty in client.get("/archive").text
    assert client.get("/archive/2026").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_speaks_the_visitors_language_and_a_letter_its_own(
    project: Project, client: TestClient, language: str
) -> None:
    send(project, "2026-11-20", "Boats", "Words.", language="de")
    headers = {"Accept-Language": language}
    assert f"<h1>{ARCHIVE[language].all_letters}</h1>" in client.get("/archive", headers=headers).text
    assert client.get("/archive", headers=headers).headers["Vary"] == "Accept-Language"
    assert ARCHIVE["de"].subscribe in client.get("/a/2026-11-20", headers=headers).text
