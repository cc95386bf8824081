"""`newsletter db`: the database's own housekeeping."""

import os
from contextlib import closing
from pathlib import Path

import click

from newsletter.cli.common import talk
from newsletter.config import load_settings


@click.group()
def db() -> None:
    """Upgrade, check and back up the database."""


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Bring the tables to this version's form (SQLite does so by itself)."""
    from newsletter.store import schema
    from newsletter.wiring import SystemClock

    schema.upgrade(_url(ctx), now=SystemClock().now())
    talk("The database is up to date.")


@db.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Tell whether the tables have this version's form; exit status 1 when not."""
    from newsletter.store import schema
    from newsletter.store.engine import connect

    with closing(connect(_url(ctx))) as database:
        report = schema.check(database)
    click.echo(f"revision {report.revision or 'none'}, this program's is {report.wanted}")
    for difference in report.drift:
        click.echo(difference)
    if not report.current:
        ctx.exit(1)


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def backup(ctx: click.Context, file: Path) -> None:
    """Write a consistent copy of the database to FILE, while it is in use (SQLite)."""
    from newsletter.store import schema
    from newsletter.store.engine import connect

    with closing(connect(_url(ctx))) as database:
        schema.backup(database, file)
    click.echo(file)


def _url(ctx: click.Context) -> str:
    project: Path = ctx.obj
    return load_settings(project.resolve(), os.environ).database_url
