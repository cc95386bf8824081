"""What commands share: the opened project, JSON on stdout, talk on stderr."""

import os
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.content.counting import counted
from newsletter.models import Decision, DecisionLog, Finding

if TYPE_CHECKING:
    from newsletter.wiring import App

issue_argument = click.argument("issue", required=True)
optional_issue = click.argument("issue", required=False)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")

MOST_ALIKE = 5
"""Findings of one kind that are shown; what a feed does, it does in every post."""


@contextmanager
def opened(ctx: click.Context) -> Iterator["App"]:
    """The project's App, closed at the end of the block."""
    from newsletter.wiring import open_app

    project: Path = ctx.obj
    with open_app(project.resolve(), os.environ) as app:
        yield app


def confirm(question: str) -> None:
    """None, when somebody says yes; the command ends when they say no, or nobody is there."""
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to ask: repeat with --yes")
    click.confirm(question, abort=True, err=True)


def heed_signals(app: "App") -> None:
    """None; SIGTERM and Ctrl-C end the command after the request that is under way."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: app.stop())


def print_json(value: object) -> None:
    """None; the value, nouns included, stands on stdout as one JSON document."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def print_json_streamed(head: Mapping[str, object], lists: Mapping[str, Iterable[object]]) -> None:
    """None; one JSON object with the members of both stands on stdout; of the lists, which may be long,
    one entry at a time is in memory."""
    import msgspec

    def text(value: object) -> str:
        return msgspec.json.encode(value).decode()

    def write(part: str) -> None:
        click.echo(part.encode(), nl=False)  # UTF-8, as all JSON (RFC 8259 §8.1)

    write("{\n" + ",\n".join(f"  {text(key)}: {text(value)}" for key, value in head.items()))
    for key, entries in lists.items():
        write(f",\n  {text(key)}: [")
        gap = "\n    "
        for entry in entries:
            write(gap + text(entry))
            gap = ",\n    "
        write("]" if gap == "\n    " else "\n  ]")
    write("\n}\n")


def talk(text: str) -> None:
    """None; the text stands on stderr."""
    click.echo(text, err=True)


def show_findings(findings: tuple[Finding, ...]) -> None:
    """None; on stderr, for each kind of finding, the first few with their places, and once the remedy."""
    for code in dict.fromkeys(finding.code for finding in findings):
        alike = [finding for finding in findings if finding.code == code]
        for finding in alike[:MOST_ALIKE]:
            place = f"{finding.where}: " if finding.where else ""
            talk(f"{finding.severity}: {place}{finding.message} [{code}]")
        if len(alike) > MOST_ALIKE:
            talk(f"    and {len(alike) - MOST_ALIKE} more of this kind, which “check --json” lists")
        talk(f"    {alike[0].remedy}")


def show_log(log: DecisionLog) -> None:
    """None; the decision log on stderr, the posts that were seen before as one number."""
    for note in log.notes:
        talk(f"  {note}")
    for line in log.decisions:
        if line.decision is not Decision.SEEN_BEFORE:
            talk(f"  {line.decision:8} {line.title or line.url or line.post} ({line.reason})")
    before = sum(line.decision is Decision.SEEN_BEFORE for line in log.decisions)
    if before:
        talk(f"  {counted(before, 'post')} seen before")
