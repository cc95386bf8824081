"""`newsletter reconcile`: settle requests of which nobody knows whether the provider took them."""

import click

from newsletter.cli.common import json_option, opened, optional_issue, print_json, talk

NEEDS_ATTENTION = 3


@click.command()
@optional_issue
@click.option(
    "--assume-submitted",
    "decision",
    flag_value="assume_submitted",
    help="Write to nobody of ISSUE again whose request no evidence settles: they count as unknown.",
)
@click.option(
    "--resend",
    "decision",
    flag_value="resend",
    help="Hand everybody of ISSUE over again whose request no evidence settles: some may get it twice.",
)
@json_option
@click.pass_context
def reconcile(ctx: click.Context, issue: str | None, decision: str | None, as_json: bool) -> None:
    """Settle by evidence what is in doubt, of ISSUE or of all issues; what is left, as you decide.

    Exit status 3 when somebody stays uncertain.
    """
    from newsletter.usecases.reconcile import Decision
    from newsletter.wiring.evidence import reconcile_requests
    from newsletter.wiring.receipts import late_receipts

    if decision and issue is None:
        raise click.UsageError("name the ISSUE that you decide about")
    with opened(ctx) as app:
        issue_id = app.record(app.issue_id(issue)).id if issue else None
        found = reconcile_requests(app, issue_id, decision=Decision(decision) if decision else None)
        for trouble in late_receipts(app):
            talk(trouble)
    if as_json:
        print_json(found)
    else:
        for line in (*found.done, *found.open):
            click.echo(line)
        if not found.settled and not found.uncertain:
            talk("Nobody is in doubt.")
    if found.uncertain:
        ctx.exit(NEEDS_ATTENTION)
