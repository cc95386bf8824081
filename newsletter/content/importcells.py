"""Cells of lists of people: tags, languages and dates as other programs write them, and ours back."""

import csv
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

MAX_TAG = 100
"""Characters of one tag."""
MAX_TAGS = 100
"""Tags of one person; a row that has more is no list of tags."""
UNREAD: Final = datetime.min.replace(tzinfo=UTC)
"""What stands for a date that is there and cannot be read."""

_NO_TEXT = re.compile("[\0\udc80-\udcff]")
"""NUL, and what Python makes of bytes that are no UTF-8 (PEP 383)."""
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
"""RFC 5646 §2.1, as far as languages, scripts and regions go."""
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)", re.DOTALL)
"""27.11.2026: with full stops the day comes first everywhere; with slashes it may be the month."""
_QUOTED_TAG = re.compile(r'[,;|"\[]')


def unusable(text: str) -> str:
    """Why a row of this text cannot be taken; empty when it can."""
    found = _NO_TEXT.search(text)
    if not found:
        return ""
    if found[0] == "\0":
        return "it holds a NUL character"
    return "it is neither UTF-8 nor Windows-1252: save the file as “CSV UTF-8”"


def from_windows(line: str) -> str:
    """The line, read as Windows-1252 when its bytes are no UTF-8 at all; a line that holds letters in
    UTF-8 and a broken one besides stays as it is."""
    if line.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in line):
        return line
    octets = line.encode("utf-8", "surrogateescape")
    if len(octets) != len(line):
        return line
    try:
        return octets.decode("cp1252")
    except UnicodeDecodeError:
        return line


def read_tags(cell: str) -> tuple[str, ...]:
    """The tags of a cell, each once, in order: separated by commas, with quotation marks around those
    that hold one, as a JSON list, or else by semicolons or bars."""
    text = cell.strip()
    if not text:
        return ()
    names = _json_list(text) if text.startswith("[") else None
    if names is None:
        names = _split(text)
    tags = dict.fromkeys(filter(None, (clean_tag(name) for name in names[:MAX_TAGS])))
    return tuple(sorted(tags))


def join_tags(tags: Iterable[str]) -> str:
    """A cell that `read_tags` reads back."""
    return ",".join('"' + tag.replace('"', '""') + '"' if _QUOTED_TAG.search(tag) else tag for tag in tags)


def clean_tag(text: str) -> str:
    """The tag in one writing: single blanks, no control characters, at most MAX_TAG characters."""
    return one_line(text)[:MAX_TAG].strip()


def one_line(text: str) -> str:
    """The text without control characters, on one line, with single blanks."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def read_language(cell: str) -> str:
    """The BCP 47 tag of the cell, the language in lower case; empty for what is none."""
    tag = cell.strip().replace("_", "-")
    if not _LANGUAGE.fullmatch(tag):
        return ""
    language, hyphen, rest = tag.partition("-")
    return f"{language.lower()}{hyphen}{rest}"


def read_moment(cell: str) -> datetime | None:
    """The instant of the cell, in UTC where it names no zone; None when it is empty, UNREAD when it
    cannot be read for sure."""
    text = cell.strip().removesuffix("UTC").rstrip()
    if not text or text.startswith("0000-00-00"):  # MySQL's way to say nothing
        return None
    if day_first := _DAY_FIRST.fullmatch(text):
        day, month, year, rest = day_first.groups()
        text = f"{year}-{month:0>2}-{day:0>2}{rest.replace(',', ' ', 1).rstrip()}"
    try:
        moment = datetime.fromisoformat(text)
        if moment.year < 1970:
            return UNREAD
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return UNREAD


def _json_list(text: str) -> list[str] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else None


def _split(text: str) -> list[str]:
    if "," in text or '"' in text:
        try:
            return next(csv.reader([text.replace("\r", " ").replace("\n", " ")], skipinitialspace=True))
        except csv.Error:
            return text.replace('"', "").split(",")
    return re.split("[;|]", text)
