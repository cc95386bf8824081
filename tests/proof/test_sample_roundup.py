"""The roundup that this program was asked for, given as its author's blog would give it.

The words are the author's and are read from beside the checkout; here is only their shape.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import lxml.html
import pytest
from lxml.html import HtmlElement

from newsletter.models import IssueId, RenderedEmail
from newsletter.wiring import open_app
from tests.support.feedserver import feed_server
from tests.support.project import SETTINGS, Project

SAMPLE = Path(__file__).parents[2].parent / "shared" / "sample" / "author-roundup.txt"
SHAPE = ("Tcccc", "Tcqqcqqqq", "Tc", "Tc", "Tcc")
"""What each paragraph of the sample is, post by post: a title, commentary or a quoted passage."""
ACTIONS = {1: "Sign the petition", 4: "Give what you can"}
"""The buttons of the posts that are calls to action."""
PAPER = "https://paper.example/2022/04/17/siege"
EMBEDS = (
    (
        "https://twitter.com/reporter/status/1515?ref_src=twsrc%5Etfw",
        """<figure class="wp-block-embed is-provider-twitter"><div class="wp-block-embed__wrapper">
<blockquote class="twitter-tweet" data-width="550" data-dnt="true"><p lang="en" dir="ltr">They “said no”,
all of them. <a href="https://t.co/aaa">pic.twitter.com/aaa</a></p>&mdash; A Reporter (@reporter)
<a href="https://twitter.com/reporter/status/1515?ref_src=twsrc%5Etfw">April 16, 2022</a></blockquote>
<script async src="https://platform.twitter.com/widgets.js" charset="utf-8"></script></div></figure>""",
    ),
    (
        "https://www.youtube.com/watch?v=harbour1",
        """<figure class="wp-block-embed is-provider-youtube"><div class="wp-block-embed__wrapper"><iframe
title="Seven voices" width="500" height="281" src="https://www.youtube.com/embed/harbour1?feature=oembed"
allowfullscreen></iframe></div></figure>""",
    ),
    (
        "https://player.example/episode/7",
        """<p><iframe src="https://player.example/episode/7" title="A letter from the mole"></iframe></p>""",
    ),
    (
        "https://www.instagram.com/p/C0/",
        """<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/C0/">
<a href="https://www.instagram.com/p/C0/">A post shared by Ada (@ada)</a></blockquote>""",
    ),
)
"""Where each card must lead, and the embed that follows each line that ends in a colon."""

Voices = list[tuple[str, str]]
"""Whose words, and the words: `c`ommentary or `q`uotation; cards and buttons with where they lead."""


@dataclass(frozen=True, kw_only=True)
class SamplePost:
    """One post of the sample: its title, and what a reader is to meet in its order."""

    title: str
    voices: Voices
    html: str


def sample_posts() -> list[SamplePost]:
    paragraphs = iter([p.strip("\n ") for p in SAMPLE.read_text(encoding="utf-8").split("\n\n") if p.strip()])
    embeds = iter(EMBEDS)
    posts = [_post(number, shape, paragraphs, embeds) for number, shape in enumerate(SHAPE)]
    assert list(paragraphs) == []
    assert list(embeds) == []
    return posts


def _post(
    number: int, shape: str, paragraphs: Iterator[str], embeds: Iterator[tuple[str, str]]
) -> SamplePost:
    title, voices, body = next(paragraphs), Voices(), ""
    for run in re.findall("c|q+", shape[1:]):
        words = [next(paragraphs) for _ in run]
        voices += [(kind, each) for kind, each in zip(run, words, strict=True)]
        written = "\n".join(f"<p>{html.escape(each, quote=False)}</p>" for each in words)
        if run == "c":
            body += f"{written}\n"
        else:
            voices.append(("attribution", "The Paper, 17 April 2022"))
            cite = f'<cite><a href="{PAPER}">The Paper</a>, 17 April 2022</cite>'
            body += f'<blockquote class="wp-block-quote">\n{written}\n{cite}</blockquote>\n'
        if words[-1].endswith(":"):
            link, embed = next(embeds)
            voices.append(("card", link))
            body += f"{embed}\n"
    if number in ACTIONS:
        link = f"https://action.example/{number}?from=letter&step=1"
        voices.append(("button", link))
        body += (
            '<div class="wp-block-buttons"><div class="wp-block-button"><a class="wp-block-button__link '
            f'wp-element-button" href="{html.escape(link)}">{ACTIONS[number]}</a></div></div>\n'
        )
    return SamplePost(title=title, voices=voices, html=body)


def feed_of(posts: list[SamplePost]) -> bytes:
    """RSS 2.0 as a blog writes it, the first post the newest."""
    items = "".join(
        f"<item><title>{html.escape(post.title)}</title><link>https://blog.example.com/{number}/</link>"
        f"<guid isPermaLink='false'>https://blog.example.com/?p={number}</guid>"
        f"<pubDate>{20 - number:02} Jan 2026 10:00:00 +0000</pubDate>"
        f"<content:encoded><![CDATA[{post.html}]]></content:encoded></item>"
        for number, post in enumerate(posts)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>The Roundup</title>'
        f"<link>https://blog.example.com/</link><description/><language>en</language>{items}</channel></rss>"
    ).encode()


@pytest.fixture(scope="module")
def posts() -> list[SamplePost]:
    if not SAMPLE.is_file():
        pytest.skip("the author's sample is not beside the checkout: shared/sample/author-roundup.txt")
    return sample_posts()


@pytest.fixture
def letter(posts: list[SamplePost], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> RenderedEmail:
    """The posts, served as a feed and gathered into an issue, as the letter that would be sent."""
    project = Project(folder=tmp_path, capsys=capsys)
    with feed_server() as server:
        url = server.serve("/feed.xml", feed_of(posts))
        settings = SETTINGS.replace('folder = "posts"', f'url = "{url}"')
        project.settings.write_text(f'{settings}\n[http]\nallow_private = ["127.0.0.1"]\n', encoding="utf-8")
        gathered = project.run("gather")
    assert gathered.status == 0, gathered.stderr
    with open_app(project.folder, {}) as app:
        review = app.review(IssueId(Path(gathered.stdout.strip()).stem))
    assert not review.errors
    return review.email


def voices(post: HtmlElement) -> Voices:
    """What a reader meets below a post's title, in its order."""
    met: Voices = []
    for block in post.xpath('.//p | .//a[contains(@class, "button-link")]'):
        classes = block.get("class") or ""
        card = next(iter(block.xpath('ancestor::div[@class="card"]')), None)
        if card is not None:
            leads = ("card", card.xpath(".//a/@href")[-1])
            met += [leads] if leads not in met else []
        elif block.tag == "a":
            met.append(("button", block.get("href")))
        elif "byline" not in classes:
            quoted = "q" if block.xpath("ancestor::blockquote") else "c"
            met.append(("attribution" if "attribution" in classes else quoted, block.text_content()))
    return met


def found(letter: RenderedEmail, path: str) -> list[HtmlElement]:
    elements: list[HtmlElement] = lxml.html.document_fromstring(letter.html).xpath(path)
    return elements


def test_the_posts_read_as_their_author_meant_them(letter: RenderedEmail, posts: list[SamplePost]) -> None:
    titles = found(letter, '//h2[@class="title"]')
    assert [title.text_content() for title in titles] == [post.title for post in posts]
    assert [voices(title.xpath("..")[0]) for title in titles] == [post.voices for post in posts]


def test_quoted_words_are_set_apart_for_the_eye(letter: RenderedEmail) -> None:
    cells = found(letter, f'//blockquote[.//a[@href="{PAPER}"]]/table//td')
    assert len(cells) == 2
    for cell in cells:
        assert "border-left:4px solid" in cell.get("style", "")
        assert cell.get("bgcolor")


def test_calls_to_action_are_filled_cells_that_outlook_draws(letter: RenderedEmail) -> None:
    buttons = found(letter, '//td[@bgcolor]/a[contains(@class, "button-link")]')
    assert [button.text_content() for button in buttons] == list(ACTIONS.values())


def test_cards_say_who_when_and_what(letter: RenderedEmail) -> None:
    cards = [" ".join(card.text_content().split()) for card in found(letter, '//div[@class="card"]')]
    for words in ("They “said no”, all of them.", "A Reporter", "April 16, 2022"):
        assert words in cards[0]
    assert "Seven voices" in cards[1]
    assert "A letter from the mole" in cards[2]


def test_the_text_part_quotes_with_a_mark_and_leads_where_the_page_does(
    letter: RenderedEmail, posts: list[SamplePost]
) -> None:
    lines = letter.text.split("\n")
    quoted = _words(line.removeprefix(">") for line in lines if line.startswith(">"))
    unquoted = _words(line for line in lines if not line.startswith(">"))
    for post in posts:
        assert post.title in letter.text or len(post.title) > 72
        for kind, words in post.voices:
            if kind in {"card", "button"}:
                assert words in lines or any(line.endswith(f" {words}") for line in lines)
            else:
                assert _words([words]) in (unquoted if kind == "c" else quoted)


def _words(lines: Iterable[str]) -> str:
    """The words on one line, without the numbers of links."""
    return re.sub(r" \[\d+\]", "", " ".join(" ".join(lines).split()))
