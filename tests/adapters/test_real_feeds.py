"""The bars of fidelity, held over real feeds of every format and fault."""

from pathlib import Path

import pytest

from tests.bench.feeds import FEEDS, feed_files, measure, source_posts

pytestmark = pytest.mark.skipif(
    not FEEDS.is_dir(), reason="no real feeds beside the checkout (../shared/feeds)"
)


@pytest.mark.parametrize("path", feed_files() if FEEDS.is_dir() else [], ids=lambda path: path.name)
def test_a_real_feed_comes_through_whole(path: Path) -> None:
    fidelity, _seconds = measure(path)
    assert fidelity.missed_bars() == [], fidelity.lost[:10]


def test_the_real_feeds_hold_posts_to_measure() -> None:
    names = ("daringfireball.xml", "pixelenvy.json", "gzip-bytes.xml")
    assert [len(list(source_posts((FEEDS / name).read_bytes()))) for name in names] == [48, 20, 25]
