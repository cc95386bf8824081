"""A frozen letter on the web: its own bytes, and nobody's personal links."""

import re

import lxml.html
import pytest

from newsletter.content.publicpage import Around, Link, feed_body, language_of, public_page
from tests.proof.letters import golden_letters

LETTERS = golden_letters()
AROUND = Around(head="<!--h-->", top="<!--t-->", bottom="<!--b-->")
JOIN = Link(url="../subscribe?a=1&b=2", words="Join <us>")
URL = "https://news.example.com/a/2026-11-27"


@pytest.mark.parametrize("name", LETTERS)
def test_all_bytes_but_the_personal_links_are_those_that_were_frozen(name: str) -> None:
    email = LETTERS[name]
    (placeholder,) = (field.placeholder for field in email.merge_fields)
    page = public_page(email.html, [placeholder], instead=JOIN, around=AROUND)
    assert placeholder not in page
    assert '<a href="../subscribe?a=1&amp;b=2"' in page
    assert "Join &lt;us&gt;" in page
    assert re.search(r"<!--h--></head>\s*<body[^>]*><!--t-->.*<!--b--></body>", page, re.DOTALL)
    page = re.sub(r"<!--[htb]-->", "", page)
    leaving = re.compile(r'<a href="[^"]*(?:/u/nl\w{25}|\.\./subscribe[^"]*)"([^<>]*)>[^<>]*</a>')
    others = re.compile(r'(?: · )?<a href="[^"]*/(?!u/)\w+/nl\w{25}"[^<>]*>[^<>]*</a>')
    assert leaving.sub(r"<a\1>", page) == leaving.sub(r"<a\1>", others.sub("", email.html))


def test_a_link_that_a_theme_wrote_in_its_own_way_is_no_ones_either() -> None:
    mark = "nl" + "0" * 25
    page = (
        f"<html><head></head><body><A class='x' href='https://n.example/u/{mark}'>go</A>"
        f'<a href="https://n.example/a/1">web</a> <a title="x" href="https://n.example/u/{mark}"><b>Un</b></a>'
        f' · <a href="https://n.example/m/{mark}" class="s">Your settings</a> https://n.example/u/{mark}</body></html>'
    )
    public = public_page(page, [mark], instead=Link(url="s", words="Join"), around=AROUND)
    assert mark not in public
    assert '<a href="https://n.example/a/1">web</a> <a title="x" href="s">Join</a> s' in public


@pytest.mark.parametrize("name", LETTERS)
def test_a_feed_shows_every_post_whole_and_plain(name: str) -> None:
    email = LETTERS[name]
    (placeholder,) = (field.placeholder for field in email.merge_fields)
    html = feed_body(email.html, URL, (placeholder,))
    for gone in ("style=", "<table role", placeholder, "<script", "<!--", "/u/", 'href="#'):
        assert gone not in html
    whole, kept = lxml.html.document_fromstring(email.html), lxml.html.document_fromstring(html)
    posts = whole.xpath('//td[starts-with(@id, "post-")]')
    assert posts
    told = " ".join(kept.text_content().split())
    for post in posts:
        assert " ".join(post.text_content().split())[:60] in told
        for path in (".//a/@href[starts-with(., 'http')]", ".//img/@src"):
            assert set(post.xpath(path)) <= set(kept.xpath(path))
    headings = [each.text_content() for each in whole.xpath('//h2[contains(@class, "title")]')]
    assert [each.text_content() for each in kept.xpath(".//h2")][: len(headings)] == headings


def test_the_letters_language_is_read_from_its_document() -> None:
    assert language_of(LETTERS["broadsheet-right-to-left"].html)
    assert language_of("<html><body>") == ""
    assert language_of('<html lang="zh-Hant-TW" dir="ltr">') == "zh-Hant-TW"
