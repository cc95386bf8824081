"""`newsletter subscribers`: the list of people."""

import sys
from pathlib import Path

import click

from newsletter.cli.common import json_option, opened, print_json, talk
from newsletter.errors import BadInput
from newsletter.models import SubscriberStatus

_STATUSES = [status.value for status in SubscriberStatus]


@click.group()
def subscribers() -> None:
    """Add, list, import and export subscribers."""


@subscribers.command()
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.option("--consent", default="added by the author", help="Where the consent comes from.")
@click.pass_context
def add(ctx: click.Context, addresses: tuple[str, ...], consent: str) -> None:
    """Add people who asked for the newsletter: `Name <local@domain>` or `local@domain`."""
    from newsletter.content.addresses import parse_address
    from newsletter.usecases.subscribe import add_subscriber

    for text in addresses:  # all or none
        parse_address(text)
    with opened(ctx) as app:
        for text in addresses:
            subscriber, is_new = add_subscriber(
                text, app.subscribers, consent_source=consent, now=app.clock.now()
            )
            word = "added" if is_new else f"known, {subscriber.status}"
            click.echo(f"{subscriber.address.addr_spec}: {word}")


@subscribers.command("list")
@click.option("--status", type=click.Choice(_STATUSES), help="Only these.")
@json_option
@click.pass_context
def list_(ctx: click.Context, status: str | None, as_json: bool) -> None:
    """Show who is on the list."""
    wanted = [SubscriberStatus(status)] if status else []
    with opened(ctx) as app:
        people = app.subscribers.list(*wanted)
        if as_json:
            print_json(list(people))
            return
        for person in people:
            name = f" ({person.address.display_name})" if person.address.display_name else ""
            click.echo(f"{person.address.addr_spec}{name}: {person.status}")


@subscribers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--consent", help="Where the consent comes from (default: import FILE).")
@json_option
@click.pass_context
def import_(ctx: click.Context, file: Path, consent: str | None, as_json: bool) -> None:
    """Import people from a CSV FILE with the columns address, name and status.

    Nobody who left or is suppressed comes back by an import. Rows that cannot be read are told
    with their line and reason, and the others are imported.
    """
    from newsletter.usecases.importing import import_csv

    consent = consent or f"import {file.name}"
    with opened(ctx) as app, file.open("rb") as stream:
        try:
            report = import_csv(stream, app.subscribers, consent_source=consent, now=app.clock.now())
        except BadInput as error:
            raise BadInput(error.message, where=str(file), remedy=error.remedy) from error
    if as_json:
        print_json(report)
    else:
        for row in report.rejected:
            talk(f"{file}:{row.line}: {row.reason}")
        click.echo(f"{report.added} added, {report.known} known, {len(report.rejected)} rejected")
    if report.rejected:
        ctx.exit(1)


@subscribers.command()
@click.option("--status", type=click.Choice(_STATUSES), help="Only these.")
@click.pass_context
def export(ctx: click.Context, status: str | None) -> None:
    """Write everybody to stdout as CSV that spreadsheets open safely and `import` reads again."""
    from newsletter.usecases.importing import export_csv

    wanted = [SubscriberStatus(status)] if status else []
    with opened(ctx) as app:
        for line in export_csv(app.subscribers.list(*wanted)):
            sys.stdout.write(line)
        sys.stdout.flush()  # a full disk is told now, not after the last word
