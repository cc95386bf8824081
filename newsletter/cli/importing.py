"""`newsletter subscribers import`, `imports`, `undo-import` and `export`: files of people."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from newsletter.cli.common import confirm, json_option, opened, print_json, talk
from newsletter.content.counting import counted
from newsletter.errors import BadInput
from newsletter.models import SubscriberStatus
from newsletter.models.imports import ImportEffect

if TYPE_CHECKING:
    from newsletter.usecases.importing import ImportPlan, ImportReport

MOST_ROWS = 20
"""Rejected rows that are told one by one."""
PRIVATE = 0o600
STATUSES = [status.value for status in SubscriberStatus]
_WORDS = {
    ImportEffect.ADDED: "new",
    ImportEffect.ENDED: "known, and end",
    ImportEffect.CHANGED: "known, and change",
    ImportEffect.SAME: "known, and stay as they are",
    ImportEffect.LEFT_OUT: "suppressed, and are left out",
}
"""What is told of each effect; examples are shown of all but those who stay as they are."""


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preset", help="Read it as this program's export, whatever its header says.")
@click.option("--consent", metavar="WORDS", help="Where their consent comes from.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    file: Path,
    preset: str | None,
    consent: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Import people from a CSV FILE: of this program, of another, or a plain list.

    Nobody who left or is suppressed comes back by an import. Rows that cannot be read are written to
    FILE.rejected.csv with their line and reason, and the others are imported.
    """
    from newsletter.usecases.importing import ImportPlan, ImportWishes, import_csv

    if not file.is_file():
        raise BadInput(
            "it is a pipe or a device, beside which no rejected rows can be written",
            where=str(file),
            remedy="write it to a file, and import that",
        )
    ask = sys.stdin.isatty() and not (yes or dry_run)
    consent = consent or _consent(file, ask=ask, needed=not dry_run)

    reading = ExitStack()

    def decide(plan: ImportPlan) -> bool:
        reading.close()  # a bar and a question do not share a terminal
        if dry_run:
            _show_plan(plan, as_json=as_json)
        elif ask:
            _show_plan(plan, as_json=False, err=True)
            confirm("Import them?")
        return not dry_run

    with (
        opened(ctx) as app,
        file.open("rb") as stream,
        _rejected_file(file, wanted=not dry_run) as on_rejected,
        reading,
    ):
        bar = _progress(file.stat().st_size, terminal=sys.stderr.isatty())
        wishes = ImportWishes(
            consent_source=consent,
            preset=preset or "",
            decide=decide,
            on_rejected=on_rejected,
            on_progress=reading.enter_context(bar),
        )
        try:
            report = import_csv(stream, app.imports, wishes, file_name=file.name, now=app.clock.now())
        except BadInput as error:
            raise BadInput(error.message, where=str(file), remedy=error.remedy) from error
    _show_report(report, file, as_json=as_json)
    if report.rejected_rows:
        ctx.exit(1)


@click.command()
@json_option
@click.pass_context
def imports(ctx: click.Context, as_json: bool) -> None:
    """Show the imports that were made, with the numbers by which they are undone."""
    with opened(ctx) as app:
        records = app.imports.list()
    if as_json:
        print_json(records)
        return
    for record in records:
        undone = f", undone {record.undone_at:%Y-%m-%d %H:%M} UTC" if record.undone_at else ""
        click.echo(
            f"{record.number}: {record.at:%Y-%m-%d %H:%M} UTC, {record.file or 'no file'}: "
            f"{record.added} added, {record.known} known, {record.ended} ended, "
            f"{record.rejected} rejected{undone}"
        )


@click.command("undo-import")
@click.argument("number", type=click.IntRange(min=1))
@json_option
@click.pass_context
def undo_import(ctx: click.Context, number: int, as_json: bool) -> None:
    """Take back what the import NUMBER did.

    People whom it added go, unless they were mailed, confirmed or changed since; people whose
    subscription it ended are put back, unless something else ended it, too.
    """
    with opened(ctx) as app:
        undone = app.imports.undo(number, app.clock.now())
    if as_json:
        print_json(undone)
    elif undone.already:
        click.echo(f"import {number} was undone {undone.undone_at:%Y-%m-%d %H:%M} UTC: nothing to do")
    else:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(undone.stayed.items()))
        click.echo(
            f"import {number}: {undone.removed} removed, {undone.restored} put back, "
            f"{sum(undone.stayed.values())} stayed" + (f" ({reasons})" if reasons else "")
        )


@click.command()
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", help="Default: csv.")
@click.option("--status", type=click.Choice(STATUSES), help="Only these.")
@click.pass_context
def export(ctx: click.Context, form: str, status: str | None) -> None:
    """Write everybody to stdout, as CSV that spreadsheets open safely and `import` reads again, or JSON."""
    from newsletter.usecases.importing import export_csv, export_json

    lines = export_csv if form == "csv" else export_json
    with opened(ctx) as app:
        for line in lines(app.subscribers.export(*([SubscriberStatus(status)] if status else []))):
            sys.stdout.buffer.write(line.encode())  # UTF-8, whatever the terminal's encoding: it is a file
        sys.stdout.buffer.flush()  # a full disk is told now, not after the last word


# --- asking and telling ------------------------------------------------------------------------


def _consent(file: Path, *, ask: bool, needed: bool) -> str:
    """Where the consent of a file's people comes from, as far as somebody can say."""
    if ask:
        words: str = click.prompt("Where does their consent come from?", err=True)
        return words.strip()
    if needed:
        talk(
            f"no consent is named, “import {file.name}” is kept: proof of it may be asked for one day"
            " — say where it comes from with --consent"
        )
    return f"import {file.name}"


def _show_plan(plan: "ImportPlan", *, as_json: bool, err: bool = False) -> None:
    if as_json:
        print_json({"dry_run": True, **_plan_as_json(plan)})
        return

    def tell(text: str) -> None:
        click.echo(text, err=err)

    tell(f"read as {plan.preset}")
    for effect, words in _WORDS.items():
        count = plan.diff.effects[effect]
        tell(f"{count} {words}")
        examples = plan.examples[effect] if effect is not ImportEffect.SAME else ()
        for person in examples:
            was = f"{person.was} → " if person.was else ""
            tell(f"  {person.addr_spec}: {was}{person.status} (line {person.line})")
        if len(examples) < count and examples:
            tell(f"  and {count - len(examples)} more")
    tell(f"{counted(plan.diff.repeated, 'row')} repeated, {plan.rejected} rejected")
    for note in plan.notes:
        tell(f"note: {note}")


def _plan_as_json(plan: "ImportPlan") -> dict[str, object]:
    return {
        "preset": plan.preset,
        "rows": plan.diff.rows,
        "people": plan.diff.people,
        "effects": plan.diff.effects,
        "repeated": plan.diff.repeated,
        "rejected_rows": plan.rejected,
        "examples": plan.examples,
        "notes": plan.notes,
    }


def _show_report(report: "ImportReport", file: Path, *, as_json: bool) -> None:
    for row in report.rejected[:MOST_ROWS]:
        talk(f"{file}:{row.line}: {row.reason}")
    if report.rejected_rows > MOST_ROWS:
        talk(f"and {report.rejected_rows - MOST_ROWS} more rejected rows")
    made = report.number is not None
    kept = str(_rejected_path(file)) if made and report.rejected_rows else None
    if as_json and made:
        rejected = [{"line": row.line, "reason": row.reason} for row in report.rejected]
        fields = {name: getattr(report, name) for name in report.__slots__}
        print_json({**fields, "rejected": rejected, "rejected_file": kept})
    elif made:
        for note in report.notes:
            talk(f"note: {note}")
        told = [f"{report.added} added", f"{report.known} known"]
        for count, word in (
            (report.ended, "of them ended"),
            (report.changed, "of them changed"),
            (report.repeated, "repeated"),
            (report.left_out, "suppressed and left out"),
        ):
            if count:
                told.append(f"{count} {word}")
        told.append(f"{report.rejected_rows} rejected" + (f" (see {kept})" if kept else ""))
        click.echo(f"{', '.join(told)}: import {report.number}, read as {report.preset}")


# --- while it runs -----------------------------------------------------------------------------


def _rejected_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.rejected.csv")


@contextmanager
def _rejected_file(file: Path, *, wanted: bool) -> Iterator[Callable[[str], None]]:
    """Takes the lines of the file of rejected rows, which stands there when the block has ended well.

    It raises BadInput when they cannot be written: this is while rows are read, and before anything is
    imported.
    """
    path = _rejected_path(file)
    partial = path.with_name(f"{path.name}.part")
    out: TextIO | None = None

    def write(line: str) -> None:
        nonlocal out
        try:
            if out is None:
                partial.unlink(missing_ok=True)
                handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
                out = open(handle, "w", 1, encoding="utf-8", newline="")  # noqa: PTH123, SIM115 -- of a handle
            out.write(line)  # to the disk at once: later, people would be imported already
        except OSError as error:
            raise BadInput(
                f"its rejected rows cannot be written beside it ({error.strerror}): nobody was imported",
                remedy="import a copy of it from a folder that you may write to and that has room",
            ) from error

    try:
        yield write if wanted else lambda _line: None
        if out:
            out.close()
            partial.replace(path)
    finally:
        if out:
            with suppress(OSError):  # it was told when the line was written
                out.close()
            partial.unlink(missing_ok=True)


@contextmanager
def _progress(size: int, *, terminal: bool) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; elsewhere a plain line at each quarter of a file of some size."""
    if terminal:
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("reading", total=size)
            yield lambda octets: bar.update(task, completed=octets)
        return
    told = 0

    def tell(octets: int) -> None:
        nonlocal told
        quarter = octets * 4 // max(size, 1)
        if told < quarter < 4 and size > 1_000_000:
            told = quarter
            talk(f"read {quarter * 25} %")

    yield tell
