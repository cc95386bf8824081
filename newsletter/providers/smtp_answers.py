"""A mail server's replies → the outcomes, or the error that says what may be done next: pure.

Replies and what they mean: RFC 5321 §4.2 and §4.3.2; enhanced status codes: RFC 3463.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from newsletter.errors import ProviderError, ProviderRefused, ProviderUnavailable
from newsletter.models import Recipient, RejectReason, SendOutcome, SendStatus
from newsletter.providers.words import without_secrets

MAX_REFUSED_LETTERS = 3
"""So many refusals for the letter's sake before anybody has been accepted: it is not the recipients."""
_ENHANCED = re.compile(r"5\.(\d{1,3})\.(\d{1,3})\b")
_REASONS = {"1": RejectReason.INVALID, "2": RejectReason.BOUNCED, "7": RejectReason.BLOCKED}
"""By the subject of an enhanced status (RFC 3463 §3): addressing, mailbox, policy."""
_UNKNOWN_MAILBOX = frozenset({550, 551, 553})
"""RFC 5321 §4.2.3, when a server gives no enhanced status to RCPT."""
_SUBJECT_POLICY, _SUBJECT_SYSTEM = "7", "3"


class Step(StrEnum):
    """What a reply is to, in the order of a session."""

    GREETING = "the connection"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "the login"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    LETTER = "the letter"
    """The whole letter, its final dot included, had left before this reply was waited for."""
    OTHER = "NOOP, RSET or QUIT"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A server's reply; `code` is 0 when none came, and `words` then say why."""

    step: Step
    code: int
    words: str

    @property
    def is_good(self) -> bool:
        """Whether the session may take its next step."""
        return self.code // 100 == (3 if self.step is Step.DATA else 2)

    @property
    def refuses(self) -> bool:
        """Whether trying the same again is no use."""
        return self.code // 100 == 5

    @property
    def ends_session(self) -> bool:
        """Whether nothing more can be said to this server, or not so that both mean the same."""
        return self.code == 421 or not (self.is_good or self.code // 100 in {4, 5})

    @property
    def subject(self) -> str:
        """The second number of the enhanced status of a refusal, empty when it has none."""
        enhanced = _ENHANCED.match(self.words)
        return enhanced[1] if enhanced else ""


def goes_on(replies: Sequence[Reply]) -> bool:
    """Whether the next recipient's letter is worth trying, after one reply for each earlier one."""
    last = replies[-1]
    for_everybody = last.step is Step.MAIL and not last.is_good
    return not (last.ends_session or for_everybody or _refuse_the_letter(replies))


def outcomes(replies: Sequence[Reply], recipients: Sequence[Recipient], server: str) -> list[SendOutcome]:
    """One outcome per recipient, in order; those behind the last reply were not handed over.

    Raises ProviderRefused or ProviderUnavailable when nobody was accepted or rejected, and what the
    server said last concerns everybody; no text holds an address.
    """
    found = [_outcome(*pair, server) for pair in zip(replies, recipients, strict=False)]
    statuses, last = {outcome.status for outcome in found}, replies[-1]
    for_everybody = statuses == {SendStatus.UNAVAILABLE} and not goes_on(replies)
    if _refuse_the_letter(replies) or (for_everybody and last.refuses):
        raise ProviderRefused(_told(last, server, recipients), remedy=_remedy(last))
    if for_everybody:
        raise ProviderUnavailable(_told(last, server, recipients))
    return found + _not_handed_over(recipients[len(found) :], replies, server)


def opening_error(reply: Reply, server: str) -> ProviderError:
    """What a reply means that no session can begin with."""
    text = _told(reply, server)
    return ProviderRefused(text, remedy=_remedy(reply)) if reply.refuses else ProviderUnavailable(text)


def _not_handed_over(rest: Sequence[Recipient], replies: Sequence[Reply], server: str) -> list[SendOutcome]:
    if not rest:
        return []
    slow = f"{server} took so long that the others wait for the next request"
    detail = slow if goes_on(replies) else _told(replies[-1], server, rest)
    return [
        SendOutcome(delivery_id=each.delivery_id, status=SendStatus.UNAVAILABLE, detail=detail)
        for each in rest
    ]


def _outcome(reply: Reply, recipient: Recipient, server: str) -> SendOutcome:
    status = _status(reply)
    accepted = status is SendStatus.SUBMITTED
    return SendOutcome(
        delivery_id=recipient.delivery_id,
        status=status,
        provider_message_id=recipient.headers.get("Message-ID", "") if accepted else "",
        reject_reason=_reason(reply) if status is SendStatus.REJECTED else None,
        detail="" if accepted else _told(reply, server, [recipient]),
    )


def _status(reply: Reply) -> SendStatus:
    if reply.step is Step.LETTER and reply.is_good:
        return SendStatus.SUBMITTED
    if reply.step is Step.LETTER and reply.code // 100 not in {4, 5}:
        return SendStatus.UNCERTAIN
    if reply.refuses and reply.step is not Step.MAIL:
        return SendStatus.REJECTED
    return SendStatus.UNAVAILABLE


def _reason(reply: Reply) -> RejectReason:
    if not reply.subject and reply.step is Step.RCPT and reply.code in _UNKNOWN_MAILBOX:
        return RejectReason.INVALID
    return _REASONS.get(reply.subject, RejectReason.OTHER)


def _told(reply: Reply, server: str, recipients: Sequence[Recipient] = ()) -> str:
    """The reply in a sentence, without addresses."""
    words = without_secrets(reply.words, recipients)
    if reply.code:
        return f"{server} answered {reply.code} to {reply.step}: {words or 'no reason given'}"
    if reply.step is Step.LETTER:
        return f"{server} had the whole letter and gave no answer to it: {words}"
    return f"{server} was lost before the end of a letter: {words}"


def _refuse_the_letter(replies: Sequence[Reply]) -> bool:
    """Whether every letter of the request was refused for what it is or whom it is from, and enough were."""
    return len(replies) >= MAX_REFUSED_LETTERS and all(
        reply.refuses and (reply.step in {Step.DATA, Step.LETTER} or reply.subject == _SUBJECT_POLICY)
        for reply in replies
    )


def _remedy(reply: Reply) -> str:
    if reply.step is Step.AUTH:
        return "check username in [provider.smtp] and SMTP_PASSWORD"
    if reply.code == 530:  # RFC 4954 §6
        return "set username in [provider.smtp], and SMTP_PASSWORD"
    if reply.step is Step.MAIL and (reply.code == 552 or reply.subject == _SUBJECT_SYSTEM):
        return "shorten the letter, or ask the server's operator to take larger ones"
    if reply.step in {Step.GREETING, Step.EHLO, Step.STARTTLS}:
        return "check host, port and encryption in [provider.smtp]"
    return "see what the server's words ask for; may it send for the address in “from”?"
