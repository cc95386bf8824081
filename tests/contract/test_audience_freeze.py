"""Freezing for an audience: who is in it, who pauses, and who gets the text alone; on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from newsletter.content.audience import read_filter
from newsletter.errors import NeedsAttention
from newsletter.models import AudienceFilter, DeliveryStatus, FrozenIssue, IssueState, SendProgress
from newsletter.store.accounts import SqlAccounts
from newsletter.store.engine import Database
from newsletter.store.readertables import subscriber_tags
from newsletter.store.tables import batches, subscribers
from newsletter.usecases.send import send_issue
from tests.support.ledgers import ISSUE, SENDER, Desk, desk, letter, specs
from tests.support.scripted import ScriptedProvider, plain_recipients

FILTER = read_filter('tag:"north shore" or  tag:b', timezone="UTC", language="en")


@pytest.fixture
def at(database: Database) -> Desk:
    """Ten readers: 1 to 6 with the tag, of whom 2 and 5 want the text alone, as 9 does; 3 pauses."""
    made = desk(database)
    made.subscribe(10)
    made.draft()
    with database.writing() as connection:
        tags = [{"subscriber_id": number, "tag": "north shore"} for number in range(1, 7)]
        connection.execute(insert(subscriber_tags), tags)
        connection.execute(update(subscribers).where(subscribers.c.id.in_((2, 5, 9))).values(text_only=True))
    pause(made, 3)
    return made


def pause(at: Desk, number: int, **span: float) -> None:
    until = at.clock.now() + timedelta(**(span or {"days": 30}))
    with at.database.writing() as connection:
        connection.execute(update(subscribers).where(subscribers.c.id == number).values(paused_until=until))


def freeze(
    at: Desk, audience: AudienceFilter | None = FILTER, *, batch_size: int = 2, canary: float = 0
) -> FrozenIssue:
    return at.ledger.freeze(
        letter(), SENDER, batch_size=batch_size, now=at.clock.now(), canary=canary, audience=audience
    )


def numbers(addresses: list[str]) -> list[int]:
    return [int(address.partition("@")[0].removeprefix("reader")) for address in addresses]


def test_an_audience_is_whom_its_filter_means_less_who_pauses(at: Desk) -> None:
    assert at.subscribers.reach(at.clock.now(), FILTER) == 5
    frozen = freeze(at)
    assert frozen.audience == 5
    assert frozen.audience_filter == 'tag:"north shore" or tag:b'
    assert at.ledger.frozen(ISSUE) == frozen
    assert SqlAccounts(at.database).audience_sha256(ISSUE) == frozen.audience_sha256
    people = list(at.statuses())
    assert numbers(people) == [1, 4, 6, 2, 5]
    places = [at.subscribers.find(spec) for spec in people]
    now = at.clock.now()
    assert [at.subscribers.place(each.id, now, FILTER) for each in places if each] == [1, 2, 3, 4, 5]


def test_an_issue_without_a_filter_is_for_everybody_who_does_not_pause(at: Desk) -> None:
    frozen = freeze(at, None, batch_size=100)
    assert (frozen.audience, frozen.audience_filter) == (9, "")


def test_a_frozen_audience_stays_as_it_is_whatever_is_asked_for_later(at: Desk) -> None:
    frozen = freeze(at)
    again = read_filter("tag:other", timezone="UTC", language="en")
    assert freeze(at, again) == frozen


def test_a_filter_that_means_nobody_freezes_nothing(at: Desk) -> None:
    nobody = read_filter("tag:nobody", timezone="UTC", language="en")
    with pytest.raises(NeedsAttention, match="tag:nobody"):
        freeze(at, nobody)
    assert at.state() is IssueState.DRAFT
    assert freeze(at).audience == 5


def test_a_pause_that_is_over_keeps_nobody_away(at: Desk) -> None:
    pause(at, 3, seconds=0)
    assert freeze(at).audience == 6


def test_who_pauses_after_the_freeze_is_left_out_and_named(at: Desk) -> None:
    freeze(at, batch_size=10)
    pause(at, 4)
    at.unsubscribe("reader6@example.com")
    lease = at.lease()
    assert numbers(specs(at.claim(lease))) == [1]
    progress = at.progress()
    assert (progress.audience, progress.suppressed_since) == (5, 2)
    left = SqlAccounts(at.database).left_out(ISSUE, DeliveryStatus.SUPPRESSED_SINCE)
    assert [(each.address.addr_spec, each.reason) for each in left] == [
        ("reader4@example.com", "paused"),
        ("reader6@example.com", "unsubscribed"),
    ]


def test_who_wants_the_text_alone_gets_it_and_nobody_else_does(at: Desk) -> None:
    freeze(at, None, batch_size=4)
    provider = ScriptedProvider()
    report = send_issue(
        ISSUE,
        ledger=at.ledger,
        providers=[provider],
        personalise=plain_recipients,
        clock=at.clock,
        owner="one",
    )
    assert report.progress == SendProgress(audience=9, submitted=9)
    by_form = {True: [], False: []}  # type: dict[bool, list[int]]
    for email, request in zip(provider.letters, provider.requests, strict=True):
        assert email.text == letter().text
        by_form[bool(email.html)] += numbers([each.address.addr_spec for each in request.recipients])
    assert by_form == {True: [1, 4, 6, 7, 8, 10], False: [2, 5, 9]}


def test_batches_that_are_cut_keep_their_form_and_a_canary_takes_of_both(at: Desk) -> None:
    freeze(at, None, batch_size=100, canary=0.2)
    with at.database.reading() as connection:
        rows = connection.execute(select(batches).order_by(batches.c.first_seq)).all()
    assert [(row.size, row.text_only, row.canary) for row in rows] == [
        (1, False, True),
        (5, False, False),
        (1, True, True),
        (2, True, False),
    ]
    lease = at.lease()
    at.record(at.claim(lease))
    at.record(at.claim(lease))
    at.ledger.end_canary(ISSUE, illness="")
    at.record(at.claim(lease))
    claim = at.claim(lease)
    assert claim.text_only
    at.ledger.split(claim, "413", at.clock.now())
    halves = [at.claim(lease) for _ in range(2)]
    assert [(len(half.deliveries), half.text_only) for half in halves] == [(1, True), (1, True)]
