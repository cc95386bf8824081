"""A process killed while it calls a request back: the next one goes on, and nobody gets two letters."""

import signal
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from newsletter.drill.sendgrid.emulator import KEY, SendGridEmulator
from newsletter.drill.sendgrid.faults import Kind
from newsletter.errors import SubmissionUncertain
from newsletter.models import Batch, SendProgress
from newsletter.providers.sendgrid import SendGridProvider
from newsletter.store import tables
from newsletter.store.schema import open_database
from tests.support.clock import FakeClock
from tests.support.databases import BORN
from tests.support.ledgers import ISSUE, SENDER, Desk, desk, letter
from tests.support.project import Project, make_project
from tests.support.scripted import plain_recipients
from tests.support.sender_process import real_now

READERS = 3


def submit(at: Desk, sendgrid: SendGridEmulator, fate: Kind) -> None:
    """A request that can be called back, with the answer that it meets written down."""
    lease = at.lease()
    claim = at.claim(lease)
    people = plain_recipients(claim.deliveries)
    whole = Batch(id=claim.batch_id, issue_id=ISSUE, attempt=claim.attempt, recipients=people)
    with closing(
        SendGridProvider(api_key=KEY, base_url=sendgrid.url, timeout=5, now=at.clock.now)
    ) as provider:
        cancel_id, send_at = provider.new_cancel_id(), at.clock.now() + timedelta(minutes=20)
        values = {"cancel_id": cancel_id, "send_at": send_at, "provider": "sendgrid"}
        with at.database.writing() as connection:
            mine = update(tables.attempts).where(tables.attempts.c.id == claim.attempt)
            connection.execute(mine.values(values))
        sendgrid.script(fate)
        try:
            at.record(
                claim,
                list(provider.submit(letter(), SENDER, replace(whole, cancel_id=cancel_id, send_at=send_at))),
            )
        except SubmissionUncertain as error:
            at.ledger.mark_uncertain(claim, detail=str(error), now=at.clock.now())
    at.ledger.drop(lease)


def reconcile(project: Project, fault: str = "") -> tuple[int, str]:
    """How the process ended, and what it said."""
    project.environment["NEWSLETTER_FAULT"] = fault
    process = project.start("reconcile", ISSUE)
    out, _ = process.communicate(timeout=60)
    return process.returncode, out


@pytest.mark.parametrize("point", ["before-cancel", "after-cancel"])
def test_a_kill_while_a_request_is_called_back(tmp_path: Path, point: str) -> None:
    project = make_project(tmp_path / "letter")
    with SendGridEmulator() as sendgrid:
        text = project.settings.read_text(encoding="utf-8").replace("outbox", "sendgrid")
        text += f'\n[provider.sendgrid]\nbase_url = "{sendgrid.url}"\n'
        project.settings.write_text(text, encoding="utf-8")
        project.environment["SENDGRID_API_KEY"] = KEY
        url = f"sqlite:///{project.folder}/data/newsletter.db"
        with closing(open_database(url, now=BORN)) as database:
            at = desk(database, FakeClock(real_now()))
            at.freeze(READERS, batch_size=READERS)
            submit(at, sendgrid, Kind.ACCEPT_THEN_CLOSE)
            assert reconcile(project, point) == (-signal.SIGKILL, "")
            assert at.progress() == SendProgress(audience=READERS, uncertain=READERS)
            status, said = reconcile(project)
            assert (status, "3 recipients pending again" in said) == (0, True)
            assert reconcile(project) == (0, "")
            submit(at, sendgrid, Kind.ACCEPT)
            sendgrid.advance(hours=1)
            assert at.progress() == SendProgress(audience=READERS, submitted=READERS)
            assert set(sendgrid.copies_per_person().values()) == {1}
            assert len(sendgrid.copies_per_person()) == len(sendgrid.cancelled()) == READERS
