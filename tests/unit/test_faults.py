"""The places where a test can end a sender."""

import os
import re
import signal
from pathlib import Path

import pytest

from newsletter import faults

ROOT = Path(__file__).parents[2]


def test_every_point_is_documented_and_passed_somewhere() -> None:
    page = (ROOT / "docs/reference/faults.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) ", page, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(faults.POINTS)
    assert {int(number) for _, number in rows} == set(range(1, 18))
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "newsletter").rglob("*.py"))
    assert set(re.findall(r'faults\.point\("([a-z-]+)"\)', code)) == set(faults.POINTS)


@pytest.mark.parametrize(
    ("wanted", "passages", "sent"),
    [
        ("", 3, []),
        ("before-claim", 3, [signal.SIGKILL]),
        ("after-claim", 2, [signal.SIGKILL]),
        ("after-claim@2", 3, [signal.SIGKILL]),
        ("after-claim@3:TERM", 3, [signal.SIGTERM]),
        ("after-claim@4", 3, []),
    ],
)
def test_the_process_gets_its_signal_at_the_passage_that_was_named(
    monkeypatch: pytest.MonkeyPatch, wanted: str, passages: int, sent: list[signal.Signals]
) -> None:
    signals: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _pid, number: signals.append(number))
    monkeypatch.setattr(faults, "_passages", {})
    monkeypatch.setenv("NEWSLETTER_FAULT", wanted)
    for _ in range(passages):
        faults.point("before-claim")
        faults.point("after-claim")
    assert signals == sent
