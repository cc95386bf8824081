"""The people of the list, what they do, and what they read."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from newsletter.models import (
    Address,
    AudienceFilter,
    Choices,
    Confirmation,
    Consent,
    IssueId,
    Limit,
    Subscriber,
    SubscriberId,
    SubscriberStatus,
    SystemMail,
    SystemMailState,
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


class Joining(Protocol):
    """How people come to the list and leave it; every step is kept in their consent record."""

    def request(
        self,
        address: Address,
        step: Consent,
        *,
        language: str,
        tags: Sequence[str],
        mail: bool,
        limits: Sequence[Limit] = (),
    ) -> None:
        """None, for everybody alike: a new person is unconfirmed, a known one stays as they are.

        With `mail` one is queued, which tells its reader the truth. When one of `limits` is reached
        nothing is kept; else the wish counts for all of them, in the transaction that keeps it.
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
    """Mails that are no letters, each queued with its cause and handed over once; one process at a time
    holds its lease."""

    def due(self, now: datetime) -> bool:
        """Whether a mail may be handed over now, or was begun and not finished by a process that is at it
        still, or died."""
        ...

    def recover(self, now: datetime) -> int:
        """How many mails an earlier process left half-way; they are uncertain, and stay so."""
        ...

    def uncertain(self, since: datetime) -> int:
        """How many mails have come to be in doubt since then; that they are is for good."""
        ...

    def claim(self, now: datetime) -> SystemMail | None:
        """The next mail that is due, committed as `submitting` before this returns."""
        ...

    def finish(
        self, mail: SystemMail, state: SystemMailState, now: datetime, *, message_id: str = "", why: str = ""
    ) -> None:
        """None; what came of the mail is kept, with a few words that say why it was not taken."""
        ...

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
