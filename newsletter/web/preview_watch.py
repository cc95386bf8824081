"""What the live preview shows now, made anew at each save of the issue file, a theme or the settings."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from watchfiles import Change, awatch

from newsletter.config import load_settings
from newsletter.config.theme import shipped_templates
from newsletter.errors import NewsletterError
from newsletter.models import IssueId
from newsletter.usecases.review import Review
from newsletter.wiring import App

if TYPE_CHECKING:
    from watchfiles.main import AnyEvent

STEP = 20
"""Milliseconds: a save is over when nothing more was written for as long."""
_SETTINGS = frozenset({"newsletter.toml", ".env"})


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


class LivePreview:
    """One issue, looked at anew after each save; many pages may wait for the next."""

    def __init__(self, app: App, issue_id: IssueId, environ: Mapping[str, str]) -> None:
        self.issue_id = issue_id
        self._environ = environ
        self._started = secrets.token_hex(4)
        self._saves = 0
        self._over = False
        self._next = asyncio.Event()
        self.now = self._look(
            Moment(version="", app=app, source=app.files.read(issue_id), review=None, error=None)
        )

    async def watch(self) -> None:
        """None, when the app was asked to stop; until then each save makes a new moment."""
        stopped = cast("AnyEvent", self.now.app.stopped)
        while not stopped.is_set():
            folders = self._folders()
            async for changes in awatch(
                *folders,
                watch_filter=self._matters,
                step=STEP,
                recursive=False,
                stop_event=stopped,
                raise_interrupt=False,
            ):
                if changes:
                    self.now = await asyncio.to_thread(self._look, self.now)
                    self._tell()
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
            return Moment(
                version=version, app=app, source=source, review=app.review(self.issue_id), error=None
            )
        except NewsletterError as error:
            return Moment(version=version, app=app, source=source, review=before.review, error=error)

    def _folders(self) -> list[Path]:
        """The folders that hold what a letter is made of; each is watched without those inside it."""
        project = self.now.app.settings.project
        templates = [root for root in (shipped_templates(), project / "templates") if root.is_dir()]
        themes = [path for root in templates for path in root.iterdir() if path.is_dir()]
        return sorted({project, project / "issues", *templates, *themes})

    def _matters(self, _change: Change, path: str) -> bool:
        project = self.now.app.settings.project
        changed = Path(path)
        if changed.parent == project:
            return changed.name in _SETTINGS or changed.name == "templates"
        if changed.parent == project / "issues":
            return changed.name == f"{self.issue_id}.md"
        return not changed.name.startswith(".") and not changed.name.endswith(("~", ".swp", ".tmp"))
