"""`./run bench send`, first part: CPU of gathering 48 real feeds from loopback, and where it goes."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import feedparser

from newsletter.config.settings import NewsletterSettings, Settings, SourceSettings
from newsletter.content.clean import clean_html
from newsletter.net import Fetcher
from newsletter.sources import make_source
from newsletter.store.folder import IssueFolder
from newsletter.store.issues import SqlIssueStore
from newsletter.store.schema import open_database
from newsletter.usecases.gather import ConfiguredSource, Gathered, gather
from tests.bench.measure import Spent
from tests.support.clock import FakeClock
from tests.support.feedserver import ALLOW_LOOPBACK, Answer, FeedServer, feed_server

FEEDS = Path(__file__).parents[2].parent / "shared" / "feeds"
MEASURED: dict[str, tuple[str, Callable[..., Any]]] = {
    "feedparser": ("newsletter.sources.xmlfeed.feedparser.parse", feedparser.parse),
    "cleaning": ("newsletter.sources.entries.clean_html", clean_html),
}
"""Name → the function's place and the function itself."""


def main() -> int:
    """0, after printing CPU per post and its shares; 0 with a word when there are no feeds to read."""
    if not FEEDS.is_dir():
        print(f"gather: skipped, the collection of real feeds is not at {FEEDS}")
        return 0
    with feed_server() as server, tempfile.TemporaryDirectory() as folder, measured() as spent:
        began = time.process_time()
        gathered, sources = gathered_from(server, Path(folder))
        total = time.process_time() - began
        posts = len(gathered.log.decisions)
        print(f"gather: {sources} feeds, {posts} posts, {total:.2f} s of CPU (the server's included)")
        print(f"  {total / posts * 1000:.2f} ms of CPU per post")
        for name, part in spent.items():
            print(f"  {part.seconds / total:6.1%} in {name}")
    return 0


@contextmanager
def measured() -> Iterator[dict[str, Spent]]:
    """What the measured functions spend inside the block."""
    spent = {name: Spent(function) for name, (_, function) in MEASURED.items()}
    with ExitStack() as patches:
        for name, (place, _) in MEASURED.items():
            patches.enter_context(patch(place, spent[name]))
        yield spent


def gathered_from(server: FeedServer, folder: Path) -> tuple[Gathered, int]:
    """What a first gather of all feeds gives, and how many feeds there are."""
    newsletter = NewsletterSettings(
        name="Bench", sender="a@example.com", postal_address="x", public_url="https://news.example.com"
    )
    files = sorted(path for path in FEEDS.iterdir() if path.suffix in {".xml", ".json"})
    tables = tuple(
        SourceSettings(url=server.serve(f"/{file.name}", Answer(body=file.read_bytes()))) for file in files
    )
    settings = Settings(project=folder, newsletter=newsletter, sources=tables)
    fetcher = Fetcher(ALLOW_LOOPBACK)
    clock = FakeClock()
    database = open_database(f"sqlite:///{folder}/newsletter.db", now=clock.now())
    try:
        gathered = gather(
            [
                ConfiguredSource(source=make_source(table, settings, fetcher), settings=table)
                for table in tables
            ],
            issues=SqlIssueStore(database),
            files=IssueFolder(folder / "issues"),
            newsletter=newsletter,
            clock=clock,
            since=datetime(1999, 1, 1, tzinfo=UTC),
        )
    finally:
        database.close()
    return gathered, len(files)


if __name__ == "__main__":
    sys.exit(main())
