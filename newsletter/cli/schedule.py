"""The schedule: what comes next, what is due, and the process that does it by itself."""

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import click

from newsletter.cli.common import heed_signals, json_option, opened, print_json, talk
from newsletter.errors import BadSetting

NEEDS_ATTENTION = 3


class Instant(click.ParamType[datetime]):
    """An ISO 8601 instant with its offset, such as `2026-11-27T09:00:00+01:00`."""

    name = "ISO8601"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"“{value}” is no instant such as 2026-11-27T09:00:00+01:00", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"“{value}” has no offset: add Z or +01:00", param, ctx)
        if not 1970 <= moment.year <= 9000:  # calendars of this program look forty years around
            self.fail(f"“{value}” is not in the years 1970 to 9000", param, ctx)
        return moment.astimezone(UTC)


@click.command("next")
@click.option("-n", "count", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many.")
@json_option
@click.pass_context
def next_(ctx: click.Context, count: int, as_json: bool) -> None:
    """Show the coming scheduled times, in the newsletter's time zone and in UTC."""
    with opened(ctx) as app:
        if app.schedule is None:
            raise BadSetting(
                "there is no schedule",
                where="newsletter.toml",
                remedy='add [schedule] with a line such as: send = "friday 09:00"',
            )
        slots = list(islice(app.schedule.slots(app.clock.now()), count))
        zone = ZoneInfo(app.settings.newsletter.timezone)
    if as_json:
        print_json(slots)
        return
    for slot in slots:
        local = slot.instant.astimezone(zone)
        click.echo(f"{local:%a %Y-%m-%d %H:%M %Z}  =  {slot.instant:%Y-%m-%dT%H:%MZ}")


@click.command("run-due")
@click.option("--now", type=Instant(), help="Act as if it were this instant.")
@json_option
@click.pass_context
def run_due(ctx: click.Context, now: datetime | None, as_json: bool) -> None:
    """Do what is due now, once: gather, send, resume. Safe to call at any time, by anybody.

    Exit status 75 when another run is at it, 3 when a person is needed.
    """
    with opened(ctx) as app:
        heed_signals(app)
        report = app.run_due(now)
    if as_json:
        print_json(report)
    else:
        for line in report.lines:
            click.echo(line)
        if not report.lines:
            talk("Nothing is due.")
    if report.attention:
        ctx.exit(NEEDS_ATTENTION)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8710, show_default=True, help="0: any free one."
)
@click.pass_context
def serve(ctx: click.Context, host: str, port: int) -> None:
    """Run the schedule and the readers' pages until stopped (SIGTERM or Ctrl-C)."""
    from newsletter.web.server import serve_pages

    with opened(ctx) as app:
        heed_signals(app)
        serve_pages(app, host, port, on_listening=lambda url: talk(f"Serving on {url}"))
