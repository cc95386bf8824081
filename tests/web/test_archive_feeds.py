"""The feeds against their specifications, and against a reader of feeds that is not ours."""

import html
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from newsletter.content.feeds import Feed, FeedEntry, atom, json_feed, lasting_id
from newsletter.web.app import make_pages
from newsletter.wiring import App
from tests.support.project import Project

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NOON = datetime.fromisoformat("2026-11-27T12:00:00+00:00")


@pytest.fixture
def project(project: Project) -> Project:
    project.run("subscribers", "add", "noor@example.org")
    project.run("gather", "--unscheduled")
    (path,) = (project.folder / "issues").glob("*.md")
    assert project.run("send", path.stem, "--yes").status == 0
    second = project.folder / "issues" / "2027-01-01.md"
    second.write_text(
        '---\nsubject: "Fish & <chips>"\nlanguage: he\n---\n\n## Two\n\nA *word* & [a link](https://a.example/?b=1&c=2).\n',
        encoding="utf-8",
    )
    assert project.run("send", second.stem, "--yes").status == 0
    return project


def check_atom(text: str) -> ET.Element:
    """The document. What RFC 4287 §4 asks of a feed and its entries holds for it."""
    root = ET.fromstring(text)
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert len(root.findall(ATOM + name)) == 1
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    rels = [link.get("rel") for link in root.findall(f"{ATOM}link")]
    assert sorted(filter(None, rels)) == ["alternate", "self"]
    ids = []
    for entry in root.findall(f"{ATOM}entry"):
        for name in ("id", "title", "updated", "published", "content"):
            assert len(entry.findall(ATOM + name)) == 1, name
        (link,) = entry.findall(f"{ATOM}link")
        assert link.get("rel") == "alternate"
        assert urlsplit(link.get("href", "")).scheme in {"http", "https"}
        content = entry.find(f"{ATOM}content")
        assert content is not None
        assert content.get("type") == "html"
        ids.append(entry.findtext(f"{ATOM}id"))
    for moment in root.iter(
        f"{ATOM}updated",
    ):
        assert RFC3339.fullmatch(moment.text or "")
    for each in (*ids, root.findtext(f"{ATOM}id")):
        assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each or "")
    assert len(set(ids)) == len(ids)
    return root


def check_json(text: str) -> dict[str, Any]:
    """The document. What JSON Feed 1.1 asks of a feed and its items holds for it."""
    document = json.loads(text)
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(document["title"], str)
    for name in ("home_page_url", "feed_url"):
        assert urlsplit(document[name]).scheme in {"http", "https"}
    assert all(set(author) <= {"name", "url", "avatar"} and author for author in document["authors"])
    ids = set()
    for item in document["items"]:
        assert isinstance(item["id"], str)
        ids.add(item["id"])
        assert isinstance(item["content_html"], str)
        for name in ("date_published", "date_modified"):
            assert RFC3339.fullmatch(item[name])
        assert set(item) <= {
            *("id", "url", "title", "content_html", "summary", "language"),
            *("date_published", "date_modified"),
        }
    assert len(ids) == len(document["items"])
    return dict(document)


def test_both_feeds_are_what_their_specifications_ask(client: TestClient) -> None:
    answer = client.get("/feed.xml")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = check_atom(answer.text)
    assert [entry.get(f"{XML}lang") for entry in root.findall(f"{ATOM}entry")] == ["he", "en"]
    other = client.get("/feed.json")
    assert other.headers["Content-Type"] == "application/feed+json; charset=utf-8"
    document = check_json(other.text)
    entries = root.findall(f"{ATOM}entry")
    for name, key in (("id", "id"), ("content", "content_html")):
        assert [entry.findtext(ATOM + name) for entry in entries] == [item[key] for item in document["items"]]
    assert document["items"][0]["title"] == "Fish & <chips>"
    assert entries[0].findtext(f"{ATOM}title") == "Fish &amp; &lt;chips&gt;"
    assert document["items"][0]["url"] == "https://news.example.com/a/2027-01-01"


def test_a_feed_reader_gets_the_titles_and_every_post_whole(app: App, client: TestClient) -> None:
    read: Any = feedparser.parse(io.BytesIO(client.get("/feed.xml").content))
    assert not read.bozo
    titles = [html.unescape(entry.title) for entry in read.entries]
    assert titles == [issue.subject for issue in app.archive.list()]
    assert titles[0] == "Fish & <chips>"
    for entry, issue in zip(read.entries, app.archive.list(), strict=True):
        (letter,) = app.archive.letters([issue.id])
        told = " ".join(lxml.html.document_fromstring(entry.content[0].value).text_content().split())
        whole = lxml.html.document_fromstring(letter.html)
        posts = whole.xpath('//td[starts-with(@id, "post-")]')
        assert posts
        for post in posts:
            assert " ".join(post.text_content().split()) in told
        links = lxml.html.document_fromstring(entry.content[0].value).xpath("//a/@href")
        assert set(whole.xpath('//td[starts-with(@id, "post-")]//a/@href')) <= set(links)
        assert entry.link == f"https://news.example.com/a/{issue.id}"


def test_ids_outlive_another_address_and_another_name(app: App, client: TestClient) -> None:
    newsletter = replace(app.settings.newsletter, public_url="https://other.example/news", name="Other")
    moved = TestClient(make_pages(replace(app, settings=replace(app.settings, newsletter=newsletter))))

    def ids(page: str) -> list[str]:
        return re.findall(r"urn:uuid:[0-9a-f-]+", page)

    for path in ("/feed.xml", "/feed.json"):
        before, after = client.get(path).text, moved.get(path).text
        assert ids(before) == ids(after) != []
        assert "https://other.example/news/a/2027-01-01" in after


def test_the_feeds_hold_the_newest_issues_only(app: App) -> None:
    archive = replace(app.settings.archive, feed_issues=1)
    short = TestClient(make_pages(replace(app, settings=replace(app.settings, archive=archive))))
    assert [item["title"] for item in short.get("/feed.json").json()["items"]] == ["Fish & <chips>"]


def test_pages_name_both_feeds(client: TestClient) -> None:
    for path in ("/archive", "/archive/search", "/a/2027-01-01"):
        page = lxml.html.document_fromstring(client.get(path).text)
        links = page.xpath('//link[@rel="alternate"]/@href')
        assert [urljoin(f"https://news.example.com{path}", link) for link in links] == [
            "https://news.example.com/feed.xml",
            "https://news.example.com/feed.json",
        ]


@given(title=st.text(), body=st.text(), name=st.text(min_size=1))
def test_a_feed_of_any_words_can_be_read(title: str, body: str, name: str) -> None:
    entry = FeedEntry(
        id=lasting_id(b"k" * 32, name),
        url="https://n.example/a/1",
        title=title,
        summary=title,
        html=body,
        language="en",
        published=NOON,
    )
    feed = Feed(
        id=lasting_id(b"k" * 32, ""),
        title="n",
        author="a",
        language="en",
        home_url="https://n.example/archive",
        atom_url="https://n.example/feed.xml",
        json_url="https://n.example/feed.json",
        born=NOON,
        entries=(entry,),
    )
    check_atom(atom(feed))
    check_json(json_feed(feed))
    assert check_atom(atom(replace(feed, entries=()))).findtext(f"{ATOM}updated") == "2026-11-27T12:00:00Z"
