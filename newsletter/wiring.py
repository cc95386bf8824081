"""The only place that names concrete classes: Settings → App, the stories with their machines."""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from newsletter.config import Settings, load_settings, load_theme
from newsletter.content.calendar import Schedule, parse_schedule
from newsletter.errors import NotFound
from newsletter.models import (
    AttemptId,
    Batch,
    BatchId,
    Delivery,
    DeliveryId,
    IssueId,
    IssueRecord,
    IssueState,
    RenderedEmail,
    SendOutcome,
    SendProgress,
    Slot,
    SubscriberId,
)
from newsletter.ports import Clock, IssueFiles, IssueStore, Ledger, Provider, Source, SubscriberStore

if TYPE_CHECKING:
    from newsletter.content.links import Personaliser
    from newsletter.net import Fetcher
    from newsletter.usecases.due import DueReport
    from newsletter.usecases.gather import Gathered
    from newsletter.usecases.review import Review
    from newsletter.usecases.send import SendReport

RUN_DUE_TTL = 600.0
"""Seconds after which another host may take an unattended run over; on this host, at once."""


class SystemClock:
    """The real time; `sleep` ends early when the process is asked to stop."""

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)


@dataclass(frozen=True, kw_only=True)
class App:
    """One project, opened: its settings, its stores, and the stories that commands tell."""

    settings: Settings
    clock: Clock
    issues: IssueStore
    files: IssueFiles
    subscribers: SubscriberStore
    ledger: Ledger
    schedule: Schedule | None
    key: bytes = field(repr=False)
    stopped: threading.Event

    # --- finding issues -------------------------------------------------------------------------

    def issue_id(self, name: str | None) -> IssueId:
        """The issue that a command line names, by stem or by path; the newest when it names none."""
        from newsletter.usecases.review import latest_issue

        return IssueId(Path(name).name.removesuffix(".md")) if name else latest_issue(self.files)

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

    # --- the stories ----------------------------------------------------------------------------

    def next_slot(self) -> Slot | None:
        """The coming slot of the schedule; None when there is no schedule."""
        return next(self.schedule.slots(self.clock.now()), None) if self.schedule else None

    def gather(
        self,
        *,
        slot: Slot | None,
        since: datetime | None = None,
        old: Literal["ask", "accept", "skip"] = "ask",
        minimum_posts: int = 1,
    ) -> "Gathered":
        """A new issue of the posts that are new, with the decision log."""
        from newsletter.usecases.gather import gather

        raise NotImplementedError

    def review(self, issue_id: IssueId) -> "Review":
        """The letter as it would be frozen now, with findings."""
        from newsletter.usecases.review import review_issue

        return review_issue(
            issue_id,
            files=self.files,
            newsletter=self.settings.newsletter,
            theme=partial(load_theme, self.settings.project),
            key=self.key,
        )
