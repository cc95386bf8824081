"""`./run bench import`: rows per second into the list and out of it, and peak memory.

A file with 50 bad rows in each 100,000 is imported into an empty list, imported again, and exported, in
processes of their own. Bounds: 100,000 rows under 10 s, and a million in little more memory.
"""

import argparse
import contextlib
import io
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import msgspec

from newsletter.usecases.importing import ImportWishes, export_csv, import_csv
from newsletter.wiring import open_app
from tests.support.project import make_project

SECONDS = 10.0
"""For 100,000 rows."""
MORE_MB = 30
"""What a million rows may take more than 100,000."""
BAD_EVERY = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One import or export in a process of its own."""

    rows: int
    seconds: float
    cpu: float
    peak_mb: float
    told: str


def main() -> int:
    """0 when the bounds are held."""
    parser = argparse.ArgumentParser(prog="./run bench import", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=1_000_000, help="0: leave the large file out")
    parser.add_argument("--database", default="", help="a URL; default: SQLite")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        kind, folder, rows = arguments.child
        print(json.dumps(msgspec.to_builtins(_measure(kind, Path(folder), int(rows)))))
        return 0
    peaks = []
    slow = False
    for rows in filter(None, (arguments.rows, arguments.large)):
        with tempfile.TemporaryDirectory() as folder:
            project = make_project(Path(folder))
            if arguments.database:
                project.settings.write_text(
                    project.settings.read_text() + f'\n[database]\nurl = "{arguments.database}"\n'
                )
            _write(Path(folder) / "people.csv", rows)
            first = _in_child("import", folder, rows)
            runs = [first, _in_child("again", folder, rows), _in_child("export", folder, rows)]
        for name, run in zip(("import", "again", "export"), runs, strict=True):
            print(
                f"{name:7} {run.rows:9,} rows {run.seconds:6.2f} s {run.rows / run.seconds:9,.0f} rows/s "
                f"{run.cpu:6.2f} s CPU {run.peak_mb:5.0f} MB   {run.told}",
                flush=True,
            )
        peaks.append(max(run.peak_mb for run in runs))
        slow = slow or first.seconds > SECONDS * rows / 100_000
    swollen = max(peaks) - min(peaks) > MORE_MB
    print(f"bounds: {SECONDS:.0f} s for 100,000 rows, {MORE_MB} MB more for ten times as many:", end=" ")
    print("MISSED" if slow or swollen else "held")
    return int(slow or swollen)


def _write(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("email,name,status,tags,created_at\n")
        for number in range(rows):
            address = f"reader{number}" + (
                "" if number % BAD_EVERY == 7 else f"@host{number % 500}.example.com"
            )
            status = "unsubscribed" if number % 10 == 3 else "active"
            tags = "berlin" if number % 5 == 0 else ""
            file.write(f"{address},Reader {number},{status},{tags},2024-01-02T03:04:05Z\n")


def _in_child(kind: str, folder: str, rows: int) -> Measured:
    command = [sys.executable, "-m", "tests.bench.imports", "--child", kind, folder, str(rows)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Measured)


def _measure(kind: str, folder: Path, rows: int) -> Measured:
    with open_app(folder, {}) as app, _nowhere() as out:
        started, cpu = perf_counter(), process_time()
        if kind == "export":
            told = f"{sum(map(out.write, export_csv(app.subscribers.export()))) / 1e6:.0f} MB of CSV"
        else:
            wishes = ImportWishes(consent_source="bench")
            with (folder / "people.csv").open("rb") as stream:
                report = import_csv(stream, app.imports, wishes, file_name="people.csv", now=app.clock.now())
            told = f"{report.added} added, {report.known} known, {report.rejected_rows} rejected"
        seconds, cpu = perf_counter() - started, process_time() - cpu
    return Measured(
        rows=rows,
        seconds=seconds,
        cpu=cpu,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        told=told,
    )


@contextlib.contextmanager
def _nowhere() -> Iterator[io.TextIOBase]:
    with Path("/dev/null").open("w", encoding="utf-8") as out:
        yield out


if __name__ == "__main__":
    sys.exit(main())
