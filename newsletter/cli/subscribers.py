"""`newsletter subscribers`: the list of people."""

import click

from newsletter.cli.common import json_option, opened, print_json
from newsletter.cli.importing import STATUSES, export, import_, imports, undo_import
from newsletter.models import SubscriberStatus


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
@click.option("--status", type=click.Choice(STATUSES), help="Only these.")
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


for command in (import_, imports, undo_import, export):
    subscribers.add_command(command)
