"""A feed over HTTP: asked only for what is new, and its last good copy on the day when it is down."""

import gzip
from collections.abc import Iterator

import pytest

from newsletter.config.settings import HttpSettings
from newsletter.errors import FetchRefused, SourceFailed
from newsletter.net import Fetcher
from newsletter.sources.feed import FeedSource
from tests.support.feedserver import ALLOW_LOOPBACK, Answer, FeedServer, feed_server, gzipped

FEED = (
    b"<rss version='2.0'><channel><title>Blog</title>"
    b"<item><guid>1</guid><title>One</title></item></channel></rss>"
)
PAGE = b"<html><head><link rel=alternate type=application/rss+xml href=/real.xml></head></html>"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as running:
        yield running


@pytest.fixture
def source(server: FeedServer) -> FeedSource:
    return FeedSource(server.url("/feed"), fetcher=Fetcher(ALLOW_LOOPBACK, max_seconds=0.5))


def titles(source: FeedSource, state: bytes | None = None) -> list[str]:
    return [post.title for post in source.fetch(state).posts]


def test_the_second_question_is_conditional_and_304_gives_the_same_posts(
    server: FeedServer, source: FeedSource
) -> None:
    changed = "Fri, 20 Nov 2026 10:00:00 GMT"
    server.serve("/feed", Answer(body=FEED, etag='W/"v1"', headers={"Last-Modified": changed}))
    first = source.fetch(None)
    again = source.fetch(first.state)
    assert again.posts == first.posts
    assert not again.notes
    assert "if-none-match" not in server.asked[0].headers
    assert server.asked[1].headers["if-none-match"] == 'W/"v1"'
    assert server.asked[1].headers["if-modified-since"] == changed
    assert "application/feed+json" in server.asked[0].headers["accept"]


def test_a_changed_feed_replaces_the_copy(server: FeedServer, source: FeedSource) -> None:
    server.serve("/feed", Answer(body=FEED, etag='"v1"'))
    first = source.fetch(None)
    server.serve("/feed", Answer(body=FEED.replace(b"One", b"Two"), etag='"v2"'))
    second = source.fetch(first.state)
    assert [post.title for post in second.posts] == ["Two"]
    source.fetch(second.state)
    assert server.asked[2].headers["if-none-match"] == '"v2"'


@pytest.mark.parametrize(
    "answer",
    [gzipped(FEED), Answer(body=gzip.compress(FEED)), gzipped(gzip.compress(FEED))],
    ids=["in transport", "as a file", "both"],
)
def test_gzip_is_read_wherever_it_is(server: FeedServer, source: FeedSource, answer: Answer) -> None:
    server.serve("/feed", answer)
    assert titles(source) == ["One"]


BROKEN = {
    "503": (Answer(status=503, body=b"<html>busy</html>"), "503 Service Unavailable"),
    "500": (Answer(status=500), "500 Internal Server Error"),
    "404": (Answer(status=404), "404 Not Found"),
    "429": (Answer(status=429), "429 Too Many Requests"),
    "a page": (Answer(body=PAGE), "is a web page and no feed"),
    "nothing": (Answer(body=b""), "is empty"),
    "slow": (Answer(drip="body"), "no whole answer"),
    "cut": (Answer(body=FEED, close=True), "without sending complete"),
    "too large": (Answer(body=b"x" * 5_000_001), "larger than 5 MB"),
    "bomb": (Answer(body=b"<rss>" + b"<a>" * 500_000), "attack"),
    "304 unasked": (Answer(status=304), "304 Not Modified"),
}


@pytest.mark.parametrize(("answer", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_fails_the_first_time(
    server: FeedServer, source: FeedSource, answer: Answer, said: str
) -> None:
    server.serve("/feed", answer)
    with pytest.raises(SourceFailed, match=said) as failed:
        source.fetch(None)
    assert str(failed.value).startswith(server.url("/feed: "))
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [case for name, case in BROKEN.items() if name != "304 unasked"],
    ids=list(BROKEN)[:-1],
)
def test_a_broken_answer_gives_the_last_good_copy_with_a_note(
    server: FeedServer, source: FeedSource, answer: Answer, said: str
) -> None:
    server.serve("/feed", FEED)
    good = source.fetch(None)
    server.serve("/feed", answer)
    stood_in = source.fetch(good.state)
    assert (stood_in.posts, stood_in.state) == (good.posts, good.state)
    (note,) = stood_in.notes
    assert note.startswith(server.url("/feed: "))
    assert said in note
    assert note.endswith("; the last good copy was used")


def test_a_server_that_is_gone_leaves_the_last_good_copy(source: FeedSource, server: FeedServer) -> None:
    with feed_server() as other:
        other.serve("/feed", FEED)
        elsewhere = FeedSource(other.url("/feed"), fetcher=Fetcher(ALLOW_LOOPBACK))
        good = elsewhere.fetch(None)
    assert elsewhere.fetch(good.state).posts == good.posts


def test_a_page_names_its_feed_as_the_remedy(server: FeedServer, source: FeedSource) -> None:
    server.serve("/feed", PAGE)
    with pytest.raises(SourceFailed) as failed:
        source.fetch(None)
    assert failed.value.remedy == f"its feed is {server.url('/real.xml')}: set that as url"


def test_a_feed_that_is_gone_for_good_says_so_in_spite_of_its_copy(
    server: FeedServer, source: FeedSource
) -> None:
    server.serve("/feed", FEED)
    good = source.fetch(None)
    server.serve("/feed", Answer(status=410))
    with pytest.raises(SourceFailed, match="410") as failed:
        source.fetch(good.state)
    assert "remove it" in failed.value.remedy


def test_an_address_that_may_not_be_asked_says_so_in_spite_of_its_copy(server: FeedServer) -> None:
    good = FeedSource(server.serve("/feed", FEED), fetcher=Fetcher(ALLOW_LOOPBACK)).fetch(None)
    with pytest.raises(FetchRefused):
        FeedSource(server.url("/feed"), fetcher=Fetcher(HttpSettings())).fetch(good.state)


def test_a_feed_that_moved_for_good_is_read_and_named(server: FeedServer, source: FeedSource) -> None:
    server.serve("/feed", Answer(status=301, headers={"Location": "/new/feed"}))
    server.serve("/new/feed", FEED.replace(b"<guid>1</guid>", b"<link>post</link>"))
    fetched = source.fetch(None)
    assert fetched.posts[0].url == server.url("/new/post")
    assert fetched.notes == (
        f"{server.url('/feed')}: moved for good; set its url to {server.url('/new/feed')}",
    )


def test_a_state_of_another_version_is_none(server: FeedServer, source: FeedSource) -> None:
    server.serve("/feed", FEED)
    assert titles(source, b"\x80") == titles(source, b"garbage") == titles(source, b"") == ["One"]


def test_the_setting_names_the_source_before_the_feed_does(server: FeedServer) -> None:
    url = server.serve("/feed", FEED)
    fetcher = Fetcher(ALLOW_LOOPBACK)
    assert FeedSource(url, fetcher=fetcher, name="Mine").fetch(None).posts[0].source_name == "Mine"
    assert FeedSource(url, fetcher=fetcher).fetch(None).posts[0].source_name == "Blog"
    server.serve("/feed", FEED.replace(b"<title>Blog</title>", b""))
    assert FeedSource(url, fetcher=fetcher).fetch(None).posts[0].source_name == "127.0.0.1"


def test_what_may_be_a_secret_in_the_address_is_never_told(server: FeedServer) -> None:
    source = FeedSource(server.url("/feed?token=secret"), fetcher=Fetcher(ALLOW_LOOPBACK))
    server.serve("/feed", FEED)
    good = source.fetch(None)
    server.serve("/feed", Answer(status=503))
    assert "secret" not in source.fetch(good.state).notes[0]
    with pytest.raises(SourceFailed) as failed:
        source.fetch(None)
    assert "secret" not in str(failed.value)


def test_a_feed_that_leads_to_a_private_address_is_named_and_nobody_is_told_to_allow_it(
    server: FeedServer, source: FeedSource
) -> None:
    server.serve("/feed", Answer(status=302, headers={"Location": "http://169.254.169.254/latest"}))
    with pytest.raises(FetchRefused) as refused:
        source.fetch(None)
    assert str(refused.value).startswith(f"{server.url('/feed')}: leads to http://169.254.169.254/latest: ")
    assert "allow_private" not in str(refused.value)
