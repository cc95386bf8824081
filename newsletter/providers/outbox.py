"""Letters become .eml files: the first steps, the demo, the dry run and the tests mail nobody."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from newsletter.config.settings import Settings
from newsletter.content.counting import counted
from newsletter.errors import ProviderRefused, ProviderUnavailable
from newsletter.models import (
    Batch,
    OpenAttempt,
    RenderedEmail,
    Sender,
    SendOutcome,
    SendStatus,
    Verdict,
)
from newsletter.ports import Clock
from newsletter.providers.letters import Letters

_FILE_NAME = re.compile(r"[^/.\x00-\x1f][^/\x00-\x1f]*")
MAX_NAME_BYTES = 240
"""File systems take 255; the suffixes need the rest."""


class OutboxProvider:
    """The Provider of the kind `outbox`: `<folder>/<issue id>/<delivery id>.eml`.

    A delivery that is submitted again replaces its own file, so that nothing is ever there twice.
    """

    name = "outbox"
    max_recipients = 100
    """So few that a pause asked for meanwhile is heeded within a second."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._letters = Letters()

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> Self:
        """The provider that writes to the folder in newsletter.toml, read from the project's folder."""
        return cls(settings.project / settings.provider.outbox.folder, clock)

    def submit(self, email: RenderedEmail, sender: Sender, batch: Batch) -> Sequence[SendOutcome]:
        """One submitted outcome per recipient. Letters get their names when all are written whole.

        Raises as ports.Provider says; a full or forbidden disk is ProviderUnavailable.
        """
        for name in (batch.issue_id, *(recipient.delivery_id for recipient in batch.recipients)):
            if not _FILE_NAME.fullmatch(name) or len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES:
                raise ProviderRefused(
                    f"{name!a} is no safe name of a file",
                    remedy="use letters, digits, dots and hyphens in the issue file's name",
                )
        letters = self._letters.of(email, sender, batch, date=self._clock.now())
        folder = self._folder / batch.issue_id
        written: list[tuple[Path, Path]] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for letter in letters:
                final = folder / f"{letter.recipient.delivery_id}.eml"
                part = final.with_name(f".{final.name}.part")
                written.append((part, final))
                part.write_bytes(letter.head + b"\r\n" + letter.body)
            for part, final in written:
                part.replace(final)
        except OSError as error:
            raise ProviderUnavailable(
                # What a write itself refuses names no file.
                f"the outbox cannot be written to: {error.strerror}: {error.filename or folder}",
                remedy="make room, or let this user write there",
            ) from error
        finally:
            for part, _ in written:
                part.unlink(missing_ok=True)
        return [
            SendOutcome(
                delivery_id=recipient.delivery_id,
                status=SendStatus.SUBMITTED,
                provider_message_id=recipient.headers.get("Message-ID", ""),
            )
            for recipient in batch.recipients
        ]

    def verdict(self, attempt: OpenAttempt, now: datetime) -> tuple[Verdict, str]:
        """ACCEPTED when every letter lies there, else VOID: those that do are replaced by the next ones."""
        folder = self._folder / attempt.issue_id
        missing = sum(not (folder / f"{delivery.id}.eml").is_file() for delivery in attempt.deliveries)
        if missing:
            return Verdict.VOID, f"the outbox lacks {counted(missing, 'letter')} of it"
        return Verdict.ACCEPTED, "all of its letters lie in the outbox"

    def close(self) -> None:
        """None; there is nothing to close."""
