"""What is in doubt, settled with the project's machines: on demand, by each run, and while a send goes on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from newsletter.errors import Busy, NewsletterError
from newsletter.models import IssueId, IssueState
from newsletter.ports import Evidence
from newsletter.store.leases import new_owner
from newsletter.usecases.reconcile import Decision, Reconciled, reconcile

if TYPE_CHECKING:
    from newsletter.usecases.due import DueReport
    from newsletter.usecases.send import SendReport
    from newsletter.wiring.app import App

LEFT_OPEN = (IssueState.SUBMITTING, IssueState.PAUSED, IssueState.CANCELLED)
"""The states in which a dead sender can have left a request open."""
RECOVERY_SECONDS = 60.0
"""The lease of an issue while such requests are marked."""
MEANWHILE_SECONDS = 30.0
"""How often a send that can be called back looks for what is to be called back: it has seven minutes."""


def reconcile_requests(
    app: "App", issue_id: IssueId | None = None, *, decision: Decision | None = None
) -> Reconciled:
    """What became of the requests in doubt, of one issue or of all, those of dead senders among them.

    Raises BadSetting when the provider cannot be made.
    """
    _recover(app, issue_id)
    if next(app.settling.open_attempts(issue_id), None) is None:
        return _reconcile(app, issue_id, decision, None)
    with closing(app.provider()) as provider:
        evidence = provider if isinstance(provider, Evidence) else None
        return _reconcile(app, issue_id, decision, evidence)


def reconcile_when_due(app: "App") -> "DueReport":
    """What was settled, and what a person must decide; what still waits for evidence is not told."""
    from newsletter.usecases.due import DueReport

    found = reconcile_requests(app)
    told = (*found.done, *found.open) if found.attention else found.done
    return DueReport(lines=told, attention=found.attention)


def send_and_settle(
    app: "App", issue_id: IssueId, submit: Callable[[], "SendReport"], on_trouble: Callable[[str], None]
) -> "SendReport":
    """How far the issue came, when what the provider could tell at once is settled, too.

    Whoever is pending again by it is submitted again, once.
    """
    with _settling_meanwhile(app, issue_id, on_trouble):
        report = submit()
    if report.progress.uncertain == 0 or app.stopped.is_set():
        return report
    if not _tell_settled(app, issue_id, on_trouble):
        return report
    state = app.record(issue_id).state
    if state is IssueState.SUBMITTING:
        return submit()
    return replace(report, state=state, progress=app.ledger.progress(issue_id) or report.progress)


def _reconcile(
    app: "App", issue_id: IssueId | None, decision: Decision | None, evidence: Evidence | None
) -> Reconciled:
    return reconcile(
        settling=app.settling,
        evidence=evidence,
        provider=app.settings.provider.kind,
        settings=app.settings.sending,
        clock=app.clock,
        issue_id=issue_id,
        decision=decision,
    )


def _recover(app: "App", issue_id: IssueId | None) -> None:
    """None; requests that dead senders left open are in doubt. What a living one is at stays its own."""
    for record in app.issues.list(*LEFT_OPEN):
        progress = app.ledger.progress(record.id) if issue_id in {None, record.id} else None
        if progress is None or progress.submitting == 0:
            continue
        name, now = f"send {record.id}", app.clock.now()
        try:
            lease = app.ledger.acquire(name, owner=new_owner(), ttl=RECOVERY_SECONDS, now=now)
        except Busy:
            continue
        try:
            app.ledger.recover(lease, record.id, now)
        finally:
            app.ledger.drop(lease)


@contextmanager
def _settling_meanwhile(app: "App", issue_id: IssueId, on_trouble: Callable[[str], None]) -> Iterator[None]:
    """The block, which sends; when requests can be called back, those in doubt are, while there is time."""
    if app.settings.sending.certainty != "cancelable":
        yield
        return
    done = threading.Event()

    def look() -> None:
        while not done.wait(MEANWHILE_SECONDS):
            _tell_settled(app, issue_id, on_trouble)

    thread = threading.Thread(target=look, name="evidence")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _tell_settled(app: "App", issue_id: IssueId, on_trouble: Callable[[str], None]) -> int:
    """How many recipients are in doubt no more; what cannot be found out now never stops a send."""
    try:
        found = reconcile_requests(app, issue_id)
    except NewsletterError as error:
        on_trouble(str(error))
        return 0
    for line in found.done:
        on_trouble(line)
    return found.settled
