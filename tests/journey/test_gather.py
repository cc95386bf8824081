"""Gathering from sources into a draft, with a real database, real files and real feeds."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.config.settings import NewsletterSettings, Settings, SourceSettings
from newsletter.content.issuefile import parse_issue
from newsletter.errors import BadSetting, OldPostsAppeared, SourceFailed, WrongState
from newsletter.models import Decision, Fetched, IssueId, IssueState, Post, PostId, Slot, SourceId
from newsletter.net import Fetcher
from newsletter.sources import make_source
from newsletter.store.folder import IssueFolder
from newsletter.store.issues import SqlIssueStore
from newsletter.store.schema import open_database
from newsletter.usecases.filing import finish_files
from newsletter.usecases.gather import ConfiguredSource, Gathered, gather
from tests.support.clock import FakeClock
from tests.support.feedserver import ALLOW_LOOPBACK, Answer, FeedServer, feed_server

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
NEWSLETTER = NewsletterSettings(
    name="The Roundup",
    sender="ada@example.com",
    postal_address="1 Example Street",
    public_url="https://news.example.com",
    timezone="Europe/Berlin",
)
FRIDAY = Slot(local="2026-11-27T09:00", instant=datetime(2026, 11, 27, 8, tzinfo=UTC))


class Blog:
    """A source that shows the posts that a test publishes."""

    def __init__(self, name: str) -> None:
        self.id = SourceId(name)
        self.posts: list[Post] = []
        self.failure: SourceFailed | None = None
        self.asked_with: list[bytes | None] = []

    def publish(self, name: str, date: datetime | None, title: str | None = None) -> None:
        self.posts.insert(
            0,
            Post(
                id=PostId(name),
                source=self.id,
                source_name=str(self.id),
                url=f"https://{self.id}.example/{name}",
                title=f"Title of {name}" if title is None else title,
                published=date,
                summary=f"The first words of {name}.",
                body_markdown=f"Words of {name}.",
            ),
        )

    def fetch(self, state: bytes | None) -> Fetched:
        self.asked_with.append(state)
        if self.failure:
            raise self.failure
        return Fetched(posts=tuple(self.posts), state=b"state %d" % len(self.asked_with))


class Desk:
    """A project in which a test gathers."""

    def __init__(self, folder: Path) -> None:
        self.database = open_database(f"sqlite:///{folder}/data/newsletter.db", now=START)
        self.issues = SqlIssueStore(self.database)
        self.files = IssueFolder(folder / "issues")
        self.clock = FakeClock(START)
        self.blog = Blog("blog")
        self.other = Blog("other")
        self.settings = SourceSettings(url="http://blog.example")

    def gather(self, *sources: Blog, **options: object) -> Gathered:
        configured = [
            ConfiguredSource(source=source, settings=self.settings) for source in sources or (self.blog,)
        ]
        return gather(
            configured,
            issues=self.issues,
            files=self.files,
            newsletter=NEWSLETTER,
            clock=self.clock,
            **options,  # type: ignore[arg-type]
        )

    def reasons(self, gathered: Gathered) -> dict[str, str]:
        return {decision.post: decision.decision.value for decision in gathered.log.decisions}

    def ago(self, **span: float) -> datetime:
        return self.clock.now() - timedelta(**span)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.database.close()


def titles(gathered: Gathered) -> list[str]:
    assert gathered.issue is not None
    return [section.title for section in gathered.issue.sections]


def test_new_posts_become_a_draft_with_its_file_and_its_log(desk: Desk) -> None:
    desk.blog.publish("old", desk.ago(days=30))
    desk.blog.publish("first", desk.ago(days=2))
    desk.blog.publish("second", desk.ago(days=1))
    gathered = desk.gather(slot=FRIDAY)
    assert titles(gathered) == ["Title of second", "Title of first"]
    assert gathered.record is not None
    assert (gathered.record.id, gathered.record.slot, gathered.record.state) == (
        "2026-11-27",
        "2026-11-27T09:00",
        IssueState.DRAFT,
    )
    assert desk.issues.log(gathered.record.id) == gathered.log
    text = desk.files.read(gathered.record.id)
    issue = parse_issue(
        text,
        issue_id=gathered.record.id,
        path="issues/2026-11-27.md",
        default_theme="x",
        default_language="x",
    )
    assert [replace(section, line=0) for section in issue.sections] == list(gathered.issue.sections)  # type: ignore[union-attr]
    assert (issue.subject, issue.preheader) == ("The Roundup: Title of second", "Title of first")
    assert not desk.issues.unwritten_files()


def test_a_post_is_taken_or_dropped_once_for_ever(desk: Desk) -> None:
    desk.blog.publish("old", desk.ago(days=30))
    desk.blog.publish("first", desk.ago(days=1))
    desk.gather()
    desk.clock.advance(days=7)
    again = desk.gather()
    assert again.issue is None
    assert desk.reasons(again) == {"first": "seen before", "old": "seen before"}
    desk.blog.publish("second", desk.ago(hours=1))
    assert titles(desk.gather()) == ["Title of second"]


def test_issues_of_one_day_are_numbered_around_files_that_are_there(desk: Desk) -> None:
    desk.files.create(IssueId("2026-11-20-2"), "the author's own")
    made = []
    for name in ("a", "b"):
        desk.blog.publish(name, desk.ago(hours=1))
        made.append(desk.gather().record)
    assert [record.id for record in made if record] == ["2026-11-20", "2026-11-20-3"]


def test_a_slot_has_one_issue(desk: Desk) -> None:
    desk.blog.publish("a", desk.ago(hours=1))
    desk.gather(slot=FRIDAY)
    desk.blog.publish("b", desk.ago(hours=1))
    with pytest.raises(WrongState, match="2026-11-27T09:00"):
        desk.gather(slot=FRIDAY)
    assert desk.blog.asked_with == [None], "the sources must not be asked for a slot that is taken"


def test_the_state_of_a_source_goes_back_to_it(desk: Desk) -> None:
    desk.gather()
    desk.blog.publish("a", desk.ago(hours=1))
    desk.gather()
    desk.gather()
    assert desk.blog.asked_with == [None, b"state 1", b"state 2"]


def test_a_failing_source_never_stops_the_others(desk: Desk) -> None:
    desk.blog.failure = SourceFailed("blog: answered 503", remedy="wait")
    desk.other.publish("a", desk.ago(hours=1))
    gathered = desk.gather(desk.blog, desk.other)
    assert titles(gathered) == ["Title of a"]
    assert gathered.log.notes == ("blog: answered 503 — wait",)
    desk.blog.failure = None
    desk.blog.publish("late", desk.ago(days=1))
    assert titles(desk.gather(desk.blog, desk.other)) == ["Title of late"]


def test_when_every_source_fails_there_is_no_issue_and_each_reason_is_told(desk: Desk) -> None:
    desk.blog.failure = SourceFailed("blog: answered 503")
    desk.other.failure = SourceFailed("other: no whole answer")
    with pytest.raises(SourceFailed, match="blog: answered 503; other: no whole answer"):
        desk.gather(desk.blog, desk.other, slot=FRIDAY)
    assert not desk.issues.list()
    assert not desk.files.list()


def test_without_sources_the_setting_is_named(desk: Desk) -> None:
    with pytest.raises(BadSetting, match=r"\[\[sources\]\]"):
        gather([], issues=desk.issues, files=desk.files, newsletter=NEWSLETTER, clock=desk.clock)


def test_a_source_that_is_configured_twice_is_named(desk: Desk) -> None:
    with pytest.raises(BadSetting, match="“blog” stands twice"):
        desk.gather(desk.blog, desk.other, desk.blog)
    assert not desk.blog.asked_with


def changed_ids(desk: Desk) -> None:
    """A blog of which an issue was made gives all its old posts new ids and addresses."""
    desk.blog.publish("a", desk.ago(days=1))
    desk.gather()
    desk.clock.advance(days=7)
    for number in range(6):
        desk.blog.publish(f"moved{number}", desk.ago(days=20 + number))
    desk.blog.publish("new", desk.ago(days=1))


def test_a_feed_that_changed_its_ids_stops_the_run_and_nothing_is_recorded(desk: Desk) -> None:
    changed_ids(desk)
    published = [post.id for post in desk.blog.posts]
    with pytest.raises(OldPostsAppeared):
        desk.gather(slot=FRIDAY)
    assert desk.issues.seen(desk.blog.id, published) == {"a"}
    assert desk.issues.source_state(desk.blog.id) == b"state 1"
    assert desk.issues.by_slot(FRIDAY.local) is None


def test_the_author_says_what_becomes_of_old_posts(desk: Desk) -> None:
    changed_ids(desk)
    assert titles(desk.gather(old="skip")) == ["Title of new"]
    assert desk.gather().issue is None


def test_old_posts_are_taken_on_request(desk: Desk) -> None:
    changed_ids(desk)
    assert len(titles(desk.gather(old="accept"))) == 7


def test_too_few_posts_use_up_the_slot_and_wait_for_the_next_issue(desk: Desk) -> None:
    desk.blog.publish("old", desk.ago(days=30))
    desk.blog.publish("one", desk.ago(days=1))
    skipped = desk.gather(slot=FRIDAY, minimum_posts=2)
    assert skipped.issue is None
    assert skipped.record is not None
    assert (skipped.record.state, skipped.record.slot) == (IssueState.SKIPPED, FRIDAY.local)
    assert skipped.record.note == "1 new posts, and minimum_posts is 2"
    assert desk.reasons(skipped) == {"one": "waiting", "old": "dropped"}
    assert desk.issues.seen(desk.blog.id, [post.id for post in desk.blog.posts]) == {"old"}
    desk.clock.advance(days=7)
    desk.blog.publish("two", desk.ago(days=1))
    assert titles(desk.gather(minimum_posts=2)) == ["Title of two", "Title of one"]


def test_an_unattended_run_without_news_skips_and_one_by_hand_does_not(desk: Desk) -> None:
    by_hand = desk.gather(slot=FRIDAY)
    assert (by_hand.issue, by_hand.record) == (None, None)
    assert desk.issues.by_slot(FRIDAY.local) is None
    skipped = desk.gather(slot=FRIDAY, minimum_posts=0)
    assert skipped.record is not None
    assert skipped.record.state is IssueState.SKIPPED


def test_a_post_of_the_future_comes_when_its_time_has_come(desk: Desk) -> None:
    desk.blog.publish("soon", desk.ago(days=-3))
    desk.blog.publish("now", desk.ago(days=1))
    assert titles(desk.gather()) == ["Title of now"]
    desk.clock.advance(days=7)
    assert titles(desk.gather()) == ["Title of soon"]


def test_the_command_lines_start_date_goes_before_the_settings(desk: Desk) -> None:
    desk.settings = SourceSettings(url="http://blog.example", since=desk.ago(days=10).date())
    desk.blog.publish("a", desk.ago(days=9))
    desk.blog.publish("b", desk.ago(days=15))
    desk.other.publish("c", desk.ago(days=9))
    desk.other.publish("d", desk.ago(days=15))
    assert titles(desk.gather(desk.blog)) == ["Title of a"]
    assert titles(desk.gather(desk.other, since=desk.ago(days=20))) == ["Title of c", "Title of d"]


def test_what_a_first_gather_left_out_for_its_age_comes_when_it_is_asked_for(desk: Desk) -> None:
    for days in (9, 20, 400):
        desk.blog.publish(str(days), desk.ago(days=days))
    assert desk.gather().issue is None
    assert desk.gather().issue is None
    assert titles(desk.gather(since=desk.ago(days=30))) == ["Title of 9", "Title of 20"]
    assert desk.gather(since=desk.ago(days=30)).issue is None
    assert titles(desk.gather(since=desk.ago(days=500))) == ["Title of 400"]
    desk.blog.publish("new", desk.ago(days=1))
    assert titles(desk.gather(since=desk.ago(days=500))) == ["Title of new"]


def test_asking_for_older_posts_brings_none_that_was_dropped_for_another_reason(desk: Desk) -> None:
    changed_ids(desk)
    desk.gather(old="skip")
    desk.settings = SourceSettings(url="http://blog.example", max_posts=1)
    for name in "xy":
        desk.other.publish(name, desk.ago(days=1))
    desk.gather(desk.other)
    assert desk.gather(desk.blog, desk.other, since=desk.ago(days=500)).issue is None


def test_a_post_without_title_gets_its_first_words(desk: Desk) -> None:
    desk.blog.publish("a", desk.ago(days=1), title="")
    assert titles(desk.gather()) == ["The first words of a."]


class Died(BaseException):
    """Stands for the end of the process."""


class DyingFiles(IssueFolder):
    """The issues folder of a process that ends when it is about to write."""

    def create(self, issue_id: IssueId, text: str) -> bool:
        raise Died


def test_a_process_that_dies_before_the_file_leaves_it_to_the_next_gather(desk: Desk, tmp_path: Path) -> None:
    desk.blog.publish("a", desk.ago(days=1))
    living, desk.files = desk.files, DyingFiles(tmp_path / "issues")
    with pytest.raises(Died):
        desk.gather(slot=FRIDAY)
    assert not living.list()
    desk.files = living
    assert desk.gather().issue is None
    assert "Words of a." in living.read(IssueId("2026-11-27"))


def test_finishing_files_never_replaces_one_of_the_authors(desk: Desk, tmp_path: Path) -> None:
    desk.blog.publish("a", desk.ago(days=1))
    living, desk.files = desk.files, DyingFiles(tmp_path / "issues")
    with pytest.raises(Died):
        desk.gather()
    living.create(IssueId("2026-11-20"), "the author's own")
    assert finish_files(desk.issues, living) == ["2026-11-20"]
    assert living.read(IssueId("2026-11-20")) == "the author's own"
    assert finish_files(desk.issues, living) == []


def test_a_gather_by_hand_writes_the_lost_file_of_a_draft_anew(desk: Desk, tmp_path: Path) -> None:
    desk.blog.publish("a", desk.ago(days=1))
    made = desk.gather(slot=FRIDAY)
    assert made.record is not None
    path = tmp_path / "issues" / "2026-11-27.md"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    again = desk.gather(slot=FRIDAY)
    assert (again.issue, again.record) == (None, made.record)
    assert path.read_text(encoding="utf-8") == text
    (note,) = again.log.notes
    assert note.startswith("issues/2026-11-27.md was missing and is written anew")
    assert "“newsletter cancel 2026-11-27”" in note
    path.unlink()
    assert desk.gather().log.notes == (note,)
    path.write_text("the author's own", encoding="utf-8")
    with pytest.raises(WrongState, match="edit that one"):
        desk.gather(slot=FRIDAY)
    assert path.read_text(encoding="utf-8") == "the author's own"


def test_only_a_draft_gets_its_file_again_and_only_by_hand(desk: Desk, tmp_path: Path) -> None:
    desk.blog.publish("a", desk.ago(days=1))
    desk.gather(slot=FRIDAY)
    path = tmp_path / "issues" / "2026-11-27.md"
    path.unlink()
    with pytest.raises(WrongState):
        desk.gather(slot=FRIDAY, minimum_posts=1)
    desk.issues.set_state(IssueId(path.stem), IssueState.CANCELLED, expected=[IssueState.DRAFT])
    with pytest.raises(WrongState, match="cancelled") as refused:
        desk.gather(slot=FRIDAY)
    assert refused.value.remedy == "make another with “newsletter gather --unscheduled”, of newer posts"
    assert not path.exists()


# --- real feeds ----------------------------------------------------------------------------------

FEEDS = Path(__file__).parents[2].parent / "shared" / "feeds"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as running:
        yield running


def served(server: FeedServer, files: Sequence[Path]) -> tuple[SourceSettings, ...]:
    kinds = {".json": "application/json", ".xml": "text/xml"}
    return tuple(
        SourceSettings(
            url=server.serve(
                f"/{file.name}",
                Answer(
                    body=file.read_bytes(),
                    etag=f'"{file.stem}"',
                    headers={"Content-Type": kinds[file.suffix]},
                ),
            ),
            max_posts=3,
        )
        for file in files
    )


@pytest.mark.skipif(not FEEDS.is_dir(), reason="the collection of real feeds is not beside the checkout")
def test_all_real_feeds_become_one_issue_and_nothing_is_taken_twice(desk: Desk, server: FeedServer) -> None:
    files = sorted(path for path in FEEDS.iterdir() if path.suffix in {".xml", ".json"})
    tables = served(server, files)
    settings = Settings(project=FEEDS, newsletter=NEWSLETTER, sources=tables)
    fetcher = Fetcher(ALLOW_LOOPBACK)
    sources = [ConfiguredSource(source=make_source(t, settings, fetcher), settings=t) for t in tables]

    def run(some: Sequence[ConfiguredSource]) -> Gathered:
        return gather(
            some,
            issues=desk.issues,
            files=desk.files,
            newsletter=NEWSLETTER,
            clock=desk.clock,
            since=datetime(1999, 1, 1, tzinfo=UTC),
        )

    gathered = run(sources)
    assert len(files) == 48
    assert gathered.issue is not None
    seen = {decision.source for decision in gathered.log.decisions}
    without_posts = {"html-not-a-feed.xml", "empty-wp-comments.xml"}
    assert {Path(str(t.url)).name for t in tables if t.url not in seen} == without_posts
    assert [note for note in gathered.log.notes if "html-not-a-feed.xml: is a web page" in note]
    assert len(gathered.log.notes) == 1
    coffee = [d for d in gathered.log.decisions if d.source.endswith("/coffeeread.xml")]
    assert len(coffee) == 7
    text = desk.files.read(gathered.issue.id)
    issue = parse_issue(text, issue_id=gathered.issue.id, path="x", default_theme="x", default_language="x")
    assert len(issue.sections) == len(gathered.issue.sections) > 100

    again = run(sources[:9])
    assert again.issue is None
    assert {decision.decision for decision in again.log.decisions} == {Decision.SEEN_BEFORE}
    conditional = [asked for asked in server.asked if "if-none-match" in asked.headers]
    assert len(conditional) == 9
