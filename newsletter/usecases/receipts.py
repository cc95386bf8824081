"""The receipt of an issue: what was sent, when, to how many, with whose word for it; and to whom not.

It is written beside the issue file, survives the database, and may be shown to anybody: counts,
hashes and the provider's ids, but nobody's address. `docs/howto/receipt.md` reads one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from newsletter.models import (
    AttemptId,
    DecisionLog,
    FrozenIssue,
    IssueId,
    IssueRecord,
    IssueState,
    Request,
    SendProgress,
    SourceId,
)
from newsletter.net.addresses import readable
from newsletter.usecases.standing import adds_up

FORM = 1
"""Grows when a reader of receipts would have to know."""
_ADDRESS = re.compile(r"[^\s@<>()\[\]\"',;:]+@[^\s@<>()\[\]\"',;:]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLine:
    """One request to the provider: our id of it, and theirs."""

    id: AttemptId
    number: int
    provider: str
    state: str
    recipients: int
    started_at: datetime
    answered_at: datetime | None
    provider_message_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """An issue's receipt, as its file holds it."""

    receipt: int
    program: str
    issue: IssueId
    subject: str
    slot: str | None
    state: IssueState
    frozen_at: datetime
    begun_at: datetime | None
    """When the first request was made."""
    ended_at: datetime | None
    letter_sha256: str
    audience_sha256: str
    audience_filter: str = ""
    """The author's words; an address in them is masked."""
    counts: SendProgress
    balanced: bool
    providers: tuple[str, ...]
    requests: tuple[RequestLine, ...]
    decisions: DecisionLog | None
    """What the gather saw and decided."""


def make_receipt(
    record: IssueRecord,
    frozen: FrozenIssue,
    progress: SendProgress,
    requests: Iterable[Request],
    log: DecisionLog | None,
    *,
    program: str,
) -> Receipt:
    """The receipt of an issue as it stands."""
    lines = tuple(
        RequestLine(
            id=request.id,
            number=request.number,
            provider=request.provider,
            state=request.state,
            recipients=request.recipients,
            started_at=request.started_at,
            answered_at=request.answered_at,
            provider_message_id=request.provider_message_id,
        )
        for request in requests
    )
    return Receipt(
        receipt=FORM,
        program=program,
        issue=record.id,
        subject=_masked(frozen.email.subject),
        slot=record.slot,
        state=record.state,
        frozen_at=frozen.frozen_at,
        begun_at=lines[0].started_at if lines else None,
        ended_at=record.submitted_at,
        letter_sha256=frozen.email.sha256,
        audience_sha256=frozen.audience_sha256,
        audience_filter=_masked(frozen.audience_filter),
        counts=progress,
        balanced=adds_up(progress, record.state),
        providers=tuple(dict.fromkeys(line.provider for line in lines if line.provider)),
        requests=lines,
        decisions=_without_addresses(log) if log else None,
    )


def write_receipt(receipt: Receipt) -> str:
    """The receipt's file: JSON, indented, ending with a line feed."""
    return msgspec.json.format(msgspec.json.encode(receipt), indent=2).decode() + "\n"


def read_receipt(text: str) -> Receipt | None:
    """The receipt of a file; None when it is not one that this program can read."""
    try:
        return msgspec.json.decode(text, type=Receipt)
    except (msgspec.DecodeError, UnicodeError):
        return None


def _without_addresses(log: DecisionLog) -> DecisionLog:
    """The log as anybody may read it: titles and notes come from others, and may name a reader."""
    return replace(
        log,
        decisions=tuple(
            replace(
                line,
                source=SourceId(_masked(readable(line.source))),
                title=_masked(line.title),
                url=_masked(readable(line.url)),
                reason=_masked(line.reason),
            )
            for line in log.decisions
        ),
        notes=tuple(map(_masked, log.notes)),
    )


def _masked(text: str) -> str:
    return _ADDRESS.sub("…@…", text)
