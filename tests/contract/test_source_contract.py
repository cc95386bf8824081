"""What every source keeps, whatever it reads: one suite over all kinds that are registered."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path

import pytest

import newsletter.sources
from newsletter.config.settings import NewsletterSettings, Settings, SourceSettings
from newsletter.errors import BadSetting, SourceFailed
from newsletter.net import Fetcher
from newsletter.ports import Source
from newsletter.sources import BUILT_IN, GROUP, make_source
from tests.support.feedserver import ALLOW_LOOPBACK, FeedServer, feed_server

BODY = """<p>Words of <b>post {number}</b>, with a <a href="/page">link</a>.</p>
<script>alert(1)</script><p onclick="alert(1)"><a href="javascript:alert(1)">no</a></p>"""
ITEM = """<item><guid>post-{number}</guid><title>Post {number}</title><link>/posts/{number}</link>
<pubDate>Mon, {day} Nov 2026 10:00:00 +0100</pubDate><description><![CDATA[{body}]]></description></item>"""
FILE = """---
title: "Post {number}"
date: 2026-11-{day} 10:00+01:00
link: /posts/{number}
---

{body}
"""


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as running:
        yield running


Make = Callable[[FeedServer, Path, int], SourceSettings]


def feed_of(server: FeedServer, _project: Path, posts: int) -> SourceSettings:
    items = "".join(
        ITEM.format(number=n, day=10 + n, body=BODY.format(number=n)) for n in range(1, posts + 1)
    )
    about = f"<title>A blog</title><link>{server.origin}</link>"
    feed = f"<rss version='2.0'><channel>{about}{items}</channel></rss>"
    return SourceSettings(url=server.serve("/feed.xml", feed.encode()))


def folder_of(_server: FeedServer, project: Path, posts: int) -> SourceSettings:
    folder = project / "posts"
    folder.mkdir(exist_ok=True)
    for n in range(1, posts + 1):
        text = FILE.format(number=n, day=10 + n, body=BODY.format(number=n))
        (folder / f"post-{n}.md").write_text(text, encoding="utf-8")
    return SourceSettings(folder="posts")


HARNESS: dict[str, Make] = {"http": feed_of, "https": feed_of, "folder": folder_of}
"""Kind → how a source of so many posts is made. https reads what http reads."""
KINDS = sorted(BUILT_IN.keys() | {entry.name for entry in entry_points(group=GROUP)})


def made(settings: SourceSettings, project: Path) -> Source:
    newsletter = NewsletterSettings(
        name="The Roundup",
        sender="ada@news.example.com",
        postal_address="1 Example Street",
        public_url="http://127.0.0.1:9999",
    )
    return make_source(settings, Settings(project=project, newsletter=newsletter), Fetcher(ALLOW_LOOPBACK))


@pytest.mark.parametrize("kind", KINDS)
def test_every_registered_kind_has_its_case_here(kind: str) -> None:
    assert kind in HARNESS


@pytest.mark.parametrize("kind", KINDS)
def test_every_registered_kind_has_its_section_on_the_page(kind: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "sources.md").read_text(encoding="utf-8")
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert kind in re.findall(r"`(.+?)`", " ".join(headings))


@pytest.fixture(params=sorted(set(HARNESS) - {"https"}))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_source_gives_its_posts_whole_and_clean(kind: str, server: FeedServer, tmp_path: Path) -> None:
    source = made(HARNESS[kind](server, tmp_path, 3), tmp_path)
    fetched = source.fetch(None)
    assert [post.title for post in fetched.posts] == ["Post 1", "Post 2", "Post 3"]
    for number, post in enumerate(fetched.posts, start=1):
        assert post.source == source.id
        assert post.source_name
        assert post.url.endswith(f"/posts/{number}")
        assert post.url.startswith("http://127.0.0.1")
        assert post.published is not None
        assert post.published.tzinfo is UTC
        assert (post.published.day, post.published.hour) == (10 + number, 9)
        assert f"**post {number}**" in post.body_markdown
        assert "](http://127.0.0.1" in post.body_markdown
        assert "alert" not in post.body_markdown
        assert post.summary.startswith(f"Words of post {number}")
    assert not fetched.notes


def test_posts_keep_their_ids_from_fetch_to_fetch(kind: str, server: FeedServer, tmp_path: Path) -> None:
    settings = HARNESS[kind](server, tmp_path, 2)
    first = made(settings, tmp_path).fetch(None)
    again = made(settings, tmp_path).fetch(first.state)
    assert again.posts == first.posts
    HARNESS[kind](server, tmp_path, 3)
    later = made(settings, tmp_path).fetch(again.state)
    assert [post.id for post in later.posts][:2] == [post.id for post in first.posts]
    assert len({post.id for post in later.posts}) == 3


def test_a_source_without_posts_is_no_error(kind: str, server: FeedServer, tmp_path: Path) -> None:
    assert made(HARNESS[kind](server, tmp_path, 0), tmp_path).fetch(None).posts == ()


def test_a_source_that_is_not_there_fails_with_its_name_and_a_remedy(
    kind: str, server: FeedServer, tmp_path: Path
) -> None:
    missing = {
        "http": SourceSettings(url=server.url("/gone.xml")),
        "folder": SourceSettings(folder="nowhere"),
    }
    settings = missing[kind]
    with pytest.raises(SourceFailed) as failed:
        made(settings, tmp_path).fetch(None)
    assert str(failed.value).startswith(settings.url or settings.folder)
    assert failed.value.remedy


def test_an_unknown_kind_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="http, https"):
        made(SourceSettings(url="gopher://a.example/"), tmp_path)


@pytest.mark.parametrize("url", ["folder:posts", "posts", "blog.example.com/feed.xml"])
def test_what_has_no_scheme_of_a_source_is_none(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="begin it with one of: http, https"):
        made(SourceSettings(url=url), tmp_path)


def test_what_may_be_a_secret_in_an_unknown_address_is_never_told(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="is no source") as bad:
        made(SourceSettings(url="htps://a.example/feed?token=secret"), tmp_path)
    assert "secret" not in str(bad.value)


def test_a_source_whose_package_is_broken_is_a_bad_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = EntryPoint("broken", "no.such.module:from_settings", GROUP)
    monkeypatch.setattr(newsletter.sources, "entry_points", lambda group: EntryPoints([broken]))
    with pytest.raises(BadSetting, match="“broken:” cannot be loaded"):
        made(SourceSettings(url="broken:x"), tmp_path)


def test_no_other_package_takes_over_a_kind_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = EntryPoint("https", "no.such.module:from_settings", GROUP)
    monkeypatch.setattr(newsletter.sources, "entry_points", lambda group: EntryPoints([other]))
    assert made(SourceSettings(url="https://a.example/feed"), tmp_path).id == "https://a.example/feed"
