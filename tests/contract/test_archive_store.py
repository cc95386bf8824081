"""What everybody may read, on both databases."""

import pytest

from newsletter.models import IssueId, IssueState
from newsletter.store.archive import SqlArchive
from newsletter.store.engine import Database
from tests.support.ledgers import ISSUE, SENDER, Desk, accepted, desk, letter, rejected


@pytest.fixture
def seen(database: Database) -> Desk:
    return desk(database)


@pytest.fixture
def archive(database: Database) -> SqlArchive:
    return SqlArchive(database)


def is_listed(archive: SqlArchive) -> bool:
    """Whether the issue is in the list; letters and texts must say the same."""
    listed = [issue.id for issue in archive.list()] == [ISSUE]
    assert [each.issue.id for each in archive.letters([ISSUE])] == [ISSUE] * listed
    assert list(archive.texts([ISSUE])) == [ISSUE] * listed
    return listed


def test_an_issue_is_read_from_the_first_submitted_letter_on(seen: Desk, archive: SqlArchive) -> None:
    seen.subscribe(4)
    seen.draft()
    assert not is_listed(archive)
    assert archive.letter(ISSUE) is None
    seen.ledger.freeze(letter(), SENDER, batch_size=2, now=seen.clock.now())
    assert not is_listed(archive)
    assert archive.letter(ISSUE) is None
    claim = seen.claim(seen.lease())
    assert not is_listed(archive)
    assert archive.letter(ISSUE) is not None  # its letters may be in mailboxes before the answer is here
    seen.record(claim)
    assert is_listed(archive)
    kept = archive.letter(ISSUE)
    assert kept is not None
    assert kept.html == letter().html
    assert archive.texts([ISSUE])[ISSUE] == letter().text


def test_an_issue_paused_before_anything_was_submitted_is_nowhere(seen: Desk, archive: SqlArchive) -> None:
    seen.freeze(2, batch_size=2)
    claim = seen.claim(seen.lease())
    seen.ledger.refuse(claim, detail="401", now=seen.clock.now())
    assert not is_listed(archive)
    assert archive.letter(ISSUE) is None


def test_an_issue_paused_later_stays_readable_and_a_cancelled_one_does_not(
    seen: Desk, archive: SqlArchive
) -> None:
    seen.freeze(4, batch_size=2)
    seen.record(seen.claim(seen.lease()))
    seen.ledger.pause(ISSUE, note="by hand")
    assert is_listed(archive)
    seen.issues.set_state(ISSUE, IssueState.CANCELLED, expected=[IssueState.PAUSED])
    assert not is_listed(archive)
    assert archive.letter(ISSUE) is None


def test_what_may_have_been_accepted_is_readable_and_what_was_rejected_is_not(
    seen: Desk, archive: SqlArchive
) -> None:
    seen.freeze(4, batch_size=2)
    lease = seen.lease()
    claim = seen.claim(lease)
    seen.record(claim, rejected(claim, 0, 1))
    assert not is_listed(archive)
    seen.ledger.mark_uncertain(seen.claim(lease), detail="time-out", now=seen.clock.now())
    assert is_listed(archive)


def test_the_newest_comes_first(seen: Desk, archive: SqlArchive) -> None:
    seen.subscribe(1)
    for name in ("2026-12-04", "2026-11-27", "2026-12-11"):
        issue_id = IssueId(name)
        seen.draft(issue_id)
        seen.ledger.freeze(letter(issue_id), SENDER, batch_size=10, now=seen.clock.now())
        lease = seen.ledger.acquire(name, owner="o", ttl=60, now=seen.clock.now())
        claim = seen.ledger.claim(lease, issue_id, ttl=60, now=seen.clock.now())
        seen.record(claim, accepted(claim))  # type: ignore[arg-type]
        seen.clock.advance(seconds=60)
    ids = [issue.id for issue in archive.list()]
    assert ids == ["2026-12-11", "2026-11-27", "2026-12-04"]
    wanted = [ids[2], IssueId("2026-01-01"), ids[0]]
    assert [each.issue.id for each in archive.letters(wanted)] == [ids[2], ids[0]]
