"""`newsletter theme`: how the newsletter's letters look."""

import os
from pathlib import Path

import click

from newsletter.cli.common import talk


@click.group()
def theme() -> None:
    """Make a theme of your own."""


@theme.command()
@click.argument("name")
@click.pass_context
def new(ctx: click.Context, name: str) -> None:
    """Copy the default theme's files into templates/NAME, to be changed."""
    from newsletter.config.load import load_settings
    from newsletter.config.theme import new_theme

    project: Path = ctx.obj.resolve()
    load_settings(project, os.environ)  # or there is no newsletter here
    for path in new_theme(project, name):
        click.echo(path)
    talk(f'Now write theme = "{name}" under [newsletter] in newsletter.toml, or in an issue file.')
