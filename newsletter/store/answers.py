"""Servers' answers about the addresses of letters, kept in a file for the next check."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from newsletter.content.checks.answers import Answer
from newsletter.store.files import replace_file


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    answer: Answer


class AnswerFile:
    """The Memory of probing, as one JSON file; a file that cannot be read counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, since: datetime) -> dict[str, Answer]:
        """The answers that were kept at `since` or later, by address."""
        return {address: kept.answer for address, kept in self._read(since).items()}

    def keep(self, answers: Mapping[str, Answer], now: datetime, *, since: datetime) -> None:
        """None; the answers are kept, and those from before `since` forgotten.

        Of two checks at once the later one's answers stay. Only the owner may read the file: links
        can be private.
        """
        kept = self._read(since) | {
            address: _Kept(at=now, answer=answer) for address, answer in answers.items()
        }
        replace_file(self._path, msgspec.json.encode(kept), mode=0o600)

    def _read(self, since: datetime) -> dict[str, _Kept]:
        with suppress(FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
            kept = msgspec.json.decode(self._path.read_bytes(), type=dict[str, _Kept])
            return {address: each for address, each in kept.items() if each.at >= since}
        return {}
