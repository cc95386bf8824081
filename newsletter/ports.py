"""The promises between the stories (usecases) and the machines (sources, providers, store, engines).

Read this file first. Each Protocol is as small as its caller needs; concrete classes meet the
stories in `wiring` alone.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from newsletter.models import (
    DRAFTS,
    Address,
    AttemptId,
    AudienceFilter,
    Batch,
    Canary,
    Choices,
    Claim,
    Confirmation,
    Consent,
    Consequence,
    DecisionLog,
    DeliveryId,
    DeliveryStatus,
    Ending,
    Fetched,
    FrozenIssue,
    IssueId,
    IssueRecord,
    IssueState,
    Lease,
    Limit,
    Movement,
    NotBefore,
    OpenAttempt,
    Pace,
    Post,
    PostDecision,
    PostId,
    ProviderEvent,
    RenderedEmail,
    Request,
    Sender,
    SendOutcome,
    SendProgress,
    SourceId,
    Standing,
    Subscriber,
    SubscriberId,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
    SystemMail,
    SystemMailKind,
    SystemMailState,
    Taken,
    Tally,
    Verdict,
    WebhookRequest,
    Witness,
)
from newsletter.models.archives import ArchivedIssue, ArchivedLetter
from newsletter.models.imports import (
    ImportDiff,
    ImportedPerson,
    ImportEffect,
    ImportExample,
    ImportRecord,
    ImportSource,
    UndoneImport,
)


class Clock(Protocol):
    """The only way to the time: tests pass one that they set."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """None, after `seconds`, or sooner when the process was asked to stop."""
        ...


class Source(Protocol):
    """Where posts come from: a feed or a folder."""

    @property
    def id(self) -> SourceId: ...

    def fetch(self, state: bytes | None) -> Fetched:
        """The source's posts and the state for the next call; `state` is None the first time.

        Raises SourceFailed when the source cannot be read and no last good copy stands in.
        """
        ...


class Provider(Protocol):
    """A service that takes letters and mails them."""

    @property
    def name(self) -> str: ...

    @property
    def max_recipients(self) -> int:
        """The largest number of recipients that one submit may carry."""
        ...

    def submit(self, email: RenderedEmail, sender: Sender, batch: Batch) -> Sequence[SendOutcome]:
        """One SendOutcome per recipient, in order. One request, one time-out, no redirect, no retry.

        Raises ProviderUnavailable (nothing accepted, try again), ProviderRefused (nothing
        accepted, no use; see its subclasses) or SubmissionUncertain (may have been accepted).
        """
        ...

    def close(self) -> None: ...


class EventParser(Protocol):
    """The reading side of a provider: what happened after it accepted a request."""

    @property
    def max_bytes(self) -> int:
        """The longest body that a call may have."""
        ...

    def parse_events(self, request: WebhookRequest, now: datetime) -> Sequence[ProviderEvent]:
        """The events of one webhook call; unknown types become `EventType.UNKNOWN`.

        Raises WebhookRejected when the signature, the age or the form is wrong.
        """
        ...


@runtime_checkable
class Evidence(Protocol):
    """The side of a provider that can tell what became of a request whose answer never came."""

    def verdict(self, attempt: OpenAttempt, now: datetime) -> tuple[Verdict, str]:
        """What is known of the attempt, with a few words that say from where. Harmless to repeat.

        Raises ProviderUnavailable or ProviderRefused when it cannot be asked.
        """
        ...


@runtime_checkable
class Cancelable(Protocol):
    """The side of a provider that can be told to call a request back before it is mailed."""

    def new_cancel_id(self) -> str:
        """An id for a request that is about to be made. Raises as Provider.submit does."""
        ...


class Settling(Protocol):
    """The side of the ledger that settles open attempts; see `usecases/reconcile.py`."""

    def open_attempts(self, issue_id: IssueId | None = None) -> Iterator[OpenAttempt]:
        """Attempts in doubt of one issue, or of all, oldest first; one at a time in memory."""
        ...

    def settle(self, attempt: AttemptId, verdict: Verdict, detail: str, now: datetime) -> int:
        """How many recipients are uncertain no longer: submitted, or pending when it was void. 0 when
        the attempt is in doubt no more, or the verdict is silent."""
        ...

    def settle_by_events(self, now: datetime) -> int:
        """How many recipients became submitted because an event names their open attempt."""
        ...

    def give_up(self, attempt: AttemptId, detail: str, now: datetime) -> int:
        """How many recipients became unknown for good: nobody will be written to again on a guess."""
        ...

    def resend(self, attempt: AttemptId, detail: str, now: datetime) -> int:
        """How many recipients are pending again because somebody decided so, without proof."""
        ...

    def witnesses(self, attempt: OpenAttempt, within: timedelta) -> Sequence[Witness]:
        """Requests that the same provider accepted at the time of this one, or up to so much later."""
        ...


class IssueFiles(Protocol):
    """The project's `issues/` folder: the program creates files there and never rewrites one."""

    def create(self, issue_id: IssueId, text: str) -> bool:
        """True when the file was written whole; False when one of that name stands there already."""
        ...

    def read(self, issue_id: IssueId) -> str:
        """The file's text. Raises NotFound, or BadIssueFile when it is not UTF-8."""
        ...

    def exists(self, issue_id: IssueId) -> bool: ...

    def list(self) -> Sequence[IssueId]:
        """All issue files, oldest name first."""
        ...


class IssueStore(Protocol):
    """Issues, slots, and the posts that were ever seen."""

    def created_at(self) -> datetime:
        """When this database was made: no slot before it is due."""
        ...

    def get(self, issue_id: IssueId) -> IssueRecord | None: ...

    def by_slot(self, slot: str) -> IssueRecord | None: ...

    def list(self, *states: IssueState) -> Sequence[IssueRecord]:
        """Issues in these states (all, when none is named), oldest first."""
        ...

    def last_gathered_at(self) -> datetime | None:
        """When the newest gather that made an issue ran."""
        ...

    def source_state(self, source: SourceId) -> bytes | None: ...

    def save_source_state(self, source: SourceId, state: bytes, now: datetime) -> None: ...

    def seen(self, source: SourceId, posts: Iterable[PostId]) -> set[PostId]:
        """Which of these posts an earlier gather took or dropped."""
        ...

    def taken_links(self, links: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these (url, title) pairs were taken before, from any source."""
        ...

    def open_issue(
        self,
        issue_id: IssueId,
        *,
        slot: str | None,
        file_text: str,
        log: DecisionLog,
        posts: Sequence[Post],
        states: Mapping[SourceId, bytes],
    ) -> IssueRecord:
        """The new draft, committed with its file's text, the decisions and the spent posts, or nothing.

        Raises Busy when the slot or the id is already taken.
        """
        ...

    def skip_slot(self, slot: str, issue_id: IssueId, log: DecisionLog, reason: str) -> IssueRecord:
        """A `skipped` issue that uses up the slot. Raises Busy when the slot is taken."""
        ...

    def record_drops(self, log: DecisionLog, states: Mapping[SourceId, bytes]) -> None:
        """None; decisions of a gather that made no issue are kept, so that they are not taken later."""
        ...

    def adopt(self, issue_id: IssueId, slot: str | None, now: datetime) -> IssueRecord:
        """The draft record of an issue file that the author wrote without `gather`."""
        ...

    def unwritten_files(self) -> Mapping[IssueId, str]:
        """Texts of issues whose file was not yet written (the process died between)."""
        ...

    def file_written(self, issue_id: IssueId) -> None: ...

    def log(self, issue_id: IssueId) -> DecisionLog | None: ...

    def decisions(self, source: SourceId) -> Iterator[PostDecision]:
        """Every post of a source that was ever taken or dropped, oldest first."""
        ...

    def set_state(
        self,
        issue_id: IssueId,
        state: IssueState,
        *,
        expected: Sequence[IssueState],
        note: str = "",
        send_at: datetime | None = None,
    ) -> None:
        """None. Raises WrongState when the issue is in none of the expected states."""
        ...

    def signing_key(self) -> bytes:
        """The 32 random bytes that sign readers' links; made when the database is."""
        ...


class SubscriberStore(Protocol):
    """The list of people."""

    def add(
        self, address: Address, *, status: SubscriberStatus, consent_source: str, now: datetime
    ) -> tuple[Subscriber, bool]:
        """The subscriber, and whether they are new. One who is known stays as they are."""
        ...

    def get(self, subscriber_id: SubscriberId) -> Subscriber | None:
        """The subscriber with their tags."""
        ...

    def find(self, addr_spec: str) -> Subscriber | None:
        """The subscriber of this address, in any writing of case and white space, with their tags."""
        ...

    def list(self, *statuses: SubscriberStatus, where: AudienceFilter | None = None) -> Iterator[Subscriber]:
        """Subscribers by age, streamed; all when neither a status nor a filter is given."""
        ...

    def export(self, *statuses: SubscriberStatus) -> Iterator[Subscriber]:
        """As `list`, with everybody's tags."""
        ...

    def count(self) -> Mapping[SubscriberStatus, int]: ...

    def reach(self, now: datetime, audience: AudienceFilter | None = None) -> int:
        """How many people an issue would go to that is frozen now: confirmed, not pausing, and of the
        audience."""
        ...

    def place(
        self, subscriber_id: SubscriberId, now: datetime, audience: AudienceFilter | None = None
    ) -> int:
        """The subscriber's place among these, from 1, as freezing would number them now: first those who
        get the whole letter, then those who get its text alone; 0 for somebody who gets none."""
        ...

    def tags(self) -> Mapping[str, int]:
        """How many people have each tag, whatever their status."""
        ...

    def tag(self, subscriber_id: SubscriberId, tag: str) -> bool:
        """Whether the tag is new to the person."""
        ...

    def untag(self, subscriber_id: SubscriberId, tag: str) -> bool:
        """Whether the person had the tag."""
        ...

    def import_rows(
        self, rows: Iterable[tuple[Address, SubscriberStatus]], *, consent_source: str, now: datetime
    ) -> tuple[int, int]:
        """(added, known): known ones keep their status, except that unsubscribed and suppressed
        rows of the import end an active one's subscription. One transaction, streamed."""
        ...

    def unsubscribe(self, subscriber_id: SubscriberId, now: datetime) -> bool:
        """Whether the person was subscribed until now; repeating it is harmless."""
        ...


class StagedImport(Protocol):
    """A file that was read whole and is not yet on the list."""

    def diff(self) -> ImportDiff:
        """How the file stands to the list now."""
        ...

    def examples(self, effect: ImportEffect, count: int) -> Sequence[ImportExample]:
        """The first people of the file with this effect, as the last `diff` found it."""
        ...

    def apply(self, source: ImportSource, *, rejected: int, now: datetime) -> tuple[ImportRecord, ImportDiff]:
        """The import, made in one transaction, and how the file stood to the list then.

        Nobody who left comes back by it, and whoever was suppressed stays so. People whose address is
        among the suppressions are left out. `rejected` is only kept for the record.
        """
        ...


class ImportStore(Protocol):
    """Files of people, brought to the list and taken back."""

    def staged(self, people: Iterable[ImportedPerson]) -> AbstractContextManager[StagedImport]:
        """The people of a file, streamed, each once with the strictest of their statuses; nothing
        changes and nobody else waits before `apply`."""
        ...

    def list(self) -> Sequence[ImportRecord]:
        """Every import, oldest first."""
        ...

    def undo(self, number: int, now: datetime) -> UndoneImport:
        """What was taken back; nothing when it was before. Raises NotFound."""
        ...


class Ledger(Protocol):
    """What was frozen, handed over and answered: the truth about every recipient of every issue."""

    def freeze(
        self,
        email: RenderedEmail,
        sender: Sender,
        *,
        batch_size: int,
        now: datetime,
        found: Sequence[IssueState] = DRAFTS,
        canary: float = 0.0,
        audience: AudienceFilter | None = None,
    ) -> FrozenIssue:
        """The bytes and one immutable row per subscriber whom the letter reaches (SubscriberStore.reach),
        in one transaction; or the issue as it was frozen before, whatever `email` and `audience` say now.
        Who wants the text part alone stands in batches of their own, after all others. `canary` is the
        share of the audience, 0–1, that goes first, taken from all over it.

        Raises NotFound; WrongState when the issue is in none of the states in which the caller found
        it (a draft, or approved); NeedsAttention when there is nobody to send to.
        """
        ...

    def frozen(self, issue_id: IssueId) -> FrozenIssue | None: ...

    def acquire(self, name: str, *, owner: str, ttl: float, now: datetime) -> Lease:
        """The lease, for `ttl` seconds. Raises Busy while another owner's has not run out, unless
        that owner is known to be dead."""
        ...

    def drop(self, lease: Lease) -> None:
        """None; the lease is free for the next owner."""
        ...

    def recover(self, lease: Lease, issue_id: IssueId, now: datetime) -> int:
        """How many recipients of requests that an earlier sender left open became uncertain.

        Raises LeaseLost.
        """
        ...

    def renew(self, lease: Lease, *, ttl: float, now: datetime) -> None:
        """None; the lease runs for `ttl` seconds from now. Raises LeaseLost."""
        ...

    def claim(
        self, lease: Lease, issue_id: IssueId, *, ttl: float, now: datetime, pace: Pace | None = None
    ) -> Claim | NotBefore | None:
        """The next batch, committed and fsynced as `submitting` before this returns, and the lease
        renewed; NotBefore when what is pending must wait; None when nothing is, or the issue is paused
        or ended, or its canary is to be judged first. People who left since are left out and recorded.

        With a `pace` no more is handed over than its provider may be given by all issues and processes
        together; a batch that is too large for what is left is divided. Raises LeaseLost.
        """
        ...

    def prepare(self, claim: Claim, *, cancel_id: str, send_at: datetime) -> None:
        """None; committed before the request: it can be called back by this id before `send_at`."""
        ...

    def record(
        self,
        claim: Claim,
        outcomes: Sequence[SendOutcome],
        now: datetime,
        *,
        retry_at: datetime | None = None,
    ) -> None:
        """None; the provider's answer for each recipient, in one transaction.

        Whoever is `unavailable` is pending again and not claimed before `retry_at`; whoever is
        `uncertain` waits for evidence.
        """
        ...

    def release(self, claim: Claim, *, retry_at: datetime, detail: str, now: datetime) -> None:
        """None; nothing was accepted, the batch is pending again, and no batch of its issue is
        claimed before `retry_at`."""
        ...

    def reject(self, claim: Claim, rejected: Sequence[SendOutcome], now: datetime) -> None:
        """None; nothing was accepted, these recipients are out, the rest is pending again."""
        ...

    def split(self, claim: Claim, detail: str, now: datetime) -> None:
        """None; nothing was accepted, the batch is pending again as two halves.

        Raises WrongState when it holds a single recipient.
        """
        ...

    def refuse(self, claim: Claim, *, detail: str, now: datetime) -> None:
        """None; nothing was accepted and the issue is paused with `detail` as its note."""
        ...

    def mark_uncertain(self, claim: Claim, *, detail: str, now: datetime) -> None:
        """None; the batch may have been accepted and is never claimed again without evidence."""
        ...

    def pause(self, issue_id: IssueId, *, note: str) -> None:
        """None; no batch is claimed any more until the issue is resumed. Harmless when it has ended."""
        ...

    def canary(self, issue_id: IssueId) -> Canary | None:
        """What became of the issue's canary up to now; None when none is waited for."""
        ...

    def end_canary(self, issue_id: IssueId, *, illness: str) -> None:
        """None; the others may go, or the issue is paused when `illness` says why they must not."""
        ...

    def finish(self, lease: Lease, issue_id: IssueId, now: datetime) -> IssueState:
        """The issue's state, which becomes `submitted` when nothing is pending or in flight.

        Raises LeaseLost.
        """
        ...

    def progress(self, issue_id: IssueId) -> SendProgress | None:
        """The sums of a frozen issue; None when it is not frozen."""
        ...

    def uncertain(self, issue_id: IssueId) -> Iterator[Address]:
        """The addresses about whom only evidence can tell."""
        ...

    def statuses(self, issue_id: IssueId) -> Iterator[tuple[DeliveryId, Address, str]]:
        """Every recipient of a frozen issue with the status that is known, in the frozen order."""
        ...


class EventRules(Protocol):
    """What events mean; see `usecases/events.py`. Pure, so that any order of events ends alike."""

    def consequence(self, event: ProviderEvent) -> Consequence:
        """What one event means for its delivery and the person."""
        ...

    def ending(self, events: Iterable[ProviderEvent], confirmed_at: datetime | None) -> Ending:
        """What all events of one person add up to, since they confirmed."""
        ...

    def alarm(self, before: Tally, after: Tally) -> str:
        """Why an issue is to be paused; empty when it is not."""
        ...


class EventStore(Protocol):
    """Events that were taken in, and what they changed."""

    def take(self, events: Sequence[ProviderEvent], rules: EventRules, now: datetime) -> Taken:
        """What became of one webhook call: all of it is committed, or nothing. Any repetition and any
        order of calls ends with the same deliveries and subscribers. Raises Busy.
        """
        ...


class SuppressionList(Protocol):
    """The side of a provider that keeps lists of addresses which it writes to no more."""

    @property
    def name(self) -> str: ...

    @property
    def reasons(self) -> Sequence[SuppressionReason]:
        """One for each list."""
        ...

    def page(
        self, reason: SuppressionReason, since: datetime, until: datetime, *, offset: int
    ) -> tuple[Sequence[Suppression], bool]:
        """Entries of one list made in [since, until], and whether the page is full: there may be more.

        Raises as Provider.submit does.
        """
        ...

    def suppress(self, addresses: Sequence[str]) -> None:
        """None; the provider writes to none of these any more. Raises as Provider.submit does."""
        ...

    def close(self) -> None: ...


class SuppressionStore(Protocol):
    """The addresses that are never written to again, also those of nobody on the list."""

    def keep(self, entries: Sequence[Suppression], source: str, now: datetime) -> int:
        """How many people of the list were ended by these entries; an address that is not on the list
        is remembered as a keyed hash. One transaction; repeating it is harmless.
        """
        ...

    def mark(self, name: str) -> datetime | None:
        """How far the reading of a provider's list came; None: never begun."""
        ...

    def set_mark(self, name: str, moment: datetime) -> None: ...


class Accounts(Protocol):
    """What a person may ask of a frozen issue; nothing of it changes anything."""

    def audience_sha256(self, issue_id: IssueId) -> str:
        """The digest of the frozen addresses as they stand in the database now."""
        ...

    def erased(self, issue_id: IssueId) -> int:
        """How many of the audience were forgotten since, and are but numbers now."""
        ...

    def people(self, issue_id: IssueId) -> Iterator[Standing]:
        """Everybody of the audience, in the frozen order; one batch at a time in memory."""
        ...

    def left_out(self, issue_id: IssueId, status: DeliveryStatus) -> Iterator[Standing]:
        """The recipients who are rejected, suppressed since, uncertain or unknown; in the frozen order."""
        ...

    def requests(self, issue_id: IssueId) -> Iterator[Request]:
        """Every request that was made for the issue, oldest first."""
        ...

    def movement(self, issue_id: IssueId, now: datetime, *, pace: Pace | None = None) -> Movement:
        """How the send of the issue goes on, under the pace that its provider must keep."""
        ...


class ReceiptFiles(Protocol):
    """The receipts beside the issue files; unlike those they are the program's, and replaced."""

    def write(self, issue_id: IssueId, text: str) -> None:
        """None; the receipt is there whole. Raises NewsletterError when the disk refuses."""
        ...

    def read(self, issue_id: IssueId) -> str | None:
        """The receipt's text; None when there is none. Raises NewsletterError."""
        ...

    def list(self) -> Sequence[IssueId]:
        """The issues that have a receipt."""
        ...


class Archive(Protocol):
    """The issues that everybody may read: those of which something was submitted, unless cancelled."""

    def list(self) -> Sequence[ArchivedIssue]:
        """All of them, newest first."""
        ...

    def letter(self, issue_id: IssueId) -> ArchivedLetter | None:
        """The issue as it was frozen; also while its first request is under way, because the letters of
        that lead here."""
        ...

    def letters(self, issue_ids: Sequence[IssueId]) -> Iterator[ArchivedLetter]:
        """Those of these issues that are in the list, in the order given."""
        ...

    def texts(self, issue_ids: Sequence[IssueId]) -> Mapping[IssueId, str]:
        """The text parts of those of these issues that are in the list, as they were frozen."""
        ...


class Engine(Protocol):
    """What rings the doorbell: it calls `tick` again and again, and knows nothing else."""

    def start(self, tick: Callable[[], None]) -> None: ...

    def stop(self) -> None:
        """None, when the tick that was running has ended."""
        ...


class Joining(Protocol):
    """How people come to the list and leave it; every step is kept in their consent record."""

    def request(
        self, address: Address, step: Consent, *, language: str, tags: Sequence[str], mail: bool
    ) -> None:
        """None, for everybody alike: a new person is unconfirmed, a known one stays as they are.

        With `mail` one is queued, which tells its reader the truth.
        """
        ...

    def confirm(self, subscriber_id: SubscriberId, step: Consent) -> Confirmation:
        """What became of it. Whoever ended is confirmed only by a wish that came after the end."""
        ...

    def leave(self, subscriber_id: SubscriberId, step: Consent, *, mail: bool) -> bool:
        """Whether the person was on the list until now; repeating it is harmless. With `mail` a
        goodbye is queued, which holds the way back."""
        ...

    def come_back(self, subscriber_id: SubscriberId, step: Consent) -> bool:
        """Whether the person is confirmed now: only who left by themselves comes back this way."""
        ...

    def steps(self, subscriber_id: SubscriberId) -> Sequence[Consent]:
        """The person's consent record, oldest step first."""
        ...

    def expire(self, before: datetime) -> int:
        """How many unconfirmed people were forgotten, whose newest wish is older than that."""
        ...


class Preferences(Protocol):
    """What people choose for themselves, and the addresses that they move to."""

    def choose(self, subscriber_id: SubscriberId, choices: Choices, offered: Collection[str]) -> None:
        """None; of the offered tags the person has just those that they chose, and keeps all others."""
        ...

    def mail_link(self, subscriber_id: SubscriberId, now: datetime) -> None:
        """None; a mail to the person's own address is queued, with the link to their settings."""
        ...

    def ask_for_change(self, subscriber_id: SubscriberId, address: Address, now: datetime) -> None:
        """None, for every address alike. The new one is mailed a button, unless it is somebody else's or
        must not be written to; an earlier wish is forgotten."""
        ...

    def next_address(self, subscriber_id: SubscriberId) -> str:
        """The address that the person is moving to, else the one that they have; empty for nobody."""
        ...

    def change_address(self, subscriber_id: SubscriberId, step: Consent) -> bool:
        """Whether the person has their new address; repeating it is harmless. Not when it has become
        somebody else's."""
        ...


class Limits(Protocol):
    """What may be asked for how often; counted over all processes."""

    def allow(self, limits: Sequence[Limit], now: datetime) -> bool:
        """Whether none of the limits is reached; only then does it count for all of them."""
        ...

    def forget(self, before: datetime) -> int:
        """How many old counts were removed."""
        ...


class MailQueue(Protocol):
    """Mails that are no letters, each handed over once; one process at a time holds its lease."""

    def queue(self, kind: SystemMailKind, addr_spec: str, now: datetime, *, detail: str = "") -> bool:
        """Whether the mail is new: of one kind and detail (unless it is empty) there is only one."""
        ...

    def due(self, now: datetime) -> bool:
        """Whether a mail may be handed over now."""
        ...

    def recover(self, now: datetime) -> int:
        """How many mails an earlier process left half-way; they are uncertain, and stay so."""
        ...

    def claim(self, now: datetime) -> SystemMail | None:
        """The next mail that is due, committed as `submitting` before this returns."""
        ...

    def finish(
        self, mail: SystemMail, state: SystemMailState, now: datetime, *, message_id: str = "", why: str = ""
    ) -> None: ...

    def put_back(self, mail: SystemMail, retry_at: datetime) -> None:
        """None; nothing was accepted, and it is due again at that time."""
        ...


class Visits(Protocol):
    """How often pages are opened, without who opens them."""

    def note(self, page: str, issue_id: IssueId | None, client: str, now: datetime, *, machine: bool) -> None:
        """None; a client that is found to be a machine has its visits around this one marked, too."""
        ...

    def count(self, issue_id: IssueId) -> tuple[int, int]:
        """(clients of people, clients of machines) that opened pages of this issue."""
        ...

    def forget(self, before: datetime) -> int:
        """How many visits of no issue were removed."""
        ...
