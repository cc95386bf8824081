"""Sending an issue."""

import sys
from typing import TYPE_CHECKING

import click

from newsletter.cli.common import (
    confirm,
    heed_signals,
    issue_argument,
    json_option,
    opened,
    print_json,
    show_findings,
    talk,
)
from newsletter.cli.progress import shown_progress
from newsletter.errors import WrongState
from newsletter.models import DRAFTS, AudienceFilter, IssueId, IssueState

if TYPE_CHECKING:
    from newsletter.usecases.review import Review
    from newsletter.wiring import App

NEEDS_ATTENTION = 3
TRY_AGAIN = 75
"""The command was asked to stop before everything was submitted."""


@click.command()
@issue_argument
@click.option(
    "--test", "test_address", metavar="ADDRESS", help="Send only to this address, marked as a test."
)
@click.option("--to", metavar="FILTER", help="Only these people, whatever the issue file says.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--after-restore", is_flag=True, help="First make good that the database is an old copy.")
@json_option
@click.pass_context
def send(
    ctx: click.Context,
    issue: str,
    test_address: str | None,
    to: str | None,
    dry_run: bool,
    yes: bool,
    after_restore: bool,
    as_json: bool,
) -> None:
    """Send ISSUE to every confirmed subscriber, or go on where an earlier run stopped."""
    from newsletter.wiring.audience import audience_of, said_of
    from newsletter.wiring.restoring import require_newest

    if test_address and (dry_run or to is not None):
        raise click.UsageError("--test goes alone: leave out --dry-run and --to")
    with opened(ctx) as app:
        issue_id = app.issue_id(issue)
        if after_restore:
            _make_good(app)
        if test_address:
            _send_test(app, issue_id, test_address, as_json=as_json)
            return
        require_newest(app)
        record = app.adopt(issue_id)
        if record.state in DRAFTS:
            review = app.review(issue_id)
            show_findings(review.findings)
            audience = audience_of(app, review.issue.to if to is None else to)
            whom = said_of(app, audience)
            if dry_run:
                talk(f"Would send “{review.email.subject}” to {whom}.")
                if as_json:
                    _print_plan(app, review, audience)
                return
            if not yes:
                confirm(f"Send “{review.email.subject}” to {whom} through {app.settings.provider.kind}?")
        elif dry_run:
            raise WrongState(f"{issue_id} is {record.state}", remedy="a dry run needs a draft")
        heed_signals(app)
        with shown_progress(sys.stderr.isatty()) as on_progress:
            report = app.send(issue_id, to=to, on_progress=on_progress, on_trouble=talk)
    if as_json:
        print_json({"issue": issue_id, "state": report.state, "progress": report.progress})
    else:
        click.echo(f"{issue_id}: {report.summary}")
    if report.attention:
        ctx.exit(NEEDS_ATTENTION)
    if report.state is not IssueState.SUBMITTED:
        ctx.exit(TRY_AGAIN)


def _send_test(app: "App", issue_id: IssueId, address: str, *, as_json: bool) -> None:
    outcome = app.send_test(issue_id, address)
    talk(f"{outcome.status}: a test of {issue_id}")
    if as_json:
        print_json({"issue": issue_id, "test": outcome.status})


def _print_plan(app: "App", review: "Review", audience: AudienceFilter | None) -> None:
    print_json(
        {
            "issue": review.issue.id,
            "subject": review.email.subject,
            "audience": app.subscribers.reach(app.clock.now(), audience),
            "audience_filter": audience.text if audience else "",
        }
    )


def _make_good(app: "App") -> None:
    """None; a database that is known for an old copy may be sent from; another one is left alone."""
    from newsletter.wiring.restoring import after_restore

    for line in after_restore(app) if app.mark.doubts() else ():
        talk(line)
