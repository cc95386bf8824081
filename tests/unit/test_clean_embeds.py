"""What a mail cannot show becomes a card with a title and a link, never nothing."""

import pytest

from newsletter.content.clean import clean_html

BASE = "https://blog.example/post"


def markdown(html: str) -> str:
    return clean_html(html, base_url=BASE).markdown


def card(kind: str, title: str, url: str) -> str:
    return f"::: card {kind}\n[{title}]({url})\n:::"


@pytest.mark.parametrize(
    ("player", "kind", "title", "page"),
    [
        (
            "https://www.youtube.com/embed/dQw4w9WgXcQ?rel=0",
            "video",
            "Video on YouTube",
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        ),
        (
            "//www.youtube-nocookie.com/embed/abc_-1?start=90",
            "video",
            "Video on YouTube",
            "https://www.youtube.com/watch?v=abc_-1&t=90s",
        ),
        (
            "https://www.youtube.com/embed/videoseries?list=PL1",
            "video",
            "Video on YouTube",
            "https://www.youtube.com/playlist?list=PL1",
        ),
        (
            "https://player.vimeo.com/video/46941328?h=ab12",
            "video",
            "Video on Vimeo",
            "https://vimeo.com/46941328/ab12",
        ),
        ("https://player.vimeo.com/video/46941328", "video", "Video on Vimeo", "https://vimeo.com/46941328"),
        (
            "https://www.dailymotion.com/embed/video/x18bgwv",
            "video",
            "Video on Dailymotion",
            "https://www.dailymotion.com/video/x18bgwv",
        ),
        (
            "https://w.soundcloud.com/player/?url=https%3A//soundcloud.com/a/b&color=x",
            "audio",
            "Audio on SoundCloud",
            "https://soundcloud.com/a/b",
        ),
        (
            "https://open.spotify.com/embed/episode/4rOo?utm=1",
            "audio",
            "Audio on Spotify",
            "https://open.spotify.com/episode/4rOo",
        ),
        (
            "https://embed.podcasts.apple.com/us/podcast/x/id1?i=2",
            "audio",
            "Audio on Apple Podcasts",
            "https://podcasts.apple.com/us/podcast/x/id1?i=2",
        ),
        (
            "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2Fa%2Fposts%2F1",
            "post",
            "Post on Facebook",
            "https://www.facebook.com/a/posts/1",
        ),
        (
            "https://mastodon.example/@ada/112/embed",
            "post",
            "Post on Mastodon",
            "https://mastodon.example/@ada/112",
        ),
        (
            "https://codepen.io/ada/embed/preview/xyz",
            "document",
            "Document on CodePen",
            "https://codepen.io/ada/pen/xyz",
        ),
        (
            "https://www.google.com/maps/embed?pb=1",
            "link",
            "Google Maps",
            "https://www.google.com/maps/embed?pb=1",
        ),
        (
            "https://other.example/2017/post/embed/#?secret=abc",
            "link",
            "other.example",
            "https://other.example/2017/post/",
        ),
        ("/widget", "link", "blog.example", "https://blog.example/widget"),
    ],
)
def test_an_embed_becomes_a_card_that_leads_to_the_page_of_a_person(
    player: str, kind: str, title: str, page: str
) -> None:
    assert (
        markdown(f'<p>a</p><iframe src="{player}"></iframe><p>b</p>')
        == f"a\n\n{card(kind, title, page)}\n\nb"
    )


@pytest.mark.parametrize(
    ("attributes", "title"),
    [
        ('title="A &amp; B [live]"', "A & B \\[live\\]"),
        ('title="YouTube video player"', "Video on YouTube"),
        ('title="https://youtu.be/x"', "Video on YouTube"),
    ],
)
def test_the_title_of_a_card_is_the_embeds_own_when_it_says_something(attributes: str, title: str) -> None:
    html = f'<iframe src="https://www.youtube.com/embed/x" {attributes}></iframe>'
    assert markdown(html) == card("video", title, "https://www.youtube.com/watch?v=x")


def test_an_embed_that_loads_late_is_found() -> None:
    html = '<iframe src="about:blank" data-src="https://www.youtube.com/embed/x"></iframe>'
    assert markdown(html) == card("video", "Video on YouTube", "https://www.youtube.com/watch?v=x")


def test_nothing_is_lost_after_a_frame_closed_in_the_xml_way() -> None:
    assert markdown('<p><iframe src="/x"/></p><p>after</p>').endswith(":::\n\nafter")
    assert markdown('<iframe src="/x">not shown</iframe>after').endswith(":::\n\nafter")


def test_an_embed_inside_a_paragraph_parts_it() -> None:
    html = '<p>a <b>b <iframe src="https://x.example/w"></iframe> c</b> d</p>'
    assert markdown(html) == f"a b\n\n{card('link', 'x.example', 'https://x.example/w')}\n\nc d"


def test_a_card_keeps_the_caption_of_its_figure() -> None:
    html = '<figure><iframe src="//x.example/w"></iframe><figcaption>Seen <b>here</b></figcaption></figure>'
    assert markdown(html) == "::: card link\n[x.example](https://x.example/w)\n\nSeen **here**\n:::"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            '<video src="/v.mp4" poster="/p.jpg" title="Talk">no video</video>',
            "::: card video\n[Talk](https://blog.example/v.mp4)\n\n![Talk](https://blog.example/p.jpg)\n:::",
        ),
        (
            '<audio controls><source src="/ep%201.mp3"><a href="/ep1.mp3">Download</a></audio>',
            card("audio", "Audio: ep%201.mp3", "https://blog.example/ep%201.mp3"),
        ),
        (
            '<object><param name="movie" value="http://www.youtube.com/v/abc&amp;hl=en"><embed src="http://www.youtube.com/v/abc&amp;hl=en"></object>',
            card("video", "Video on YouTube", "https://www.youtube.com/watch?v=abc"),
        ),
        (
            '<object data="/paper.pdf"><p>Read <a href="/paper">the paper</a></p></object>',
            card("link", "blog.example", "https://blog.example/paper.pdf")
            + "\n\nRead [the paper](https://blog.example/paper)",
        ),
        ('<embed src="https://x.example/film.swf">', card("link", "x.example", "https://x.example/film.swf")),
        (
            '<script src="https://gist.github.com/ada/1234abcd.js"></script>',
            card("document", "Code on GitHub Gist", "https://gist.github.com/ada/1234abcd"),
        ),
    ],
)
def test_players_and_objects_become_cards(html: str, expected: str) -> None:
    assert markdown(html) == expected


def test_a_tweet_is_a_card_whose_words_are_a_quotation() -> None:
    html = (
        '<blockquote class="twitter-tweet" data-lang="en"><p lang="en" dir="ltr">Big <a href="https://t.co/x">news</a></p>'
        '&mdash; Ada Writer (@ada) <a href="https://twitter.com/ada/status/1?ref_src=x">April 1, 2022</a>'
        "</blockquote>"
        '<script async src="https://platform.twitter.com/widgets.js"></script>'
    )
    assert markdown(html) == (
        "::: card post\n[Post on Twitter](https://twitter.com/ada/status/1?ref_src=x)\n\n"
        "> Big [news](https://t.co/x)\n\n"
        "Ada Writer (@ada) · [April 1, 2022](https://twitter.com/ada/status/1?ref_src=x)\n:::"
    )


BLUESKY = (
    'class="bluesky-embed"><p>Hello</p>&mdash; Ada (<a href="https://bsky.app/profile/ada">@ada</a>)'
    ' <a href="https://bsky.app/profile/ada/post/1">Nov 1</a>'
)
MASTODON = (
    'class="mastodon-embed" data-embed-url="https://m.example/@ada/1/embed">'
    '<a href="https://m.example/@ada/1">Post by @ada</a>'
)


@pytest.mark.parametrize(
    ("html", "site", "url", "words"),
    [
        (
            'class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/x/"><a href=/>x</a>',
            "Instagram",
            "https://www.instagram.com/p/x/",
            "> [x]",
        ),
        (
            BLUESKY,
            "Bluesky",
            "https://bsky.app/profile/ada/post/1",
            "> Hello\n\nAda ([@ada](https://bsky.app/profile/ada)) · [Nov 1]",
        ),
        (
            MASTODON,
            "Mastodon",
            "https://m.example/@ada/1/embed",
            "> [Post by @ada]",
        ),
        (
            'class="twitter-tweet"><p>Later<p>&mdash; Ada <a href="https://x.com/ada/status/2">May 2</a>',
            "X",
            "https://x.com/ada/status/2",
            "> Later\n\nAda · [May 2]",
        ),
    ],
)
def test_posts_of_other_places_are_cards_too(html: str, site: str, url: str, words: str) -> None:
    result = markdown(f"<blockquote {html}</blockquote>")
    assert result.startswith(f"::: card post\n[Post on {site}]({url})\n\n{words}")


def test_a_card_inside_a_quotation_stays_there() -> None:
    html = '<blockquote><p>He said:</p><iframe src="https://x.example/w"></iframe></blockquote>'
    assert markdown(html) == "> He said:\n>\n> ::: card link\n> [x.example](https://x.example/w)\n> :::"


def test_a_class_named_card_on_a_strangers_page_means_nothing() -> None:
    assert (
        markdown('<div class="card mb-3"><h5>T</h5><a href="/x">go</a></div>')
        == "### T\n\n[go](https://blog.example/x)"
    )
