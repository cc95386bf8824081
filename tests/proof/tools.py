"""The tools of the field as functions: what each says of a letter.

A test whose tool is absent is skipped with what to install.
"""

import json
import mailbox
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.chromium import chromium

_HERE = Path(__file__).parent
_SECONDS = 300
"""More than a run needs on a busy machine; past it the tool hangs."""
_NODE = (20, 19)
"""What html-validate 10 needs (its package.json)."""
_STATUS = re.compile(r"score=(?P<score>-?[\d.]+) .*?tests=(?P<rules>.*?)\sautolearn=", re.DOTALL)


# --- SpamAssassin ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class SpamScore:
    """What SpamAssassin charges one message, and for what."""

    score: float
    rules: str


def spam_scores(messages: Mapping[str, bytes], folder: Path) -> dict[str, SpamScore]:
    """The score of each message by its name, by the rules that need no network, in one run.

    Each message must have the header `X-Proof-Name` with its name.
    """
    program = shutil.which("spamassassin")
    if program is None:
        pytest.skip("no SpamAssassin: install Debian's package spamassassin")
    letters, judged = folder / "letters.mbox", folder / "judged.mbox"
    with closing(mailbox.mbox(letters)) as box:
        for message in messages.values():
            box.add(message)
    preferences = folder / "preferences"
    preferences.touch()  # instead of those of the person who runs the tests
    options = ("--local", f"--prefspath={preferences}", "--cf=report_safe 0", "--mbox")
    with judged.open("wb") as output:
        subprocess.run([program, *options, str(letters)], stdout=output, check=True, timeout=_SECONDS)
    with closing(mailbox.mbox(judged)) as box:
        found = {message["X-Proof-Name"]: _spam_score(message["X-Spam-Status"]) for message in box}
    assert set(found) == set(messages)
    return found


def _spam_score(header: str) -> SpamScore:
    status = _STATUS.search(header)
    assert status is not None, header
    return SpamScore(score=float(status["score"]), rules="".join(status["rules"].split()))


# --- Chromium with axe-core --------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page as a server answers it, or a file with those that it needs beside it."""

    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What Chromium saw of a page."""

    violations: Mapping[str, Sequence[str]]
    """By colour scheme, of WCAG 2.0, 2.1 and 2.2 at levels A and AA."""
    too_wide: Mapping[str, int]
    """CSS pixels by which the page is wider than the window, by the window's width."""
    dialogs: Sequence[str]
    requests: Sequence[str]
    """Addresses that the page asked for; none was answered."""


def look_at(
    pages: Mapping[str, Page], *, schemes: Sequence[str] = (), widths: Sequence[int] = ()
) -> dict[str, Seen]:
    """What Chromium saw of each page, by name; one browser for all, without network."""
    seen = _node(
        "look.mjs",
        {
            "chromium": chromium(),
            "pages": [
                {"name": name, "html": page.html, "headers": dict(page.headers), "path": str(page.path or "")}
                for name, page in pages.items()
            ],
            "schemes": schemes,
            "widths": widths,
        },
    )
    return {name: Seen(**told) for name, told in seen.items()}


# --- html-validate and caniemail ---------------------------------------------------------------


def markup_faults(letters: Mapping[str, str], rules: Mapping[str, object]) -> dict[str, list[str]]:
    """What html-validate's recommended rules, changed by `rules`, say of each letter."""
    told = _node("lint.mjs", {"letters": letters, "rules": rules, "clients": []})
    return {name: faults["markup"] for name, faults in told.items()}


def lacking_clients(letters: Mapping[str, str], clients: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """For each letter the features that it uses and some of these clients lack, with those clients."""
    told = _node("lint.mjs", {"letters": letters, "rules": {}, "clients": clients})
    return {name: faults["unsupported"] for name, faults in told.items()}


def _node(script: str, request: object) -> Any:
    """The script's answer. Skips the test where there is no Node or its packages are not installed."""
    command = [_node_program(), str(_HERE / script)]
    answer = subprocess.run(
        command, input=json.dumps(request), capture_output=True, text=True, check=False, timeout=_SECONDS
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def _node_program() -> str:
    program = shutil.which("node")
    if program is not None:
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        major, minor = (int(number) for number in version.removeprefix("v").split(".")[:2])
        if (major, minor) >= _NODE and (_HERE / "node_modules").is_dir():
            return program
    pytest.skip("no Node packages: install Node 20.19 or newer, then run `npm ci` in tests/proof")
