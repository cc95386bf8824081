"""Requests in doubt, settled: the story with a real database and an emulated SendGrid."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from newsletter.config.settings import SendingSettings
from newsletter.drill.sendgrid.emulator import KEY, SendGridEmulator, Step
from newsletter.drill.sendgrid.faults import Kind
from newsletter.errors import ProviderUnavailable, SubmissionUncertain
from newsletter.models import Batch, Claim, IssueState, OpenAttempt, SendProgress, Verdict
from newsletter.providers.outbox import OutboxProvider
from newsletter.providers.sendgrid import SendGridProvider
from newsletter.store import tables
from newsletter.store.engine import Database
from newsletter.store.restoring import SqlRestoring
from newsletter.store.settling import SqlSettling
from newsletter.usecases.reconcile import Decision, Reconciled, reconcile
from tests.support.ledgers import ISSUE, SENDER, Desk, desk, letter
from tests.support.scripted import plain_recipients

ASK = SendingSettings()


@dataclass(kw_only=True)
class Story:
    """A ledger, its provider, and what they are asked again and again."""

    at: Desk
    settling: SqlSettling
    sendgrid: SendGridEmulator
    provider: SendGridProvider

    def submit(self, step: Step = Kind.ACCEPT, *, cancelable: bool = False) -> Claim:
        """The next request: answered and recorded, or lost and in doubt."""
        lease = self.at.take_over()
        claim = self.at.claim(lease)
        batch = Batch(
            id=claim.batch_id,
            issue_id=ISSUE,
            attempt=claim.attempt,
            recipients=plain_recipients(claim.deliveries),
        )
        values: dict[str, object] = {"provider": "sendgrid"}
        if cancelable:
            send_at = self.at.clock.now() + timedelta(minutes=20)
            batch = replace(batch, cancel_id=self.provider.new_cancel_id(), send_at=send_at)
            values |= {"cancel_id": batch.cancel_id, "send_at": send_at}
        with self.at.database.writing() as connection:
            mine = update(tables.attempts).where(tables.attempts.c.id == claim.attempt)
            connection.execute(mine.values(values))
        self.sendgrid.script(step)
        try:
            self.at.record(claim, list(self.provider.submit(letter(), SENDER, batch)))
        except SubmissionUncertain as error:
            self.at.ledger.mark_uncertain(claim, detail=str(error), now=self.at.clock.now())
        self.at.ledger.finish(lease, ISSUE, self.at.clock.now())
        return claim

    def take_events(self, *, of: str = "") -> None:
        """What SendGrid tells of the letters that it mailed, of all attempts or of one."""
        told = [event for event in self.sendgrid.events() if of in {"", event["nl_att"]}]
        rows = [
            {
                "provider": "sendgrid",
                "provider_event_id": event["sg_event_id"],
                "fingerprint": event["sg_event_id"],
                "type": "delivered" if event["event"] == "delivered" else "submitted",
                "occurred_at": self.at.clock.now(),
                "received_at": self.at.clock.now(),
                "delivery_id": event["nl_rid"],
                "attempt_id": event["nl_att"],
                "addr_spec": event["email"],
                "permanent": False,
                "raw": json.dumps(event),
            }
            for event in told
        ]
        with self.at.database.writing() as connection:
            connection.execute(insert(tables.provider_events), rows)

    def reconcile(
        self, settings: SendingSettings = ASK, decision: Decision | None = None, *, asked: bool = True
    ) -> Reconciled:
        return reconcile(
            settling=self.settling,
            evidence=self.provider if asked else None,
            provider="sendgrid",
            settings=settings,
            clock=self.at.clock,
            issue_id=ISSUE,
            decision=decision,
        )


@contextmanager
def told(database: Database, *, readers: int = 6, batch_size: int = 3) -> Iterator[Story]:
    """A story about a frozen issue."""
    at = desk(database)
    at.freeze(readers, batch_size=batch_size)
    with SendGridEmulator(clock=at.clock) as sendgrid:
        provider = SendGridProvider(api_key=KEY, base_url=sendgrid.url, timeout=1, now=at.clock.now)
        with closing(provider):
            yield Story(at=at, settling=SqlSettling(database), sendgrid=sendgrid, provider=provider)


@pytest.fixture
def story(database: Database) -> Iterator[Story]:
    with told(database) as story:
        yield story


def test_the_logs_settle_a_request_whose_answer_was_lost(story: Story) -> None:
    story.submit(Kind.ACCEPT_THEN_CLOSE)
    story.submit()
    found = story.reconcile()
    assert (found.settled, found.uncertain, found.attention) == (3, 0, False)
    assert found.done[0].startswith("2026-11-27: 3 recipients submitted: SendGrid's logs hold ")
    assert story.at.progress() == SendProgress(audience=6, submitted=6)
    assert story.reconcile() == Reconciled()


def test_events_settle_before_anybody_is_asked(story: Story) -> None:
    story.submit(Kind.ACCEPT_THEN_CLOSE)
    story.take_events()
    found = story.reconcile()
    assert found.done == ("3 recipients submitted, as events say",)
    assert not story.sendgrid.asked


def test_who_is_called_back_in_time_gets_the_letter_by_the_next_request(story: Story) -> None:
    story.submit(Kind.ACCEPT_THEN_CLOSE, cancelable=True)
    found = story.reconcile()
    assert found.done == ("2026-11-27: 3 recipients pending again: called back 20 minutes before its time",)
    for _ in range(2):
        story.submit(cancelable=True)
    story.at.clock.advance(hours=1)
    assert story.at.state() is IssueState.SUBMITTED
    assert story.at.progress() == SendProgress(audience=6, submitted=6)
    assert set(story.sendgrid.copies_per_person().values()) == {1}
    assert len(story.sendgrid.copies()) == 6
    assert len(story.sendgrid.cancelled()) == 3


def test_what_nobody_knows_waits_and_then_asks(story: Story) -> None:
    story.submit(Kind.CLOSE_BEFORE_READING)
    waiting = story.reconcile()
    assert (waiting.done, waiting.settled, waiting.uncertain, waiting.attention) == ((), 0, 3, False)
    assert "evidence is waited for until 2026-11-28 08:01 UTC" in waiting.open[0]
    story.at.clock.advance(days=1)
    asking = story.reconcile()
    assert (asking.uncertain, asking.attention) == (3, True)
    assert "“newsletter reconcile 2026-11-27 --assume-submitted”" in asking.open[0]
    assert story.at.progress().uncertain == 3


@pytest.mark.parametrize(
    ("decision", "counted"),
    [(Decision.ASSUME_SUBMITTED, {"unknown": 3}), (Decision.RESEND, {"pending": 3})],
)
def test_a_person_decides_about_what_evidence_leaves_open(
    story: Story, decision: Decision, counted: dict[str, int]
) -> None:
    story.submit(Kind.CLOSE_BEFORE_READING)
    story.submit(Kind.ACCEPT_THEN_CLOSE)
    found = story.reconcile(decision=decision)
    assert (found.settled, found.uncertain, found.issues) == (6, 0, frozenset({ISSUE}))
    assert story.at.progress() == SendProgress(audience=6, submitted=3, **counted)


def test_silence_leads_to_a_second_request_only_while_the_webhook_is_known_to_work(story: Story) -> None:
    resend = SendingSettings(uncertain="resend")
    story.submit(Kind.CLOSE_BEFORE_READING)
    other = story.submit()
    story.at.clock.advance(days=1, hours=1)
    assert story.reconcile(resend).attention
    assert story.at.progress().uncertain == 3
    story.take_events(of=other.attempt)
    found = story.reconcile(resend)
    assert (found.settled, found.attention) == (3, False)
    assert story.at.progress() == SendProgress(audience=6, submitted=3, pending=3)
    story.submit()
    assert set(story.sendgrid.copies_per_person().values()) == {1}


def test_a_provider_that_is_away_is_asked_once_in_a_round(story: Story) -> None:
    for _ in range(2):
        story.submit(Kind.ACCEPT_THEN_CLOSE)
    story.sendgrid.script("throttle_plain", path="/v3/logs")
    found = story.reconcile()
    assert (found.uncertain, found.settled) == (6, 0)
    assert all("could not be asked: SendGrid asks for a pause" in line for line in found.open)
    assert sum(story.sendgrid.asked.values()) == 1
    assert story.reconcile().settled == 6


def test_a_provider_is_not_asked_about_the_requests_of_another(story: Story) -> None:
    claim = story.submit(Kind.ACCEPT_THEN_CLOSE)
    with story.at.database.writing() as connection:
        mine = update(tables.attempts).where(tables.attempts.c.id == claim.attempt)
        connection.execute(mine.values(provider="smtp"))
    assert "it went through smtp" in story.reconcile().open[0]
    assert not story.sendgrid.asked


def test_one_who_settles_at_the_same_time_is_not_counted_twice(story: Story) -> None:
    story.submit(Kind.ACCEPT_THEN_CLOSE)

    class Overtaken:
        def verdict(self, attempt: OpenAttempt, now: object) -> tuple[Verdict, str]:
            assert story.settling.settle(attempt.id, Verdict.ACCEPTED, "first", story.at.clock.now()) == 3
            return Verdict.VOID, "second"

    found = reconcile(
        settling=story.settling,
        evidence=Overtaken(),
        provider="sendgrid",
        settings=ASK,
        clock=story.at.clock,
    )
    assert found == Reconciled()
    assert story.at.progress().submitted == 3


# --- after an old copy of the database was put back -----------------------------------------------


def restore(story: Story) -> None:
    """The database as it was before the requests that were made; what was pending is in doubt."""
    with story.at.database.writing() as connection:
        connection.execute(tables.attempts.delete())
        connection.execute(
            tables.batches.update().values(
                state="pending", pending=tables.batches.c.size, submitted=0, uncertain=0, attempt=None
            )
        )
        connection.execute(tables.issues.update().values(state="submitting", submitted_at=None))
    now = story.at.clock.now()
    SqlRestoring(story.at.database).doubt_pending("restored", provider="sendgrid", now=now)
    assert story.at.progress().uncertain == 6


def test_events_of_requests_that_nobody_remembers_vouch_for_their_recipients(story: Story) -> None:
    story.submit()
    restore(story)
    story.take_events()
    found = story.reconcile(asked=False)
    assert (found.settled, found.uncertain) == (3, 3)
    assert list(story.at.statuses().values()) == ["submitted"] * 3 + ["uncertain"] * 3


def test_another_newsletters_events_vouch_for_nobody(story: Story) -> None:
    story.submit()
    restore(story)
    story.take_events()
    with story.at.database.writing() as connection:
        connection.execute(tables.provider_events.update().values(addr_spec="somebody@else.example"))
    assert story.reconcile(asked=False).settled == 0


def test_the_logs_vouch_for_recipients_whose_request_nobody_remembers(story: Story) -> None:
    story.submit()
    restore(story)
    story.at.clock.advance(days=2)
    found = story.reconcile(SendingSettings(uncertain="resend"))
    assert (found.settled, found.uncertain, found.attention) == (3, 3, True)
    assert list(story.at.statuses().values()) == ["submitted"] * 3 + ["uncertain"] * 3


def test_a_batch_of_which_only_a_part_was_handed_over_stays_in_doubt(database: Database) -> None:
    with told(database, readers=6, batch_size=3) as story:
        story.submit()
        with story.at.database.writing() as connection:
            connection.execute(tables.batches.delete().where(tables.batches.c.first_seq == 4))
            connection.execute(tables.batches.update().values(last_seq=6, size=6, submitted=6))
        restore(story)
        story.take_events()
        assert story.reconcile().settled == 0
        assert story.at.progress().uncertain == 6


# --- the outbox -----------------------------------------------------------------------------------


def test_the_outbox_tells_by_its_files(story: Story, tmp_path_factory: pytest.TempPathFactory) -> None:
    outbox = OutboxProvider(tmp_path_factory.mktemp("outbox"), story.at.clock)
    claim = story.submit(Kind.CLOSE_BEFORE_READING)
    with story.at.database.writing() as connection:
        connection.execute(update(tables.attempts).values(provider="outbox"))
    found = reconcile(
        settling=story.settling, evidence=outbox, provider="outbox", settings=ASK, clock=story.at.clock
    )
    assert found.done == ("2026-11-27: 3 recipients pending again: the outbox lacks 3 letters of it",)
    assert len(claim.deliveries) == 3


def test_a_host_that_is_away_leaves_everything_as_it_is(story: Story) -> None:
    story.submit(Kind.ACCEPT_THEN_CLOSE)

    class Away:
        def verdict(self, attempt: OpenAttempt, now: object) -> tuple[Verdict, str]:
            raise ProviderUnavailable("api.sendgrid.com cannot be reached")

    found = reconcile(
        settling=story.settling,
        evidence=Away(),
        provider="sendgrid",
        settings=ASK,
        clock=story.at.clock,
    )
    assert (found.uncertain, found.attention) == (3, False)
    assert "cannot be reached" in found.open[0]
