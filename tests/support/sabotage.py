"""Senders with a broken ledger: what they do the drill must find."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from newsletter.drill.senders import Errand, send_issue
from newsletter.models import Claim, IssueId, Lease
from newsletter.store.ledger import SqlLedger
from tests.support.ledgers import accepted


def take_uncertain_for_pending(errand: Errand) -> None:
    """None; a request whose answer never came is made again, as if nothing had been accepted."""

    def try_again(self: SqlLedger, claim: Claim, *, detail: str, now: datetime) -> None:
        self.release(claim, retry_at=now, detail=detail, now=now)

    _replace("mark_uncertain", try_again)
    send_issue(errand)


def count_as_submitted_what_is_claimed(errand: Errand) -> None:
    """None; the answer is written before the request is made: a checkpoint that moves too early."""
    claim_: Callable[..., Any] = SqlLedger.claim

    def claim_and_record(self: SqlLedger, lease: Lease, issue_id: IssueId, **rest: Any) -> Any:
        claim = claim_(self, lease, issue_id, **rest)
        if isinstance(claim, Claim):
            self.record(claim, accepted(claim), rest["now"])
        return claim

    _replace("claim", claim_and_record)
    send_issue(errand)


def _replace(method: str, broken: Callable[..., Any]) -> None:
    """None; for the rest of this process, which the drill has made for one sender."""
    setattr(SqlLedger, method, broken)
