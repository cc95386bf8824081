"""`newsletter db`: the database's own housekeeping."""

import os
from contextlib import closing
from pathlib import Path

import click

from newsletter.cli.common import confirm, opened, talk
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


@db.command("rotate-key")
@click.pass_context
def rotate_key(ctx: click.Context) -> None:
    """Sign readers' links with a new key from now on. Links that were sent go on working."""
    from newsletter.store.engine import connect
    from newsletter.store.keys import add_key

    with closing(connect(_url(ctx))) as database:
        click.echo(f"key {add_key(database).newest} signs from now on")
    talk("Restart “newsletter serve”: it knows the keys that there were when it began.")


@db.command("after-restore")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def after_restore(ctx: click.Context, yes: bool) -> None:
    """Make good that the database was put back from an old copy, so that nobody gets a letter twice.

    Whoever may have been written to since is uncertain afterwards, issues whose receipts say that they
    were submitted are taken over, and drafts wait for a person.
    """
    from newsletter.wiring.restoring import after_restore

    with opened(ctx) as app:
        if not yes:
            talk(f"{app.mark.doubts() or 'nothing outside the database says that it is an old copy'}.")
            confirm("Doubt what it holds?")
        for line in after_restore(app):
            click.echo(line)
    talk("The database may be sent from again.")


def _url(ctx: click.Context) -> str:
    project: Path = ctx.obj
    return load_settings(project.resolve(), os.environ).database_url
