"""Where posts come from, and the issues that are made of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from newsletter.models import (
    DecisionLog,
    Fetched,
    IssueId,
    IssueRecord,
    IssueState,
    Post,
    PostId,
    SourceId,
)


class Source(Protocol):
    """Where posts come from: a feed or a folder."""

    @property
    def id(self) -> SourceId: ...

    def fetch(self, state: bytes | None) -> Fetched:
        """The source's posts and the state for the next call; `state` is None the first time.

        Raises SourceFailed when the source cannot be read and no last good copy stands in.
        """
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

    def dropped(self, source: SourceId, posts: Iterable[PostId]) -> Mapping[PostId, str]:
        """Which of these posts an earlier gather dropped, and why; such a post may still be taken."""
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
        notice_to: str = "",
    ) -> IssueRecord:
        """The new draft, committed with its file's text, the decisions and the spent posts, or nothing.

        With `notice_to`, a mail to that address is queued with it, which says that the draft waits for
        review. Raises Busy when the slot or the id is already taken.
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

    def gathered_text(self, issue_id: IssueId) -> str:
        """What `gather` wrote into the issue's file; empty when it is the author's own or unknown."""
        ...

    def log(self, issue_id: IssueId) -> DecisionLog | None: ...

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
