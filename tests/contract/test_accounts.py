"""What a person may ask of a frozen issue, on both databases."""

from datetime import timedelta

import pytest

from newsletter.models import DeliveryStatus, Pace, Window
from newsletter.store.accounts import SqlAccounts
from newsletter.store.engine import Database
from tests.support.ledgers import ISSUE, Desk, accepted, desk, rejected


@pytest.fixture
def seen(database: Database) -> Desk:
    return desk(database)


@pytest.fixture
def accounts(database: Database) -> SqlAccounts:
    return SqlAccounts(database)


def addresses(accounts: SqlAccounts, status: DeliveryStatus) -> list[str]:
    return [each.address.addr_spec for each in accounts.left_out(ISSUE, status)]


def test_the_frozen_list_gives_the_digest_that_was_taken_when_it_was_frozen(
    seen: Desk, accounts: SqlAccounts
) -> None:
    frozen = seen.freeze(5, batch_size=2)
    assert accounts.audience_sha256(ISSUE) == frozen.audience_sha256
    seen.unsubscribe("reader2@example.com")
    assert accounts.audience_sha256(ISSUE) == frozen.audience_sha256


def test_everybody_is_in_one_group_and_named_with_the_reason(seen: Desk, accounts: SqlAccounts) -> None:
    seen.freeze(6, batch_size=2)
    seen.unsubscribe("reader1@example.com")
    lease = seen.lease()
    seen.record(seen.claim(lease))
    claim = seen.claim(lease)
    seen.record(claim, [accepted(claim)[0], *rejected(claim, 1)])
    seen.ledger.mark_uncertain(seen.claim(lease), detail="502", now=seen.clock.now())
    assert addresses(accounts, DeliveryStatus.SUPPRESSED_SINCE) == ["reader1@example.com"]
    (out,) = accounts.left_out(ISSUE, DeliveryStatus.REJECTED)
    assert (out.address.addr_spec, out.detail) == ("reader4@example.com", "no such box")
    assert addresses(accounts, DeliveryStatus.UNCERTAIN) == ["reader5@example.com", "reader6@example.com"]
    assert addresses(accounts, DeliveryStatus.UNKNOWN) == []
    assert [each.status for each in accounts.people(ISSUE)] == [
        "suppressed_since",
        "submitted",
        "submitted",
        "rejected",
        "uncertain",
        "uncertain",
    ]


def test_each_request_is_told_with_what_became_of_it(seen: Desk, accounts: SqlAccounts) -> None:
    seen.freeze(4, batch_size=2)
    lease = seen.lease()
    seen.release(seen.claim(lease))
    seen.clock.advance(seconds=11)
    seen.record(seen.claim(lease))
    seen.claim(lease)
    made = list(accounts.requests(ISSUE))
    assert [request.state for request in made] == ["released", "accepted", "inflight"]
    assert [request.number for request in made] == sorted({request.number for request in made})
    assert accounts.movement(ISSUE, seen.clock.now()).open_requests == 1


def test_the_rate_is_that_of_the_last_minute(seen: Desk, accounts: SqlAccounts) -> None:
    seen.freeze(40, batch_size=20)
    lease = seen.lease()
    claim = seen.claim(lease)
    seen.clock.advance(seconds=10)
    seen.record(claim)
    assert accounts.movement(ISSUE, seen.clock.now()).rate == 2.0
    seen.clock.advance(minutes=2)
    assert accounts.movement(ISSUE, seen.clock.now()).rate == 0.0


def test_a_wait_is_told_with_the_provider_s_words_or_the_pace_s(seen: Desk, accounts: SqlAccounts) -> None:
    seen.freeze(4, batch_size=2)
    lease = seen.lease()
    now = seen.clock.now()
    seen.release(seen.claim(lease), seconds=30)
    told = accounts.movement(ISSUE, now)
    assert (told.waits_until, told.why) == (now + timedelta(seconds=30), "429")
    seen.clock.advance(seconds=31)
    assert accounts.movement(ISSUE, seen.clock.now()).waits_until is None
    pace = Pace(provider="scripted", rate=Window(recipients=2, seconds=60))
    claim = seen.next_claim(lease, pace=pace)
    assert claim is not None
    told = accounts.movement(ISSUE, seen.clock.now(), pace=pace)
    assert told.waits_until == seen.clock.now() + timedelta(seconds=60)
    assert "sending.rate" in told.why
