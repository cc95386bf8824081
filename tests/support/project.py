"""A newsletter's folder for tests, and its commands: in this process, or as real ones."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from newsletter.cli import main

SETTINGS = """\
[newsletter]
name = "The Harbour Letter"
from = "The Harbour Letter <letter@news.example.com>"
postal_address = "3 Ropewalk, Port Lorne"
public_url = "https://news.example.com"
timezone = "Europe/Berlin"

[[sources]]
folder = "posts"
since = 2026-01-01

[schedule]
send = "friday 09:00"
silence = "send"

[provider]
kind = "outbox"
"""
POST = """\
---
title: "{title}"
date: {day}
author: Ada Writer
link: https://blog.example.com/{slug}
---

{title} is what the whole town talks about this week, and for once everybody agrees.

> Nobody waits, since there is no demand for a waiting room.
>
> — Mina Okafor, [Harbour Courier](https://courier.example.com/{slug}), {day}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project folder; `run` calls a command of the program in it."""

    folder: Path
    capsys: pytest.CaptureFixture[str] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Path:
        return self.folder / "newsletter.toml"

    def configure(self, more: str) -> None:
        """None; these lines stand at the end of the settings."""
        text = self.settings.read_text(encoding="utf-8")
        self.settings.write_text(f"{text}\n{more}", encoding="utf-8")

    def write_post(self, slug: str, title: str, day: str = "2026-11-20") -> Path:
        path = self.folder / "posts" / f"{day}-{slug}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(POST.format(title=title, day=day, slug=slug), encoding="utf-8")
        return path

    def run(self, *words: str) -> Result:
        """The command, run in this process."""
        assert self.capsys is not None
        self.capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["newsletter", "-C", str(self.folder), *words])
            for name, value in self.environment.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        out = self.capsys.readouterr()
        code = ended.value.code
        return Result(status=code if isinstance(code, int) else 0, stdout=out.out, stderr=out.err)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The command, started as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "newsletter", "-C", str(self.folder), *words],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def letters(self) -> list[Path]:
        """The .eml files of issues that the outbox holds."""
        found = (self.folder / "data" / "outbox").glob("*/*.eml")
        return sorted(path for path in found if path.parent.name != "system")


def make_project(folder: Path, capsys: pytest.CaptureFixture[str] | None = None) -> Project:
    """A project with two posts and the settings above."""
    folder.mkdir(parents=True, exist_ok=True)
    project = Project(folder=folder, capsys=capsys)
    project.settings.write_text(SETTINGS, encoding="utf-8")
    project.write_post("night-boat", "The night boat stays")
    project.write_post("lighthouse", "The lighthouse keeps its keeper", "2026-11-21")
    return project
