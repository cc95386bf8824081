"""Receipts beside the issue files, and what they say of an issue that the database has forgotten."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from newsletter import __version__
from newsletter.errors import NewsletterError, WrongState
from newsletter.models import DRAFTS, IssueId, IssueState
from newsletter.usecases.receipts import make_receipt, read_receipt, write_receipt

if TYPE_CHECKING:
    from newsletter.wiring.app import App

LOOK_BACK = timedelta(days=7)
"""Receipts of issues that were frozen longer ago are not looked at again."""
AT_REST = (IssueState.SUBMITTED, IssueState.PAUSED, IssueState.CANCELLED)


def keep_receipt(app: "App", issue_id: IssueId) -> str:
    """Empty, and the receipt says how the issue stands; or why it could not be written, which stops
    nothing. An issue that is not frozen has none.
    """
    record, frozen = app.issues.get(issue_id), app.ledger.frozen(issue_id)
    progress = app.ledger.progress(issue_id)
    if record is None or frozen is None or progress is None:
        return ""
    receipt = make_receipt(
        record,
        frozen,
        progress,
        app.accounts.requests(issue_id),
        app.issues.log(issue_id),
        program=f"broadsheet {__version__}",
    )
    try:
        app.receipts.write(issue_id, write_receipt(receipt))
    except NewsletterError as error:
        return f"{issue_id}: no receipt was written: {error}"
    return ""


def first_receipt(app: "App", issue_id: IssueId, on_trouble: Callable[[str], None]) -> None:
    """None; the issue has a receipt, before anything of it is handed over for the first time."""
    try:
        missing = app.receipts.read(issue_id) is None
    except NewsletterError as error:
        on_trouble(str(error))
        return
    if missing:
        _tell(keep_receipt(app, issue_id), on_trouble)


@contextmanager
def receipted(app: "App", issue_id: IssueId, on_trouble: Callable[[str], None]) -> Iterator[None]:
    """The block, which sends the issue; its receipt says how it stands at the end, however that came."""
    try:
        yield
    finally:
        _tell(keep_receipt(app, issue_id), on_trouble)


def late_receipts(app: "App") -> tuple[str, ...]:
    """What could not be written of the receipts that are missing or out of date: somebody died, or a
    request in doubt was settled."""
    since = app.clock.now() - LOOK_BACK
    troubles = []
    for record in app.issues.list(*AT_REST):
        if record.frozen_at is None or record.frozen_at < since:
            continue
        try:
            receipt = read_receipt(app.receipts.read(record.id) or "")
        except NewsletterError as error:
            troubles.append(str(error))
            continue
        counts = app.ledger.progress(record.id)
        if receipt is None or (receipt.state, receipt.counts) != (record.state, counts):
            troubles.append(keep_receipt(app, record.id))
    return tuple(filter(None, troubles))


def require_unsent(app: "App", issue_id: IssueId) -> None:
    """None. Raises WrongState for a draft whose receipt says that its sending had begun. It comes from
    before the database was lost or put back, and must go to nobody twice."""
    text = app.receipts.read(issue_id)
    record = app.issues.get(issue_id)  # read after the receipt, which another process may write now
    if text is None or record is None or record.state not in DRAFTS:
        return
    receipt = read_receipt(text)
    when = f" on {receipt.frozen_at:%Y-%m-%d %H:%M} UTC" if receipt else ""
    raise WrongState(
        f"{issue_id} was sent already{when}: so says issues/{issue_id}.receipt.json",
        remedy="copy its file to a new name to send it to everybody again",
    )


def _tell(trouble: str, on_trouble: Callable[[str], None]) -> None:
    if trouble:
        on_trouble(trouble)
