"""Issues, slots and posts over every database: a slot is used once, a post is taken once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from msgspec import convert
from sqlalchemy import select

from newsletter.errors import Busy, NotFound, WrongState
from newsletter.models import (
    Decision,
    DecisionLog,
    IssueId,
    IssueRecord,
    IssueState,
    Post,
    PostDecision,
    PostId,
    SourceId,
    SystemMailKind,
)
from newsletter.store.engine import Database
from newsletter.store.issues import SqlIssueStore
from newsletter.store.restoring import SqlRestoring
from newsletter.store.systemmails import SqlMailQueue
from newsletter.store.tables import posts
from tests.support.clock import FakeClock
from tests.support.databases import BORN

CLOCK = FakeClock()
NOW = CLOCK.now()
FEED, OTHER = SourceId("https://blog.example.com/feed.xml"), SourceId("posts")
ISSUE, SLOT = IssueId("2026-11-27"), "2026-11-27T09:00"


@pytest.fixture
def store(database: Database) -> SqlIssueStore:
    return SqlIssueStore(database)


def post(name: str, source: SourceId = FEED) -> Post:
    return Post(
        id=PostId(name),
        source=source,
        source_name="Blog",
        url=f"https://blog.example.com/{name}",
        title=name.title(),
    )


def decided(name: str, decision: Decision, source: SourceId = FEED) -> PostDecision:
    of = post(name, source)
    published = datetime.fromisoformat("2026-11-20T10:00:00+00:00")
    return PostDecision(
        source=source,
        post=of.id,
        title=of.title,
        url=of.url,
        published=published,
        decision=decision,
        reason="because",
    )


def log(*decisions: PostDecision, at: datetime = NOW) -> DecisionLog:
    return DecisionLog(gathered_at=at, decisions=decisions, notes=("feed: 200 OK",))


LOG = log(
    decided("one", Decision.TAKEN), decided("two", Decision.DROPPED), decided("three", Decision.SEEN_BEFORE)
)


def opened(
    store: SqlIssueStore, issue_id: IssueId = ISSUE, slot: str | None = SLOT, *, notice_to: str = ""
) -> IssueRecord:
    return store.open_issue(
        issue_id,
        slot=slot,
        file_text="# words",
        log=LOG,
        posts=[post("one")],
        states={FEED: b"etag"},
        notice_to=notice_to,
    )


def spent(database: Database) -> list[PostDecision]:
    """What is kept of the feed's posts, in the order in which they were seen."""
    theirs = select(posts).where(posts.c.source == FEED).order_by(posts.c.seen_at, posts.c.post)
    with database.reading() as connection:
        return [convert(row, PostDecision, from_attributes=True) for row in connection.execute(theirs)]


def test_a_new_database_knows_when_it_was_made(store: SqlIssueStore) -> None:
    assert store.created_at() == BORN


def test_an_opened_issue_is_kept_with_its_decisions_and_its_spent_posts(
    store: SqlIssueStore, database: Database
) -> None:
    record = opened(store)
    assert record == IssueRecord(id=ISSUE, state=IssueState.DRAFT, slot=SLOT, created_at=NOW)
    assert store.get(ISSUE) == store.by_slot(SLOT) == record
    assert store.log(ISSUE) == LOG
    assert store.last_gathered_at() == NOW
    assert store.source_state(FEED) == b"etag"
    asked = [PostId(name) for name in ("one", "two", "three", "four")]
    assert store.seen(FEED, asked) == {"one", "two"}
    assert store.seen(OTHER, asked) == set()
    assert spent(database) == [LOG.decisions[0], LOG.decisions[1]]
    taken, dropped = ("https://blog.example.com/one", "One"), ("https://blog.example.com/two", "Two")
    assert store.taken_links([taken, dropped, (taken[0], "Another title")]) == {taken}


def test_the_notice_of_a_draft_is_queued_with_it_or_not_at_all(
    store: SqlIssueStore, database: Database
) -> None:
    opened(store, notice_to="ada@example.org")
    for issue_id, slot in ((ISSUE, None), (IssueId("other"), SLOT)):
        with pytest.raises(Busy):
            opened(store, issue_id, slot, notice_to="ada@example.org")
    mails, notices = SqlMailQueue(database), []
    while notice := mails.claim(NOW):
        notices.append((notice.kind, notice.to.addr_spec, notice.detail))
    assert notices == [(SystemMailKind.DRAFT_READY, "ada@example.org", ISSUE)]


def test_an_issue_that_the_author_gathered_needs_no_notice(store: SqlIssueStore, database: Database) -> None:
    opened(store)
    assert not SqlMailQueue(database).due(NOW)


def test_an_issue_file_is_written_once_even_after_a_crash(store: SqlIssueStore) -> None:
    opened(store)
    assert store.unwritten_files() == {ISSUE: "# words"}
    store.file_written(ISSUE)
    assert store.unwritten_files() == {}
    assert store.gathered_text(ISSUE) == "# words"
    store.adopt(IssueId("own"), None, NOW)
    assert store.gathered_text(IssueId("own")) == store.gathered_text(IssueId("none")) == ""


@pytest.mark.parametrize(
    ("issue_id", "slot"), [(ISSUE, None), (IssueId("other"), SLOT)], ids=["same id", "same slot"]
)
def test_a_taken_id_or_slot_is_busy_and_changes_nothing(
    store: SqlIssueStore, issue_id: IssueId, slot: str | None
) -> None:
    record = opened(store)
    later = log(decided("new", Decision.TAKEN))
    with pytest.raises(Busy):
        store.open_issue(
            issue_id, slot=slot, file_text="", log=later, posts=[post("new")], states={FEED: b"new"}
        )
    assert store.list() == [record]
    assert store.seen(FEED, [PostId("new")]) == set()
    assert store.source_state(FEED) == b"etag"


def test_a_post_is_taken_once_for_ever(store: SqlIssueStore) -> None:
    opened(store)
    with pytest.raises(Busy):
        opened(store, IssueId("next"), None)
    assert store.get(IssueId("next")) is None


def test_the_author_may_take_a_post_out_of_what_is_spent(store: SqlIssueStore) -> None:
    store.open_issue(ISSUE, slot=None, file_text="", log=LOG, posts=[], states={})
    assert store.seen(FEED, [PostId("one")]) == set()


def test_a_skipped_slot_is_used_up_and_spends_no_post(store: SqlIssueStore) -> None:
    record = store.skip_slot(SLOT, ISSUE, LOG, "no new posts")
    assert (record.state, record.note) == (IssueState.SKIPPED, "no new posts")
    assert store.seen(FEED, [PostId("one"), PostId("two")]) == {"two"}
    assert store.log(ISSUE) == LOG
    assert store.unwritten_files() == {}
    assert store.last_gathered_at() is None
    with pytest.raises(Busy):
        opened(store, IssueId("another"))


def test_drops_are_kept_when_no_issue_was_made_and_may_be_repeated(store: SqlIssueStore) -> None:
    for state in (b"1", b"2"):
        store.record_drops(LOG, {FEED: state})
    assert store.seen(FEED, [PostId("one"), PostId("two")]) == {"two"}
    assert store.source_state(FEED) == b"2"
    assert store.list() == []
    assert store.last_gathered_at() is None


def test_a_post_that_was_dropped_may_be_taken_once_and_never_dropped_again(
    store: SqlIssueStore, database: Database
) -> None:
    old, names = decided("one", Decision.DROPPED), [PostId("one"), PostId("two")]
    store.record_drops(log(replace(old, reason="too old")), {})
    assert store.dropped(FEED, names) == {"one": "too old"}
    assert store.dropped(OTHER, names) == {}
    store.record_drops(log(old), {})
    assert store.dropped(FEED, names) == {"one": "because"}
    opened(store)
    assert store.dropped(FEED, names) == {"two": "because"}
    store.record_drops(log(old), {})
    assert store.dropped(FEED, names) == {"two": "because"}
    assert spent(database)[0] == LOG.decisions[0]
    with pytest.raises(Busy):
        opened(store, IssueId("next"), None)


def test_what_was_mailed_since_a_copy_was_made_is_taken_whatever_the_copy_dropped(
    store: SqlIssueStore, database: Database
) -> None:
    store.record_drops(log(decided("one", Decision.DROPPED)), {})
    SqlRestoring(database).take_over(
        ISSUE,
        slot=SLOT,
        state=IssueState.SUBMITTED,
        note="",
        now=NOW,
        posts=[decided(name, Decision.TAKEN) for name in ("one", "two")],
    )
    names = [PostId(name) for name in ("one", "two")]
    assert store.seen(FEED, names) == set(names)
    assert store.dropped(FEED, names) == {}


def test_a_source_state_is_replaced(store: SqlIssueStore) -> None:
    assert store.source_state(FEED) is None
    for state in (b"\x00\xff", b""):
        store.save_source_state(FEED, state, NOW)
        assert store.source_state(FEED) == state


def test_an_adopted_issue_is_a_draft_whose_file_is_there(store: SqlIssueStore) -> None:
    record = store.adopt(ISSUE, SLOT, NOW)
    assert record.state is IssueState.DRAFT
    assert store.adopt(ISSUE, "another slot", NOW + timedelta(days=1)) == record
    assert store.unwritten_files() == {}
    assert store.log(ISSUE) is None
    with pytest.raises(Busy):
        store.adopt(IssueId("thief"), SLOT, NOW)


def test_issues_are_listed_oldest_first_by_state(store: SqlIssueStore) -> None:
    names = ["zebra", "apple", "mango"]
    for name in names:
        store.adopt(IssueId(name), None, NOW)
    store.set_state(IssueId("apple"), IssueState.SCHEDULED, expected=[IssueState.DRAFT])
    assert [record.id for record in store.list()] == names
    assert [record.id for record in store.list(IssueState.DRAFT)] == ["zebra", "mango"]
    assert [record.id for record in store.list(IssueState.DRAFT, IssueState.SCHEDULED)] == names


def test_a_state_changes_only_from_those_expected(store: SqlIssueStore) -> None:
    opened(store)
    store.set_state(ISSUE, IssueState.PAUSED, expected=[IssueState.DRAFT], note="by hand")
    record = store.get(ISSUE)
    assert record is not None
    assert (record.state, record.note) == (IssueState.PAUSED, "by hand")
    with pytest.raises(WrongState, match="is paused"):
        store.set_state(ISSUE, IssueState.CANCELLED, expected=[IssueState.DRAFT, IssueState.FROZEN])
    assert store.get(ISSUE) == record
    with pytest.raises(NotFound):
        store.set_state(IssueId("none"), IssueState.PAUSED, expected=[IssueState.DRAFT])


def test_more_posts_than_one_question_can_hold_are_asked_for_in_several(store: SqlIssueStore) -> None:
    names = [f"post{number}" for number in range(1300)]
    store.record_drops(log(*(decided(name, Decision.DROPPED) for name in names)), {})
    assert store.seen(FEED, map(PostId, [*names, "fresh"])) == set(names)


def test_of_many_who_open_a_slot_one_does(database_url: str, opened: Callable[[str], Database]) -> None:
    stores = [SqlIssueStore(opened(database_url)) for _ in range(6)]

    def attempt(number: int) -> bool:
        try:
            stores[number].adopt(IssueId(f"issue {number}"), SLOT, NOW)
        except Busy:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1
    assert len(stores[0].list()) == 1


def test_times_are_the_instants_that_were_given_whatever_their_zone(
    store: SqlIssueStore, database: Database
) -> None:
    berlin = datetime.fromisoformat("2026-11-27T09:00:00.000001+01:00")
    record = store.adopt(ISSUE, None, berlin)
    assert record.created_at == berlin
    assert record.created_at.utcoffset() == timedelta(0)
    in_order = [berlin - timedelta(microseconds=2), berlin - timedelta(microseconds=1)]
    for moment in reversed(in_order):
        store.record_drops(log(decided(str(moment), Decision.DROPPED), at=moment), {})
    assert [decision.post for decision in spent(database)] == [str(moment) for moment in in_order]


def test_a_decision_without_a_date_is_kept(store: SqlIssueStore, database: Database) -> None:
    undated = replace(decided("undated", Decision.DROPPED), published=None)
    store.record_drops(log(undated), {})
    assert spent(database) == [undated]
