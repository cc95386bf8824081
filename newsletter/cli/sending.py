"""Sending an issue and telling where it stands."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from msgspec import to_builtins

from newsletter.cli.common import (
    heed_signals,
    issue_argument,
    json_option,
    opened,
    optional_issue,
    print_json,
    show_findings,
    show_log,
    talk,
)
from newsletter.content.counting import counted
from newsletter.errors import WrongState
from newsletter.models import IssueState, SendProgress, SubscriberStatus

NEEDS_ATTENTION = 3
TRY_AGAIN = 75
"""The command was asked to stop before everything was submitted."""


@click.command()
@issue_argument
@click.option(
    "--test", "test_address", metavar="ADDRESS", help="Send only to this address, marked as a test."
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def send(
    ctx: click.Context,
    issue: str,
    test_address: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send ISSUE to every confirmed subscriber, or go on where an earlier run stopped."""
    with opened(ctx) as app:
        issue_id = app.issue_id(issue)
        if test_address:
            outcome = app.send_test(issue_id, test_address)
            talk(f"{outcome.status}: a test of {issue_id}")
            if as_json:
                print_json({"issue": issue_id, "test": outcome.status})
            return
        record = app.adopt(issue_id)
        if record.state in {IssueState.DRAFT, IssueState.SCHEDULED}:
            review = app.review(issue_id)
            show_findings(review.findings)
            audience = app.subscribers.count().get(SubscriberStatus.CONFIRMED, 0)
            question = (
                f"Send “{review.email.subject}” to {counted(audience, 'subscriber')} "
                f"through {app.settings.provider.kind}?"
            )
            if dry_run:
                talk(f"Would send “{review.email.subject}” to {counted(audience, 'subscriber')}.")
                if as_json:
                    print_json({"issue": issue_id, "subject": review.email.subject, "audience": audience})
                return
            if not yes:
                _confirm(question)
        elif dry_run:
            raise WrongState(f"{issue_id} is {record.state}", remedy="a dry run needs a draft")
        heed_signals(app)
        with _progress(sys.stderr.isatty()) as on_progress:
            report = app.send(issue_id, on_progress=on_progress, on_trouble=talk)
    if as_json:
        print_json({"issue": issue_id, "state": report.state, "progress": report.progress})
    else:
        click.echo(f"{issue_id}: {report.summary}")
    if report.attention:
        ctx.exit(NEEDS_ATTENTION)
    if report.state is not IssueState.SUBMITTED:
        ctx.exit(TRY_AGAIN)


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to ask: repeat with --yes")
    click.confirm(question, abort=True, err=True)


@contextmanager
def _progress(terminal: bool) -> Iterator[Callable[[SendProgress], None]]:
    """A bar on a terminal; elsewhere a plain line now and then, when a tenth more is done."""
    if terminal:
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("submitting", total=None)
            yield lambda p: bar.update(task, total=p.audience, completed=p.settled + p.uncertain)
        return
    told = -1

    def tell(progress: SendProgress) -> None:
        nonlocal told
        done = progress.settled + progress.uncertain
        tenth = done * 10 // max(progress.audience, 1)
        if tenth > told:
            told = tenth
            talk(f"{done} of {progress.audience}")

    yield tell


@click.command()
@optional_issue
@json_option
@click.pass_context
def status(ctx: click.Context, issue: str | None, as_json: bool) -> None:
    """Show where the issues stand, or all that is known of one."""
    with opened(ctx) as app:
        if issue is None:
            records = app.issues.list()
            rows = [(record, app.ledger.progress(record.id)) for record in records]
        else:
            record = app.record(app.issue_id(issue))
            rows = [(record, app.ledger.progress(record.id))]
        log = app.issues.log(rows[0][0].id) if issue else None
    if as_json:
        print_json([{**to_builtins(record), "progress": progress} for record, progress in rows])
        return
    if not rows:
        talk("No issue yet: run “newsletter gather”.")
    for record, progress in rows:
        parts = [record.id, record.state.value]
        if progress:
            parts.append(sums(progress))
        if record.note:
            parts.append(record.note)
        click.echo(": ".join(parts[:2]) + "".join(f"; {part}" for part in parts[2:]))
    if log:
        show_log(log)


@click.command()
@issue_argument
@json_option
@click.pass_context
def prove(ctx: click.Context, issue: str, as_json: bool) -> None:
    """Account for every recipient of ISSUE.

    Exit status 3 when a sum is off or somebody is uncertain.
    """
    with opened(ctx) as app:
        issue_id = app.record(app.issue_id(issue)).id
        progress = app.ledger.progress(issue_id)
        if progress is None:
            raise WrongState(f"{issue_id} is not frozen yet", remedy="nothing of it was sent")
        uncertain = sorted(address.addr_spec for address in app.ledger.uncertain(issue_id))
    if as_json:
        print_json(
            {
                "audience": progress.audience,
                "submitted": progress.submitted,
                "rejected": progress.rejected,
                "suppressed_since": progress.suppressed_since,
                "uncertain": progress.uncertain,
                "unknown": progress.unknown,
                "balanced": progress.balanced,
                "uncertain_recipients": uncertain,
            }
        )
    else:
        click.echo(f"{issue_id}: {sums(progress)}")
        click.echo("balanced" if progress.balanced else "not balanced: the send has not ended")
        for address in uncertain:
            click.echo(f"uncertain: {address}")
    if progress.uncertain or not progress.balanced:
        ctx.exit(NEEDS_ATTENTION)


def sums(progress: SendProgress) -> str:
    """The counts in words, those that are zero left out: `3 recipients: 2 submitted, 1 rejected`."""
    names = ("submitted", "rejected", "suppressed_since", "uncertain", "unknown", "pending", "submitting")
    counts = [f"{count} {name.replace('_', ' ')}" for name in names if (count := getattr(progress, name))]
    return f"{progress.audience} recipients: {', '.join(counts) or 'nothing to do'}"
