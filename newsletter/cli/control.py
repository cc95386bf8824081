"""What a person says of an issue: approve, undo, pause, resume, cancel."""

import click

from newsletter.cli.common import issue_argument, json_option, opened, print_json, talk
from newsletter.errors import WrongState
from newsletter.models import DRAFTS, OPEN, SENDING, IssueState
from newsletter.usecases.standing import next_act


@click.command()
@issue_argument
@json_option
@click.pass_context
def approve(ctx: click.Context, issue: str, as_json: bool) -> None:
    """Let the draft ISSUE go out: at its slot's time, and not before the undo window has passed.

    The schedule sends it (“run-due” or “serve”), with the words that its file has then.
    """
    from newsletter.wiring.control import approve

    with opened(ctx) as app:
        issue_id = app.issue_id(issue)
        send_at = approve(app, issue_id)
    if as_json:
        print_json({"issue": issue_id, "send_at": send_at})
    else:
        click.echo(
            f"{issue_id}: goes out at {send_at:%Y-%m-%d %H:%M:%S} UTC; “newsletter undo” takes it back"
        )


@click.command()
@issue_argument
@click.pass_context
def undo(ctx: click.Context, issue: str) -> None:
    """Take the approval of ISSUE back: it is a draft, and waits until it is approved again or sent."""
    from newsletter.wiring.control import undo

    with opened(ctx) as app:
        issue_id = app.issue_id(issue)
        undo(app, issue_id)
    click.echo(f"{issue_id}: {IssueState.DRAFT}")


@click.command()
@issue_argument
@click.pass_context
def pause(ctx: click.Context, issue: str) -> None:
    """Stop submitting ISSUE after the request that is under way."""
    _move(ctx, issue, IssueState.PAUSED, SENDING, "by hand")


@click.command()
@issue_argument
@click.pass_context
def resume(ctx: click.Context, issue: str) -> None:
    """Let a paused ISSUE go on: “send” or the next scheduled run submits the rest."""
    _move(ctx, issue, IssueState.SUBMITTING, (IssueState.PAUSED,), "")


@click.command()
@issue_argument
@click.pass_context
def cancel(ctx: click.Context, issue: str) -> None:
    """Never send ISSUE, or what is left of it."""
    states = (*DRAFTS, *OPEN)
    _move(ctx, issue, IssueState.CANCELLED, states, "by hand")


def _move(
    ctx: click.Context, issue: str, state: IssueState, expected: tuple[IssueState, ...], note: str
) -> None:
    from newsletter.wiring.receipts import keep_receipt

    with opened(ctx) as app:
        record = app.adopt(app.issue_id(issue))
        issue_id = record.id
        if record.state not in expected:
            raise WrongState(
                f"{issue_id} is {record.state}: there is nothing to {ctx.command.name}",
                remedy=next_act(record, app.ledger.progress(issue_id)),
            )
        app.issues.set_state(issue_id, state, expected=expected, note=note)
        if trouble := keep_receipt(app, issue_id):
            talk(trouble)
    click.echo(f"{issue_id}: {state}")
