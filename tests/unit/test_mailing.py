"""Handing over the program's own mails: each once, whatever the provider says."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from newsletter.errors import ProviderError, ProviderRefused, ProviderUnavailable, SubmissionUncertain
from newsletter.models import (
    Address,
    DeliveryId,
    Recipient,
    SendOutcome,
    SendStatus,
    SystemMail,
    SystemMailKind,
    SystemMailState,
)
from newsletter.usecases.mailing import Composed, send_system_mails
from tests.support.clock import FakeClock
from tests.support.ledgers import SENDER, letter
from tests.support.scripted import ScriptedProvider

MAIL = SystemMail(
    number=1,
    kind=SystemMailKind.CONFIRMATION,
    to=Address(addr_spec="noor@example.org"),
    subscriber_id=None,
    created_at=datetime(2026, 11, 27, tzinfo=UTC),
    tries=1,
)


class Queue:
    """A queue of one mail that remembers what it was told."""

    def __init__(self) -> None:
        self.mails = [MAIL]
        self.told: list[object] = []

    def due(self, now: datetime) -> bool:
        return bool(self.mails)

    def recover(self, now: datetime) -> int:
        return 0

    def uncertain(self, since: datetime) -> int:
        return 0

    def claim(self, now: datetime) -> SystemMail | None:
        return self.mails.pop() if self.mails else None

    def finish(
        self, mail: SystemMail, state: SystemMailState, now: datetime, *, message_id: str = "", why: str = ""
    ) -> None:
        self.told.append(state)

    def put_back(self, mail: SystemMail, retry_at: datetime) -> None:
        self.told.append("put back")


def composed(_mail: SystemMail) -> Composed:
    recipient = Recipient(delivery_id=DeliveryId("system.1"), address=MAIL.to, merge_data={}, headers={})
    return Composed(email=letter(), sender=SENDER, recipient=recipient)


def run(*steps: ProviderError | SendStatus) -> list[object]:
    queue = Queue()

    def answer(status: SendStatus) -> Sequence[SendOutcome]:
        return [SendOutcome(delivery_id=DeliveryId("system.1"), status=status)]

    script = [
        step if isinstance(step, ProviderError) else (lambda _batch, status=step: answer(status))
        for step in steps
    ]
    send_system_mails(
        queue,
        make_provider=lambda: ScriptedProvider(*script),
        compose=composed,
        clock=FakeClock(),
        stopped=lambda: False,
    )
    return queue.told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (SendStatus.SUBMITTED, SystemMailState.SUBMITTED),
        (SendStatus.REJECTED, SystemMailState.REFUSED),
        (SendStatus.UNCERTAIN, SystemMailState.UNCERTAIN),
        (SendStatus.UNAVAILABLE, "put back"),
        (ProviderUnavailable("away"), "put back"),
        (ProviderRefused("a wrong key"), SystemMailState.REFUSED),
        (SubmissionUncertain("no answer"), SystemMailState.UNCERTAIN),
    ],
)
def test_only_what_was_not_accepted_is_tried_again(answer: ProviderError | SendStatus, told: object) -> None:
    assert run(answer) == [told]


def test_a_mail_that_nobody_wants_is_dropped() -> None:
    queue = Queue()
    send_system_mails(
        queue,
        make_provider=ScriptedProvider,
        compose=lambda _mail: None,
        clock=FakeClock(),
        stopped=lambda: False,
    )
    assert queue.told == [SystemMailState.REFUSED]
