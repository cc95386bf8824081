"""`./run bench send`: the whole path, as ratios against bounds measured in the same run.

Gathering: CPU per post of the real feeds from loopback, and the share spent in parsing.
Rendering: an 8-post issue against premailer's own time.
Sending: subscribers to a loopback sink that reads and answers 202, ledger on, every commit fsynced;
against the lean loop (a token per recipient, the body built by plain joins, POST on a kept
connection, 202; no ledger). Peak memory of the sending process for 100,000 and 1,000,000.
"""

import argparse
import http.client
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from newsletter.content.links import reader_token
from newsletter.models import Address, SubscriberId, SubscriberStatus
from newsletter.wiring import open_app
from tests.bench.sink import running_sink
from tests.support.project import make_project

BATCH = 1000
ROUNDS = 5
BOUND = 0.5
"""The share of the lean loop that sending must reach."""
MEMORY_MB = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One run of a loop in a process of its own."""

    seconds: float
    cpu: float
    peak_mb: float
    recipients: int

    @property
    def rate(self) -> float:
        return self.recipients / self.seconds


def main() -> int:
    """Prints the figures; 1 when a bound is missed."""
    parser = argparse.ArgumentParser(prog="./run bench send", description=__doc__)
    parser.add_argument("--recipients", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=1_000_000, help="0: leave the large list out")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        kind, *rest = arguments.child
        print(json.dumps(msgspec.to_builtins(CHILDREN[kind](*rest))))
        return 0
    from tests.bench import gather, render  # theirs are slow to import in the children

    print("== gathering", flush=True)
    gather.main()
    print("== rendering", flush=True)
    render.main()
    print("== sending", flush=True)
    return measure_sending(arguments.recipients, arguments.large)


def measure_sending(recipients: int, large: int) -> int:
    """Prints rates, CPU and memory; 1 when a bound is missed."""
    lean, real = [], []
    with running_sink() as sink:
        for _ in range(ROUNDS):
            with _prepared(sink, recipients) as folder:
                lean.append(_in_child("lean", folder, sink, str(recipients)))
                real.append(_in_child("real", folder))
        peaks = [max(run.peak_mb for run in real)]
        if large:
            with _prepared(sink, large) as folder:
                peaks.append(_in_child("real", folder).peak_mb)
    best_lean, best_real = max(lean, key=_rate), max(real, key=_rate)
    for name, run in (("lean loop", best_lean), ("newsletter", best_real)):
        print(
            f"{name:11} {run.rate:9,.0f} recipients/s   "
            f"{run.cpu / run.recipients * 1e6:5.1f} µs CPU each   {run.peak_mb:4.0f} MB"
        )
    share = best_real.rate / best_lean.rate
    print(f"share of the lean loop: {share:.2f} (bound {BOUND})")
    sizes = [recipients, *([large] if large else [])]
    for size, peak in zip(sizes, peaks, strict=True):
        print(f"peak memory with {size:9,} recipients: {peak:.0f} MB (bound {MEMORY_MB})")
    return int(share < BOUND or max(peaks) > MEMORY_MB)


def _rate(run: Measured) -> float:
    return run.rate


@contextmanager
def _prepared(sink: str, recipients: int) -> Iterator[str]:
    """The folder of a project whose issue is frozen for that many people."""
    with tempfile.TemporaryDirectory() as folder:
        _in_child("prepare", folder, sink, str(recipients))
        yield folder


def _in_child(*words: str) -> Measured:
    command = [sys.executable, "-m", "tests.bench.send", "--child", *words]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return msgspec.json.decode(result.stdout.splitlines()[-1], type=Measured)


# --- what runs in a process of its own ---------------------------------------------------------


def prepare(folder: str, sink: str, recipients: str) -> Measured:
    """A project with an issue and that many subscribers, frozen; the figures are of freezing."""
    project = make_project(Path(folder))
    text = project.settings.read_text(encoding="utf-8").replace("outbox", "sendgrid")
    text += f'\n[provider.sendgrid]\nbase_url = "{sink}"\n'
    project.settings.write_text(text, encoding="utf-8")
    with open_app(project.folder, {"SENDGRID_API_KEY": "SG.bench.bench"}) as app:
        app.subscribers.import_rows(
            _people(int(recipients)), consent_source="bench", now=datetime(2026, 1, 1, tzinfo=UTC)
        )
        gathered = app.gather(slot=None)
        assert gathered.issue is not None
        started, cpu = time.perf_counter(), time.process_time()
        with closing(app.provider()) as provider:
            app.freeze(gathered.issue.id, provider)
        return _measured(started, cpu, int(recipients))


def real(folder: str) -> Measured:
    """The sending story on the frozen issue."""
    with open_app(Path(folder), {"SENDGRID_API_KEY": "SG.bench.bench"}) as app:
        (record,) = app.issues.list()
        app.provider().close()  # imported before the clock starts, as in the lean loop
        started, cpu = time.perf_counter(), time.process_time()
        report = app.send(record.id)
        assert report.progress.submitted == report.progress.audience
        return _measured(started, cpu, report.progress.audience)


def lean(folder: str, sink: str, recipients: str) -> Measured:
    """As little as a sender of that letter can do: tokens, joins, POST, 202."""
    with open_app(Path(folder), {}) as app:
        (record,) = app.issues.list()
        frozen = app.ledger.frozen(record.id)
    assert frozen is not None
    kinds = {"text/plain": frozen.email.text, "text/html": frozen.email.html}
    content = [{"type": kind, "value": value} for kind, value in kinds.items()]
    place = urlsplit(sink)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    key = bytes(32)
    tail = json.dumps({"subject": frozen.email.subject, "content": content})[1:].encode()
    started, cpu = time.perf_counter(), time.process_time()
    for first in range(0, int(recipients), BATCH):
        parts = []
        for number in range(first, first + BATCH):
            token = reader_token(key, SubscriberId(number))
            parts.append(
                f'{{"to":[{{"email":"reader{number}@example.org"}}],"headers":{{"List-Unsubscribe":'
                f'"<https://news.example.com/u/{token}>","Message-ID":"<i2026-11-27.{number}@news.example'
                f'.com>"}},"substitutions":{{"nl0123456789":"{token}"}},"custom_args":{{"nl_rid":'
                f'"2026-11-27.{number}","nl_att":"0123456789abcdef0123456789abcdef"}}}}'
            )
        body = b'{"personalizations":[' + ",".join(parts).encode() + b"]," + tail
        connection.request(
            "POST", "/v3/mail/send", body, {"Authorization": "Bearer x", "Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 202
    return _measured(started, cpu, int(recipients))


CHILDREN: dict[str, Callable[..., Measured]] = {"prepare": prepare, "real": real, "lean": lean}


def _people(count: int) -> Iterator[tuple[Address, SubscriberStatus]]:
    for number in range(count):
        yield Address(addr_spec=f"reader{number}@example.org"), SubscriberStatus.CONFIRMED


def _measured(started: float, cpu: float, recipients: int) -> Measured:
    return Measured(
        seconds=time.perf_counter() - started,
        cpu=time.process_time() - cpu,
        peak_mb=_peak_mb(),
        recipients=recipients,
    )


def _peak_mb() -> float:
    """This process's own peak; getrusage's is the parent's when that was higher before the exec."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    sys.exit(main())
