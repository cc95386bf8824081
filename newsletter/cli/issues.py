"""Making an issue and looking at it: gather, check, preview."""

import os
from datetime import datetime
from pathlib import Path
from typing import Literal, cast
from zoneinfo import ZoneInfo

import click

from newsletter.cli.common import (
    heed_signals,
    json_option,
    opened,
    optional_issue,
    print_json,
    show_findings,
    show_log,
    talk,
)
from newsletter.content.counting import counted


@click.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Take posts from this day on, also those that a source's first gather left out for their age.",
)
@click.option("--accept-old", "old", flag_value="accept", help="Take old posts that look new.")
@click.option("--skip-old", "old", flag_value="skip", help="Record old posts that look new as seen.")
@click.option("--unscheduled", is_flag=True, help="Make an issue outside the schedule: only “send” sends it.")
@json_option
@click.pass_context
def gather(
    ctx: click.Context, since: datetime | None, old: str | None, unscheduled: bool, as_json: bool
) -> None:
    """Make an issue file of the posts that are new in the sources.

    With a schedule the issue belongs to its next slot and is sent then.
    """
    from newsletter.usecases.choosing import left_out_for_age

    with opened(ctx) as app:
        zone = ZoneInfo(app.settings.newsletter.timezone)
        result = app.gather(
            slot=None if unscheduled else app.next_slot(),
            since=since.replace(tzinfo=zone) if since else None,
            old=cast("Literal['ask', 'accept', 'skip']", old or "ask"),
        )
    record = result.record
    if as_json:
        print_json({"issue": record.id if record else None, "log": result.log})
        return
    show_log(result.log)
    if record is None:
        talk("Nothing new: no issue was made.")
        if any(left_out_for_age(decision.reason) for decision in result.log.decisions):
            talk("Older posts were left out; “newsletter gather --since DATE” takes those from that day on.")
        return
    posts = f"{counted(len(result.issue.sections), 'post')}; " if result.issue else ""
    talk(f"{posts}edit the issue, then: newsletter preview {record.id}")
    click.echo(f"issues/{record.id}.md")


@click.command()
@optional_issue
@click.option("--offline", is_flag=True, help="Ask no server whether links and pictures are there.")
@json_option
@click.pass_context
def check(ctx: click.Context, issue: str | None, offline: bool, as_json: bool) -> None:
    """Show what is wrong with an issue (the newest draft, when none is named).

    Asks the servers that the letter leads to; a good answer stands for a day. Exit status 1 when an
    error would stop it from being sent.
    """
    with opened(ctx) as app:
        review = app.review(app.issue_id(issue), online=not offline)
    if as_json:
        print_json({"issue": review.issue.id, "findings": review.findings})
    else:
        show_findings(review.findings)
        size = len(review.email.html.encode()) / 1000
        talk(
            f"{review.issue.id}: {len(review.errors)} errors, "
            f"{len(review.findings) - len(review.errors)} warnings, {size:.0f} kB of HTML"
        )
    if review.errors:
        ctx.exit(1)


@click.command()
@optional_issue
@click.option("--reader", metavar="ADDRESS", help="Show it as this subscriber gets it.")
@click.option("--port", type=click.IntRange(0, 65535), help="Where to serve it (default: 8711; 0: any).")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write it to this folder, as pages that open without a server.",
)
@click.pass_context
def preview(
    ctx: click.Context, issue: str | None, reader: str | None, port: int | None, out: Path | None
) -> None:
    """Show an issue as it would be sent (the newest draft, when none is named).

    Shows it anew after each save, until stopped (Ctrl-C).
    """
    from newsletter.web.preview import SAMPLE_READER, reader_named

    with opened(ctx) as app:
        issue_id = app.issue_id(issue)
        delivery = reader_named(app, issue_id, reader) if reader else SAMPLE_READER
        if out:
            from newsletter.web.preview_site import write_preview

            page = write_preview(app, issue_id, out, delivery)
            talk("Open this page in a browser:")
            click.echo(page)
            return
        from newsletter.web.preview_server import serve_preview

        def told(address: str) -> None:
            talk("Open this address in a browser; Ctrl-C ends it:")
            click.echo(address)

        heed_signals(app)
        serve_preview(app, issue_id, os.environ, port=port, reader=delivery, on_listening=told)
