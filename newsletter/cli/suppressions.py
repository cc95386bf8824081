"""`newsletter suppressions`: the provider's lists of addresses that it writes to no more."""

import click

from newsletter.cli.common import json_option, opened, print_json
from newsletter.content.counting import counted
from newsletter.errors import BadInput


@click.group()
def suppressions() -> None:
    """Read the provider's lists of suppressed addresses, or tell it ours."""


@suppressions.command("pull")
@json_option
@click.pass_context
def pull(ctx: click.Context, as_json: bool) -> None:
    """End the subscriptions of those to whom the provider writes no more, now instead of once a day."""
    from newsletter.wiring.events import pull_suppressions

    with opened(ctx) as app:
        pulled = pull_suppressions(app)
        if pulled is None:
            raise _no_lists(app.settings.provider.kind)
    if as_json:
        print_json(pulled)
        return
    click.echo(f"{pulled.read} read, {counted(pulled.ended, 'subscriber')} ended")


@suppressions.command("push")
@json_option
@click.pass_context
def push(ctx: click.Context, as_json: bool) -> None:
    """Have the provider write no more to people who are suppressed here, whoever asks it to."""
    from newsletter.wiring.events import push_suppressions

    with opened(ctx) as app:
        told = push_suppressions(app)
        if told is None:
            raise _no_lists(app.settings.provider.kind)
    if as_json:
        print_json({"told": told})
        return
    click.echo(f"{counted(told, 'subscriber')} told")


def _no_lists(kind: str) -> BadInput:
    return BadInput(
        f"the provider “{kind}” keeps no lists of suppressed addresses", remedy="nothing needs to be done"
    )
