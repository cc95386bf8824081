"""One opened project: every story, told with its machines."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Literal

from newsletter.config import load_theme
from newsletter.content.addresses import parse_address
from newsletter.content.counting import counted
from newsletter.errors import WrongState
from newsletter.models import (
    DRAFTS,
    AttemptId,
    Batch,
    BatchId,
    Deliveries,
    Delivery,
    DeliveryId,
    FrozenIssue,
    IssueId,
    IssueState,
    SendOutcome,
    SendProgress,
    Slot,
    SubscriberId,
)
from newsletter.ports import (
    Provider,
)
from newsletter.store.leases import new_owner
from newsletter.wiring.clocks import ShiftedClock
from newsletter.wiring.opened import Opened
from newsletter.wiring.restoring import require_newest

if TYPE_CHECKING:
    from newsletter.content.checks.answers import Answer, Question
    from newsletter.usecases.due import DueReport
    from newsletter.usecases.gather import Gathered
    from newsletter.usecases.review import Review
    from newsletter.usecases.send import SendReport


@dataclass(frozen=True, kw_only=True)
class App(Opened):
    """One project, opened, and the stories that commands tell."""

    def next_slot(self) -> Slot | None:
        """The coming slot of the schedule; None when there is no schedule."""
        return next(self.schedule.slots(self.clock.now()), None) if self.schedule else None

    def gather(
        self,
        *,
        slot: Slot | None,
        since: datetime | None = None,
        old: Literal["ask", "accept", "skip"] = "ask",
        minimum_posts: int | None = None,
        notice_to: str = "",
    ) -> "Gathered":
        """A new issue of the posts that are new, with the decision log; see usecases.gather.gather.

        With `minimum_posts` fewer posts use the slot up as skipped.
        """
        require_newest(self)
        from newsletter.sources import make_source
        from newsletter.usecases.gather import ConfiguredSource, gather

        fetcher = self.fetcher()
        return gather(
            [
                ConfiguredSource(source=make_source(table, self.settings, fetcher), settings=table)
                for table in self.settings.sources
            ],
            issues=self.issues,
            files=self.files,
            newsletter=self.settings.newsletter,
            clock=self.clock,
            slot=slot,
            since=since,
            old=old,
            minimum_posts=minimum_posts,
            notice_to=notice_to,
        )

    def gather_slot(self, slot: Slot) -> str:
        """One line about the issue that was made for a slot, or why the slot was skipped.

        The author is mailed of an issue that they have time to review.
        """
        in_review = slot.instant > self.clock.now()
        gathered = self.gather(
            slot=slot,
            minimum_posts=self.settings.schedule.minimum_posts,
            notice_to=self._author if in_review else "",
        )
        if gathered.issue:
            return f"{gathered.issue.id}: gathered, {counted(len(gathered.issue.sections), 'post')}"
        note = gathered.record.note if gathered.record else "nothing new"
        return f"{slot.local}: skipped: {note}"

    @property
    def _author(self) -> str:
        """Where mails to the author go."""
        newsletter = self.settings.newsletter
        return parse_address(newsletter.reply_to or newsletter.sender).addr_spec

    def review(self, issue_id: IssueId, *, online: bool = False) -> "Review":
        """The letter as it would be frozen now, with findings; `online` asks where it leads, too."""
        from newsletter.usecases.review import review_issue

        return review_issue(
            issue_id,
            files=self.files,
            newsletter=self.settings.newsletter,
            theme=partial(load_theme, self.settings.project, settings=self.settings.theme),
            key=self.keys.first,
            ask=self._ask_servers if online else None,
        )

    def _ask_servers(self, questions: "Sequence[Question]") -> "Mapping[str, Answer]":
        """What the servers said, some of it kept from an earlier check."""
        from newsletter.store.answers import AnswerFile
        from newsletter.usecases.probing import probe

        memory = AnswerFile(self.settings.project / "data" / "answers.json")
        return probe(questions, fetcher=self.fetcher(), memory=memory, clock=self.clock)

    def freeze(
        self,
        issue_id: IssueId,
        provider: Provider,
        *,
        found: Sequence[IssueState] = DRAFTS,
        to: str | None = None,
    ) -> FrozenIssue:
        """The letter and its audience, frozen. `to` is another audience filter than the file's. Raises
        BadInput when a check found an error, WrongState when the issue is no longer in one of the states
        in which it was found."""
        from newsletter.usecases.review import require_sendable
        from newsletter.usecases.send import freeze_issue
        from newsletter.wiring.audience import audience_of
        from newsletter.wiring.care import care

        review = self.review(issue_id)
        require_sendable(review)
        return freeze_issue(
            review.email,
            review.sender,
            ledger=self.ledger,
            provider=provider,
            batch_size=self.settings.provider.batch_size,
            clock=self.clock,
            found=found,
            care=care(self.settings),
            audience=audience_of(self, review.issue.to if to is None else to),
        )

    def send(
        self,
        issue_id: IssueId,
        *,
        found: Sequence[IssueState] = DRAFTS,
        to: str | None = None,
        on_look: Callable[[], None] = lambda: None,
        on_progress: Callable[[SendProgress], None] = lambda _: None,
        on_trouble: Callable[[str], None] = lambda _: None,
    ) -> "SendReport":
        """How far the issue came: a draft is frozen first, a frozen one goes on where it stood, and what
        is in doubt at the end is settled as far as the provider can tell at once. `to` is another audience
        filter than the file's.

        Raises WrongState when it is paused, skipped or cancelled, Busy while another process sends it,
        NeedsAttention when the database is an old copy.
        """
        from newsletter.wiring.evidence import send_and_settle
        from newsletter.wiring.receipts import receipted

        require_newest(self)
        submit = partial(self._submit, issue_id, found, to, on_look, on_progress, on_trouble)
        with receipted(self, issue_id, on_trouble):
            return send_and_settle(self, issue_id, submit, on_trouble)

    def _submit(
        self,
        issue_id: IssueId,
        found: Sequence[IssueState],
        to: str | None,
        on_look: Callable[[], None],
        on_progress: Callable[[SendProgress], None],
        on_trouble: Callable[[str], None],
    ) -> "SendReport":
        from newsletter.usecases.send import send_issue
        from newsletter.wiring.audience import require_same
        from newsletter.wiring.care import care
        from newsletter.wiring.receipts import first_receipt, require_unsent
        from newsletter.wiring.sending import require_open, spare_the_collector

        record = self.adopt(issue_id)
        require_open(record)
        spare_the_collector()
        with ExitStack() as stack:
            providers = [
                stack.enter_context(closing(self.provider()))
                for _ in range(self.settings.provider.connections)
            ]
            if record.state in DRAFTS:
                require_unsent(self, issue_id)
                self.freeze(issue_id, providers[0], found=found, to=to)
            frozen = self.ledger.frozen(issue_id)
            if frozen is None:
                raise WrongState(f"{issue_id} is {record.state}", remedy=record.note)
            require_same(frozen, to)
            first_receipt(self, issue_id, on_trouble)
            return send_issue(
                issue_id,
                ledger=self.ledger,
                providers=providers,
                personalise=self.personaliser(frozen.email).recipients,
                clock=self.clock,
                owner=new_owner(),
                care=care(self.settings),
                stopped=self.stopped.is_set,
                on_look=on_look,
                on_progress=on_progress,
                on_trouble=on_trouble,
            )

    def send_test(self, issue_id: IssueId, address: str) -> SendOutcome:
        """What the provider said of the letter that goes to one address, marked as a test.

        Nothing of it is in the ledger, and its links are nobody's. Raises what a submit raises.
        """
        review = self.review(issue_id)
        email = replace(review.email, subject=f"[Test] {review.email.subject}")
        delivery = Delivery(
            id=DeliveryId(f"{issue_id}.0"), subscriber_id=SubscriberId(0), address=parse_address(address)
        )
        batch = Batch(
            id=BatchId(0),
            issue_id=issue_id,
            attempt=AttemptId(secrets.token_hex(16)),
            recipients=self.personaliser(email).recipients(Deliveries.of([delivery])),
        )
        with closing(self.provider()) as provider:
            return provider.submit(email, review.sender, batch)[0]

    def run_due(self, now: datetime | None = None) -> "DueReport":
        """What was done because it was due. Raises Busy while another run is at it."""
        from newsletter.usecases.due import DueReport, run_due
        from newsletter.wiring.events import pull_when_due
        from newsletter.wiring.evidence import reconcile_when_due
        from newsletter.wiring.mailing import tend_readers
        from newsletter.wiring.receipts import late_receipts

        app = self
        if now:
            app = replace(self, clock=ShiftedClock(self.clock, now - self.clock.now()))
        with app.alone() as keep:
            require_newest(app)
            report = run_due(
                schedule=app.schedule,
                settings=app.settings.schedule,
                issues=app.issues,
                files=app.files,
                now=app.clock.now(),
                gather=app.gather_slot,
                send=lambda record: app.send(record.id, found=[record.state], on_look=keep),
                reconcile=partial(reconcile_when_due, app),
            )
            troubles = late_receipts(app)
            report += DueReport(lines=troubles, attention=bool(troubles))
            return report + DueReport(lines=(*tend_readers(app), *pull_when_due(app)))
