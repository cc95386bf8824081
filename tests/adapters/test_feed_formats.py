"""What is read from feeds of every format and encoding, good and broken."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceFailed
from newsletter.models import Post, SourceId
from newsletter.sources.entries import Feed, from_text, language_and_direction, posts_of, web_link
from newsletter.sources.feed import parse_feed
from newsletter.sources.identity import canonical_link, without_trackers

URL = "https://blog.example.com/feeds/main.xml"


def parsed(body: str | bytes, content_type: str = "") -> Feed:
    return parse_feed(body.encode() if isinstance(body, str) else body, content_type=content_type, url=URL)


def posts(body: str | bytes, content_type: str = "") -> tuple[Post, ...]:
    return posts_of(parsed(body, content_type), source=SourceId("the feed"), name="", url=URL)


def rss(items: str, channel: str = "<title>Blog</title><link>https://blog.example.com/</link>") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
        'xmlns:media="http://search.yahoo.com/mrss/">'
        f"<channel>{channel}{items}</channel></rss>"
    )


def titled(title: str) -> str:
    return rss(f"<item><title>{title}</title></item>")


def item(inner: str) -> Post:
    """The one post of an RSS 2.0 feed with this item."""
    (post,) = posts(rss(f"<item>{inner}</item>"))
    return post


# --- formats -------------------------------------------------------------------------------------

WANTED = (
    "Hello & welcome",
    "https://blog.example.com/1",
    datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    "Some words.",
)
FORMATS = {
    "RSS 2.0": rss(
        "<item><title>Hello &amp; welcome</title><link>https://blog.example.com/1</link>"
        "<pubDate>Fri, 20 Nov 2026 10:30:00 +0100</pubDate>"
        "<description>&lt;p&gt;Some words.&lt;/p&gt;</description></item>"
    ),
    "RSS 0.91": """<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
        "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>Blog</title>
        <item><title>Hello &amp; welcome</title><link>https://blog.example.com/1</link>
        <pubDate>20 Nov 2026 09:30 GMT</pubDate><description>Some words.</description></item>
        </channel></rss>""",
    "RDF": """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel><title>Blog</title></channel><item rdf:about="https://blog.example.com/1">
        <title>Hello &amp; welcome</title><link>https://blog.example.com/1</link>
        <dc:date>2026-11-20T09:30:00Z</dc:date><description>Some words.</description></item></rdf:RDF>""",
    "Atom": """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title>
        <entry><id>tag:1</id><title type="html">Hello &amp;amp; welcome</title><link href="../1"/>
        <published>2026-11-20T10:30:00+01:00</published>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Some words.</p></div></content>
        </entry></feed>""",
    "JSON Feed 1.1": json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "Blog", "home_page_url": "https://blog.example.com/",
         "items": [{"id": 1, "url": "/1", "title": "Hello & welcome", "content_text": "Some words.",
                    "date_published": "2026-11-20T10:30:00+01:00"}]}
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", FORMATS.values(), ids=FORMATS.keys())
def test_every_format_gives_the_same_post(text: str) -> None:
    (post,) = posts(text)
    assert (post.title, post.url, post.published, post.body_markdown) == WANTED
    assert (post.source, post.source_name) == ("the feed", "Blog")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_every_encoding_is_read_as_declared(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    text = declared + rss("<item><title>Größe – café</title></item>").partition("?>")[2].replace("–", "é")
    assert posts(text.encode(encoding))[0].title == "Größe é café"


@pytest.mark.parametrize(
    ("body", "content_type", "title"),
    [
        (titled("Привет").encode("cp1251"), "text/xml; charset=windows-1251", "Привет"),
        (titled("“cp1252”").replace("utf-8", "iso-8859-1").encode("cp1252"), "", "“cp1252”"),
        (titled("größe").encode(), "text/xml; charset=us-ascii", "größe"),
        (titled("größe").encode(), "text/xml; charset=nonsense", "größe"),
        (titled("größe").encode("cp1252"), "", "größe"),
        (titled("東京").encode("iso2022_jp"), "text/xml; charset=iso-2022-jp", "東京"),
        (titled("東京").replace("utf-8", "gb2312").encode("gb18030"), "", "東京"),
        (titled("größe").encode("utf-16-le"), "", "größe"),
        (gzip.compress(titled("packed").encode()), "", "packed"),
        (b"\n\n  \n" + titled("late start").encode(), "", "late start"),
        (b"<br />\n<b>Warning</b>: php\n" + titled("after rubbish").encode(), "", "after rubbish"),
        (titled("a\x00b\x15c&#x15;&#0;d").encode(), "", "abcd"),
        (titled("no &nbsp; end").encode().partition(b"</item>")[0], "", "no \xa0 end"),
    ],
    ids=["cp1251", "cp1252 as latin-1", "utf-8 as ascii", "unknown charset", "undeclared", "iso-2022",
         "gb2312", "no mark", "gzip file", "blank lines", "php warning",
         "control characters", "unclosed"],
)  # fmt: skip
def test_wrong_and_damaged_bytes_survive(body: bytes, content_type: str, title: str) -> None:
    assert posts(body, content_type)[0].title == title


# --- dates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("Fri, 20 Nov 2026 10:30:00 +0100", "2026-11-20T09:30:00+00:00"),
        ("20 Nov 26 10:30 EST", "2026-11-20T15:30:00+00:00"),
        ("2026-11-20", "2026-11-20T00:00:00+00:00"),
        ("2026-11-20 10:30:00", "2026-11-20T10:30:00+00:00"),
        ("2026-11-20T10:30:00.5Z", "2026-11-20T10:30:00+00:00"),
        ("Fri Nov 20 2026 10:30:00 GMT", "2026-11-20T10:30:00+00:00"),
    ],
)
def test_dates_are_read_in_every_usual_form(written: str, instant: str) -> None:
    post = item(f"<title>x</title><pubDate>{written}</pubDate>")
    assert post.published is not None
    assert post.published.replace(microsecond=0).isoformat() == instant


@pytest.mark.parametrize(
    "written",
    ["Mon, 01 Jan 0001 00:00:00 +0000", "0001-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT",
     "08/02/2013 12:00:00", "yesterday", "", "99999-01-01", "9" * 50],
)  # fmt: skip
def test_zero_dates_and_impossible_ones_are_none(written: str) -> None:
    assert item(f"<title>x</title><pubDate>{written}</pubDate>").published is None


@given(st.text(max_size=40))
def test_any_text_for_a_date_gives_an_aware_one_or_none(text: str) -> None:
    feed = {"items": [{"id": "1", "title": "x", "date_published": text}]}
    (post,) = posts(json.dumps(feed))
    assert post.published is None or post.published.tzinfo is UTC


# --- titles, authors, words ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Plain &amp; simple", "Plain & simple"),
        ("Twice &amp;amp; escaped", "Twice & escaped"),
        ("<![CDATA[With <em>tags</em>]]>", "With tags"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Safe", "Safe"),
        ("The &lt;video&gt; element", "The <video> element"),
        ("  folded\n   lines ", "folded lines"),
        ("", ""),
    ],
)
def test_titles_are_plain_text(written: str, title: str) -> None:
    assert item(f"<title>{written}</title><description>words</description>").title == title


def test_a_json_title_is_text_that_may_speak_of_tags() -> None:
    titles = {
        "<i> and <b>": "<i> and <b>",
        "An <em>HTML</em> one": "An HTML one",
        "It&#8217;s": "It’s",
        "a < b": "a < b",
    }
    feed = {"items": [{"id": str(n), "title": title} for n, title in enumerate(titles)]}
    assert [post.title for post in posts(json.dumps(feed))] == list(titles.values())


def test_an_endless_title_is_cut_at_a_word() -> None:
    title = item(f"<title>{'word ' * 500}</title>").title
    assert len(title) <= 300
    assert title.endswith("word…")


def test_names_of_authors_are_kept_and_their_addresses_are_not() -> None:
    assert item("<title>x</title><author>ada@example.com (Ada Writer)</author>").author == "Ada Writer"
    assert item("<title>x</title><author>ada@example.com</author>").author == ""
    assert item("<title>x</title><dc:creator>Ada Writer</dc:creator>").author == "Ada Writer"


def test_an_atom_entry_without_author_has_the_feeds() -> None:
    feed = FORMATS["Atom"].replace(
        "<title>Blog</title>", "<title>Blog</title><author><name>Ada</name></author>"
    )
    assert posts(feed)[0].author == "Ada"


def test_content_is_preferred_and_never_printed_twice() -> None:
    long = "<content:encoded>&lt;p&gt;The long of it.&lt;/p&gt;</content:encoded>"
    post = item(f"<title>x</title><description>The short of it.</description>{long}")
    assert (post.body_markdown, post.summary) == ("The long of it.", "The short of it.")
    same = "<description>Only once.</description><content:encoded>Only once.</content:encoded>"
    post = item(f"<title>x</title>{same}")
    assert (post.body_markdown, post.summary) == ("Only once.", "Only once.")


def test_html_is_preferred_to_a_later_plain_text() -> None:
    words = "<description>&lt;p&gt;Notes with &lt;b&gt;weight&lt;/b&gt;.&lt;/p&gt;</description>"
    assert (
        item(f"<title>x</title>{words}<itunes:summary>Notes.</itunes:summary>").body_markdown
        == "Notes with **weight**."
    )


def test_plain_text_keeps_its_paragraphs_and_its_signs() -> None:
    feed = json.dumps({"items": [{"id": "1", "content_text": "One <b> & two.\n\nNext\nline."}]})
    assert posts(feed)[0].body_markdown == "One \\<b> & two.\n\nNext\\\nline."
    assert from_text(" a\r\n\r\n\n b ") == "<p>a</p><p>b</p>"


def test_a_body_that_was_escaped_twice_is_html_again() -> None:
    assert (
        item(
            "<title>x</title><description>&amp;lt;p&amp;gt;Words.&amp;lt;/p&amp;gt;</description>"
        ).body_markdown
        == "Words."
    )


def test_relative_addresses_follow_xml_base_then_the_post_then_the_feed() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>b</title><link href="https://blog.example.com/"/>'
        "<entry><id>tag:1</id><title>t</title>{link}"
        '<content type="html"{base}>&lt;a href="pic"&gt;p&lt;/a&gt;</content></entry></feed>'
    )
    link = '<link href="https://blog.example.com/2026/post/"/>'
    based = posts(atom.format(link=link, base=' xml:base="https://other.example.com/x/"'))
    assert based[0].body_markdown == "[p](https://other.example.com/x/pic)"
    assert (
        posts(atom.format(link=link, base=""))[0].body_markdown
        == "[p](https://blog.example.com/2026/post/pic)"
    )
    assert posts(atom.format(link="", base=""))[0].body_markdown == "[p](https://blog.example.com/pic)"


def test_sound_and_film_become_cards_and_pictures_the_posts_picture() -> None:
    podcast = item(
        '<title>Episode 1</title><enclosure url="https://cdn.example.com/1.mp3" type="audio/mpeg"/>'
    )
    assert podcast.url == "https://cdn.example.com/1.mp3"
    assert "::: card audio\n[Episode 1](https://cdn.example.com/1.mp3)" in podcast.body_markdown
    picture = item('<title>x</title><description>words</description><media:thumbnail url="/1.jpg"/>')
    assert picture.image is not None
    assert picture.image.url == "https://blog.example.com/1.jpg"
    assert picture.body_markdown == "words"


def test_tags_are_plain_and_each_named_once() -> None:
    assert item(
        "<title>x</title><category>a &amp;amp; b</category><category>a &amp;amp; b</category>"
    ).tags == ("a & b",)


# --- languages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text", "answer"),
    [
        ("en_US", "Words", ("en-US", "")),
        ("he", "שלום לכולם", ("he", "rtl")),
        ("fa-IR", "سلام", ("fa-IR", "rtl")),
        ("en-us", "תרגול במבני נתונים with Python", ("he", "rtl")),
        ("en", "سلام", ("", "rtl")),
        ("he", "Written in English", ("", "ltr")),
        ("ar", "2026 — 12", ("ar", "rtl")),
        ("", "Quoting one word: שלום", ("", "")),
        ("English (US)", "Words", ("", "")),
    ],
)
def test_the_letters_decide_the_direction(language: str, text: str, answer: tuple[str, str]) -> None:
    assert language_and_direction(language, text) == answer


def test_an_entrys_language_goes_before_the_feeds() -> None:
    feed = (
        FORMATS["Atom"].replace("<feed ", '<feed xml:lang="en" ').replace("<entry>", '<entry xml:lang="sv">')
    )
    assert posts(feed)[0].language == "sv"
    assert posts(feed.replace(' xml:lang="sv"', ""))[0].language == "en"


# --- identity ------------------------------------------------------------------------------------


def ids(*items: str) -> list[str]:
    return [post.id for post in posts(rss("".join(f"<item>{inner}</item>" for inner in items)))]


def test_identity_is_the_guid_then_the_link_then_title_and_date() -> None:
    assert ids("<title>x</title><guid isPermaLink='false'>g1</guid><link>https://a.example/1</link>") == [
        "g1"
    ]
    assert ids("<title>x</title><link>https://A.example:443/1?utm_source=rss&amp;a=1#top</link>") == [
        "https://a.example/1?a=1"
    ]
    (first,) = ids("<title>x</title><pubDate>Fri, 20 Nov 2026 10:30:00 GMT</pubDate>")
    (second,) = ids("<title>x</title><pubDate>Sat, 21 Nov 2026 10:30:00 GMT</pubDate>")
    assert first.startswith("sha256:")
    assert first != second


def test_a_guid_that_two_posts_share_loses_neither() -> None:
    one, two = (
        f"<title>t{n}</title><guid isPermaLink='false'>g</guid><link>https://a.example/{n}</link>"
        for n in "12"
    )
    assert ids(two, one) == ["https://a.example/2", "https://a.example/1"]
    assert ids(one, one) == ["g"]
    three = "<title>t3</title><guid isPermaLink='false'>g</guid><link>https://a.example/3</link>"
    assert set(ids(two, one)) < set(ids(three, two, one))  # whoever is new takes nobody's place


def test_a_guid_without_links_that_posts_share_identifies_none_of_them() -> None:
    same = "<title>t{}</title><guid isPermaLink='false'>g</guid>"
    new, *old = ids(*(same.format(n) for n in (3, 2, 1)))
    assert old == ids(*(same.format(n) for n in (2, 1)))
    assert new not in old


def test_a_link_that_posts_share_identifies_none_of_them() -> None:
    same = "<title>t{}</title><link>https://a.example/news</link>"
    assert len(set(ids(*(same.format(n) for n in range(5))))) == 5
    assert ids("<title>t</title><link>https://blog.example.com/</link>")[0].startswith("sha256:")


def test_feedburners_address_gives_way_to_the_posts_own() -> None:
    post = item(
        "<title>x</title><link>http://feeds.example/~r/1</link><feedburner:origLink>https://a.example/1</feedburner:origLink>"
    )
    assert (post.url, post.id) == ("https://a.example/1", "https://a.example/1")


def test_stray_items_are_no_posts() -> None:
    assert (
        ids("<title>real</title><item /><feedburner:origLink>https://a.example/1</feedburner:origLink>") != []
    )
    assert len(ids("<title>real</title><item />")) == 1


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://", "http://[", " "]
)
def test_a_link_that_is_no_web_address_is_none(link: str) -> None:
    assert item(f"<title>x</title><description>y</description><link>{link}</link>").url == ""


def test_readers_get_the_fragment_and_no_trackers() -> None:
    assert (
        without_trackers("HTTPS://A.example:443/P?utm_source=x&q=a%20b&fbclid=1#part")
        == "https://a.example/P?q=a%20b#part"
    )
    assert canonical_link("https://a.example/P#utm_source=x") == "https://a.example/P"


@given(st.text(max_size=60), st.sampled_from(["", "https://a.example/x", "https://a.example/feed?a=1"]))
def test_any_link_becomes_a_web_address_that_is_canonical_or_nothing(link: str, base: str) -> None:
    found = web_link(link, base)
    if found:
        assert found.split(":")[0] in {"http", "https"}
        assert canonical_link(canonical_link(found)) == canonical_link(found)


# --- what is no feed -----------------------------------------------------------------------------


def test_a_web_page_names_the_feed_it_points_to() -> None:
    page = """<!doctype html><html><head><link rel="stylesheet" type="text/css" href="x.css">
        <LINK title='a > b' type="application/rss+xml" rel="home alternate"
        href="/feed.xml?a=1&amp;b=2"></head>"""
    with pytest.raises(SourceFailed, match="web page and no feed") as failed:
        parsed(page)
    assert failed.value.remedy == "its feed is https://blog.example.com/feed.xml?a=1&b=2: set that as url"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html><body>hello</body></html>", "web page and no feed"),
        ("hello", "is no feed"),
        ("", "is empty"),
        (b"\x1f\x8b\x08broken", "gzip"),
        ("{", "is not JSON"),
        ('{"a": 1}', "no JSON Feed"),
        ('{"items":' + "[" * 100_000, "is not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_feed_says_so(body: str | bytes, said: str) -> None:
    with pytest.raises(SourceFailed, match=said):
        parsed(body)


# --- feeds that attack ---------------------------------------------------------------------------


def declaring(entities: str, title: str = "") -> str:
    return f"<!DOCTYPE x [{entities}]><rss><channel><title>{title}</title></channel></rss>"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
BOMBS = {
    "billion laughs": declaring(f'<!ENTITY l0 "lol">{LAUGHS}', "&l11;"),
    "quadratic": declaring(f'<!ENTITY a "{"a" * 99_999}">', "&a;" * 99_999),
    "external": declaring('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"),
    "parameter": declaring('<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;'),
    "nesting": "<rss>" + "<a>" * 1_000_000,
    "brackets": "<rss>" + "<" * 2_000_000,
    "name": rss(f"<item><author>{'a' * 1_000_000}</author></item>"),
    "categories": rss("<item>" + "<category>a</category>" * 50_000 + "</item>"),
    "items": rss("<item/>" * 20_000),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_before_it_is_read(bomb: str) -> None:
    with pytest.raises(SourceFailed, match="attack their readers"):
        parsed(bomb)


def test_a_bomb_behind_a_comment_expands_to_nothing() -> None:
    bomb = BOMBS["billion laughs"].replace("<!DOCTYPE", "<!-- <rss > --><!DOCTYPE")
    try:
        feed = parsed(bomb)
    except SourceFailed:
        return
    assert len(feed.title) < 1000


def test_harmless_entities_and_a_document_type_are_no_bomb() -> None:
    feed = (
        '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY nbsp "&#160;"><!ENTITY me "Ada">]>'
        + rss("<item><title>a&nbsp;b</title></item>").partition("?>")[2]
    )
    assert posts(feed)[0].title == "a\xa0b"


def test_the_bytes_of_a_feed_are_never_taken_for_a_file_name() -> None:
    with pytest.raises(SourceFailed, match="is no feed"):
        parsed("/etc/passwd")


FRAGMENTS = """<rss>|<feed xmlns='http://www.w3.org/2005/Atom'>|<channel>|<item>|</item>|<entry>|<title>|</title>
<link>|<link href='x'/>|<guid>|<pubDate>|<description>|<content type='xhtml'>|<content mode='base64'>|<div>
<svg>|<![CDATA[|]]>|&lt;p&gt;|&#x41;|&#99999999;|&bogus;|<!--|-->|<?x|\x00|2026-11-20|<author>
<category term='a'/>|<name>
<enclosure url='a' type='audio/x'/>|<image>|<source>|xml:base='//['|<media:content url='x'/>|<|>|&
<textinput>|<width>|a@b.c""".replace("\n", "|").split("|")


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=40))
def test_no_arrangement_of_feed_parts_raises_anything_but_source_failed(parts: list[str]) -> None:
    try:
        found = posts("<rss>" + "".join(parts))
    except SourceFailed:
        return
    assert len({post.id for post in found}) == len(found)
