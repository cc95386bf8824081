"""The sending story over SMTP: whatever a server does, nobody gets two letters, and the ledger knows."""

import shutil
import tempfile
from collections import Counter
from contextlib import closing
from email import message_from_bytes
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import DeliveryStatus, IssueState
from newsletter.providers.smtp import SmtpProvider
from newsletter.providers.smtp_session import Server
from newsletter.store.schema import open_database
from newsletter.usecases.send import send_issue
from tests.support.databases import BORN
from tests.support.ledgers import ISSUE, desk
from tests.support.mailservers import HANG_UP, OFFER, ToldServer
from tests.support.scripted import plain_recipients

READERS, BATCH_SIZE = 12, 5
STEPS = st.sampled_from(
    ["LETTER", "LETTER", "LETTER", "RCPT", "RCPT", "DATA", "CONTENT", "MAIL", "RSET", "EHLO", "GREETING"]
)
REFUSALS = [b"421 4.3.2 bye", b"450 4.2.0 later", b"550 5.1.1 no", b"554 5.7.1 no"]
ANSWERS = st.sampled_from([None, None, None, HANG_UP, HANG_UP, b"no SMTP", *REFUSALS])
some_answers = st.lists(st.tuples(STEPS, ANSWERS), min_size=4, max_size=20)


@cache
def _frozen_file() -> Path:
    path = Path(tempfile.mkdtemp(prefix="newsletter-smtp-")) / "newsletter.db"
    database = open_database(f"sqlite:///{path}", now=BORN)
    desk(database).freeze(READERS, batch_size=BATCH_SIZE)
    database.close()
    return path


@settings(max_examples=15, deadline=None)
@given(answers=some_answers, offer=st.sampled_from([OFFER, OFFER[1:]]))
def test_whatever_a_server_does_nobody_gets_two_letters_and_the_ledger_knows_who_has_one(
    answers: list[tuple[str, bytes | None]], offer: tuple[str, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder, ToldServer(*offer) as told:
        path = shutil.copy(_frozen_file(), folder)
        with closing(open_database(f"sqlite:///{path}", now=BORN)) as database:
            for step, answer in answers:
                told.say(step, answer)
            here = desk(database)
            server = Server(host="127.0.0.1", port=told.port, encryption="none", hello="sender.test")
            with closing(SmtpProvider(server, timeout=5, clock=here.clock)) as provider:
                report = send_issue(
                    ISSUE,
                    ledger=here.ledger,
                    providers=[provider],
                    personalise=plain_recipients,
                    clock=here.clock,
                    owner="one",
                )
            statuses = here.statuses()
    copies = Counter(message_from_bytes(octets)["To"] for octets in told.taken)
    assert not [address for address, count in copies.items() if count > 1]
    with_copy = {status for address, status in statuses.items() if address in copies}
    without = {status for address, status in statuses.items() if address not in copies}
    assert with_copy <= {DeliveryStatus.SUBMITTED, DeliveryStatus.UNCERTAIN}
    assert DeliveryStatus.SUBMITTED not in without
    assert len(statuses) == READERS
    assert report.state in {IssueState.SUBMITTED, IssueState.PAUSED}
