"""Posts of real feeds as letters: no crash, nothing harmful, both parts with the same words."""

from pathlib import Path

import pytest
from lxml import html

from newsletter.content.checks import run_checks
from newsletter.content.clean import clean_html
from newsletter.content.links import sender_for
from tests.bench.feeds import FEEDS, feed_files, source_posts
from tests.support.letters import NEWSLETTER, issue, render, section

POSTS = 2
"""Per feed; `./run bench feeds` looks at all of them."""
WRONG = {"text-part-short", "link-unsafe", "placeholder-astray", "unsubscribe-missing", "header-unsafe"}

pytestmark = pytest.mark.skipif(not FEEDS.is_dir(), reason="no real feeds beside the checkout")


@pytest.mark.parametrize("path", feed_files() if FEEDS.is_dir() else [], ids=lambda path: path.name)
def test_posts_of_a_real_feed_become_a_letter(path: Path) -> None:
    posts = [post for _, post in zip(range(POSTS), source_posts(path.read_bytes()), strict=False)]
    letter = issue(
        *(
            section(
                f"Post {number}",
                clean_html(post.html, base_url=post.base_url, language=post.language).markdown,
                language=post.language,
            )
            for number, post in enumerate(posts)
        )
    )
    email = render(letter)
    found = run_checks(email, sender_for(NEWSLETTER), NEWSLETTER, issue=letter)
    assert [finding for finding in found if finding.code in WRONG] == []
    page = html.document_fromstring(email.html)
    assert not page.xpath("//script | //iframe | //form | //@*[starts-with(name(), 'on')]")
    assert all(image.get("alt") is not None for image in page.xpath("//img"))
    assert "\n\n\n" not in email.text
