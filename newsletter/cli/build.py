"""The archive as files."""

from pathlib import Path

import click

from newsletter.cli.common import json_option, opened, print_json, talk
from newsletter.content.counting import counted
from newsletter.errors import WrongState


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write into a folder that holds other things.")
@json_option
@click.pass_context
def build(ctx: click.Context, folder: Path, force: bool, as_json: bool) -> None:
    """Write the archive of submitted issues into DIR, as files that any host can serve.

    What is there already is left alone; nothing is removed but what an earlier build wrote.
    """
    from newsletter.store.sitefolder import SiteFolder
    from newsletter.web.staticarchive import static_files

    with opened(ctx) as app:
        if not app.settings.archive.public:
            raise WrongState(
                f"{app.settings.where('archive.public')}: the archive is not public",
                remedy="set public = true under [archive]",
            )
        done = SiteFolder(folder).write(static_files(app), force=force)
    for name in done.kept:
        talk(f"{name} is needed no more, but somebody changed it: it stays")
    if as_json:
        print_json(done)
        return
    talk(f"{counted(done.written, 'file')} written, {done.unchanged} as before, {done.removed} removed")
    click.echo(str(folder))
