"""What the live preview shows now, made anew at each save of the issue file, a theme or the settings."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, cast

from watchfiles import awatch

from newsletter.config import load_settings
from newsletter.config.theme import shipped_templates
from newsletter.errors import NewsletterError
from newsletter.models import Issue, IssueId
from newsletter.usecases.review import Review
from newsletter.wiring import App

if TYPE_CHECKING:
    from watchfiles.main import AnyEvent

STEP = 10
"""Milliseconds: a save is over when nothing more was written for as long."""
ANYWAY = 1000
"""Milliseconds after which the files' times are looked at though nothing was heard."""
_SETTINGS = ("newsletter.toml", ".env")


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """What can be shown after one save."""

    version: str
    app: App
    """With the settings as they stand now, or as they last could be read."""
    source: str
    review: Review | None
    """The last good one; None before there was any."""
    error: NewsletterError | None
    changed: int = 0
    """The section that the last saves changed, from 1, so that the letter opens there; 0: its top."""


class LivePreview:
    """One issue, looked at anew after each save; many pages may wait for the next."""

    def __init__(self, app: App, issue_id: IssueId, environ: Mapping[str, str]) -> None:
        self.issue_id = issue_id
        self._environ = environ
        self._started = secrets.token_hex(4)
        self._saves = 0
        self._over = False
        self._next = asyncio.Event()
        self._project = app.settings.project
        self._stopped = app.stopped
        self._seen = self._times()
        self.now = self._look(
            Moment(version="", app=app, source=app.files.read(issue_id), review=None, error=None)
        )

    async def watch(self) -> None:
        """None, when the app was asked to stop; until then each save makes a new moment.

        The system's news of a save only wakes it: what changed is seen in the files' times, so that
        nothing is missed while new folders begin to be watched, or where the system tells nothing.
        """
        while not self._stopped.is_set():
            folders = self._folders()
            watching = awatch(
                *folders,
                watch_filter=None,
                step=STEP,
                rust_timeout=ANYWAY,
                yield_on_timeout=True,
                recursive=False,
                stop_event=cast("AnyEvent", self._stopped),
            )
            async with aclosing(watching):
                async for _ in watching:
                    await self._look_again()
                    if self._folders() != folders:
                        break  # watch those that are new
        self._over = True
        self._tell()

    async def versions(self) -> AsyncIterator[str]:
        """The version now, then each one that follows, until the watching is over."""
        told = ""
        while not self._over:
            following = self._next
            if told != self.now.version:
                told = self.now.version
                yield told
            else:
                await following.wait()

    async def _look_again(self) -> None:
        times = self._times()
        if times != self._seen:
            self._seen = times
            self.now = await asyncio.to_thread(self._look, self.now)
            self._tell()

    def _tell(self) -> None:
        reached, self._next = self._next, asyncio.Event()
        reached.set()

    def _look(self, before: Moment) -> Moment:
        """What the files say now; what they said last where they say nothing that can be shown."""
        self._saves += 1
        version = f"{self._started}-{self._saves}"
        app, source = before.app, before.source
        try:
            app = replace(app, settings=load_settings(app.settings.project, self._environ))
            source = app.files.read(self.issue_id)
            review = app.review(self.issue_id)
            changed = changed_section(before.review.issue, review.issue) if before.review else 0
        except NewsletterError as error:
            return replace(before, version=version, app=app, source=source, error=error)
        return Moment(
            version=version,
            app=app,
            source=source,
            review=review,
            error=None,
            changed=before.changed if changed is None else changed,
        )

    def _folders(self) -> list[Path]:
        """The folders that hold what a letter is made of; each is watched without those inside it."""
        roots = [shipped_templates(), self._project / "templates"]
        themes = [path for root in roots if root.is_dir() for path in root.iterdir()]
        folders = {self._project, self._project / "issues", *roots, *themes}
        return sorted(path for path in folders if path.is_dir())

    def _times(self) -> Mapping[Path, tuple[int, int, int]]:
        """When each file that a letter is made of was last changed, and what else tells two apart."""
        files = [self._project / name for name in _SETTINGS]
        files.append(self._project / "issues" / f"{self.issue_id}.md")
        for theme in self._folders():
            if theme.parent.name == "templates":
                files += [path for path in theme.glob("[!.]*") if not path.name.endswith(("~", ".tmp"))]
        return {path: found for path in files if (found := _stamp(path))}


def changed_section(before: Issue, after: Issue) -> int | None:
    """The first section of `after` that differs, from 1; 0 when what differs is in none, None when
    nothing does."""
    if before == after:
        return None
    pairs = zip_longest(before.sections, after.sections)
    place = next((number for number, (old, new) in enumerate(pairs, start=1) if old != new), 0)
    return min(place, len(after.sections))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """None for a file that is not there (any more)."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
