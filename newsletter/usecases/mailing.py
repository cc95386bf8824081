"""Handing over the mails that are no letters, each once."""

import secrets
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from newsletter.errors import NewsletterError, ProviderError, ProviderRefused, ProviderUnavailable
from newsletter.models import (
    AttemptId,
    Batch,
    BatchId,
    IssueId,
    Recipient,
    Recipients,
    RenderedEmail,
    Sender,
    SendOutcome,
    SendStatus,
    SystemMail,
    SystemMailState,
)
from newsletter.ports import Clock, MailQueue, Provider

SYSTEM = IssueId("system")
"""Stands for the issue where a provider wants one."""
FIRST_WAIT = 30.0
LONGEST_WAIT = 3600.0
"""Seconds before a mail is tried again that the provider could not take; doubled each time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Composed:
    """A mail as it is handed over."""

    email: RenderedEmail
    sender: Sender
    recipient: Recipient


def send_system_mails(
    queue: MailQueue,
    *,
    make_provider: Callable[[], Provider],
    compose: Callable[[SystemMail], Composed | None],
    clock: Clock,
    stopped: Callable[[], bool],
) -> int:
    """How many mails were handed over, when none is due any more. The caller holds the queue's lease.

    `compose` answers None for a mail that nobody wants any more.
    """
    queue.recover(clock.now())
    mail = queue.claim(clock.now())
    if mail is None:
        return 0
    count = 0
    with closing(make_provider()) as provider:
        while mail is not None:
            count += _hand_over(mail, queue, provider, compose, clock)
            mail = None if stopped() else queue.claim(clock.now())
    return count


def _hand_over(
    mail: SystemMail,
    queue: MailQueue,
    provider: Provider,
    compose: Callable[[SystemMail], Composed | None],
    clock: Clock,
) -> bool:
    """Whether the provider took it."""
    try:
        composed = compose(mail)
    except NewsletterError as error:  # such as an issue file that was broken meanwhile
        queue.finish(mail, SystemMailState.REFUSED, clock.now(), why=str(error))
        return False
    if composed is None:
        queue.finish(mail, SystemMailState.REFUSED, clock.now(), why="nobody wants it any more")
        return False
    batch = Batch(
        id=BatchId(0),
        issue_id=SYSTEM,
        attempt=AttemptId(secrets.token_hex(16)),
        recipients=Recipients.of([composed.recipient]),
    )
    try:
        outcome = provider.submit(composed.email, composed.sender, batch)[0]
    except ProviderUnavailable as error:
        _wait(mail, queue, clock, error.retry_after)
    except ProviderRefused as error:
        queue.finish(mail, SystemMailState.REFUSED, clock.now(), why=str(error))
    except ProviderError as error:
        queue.finish(mail, SystemMailState.UNCERTAIN, clock.now(), why=str(error))
    else:
        return _written_down(outcome, mail, queue, clock)
    return False


def _written_down(outcome: SendOutcome, mail: SystemMail, queue: MailQueue, clock: Clock) -> bool:
    """Whether the provider took it; what it said of the recipient is in the queue."""
    if outcome.status is SendStatus.UNAVAILABLE:
        _wait(mail, queue, clock, None)
        return False
    state = {
        SendStatus.SUBMITTED: SystemMailState.SUBMITTED,
        SendStatus.REJECTED: SystemMailState.REFUSED,
        SendStatus.UNCERTAIN: SystemMailState.UNCERTAIN,
    }[outcome.status]
    queue.finish(mail, state, clock.now(), message_id=outcome.provider_message_id, why=outcome.detail)
    return state is SystemMailState.SUBMITTED


def _wait(mail: SystemMail, queue: MailQueue, clock: Clock, told: float | None) -> None:
    seconds = told or min(FIRST_WAIT * 2.0 ** (mail.tries - 1), LONGEST_WAIT)
    queue.put_back(mail, clock.now() + timedelta(seconds=seconds))
