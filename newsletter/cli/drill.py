"""Proving on this machine that nobody is lost and nobody doubled, whatever dies."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import click

from newsletter.cli.common import talk
from newsletter.drill.plan import plan
from newsletter.drill.play import play
from newsletter.drill.report import Result, rows, table
from newsletter.drill.stage import Stage


@click.command()
@click.option("--runs", type=click.IntRange(1), default=50, show_default=True, help="How many runs.")
@click.option("--seed", type=int, default=1, show_default=True, help="What the runs are drawn from.")
@click.option("--only", type=click.IntRange(0), help="The number of one run, to repeat it.")
@click.option("--recipients", type=click.IntRange(1), default=1000, show_default=True, help="Of each issue.")
@click.option(
    "--database",
    metavar="URL",
    default="",
    help="A PostgreSQL server to make databases on (default: SQLite).",
)
@click.option("--keep", is_flag=True, help="Keep the folder and the database of a run that failed.")
@click.pass_context
def drill(
    ctx: click.Context, runs: int, seed: int, only: int | None, recipients: int, database: str, keep: bool
) -> None:
    """End senders at every point, on this machine, with a provider that misbehaves; count the copies.

    Nothing leaves this machine. Exit status 1 when somebody was lost or doubled, or a sum was off.
    """
    numbers = range(runs) if only is None else range(only, only + 1)
    results: list[Result] = []
    with _folder() as folder, closing(Stage(folder, recipients=recipients, database=database)) as stage:
        for number in _with_progress(numbers):
            result = play(plan(seed, number, recipients=recipients), stage, keep=keep)
            results.append(result)
            if result.broken:
                talk(f"run {number}: {'; '.join(result.broken)}")
                talk(f"    newsletter drill --seed {seed} --only {number} --recipients {recipients}")
    click.echo(table(rows(results)))
    if any(result.broken for result in results):
        if keep:
            talk(f"what is left of them: {folder}")
        ctx.exit(1)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for the runs, gone at the end unless something was kept in it."""
    folder = Path(tempfile.mkdtemp(prefix="newsletter-drill-"))
    try:
        yield folder
    finally:
        with suppress(OSError):  # not empty
            folder.rmdir()


def _with_progress(numbers: Sequence[int]) -> Iterator[int]:
    """The numbers, with a bar on a terminal."""
    if not sys.stderr.isatty():
        yield from numbers
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(numbers, description="runs", console=Console(stderr=True))
