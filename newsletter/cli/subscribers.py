"""`newsletter subscribers`: the list of people."""

import click

from newsletter.cli.common import json_option, opened, print_json, talk
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


@subscribers.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def forget(ctx: click.Context, address: str, yes: bool) -> None:
    """Erase all that is held of ADDRESS, for good. Only its owner can bring it back, by signing up."""
    from newsletter.usecases.forgetting import forget

    with opened(ctx) as app:
        if not yes:
            click.confirm(f"Erase everything about {address}? It cannot be undone.", abort=True, err=True)
        known = forget(address, forgetting=app.forgetting, keys=app.keys, now=app.clock.now())
        click.echo("erased" if known else "nothing was held; no import will bring this address in")
        if not app.forgetting.remove_traces():
            talk("The rest of the file is cleaned by “newsletter run-due” or “serve”, when nothing is sent.")
    talk("Files of your own are yours to clean: exports, rejected rows, backups, data/outbox, logs.")


for command in (import_, imports, undo_import, export):
    subscribers.add_command(command)
