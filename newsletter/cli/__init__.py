"""The command line: stdout is data, stderr is talk; each command is imported when it is called.

Exit status: 0 done, 1 failed, 2 usage, 3 needs attention, 75 busy.
"""

import importlib
import io
import sys
from pathlib import Path

import click

from newsletter import __version__
from newsletter.errors import NewsletterError

COMMANDS = {
    "init": ("project", "init", "make a newsletter's folder"),
    "demo": ("demo", "demo", "gather, render and send a sample issue on this machine"),
    "gather": ("issues", "gather", "make an issue file of the new posts"),
    "check": ("issues", "check", "show what is wrong with an issue"),
    "preview": ("issues", "preview", "look at an issue as it would be sent, anew after each save"),
    "approve": ("control", "approve", "let a draft go out by itself, after the undo window"),
    "undo": ("control", "undo", "take an approval back before its time has come"),
    "send": ("sending", "send", "send an issue, or go on with one"),
    "status": ("standing", "status", "show where the issues stand"),
    "prove": ("standing", "prove", "account for every recipient of an issue"),
    "reconcile": ("reconcile", "reconcile", "settle requests of which nobody knows what became"),
    "pause": ("control", "pause", "stop submitting an issue"),
    "resume": ("control", "resume", "go on with a paused issue"),
    "cancel": ("control", "cancel", "never send an issue, or what is left of it"),
    "next": ("schedule", "next_", "show the coming scheduled times"),
    "run-due": ("schedule", "run_due", "do what is due now, once (for cron and timers)"),
    "serve": ("schedule", "serve", "run the schedule and the readers' pages"),
    "subscribers": ("subscribers", "subscribers", "add, list, import and export subscribers"),
    "form": ("readers", "form", "write the sign-up form for your own site"),
    "build": ("build", "build", "write the archive as files for any web host"),
    "suppressions": ("suppressions", "suppressions", "share suppressed addresses with the provider"),
    "theme": ("theme", "theme", "make a theme of your own"),
    "drill": ("drill", "drill", "end senders at every point, and count the copies"),
    "db": ("database", "db", "upgrade, check and back up the database"),
}
"""Each command: the module of this package, its attribute there, and the line that `--help` shows."""


class LazyGroup(click.Group):
    """Knows its commands by name and imports the one that is called, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _summary = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(f"newsletter.cli.{module}"), attribute)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, _, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "project",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    envvar="NEWSLETTER_HOME",
    help="The newsletter's folder (default: this one).",
)
@click.version_option(__version__, prog_name="newsletter")
@click.pass_context
def cli(ctx: click.Context, project: Path) -> None:
    """Gather posts into an issue, look at it, and send it to every subscriber once."""
    ctx.obj = project


def main() -> None:
    """The command `newsletter`: ends the process with the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # not every terminal can show every name
    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except click.Abort:
        click.echo("stopped", err=True)
        status = 130
    except NewsletterError as error:
        click.echo(f"newsletter: {error}", err=True)
        status = error.exit_code
    except OSError as error:
        click.echo(f"newsletter: {_disk_trouble(error)}", err=True)
        status = 1
    sys.exit(status or 0)


def _disk_trouble(error: OSError) -> str:
    """One line about a file, folder or disk that refuses what no story could foresee."""
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error} — see that it is there, that it may be used, and has room"
