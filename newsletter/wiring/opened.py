"""An opened project: its settings, its stores and machines, with which stories are told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.config import Settings
from newsletter.content.calendar import Schedule
from newsletter.content.tokens import Keyring
from newsletter.errors import NotFound
from newsletter.models import (
    IssueId,
    IssueRecord,
    RenderedEmail,
)
from newsletter.ports import (
    Accounts,
    Archive,
    Clock,
    EventStore,
    ImportStore,
    IssueFiles,
    IssueStore,
    Joining,
    Ledger,
    Limits,
    MailQueue,
    Preferences,
    Provider,
    ReceiptFiles,
    Settling,
    SubscriberStore,
    SuppressionStore,
    Visits,
)
from newsletter.store.leases import new_owner
from newsletter.store.mark import Mark
from newsletter.store.restoring import SqlRestoring

if TYPE_CHECKING:
    from newsletter.content.links import Personaliser
    from newsletter.net import Fetcher
    from newsletter.usecases.forgetting import Forgetting

RUN_DUE_TTL = 600.0
"""Seconds after which another host may take an unattended run over; on this host, at once."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What is open while a command runs or a server serves."""

    settings: Settings
    clock: Clock
    issues: IssueStore
    files: IssueFiles
    subscribers: SubscriberStore
    imports: ImportStore
    ledger: Ledger
    joining: Joining
    limits: Limits
    preferences: Preferences
    mails: MailQueue
    visits: Visits
    archive: Archive
    accounts: Accounts
    receipts: ReceiptFiles
    restoring: SqlRestoring
    mark: Mark
    events: EventStore
    suppressions: SuppressionStore
    settling: Settling
    forgetting: "Forgetting"
    why_not_ready: Callable[[], str]
    """A few words on what is wrong with the database; empty when nothing is."""
    schedule: Schedule | None
    keys: Keyring
    stopped: threading.Event

    # --- finding issues -------------------------------------------------------------------------

    def issue_id(self, name: str | None) -> IssueId:
        """The issue that a command line names, by stem or by path; the newest when it names none.

        A path is taken from the current folder or from the project's. Raises NotFound when it leads
        elsewhere than to this newsletter's issues.
        """
        folder = self.settings.project / "issues"
        if name:
            path = Path(name)
            if path.name != name and not any(
                (base / path.parent).resolve() == folder.resolve() for base in (Path(), self.settings.project)
            ):
                raise NotFound(
                    f"{name} is no issue file of this newsletter", remedy=f"its issues are in {folder}"
                )
            return IssueId(path.name.removesuffix(".md"))
        from newsletter.usecases.review import newest_issue

        def changed(issue: IssueId) -> float:
            return (folder / f"{issue}.md").stat().st_mtime

        return newest_issue(self.issues, self.files, changed=changed)

    def record(self, issue_id: IssueId) -> IssueRecord:
        """What the database knows of the issue. Raises NotFound."""
        record = self.issues.get(issue_id)
        if record is None:
            raise NotFound(f"nothing is known of an issue “{issue_id}”", remedy="see “newsletter status”")
        return record

    def adopt(self, issue_id: IssueId) -> IssueRecord:
        """The issue's record, made now when the author wrote the file by hand. Raises NotFound."""
        from newsletter.usecases.review import adopt_issue

        return adopt_issue(issue_id, files=self.files, issues=self.issues, now=self.clock.now())

    @contextmanager
    def alone(self) -> Iterator[Callable[[], None]]:
        """The block, while no unattended run is under way or begins. Raises Busy when one is.

        It is given a call that keeps others out for longer, to be made now and then.
        """
        from newsletter.wiring.care import keeping

        lease = self.ledger.acquire("run-due", owner=new_owner(), ttl=RUN_DUE_TTL, now=self.clock.now())
        try:
            yield keeping(lease, ttl=RUN_DUE_TTL, ledger=self.ledger, clock=self.clock)
        finally:
            self.ledger.drop(lease)

    # --- the machines ---------------------------------------------------------------------------

    def provider(self) -> Provider:
        """The provider that the settings name; to be closed by the caller."""
        from newsletter.providers import make_provider

        return make_provider(self.settings, self.clock)

    def fetcher(self) -> "Fetcher":
        """The way to addresses that others wrote."""
        from newsletter.net import Fetcher

        return Fetcher(self.settings.http)

    def personaliser(self, email: RenderedEmail) -> "Personaliser":
        """Deliveries → recipients of this letter."""
        from newsletter.content.links import Personaliser

        return Personaliser(self.settings.newsletter, self.keys, email)

    # --- stopping -------------------------------------------------------------------------------

    def stop(self) -> None:
        """None; what is under way ends soon, and nothing new is begun."""
        self.stopped.set()

    def wait_for_stop(self) -> None:
        self.stopped.wait()
