"""`newsletter subscribers`: the list of people."""

from typing import TYPE_CHECKING

import click

from newsletter.cli.common import confirm, json_option, opened, print_json, talk
from newsletter.cli.importing import STATUSES, export, import_, imports, undo_import
from newsletter.errors import BadAddress, BadInput, NotFound
from newsletter.models import Subscriber, SubscriberStatus

if TYPE_CHECKING:
    from newsletter.wiring import App


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

    for number, text in enumerate(addresses, start=1):  # all or none
        try:
            parse_address(text)
        except BadAddress as error:
            raise BadAddress(error.message, where=f"address {number}", remedy=error.remedy) from error
    with opened(ctx) as app:
        for text in addresses:
            subscriber, is_new = add_subscriber(
                text, app.subscribers, consent_source=consent, now=app.clock.now()
            )
            word = "added" if is_new else f"known, {subscriber.status}"
            click.echo(f"{subscriber.address.addr_spec}: {word}")


@subscribers.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only these.")
@click.option("--where", default="", metavar="FILTER", help="Only whom this audience filter means.")
@json_option
@click.pass_context
def list_(ctx: click.Context, status: str | None, where: str, as_json: bool) -> None:
    """Show who is on the list."""
    from newsletter.wiring.audience import audience_of

    wanted = [SubscriberStatus(status)] if status else []
    with opened(ctx) as app:
        people = app.subscribers.list(*wanted, where=audience_of(app, where))
        if as_json:
            print_json(list(people))
            return
        for person in people:
            name = f" ({person.address.display_name})" if person.address.display_name else ""
            click.echo(f"{person.address.addr_spec}{name}: {person.status}")


@subscribers.command()
@click.argument("audience_filter", required=False, default="", metavar="[FILTER]")
@json_option
@click.pass_context
def count(ctx: click.Context, audience_filter: str, as_json: bool) -> None:
    """Show how many people an issue would go to now: all, or those whom FILTER means."""
    from newsletter.wiring.audience import audience_of, said_of

    with opened(ctx) as app:
        audience = audience_of(app, audience_filter)
        if as_json:
            reach = app.subscribers.reach(app.clock.now(), audience)
            print_json({"count": reach, "audience_filter": audience.text if audience else ""})
        else:
            click.echo(said_of(app, audience))


@subscribers.command()
@click.argument("address")
@click.argument("tag", metavar="TAG")
@click.pass_context
def tag(ctx: click.Context, address: str, tag: str) -> None:
    """Give the person at ADDRESS a tag, by which audience filters find them."""
    with opened(ctx) as app:
        new = app.subscribers.tag(_person(app, address).id, _one_tag(tag))
    click.echo("tagged" if new else "had the tag already")


@subscribers.command()
@click.argument("address")
@click.argument("tag", metavar="TAG")
@click.pass_context
def untag(ctx: click.Context, address: str, tag: str) -> None:
    """Take a tag from the person at ADDRESS."""
    with opened(ctx) as app:
        had = app.subscribers.untag(_person(app, address).id, _one_tag(tag))
    click.echo("untagged" if had else "had no such tag")


def _person(app: "App", address: str) -> Subscriber:
    person = app.subscribers.find(address)
    if person is None:
        raise NotFound("nobody on the list has this address", remedy="see “newsletter subscribers list”")
    return person


def _one_tag(text: str) -> str:
    from newsletter.content.importcells import clean_tag

    tag = clean_tag(text)
    if not tag:
        raise BadInput("the tag is empty", remedy="name it by a word, such as berlin")
    return tag


@subscribers.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def forget(ctx: click.Context, address: str, yes: bool) -> None:
    """Erase all that is held of ADDRESS, for good. Only its owner can bring it back, by signing up."""
    from newsletter.usecases.forgetting import forget

    with opened(ctx) as app:
        if not yes:
            confirm(f"Erase everything about {address}? It cannot be undone.")
        known = forget(address, forgetting=app.forgetting, keys=app.keys, now=app.clock.now())
        click.echo("erased" if known else "nothing was held; no import will bring this address in")
        if not app.forgetting.remove_traces():
            talk("The rest of the file is cleaned by “newsletter run-due” or “serve”, when nothing is sent.")
    talk("Files of your own are yours to clean: exports, rejected rows, backups, data/outbox, logs.")


for command in (import_, imports, undo_import, export):
    subscribers.add_command(command)
