"""`./run bench web`: the readers' pages under load from this process, while an issue is being sent.

`serve` runs in a process of its own, over a list of many, and another process sends an issue to a sink on
loopback meanwhile. Each page is asked for by a few connections at a time: the time that its answer takes
(p50, p95), and from the CPU that the server spends requests per second per core. Beside it, in the same
run, the bare framework: Starlette and uvicorn with one page of the same size. Bound: every page takes
less than 50 ms of CPU.
"""

import argparse
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import IO, cast
from urllib.parse import urlencode, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from newsletter.content.links import reader_token
from newsletter.content.tokens import Purpose, make_token
from newsletter.models import Address, IssueId, IssueState, SubscriberId, SubscriberStatus
from newsletter.wiring import App, open_app
from tests.bench.sink import running_sink
from tests.support.project import Project, make_project

AT_ONCE = 4
CPU_MS = 50.0
TICKS = os.sysconf("SC_CLK_TCK")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LATENCY = 0.2
"""Seconds that the service takes for a request, so that the send lasts."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One kind of request; each is made for another person."""

    name: str
    method: str
    paths: Iterator[str]
    body: Iterator[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Load:
    """What one page took."""

    milliseconds: Sequence[float]
    cpu: float
    """Seconds of the server."""
    statuses: Mapping[int, int] = field(default_factory=dict)

    @property
    def per_core(self) -> float:
        """Requests a second that one core would answer."""
        return len(self.milliseconds) / max(self.cpu, 1 / TICKS)

    @property
    def cpu_ms(self) -> float:
        return self.cpu / len(self.milliseconds) * 1000

    def at(self, share: float) -> float:
        return sorted(self.milliseconds)[int(share * (len(self.milliseconds) - 1))]


def main() -> int:
    """Prints the figures; 1 when a bound is missed."""
    parser = argparse.ArgumentParser(prog="./run bench web", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=400, help="for each page")
    parser.add_argument("--bare", metavar="BYTES", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bare:
        return _serve_bare(arguments.bare)
    held = []
    with tempfile.TemporaryDirectory() as folder, running_sink(latency=LATENCY) as sink:
        project = _prepared(Path(folder) / "letter", sink, arguments.subscribers)
        with (
            _server(_newsletter(project, "serve", "--port", "0")) as (host, pid),
            open_app(project.folder, {"SENDGRID_API_KEY": "SG.a.b"}) as app,
            _sending(project, app),
        ):
            pages = list(_pages(app, arguments.requests))
            size = len(_ask(host, pages[0])[1])
            print(f"{arguments.subscribers:,} subscribers, {AT_ONCE} connections, an issue being sent")
            loads = {page.name: _load(host, pid, page, arguments.requests) for page in pages}
            busy = app.record(_issue(app)).state is IssueState.SUBMITTING
        with _server([sys.executable, "-m", "tests.bench.web", "--bare", str(size)]) as (host, pid):
            once = Page(name="bare", method="GET", paths=iter(lambda: "/", ""))
            bare = _load(host, pid, once, arguments.requests * 4)
    _tell("bare Starlette + uvicorn", bare, bare)
    for name, load in loads.items():
        _tell(name, load, bare)
        held.append(load.cpu_ms < CPU_MS)
    print(f"the issue was {'still being' if busy else 'NOT'} sent at the end")
    print(f"bound: every page under {CPU_MS:.0f} ms of CPU: {'held' if all(held) else 'MISSED'}")
    print("rows in and out of the list: ./run bench import")
    return int(not all(held))


def _tell(name: str, load: Load, bare: Load) -> None:
    print(
        f"  {name:26} p50 {load.at(0.5):6.1f} ms  p95 {load.at(0.95):6.1f} ms  {load.cpu_ms:6.2f} ms CPU"
        f"  {load.per_core:7,.0f} requests/s per core  {load.per_core / bare.per_core:4.0%} of the bare"
        f"  {dict(sorted(load.statuses.items()))}"
    )


# --- what is asked for ---------------------------------------------------------------------------


def _pages(app: App, requests: int) -> Iterator[Page]:
    now = app.clock.now()
    people = [SubscriberId(n) for n in range(1, requests + 1)]
    unconfirmed = [SubscriberId(n) for n in _unconfirmed(app, requests)]

    def links(path: str, purpose: Purpose, readers: Sequence[SubscriberId] = people) -> Iterator[str]:
        return (f"/{path}/{make_token(app.keys, purpose, reader, now=now)}" for reader in readers)

    wishes = (urlencode({"email": f"new{n}@example.net", "name": "New"}) for n in count())
    yield Page(name="sign-up form", method="GET", paths=iter(lambda: "/subscribe", ""))
    yield Page(name="sign up", method="POST", paths=iter(lambda: "/subscribe", ""), body=wishes)
    yield Page(name="confirmation", method="GET", paths=links("confirm", Purpose.CONFIRM, unconfirmed))
    yield Page(name="confirm", method="POST", paths=links("confirm", Purpose.CONFIRM, unconfirmed))
    leaving = [f"/u/{reader_token(app.keys, reader)}" for reader in people]
    yield Page(name="unsubscribe page", method="GET", paths=iter(leaving))
    clicks = iter(lambda: "List-Unsubscribe=One-Click", "")
    yield Page(name="unsubscribe", method="POST", paths=iter(leaving), body=clicks)
    yield Page(name="privacy", method="GET", paths=links("privacy", Purpose.MANAGE))
    yield Page(name="settings", method="GET", paths=links("manage", Purpose.MANAGE))
    yield Page(name="archive", method="GET", paths=iter(lambda: "/archive", ""))
    yield Page(name="issue", method="GET", paths=iter(lambda: f"/a/{_issue(app)}", ""))
    yield Page(name="search", method="GET", paths=iter(lambda: "/archive/search?q=night+boat", ""))
    yield Page(name="alive", method="GET", paths=iter(lambda: "/healthz", ""))


def _issue(app: App) -> IssueId:
    (issue,) = app.issues.list()
    return issue.id


def _unconfirmed(app: App, number: int) -> Iterator[int]:
    return (person.id for person in islice(app.subscribers.list(SubscriberStatus.UNCONFIRMED), number))


def _load(host: str, pid: int, page: Page, requests: int) -> Load:
    asked = [(path, next(page.body) if page.body else None) for path in islice(page.paths, requests)]
    statuses: dict[int, int] = {}

    def ask(some: Sequence[tuple[str, str | None]]) -> list[float]:
        taken = []
        with contextlib.closing(http.client.HTTPConnection(host, timeout=60)) as connection:
            for path, body in some:
                began = time.perf_counter()
                connection.request(page.method, path, body, FORM if body else {})
                answer = connection.getresponse()
                answer.read()
                taken.append((time.perf_counter() - began) * 1000)
                statuses[answer.status] = statuses.get(answer.status, 0) + 1
        return taken

    before = _cpu(pid)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        taken = [each for part in pool.map(ask, [asked[n::AT_ONCE] for n in range(AT_ONCE)]) for each in part]
    return Load(milliseconds=taken, cpu=_cpu(pid) - before, statuses=statuses)


def _ask(host: str, page: Page) -> tuple[int, bytes]:
    with contextlib.closing(http.client.HTTPConnection(host, timeout=60)) as connection:
        connection.request(page.method, next(page.paths))
        answer = connection.getresponse()
        return answer.status, answer.read()


def _cpu(pid: int) -> float:
    """Seconds of CPU that the process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


# --- the processes -------------------------------------------------------------------------------


def _prepared(folder: Path, sink: str, subscribers: int) -> Project:
    """A project with many readers and an issue that is ready."""
    project = make_project(folder)
    text = project.settings.read_text(encoding="utf-8").replace('kind = "outbox"', 'kind = "sendgrid"')
    text = text.replace('send = "friday 09:00"', 'send = ""')
    text += f'\n[provider.sendgrid]\nbase_url = "{sink}"\n'
    project.settings.write_text(text, encoding="utf-8")
    with open_app(project.folder, {"SENDGRID_API_KEY": "SG.a.b"}) as app:
        unconfirmed, confirmed = SubscriberStatus.UNCONFIRMED, SubscriberStatus.CONFIRMED
        app.subscribers.import_rows(
            (
                (Address(addr_spec=f"reader{n}@example.org"), unconfirmed if n % 10 == 9 else confirmed)
                for n in range(subscribers)
            ),
            consent_source="bench",
            now=app.clock.now(),
        )
        app.gather(slot=None)
    return project


def _newsletter(project: Project, *words: str) -> list[str]:
    return [sys.executable, "-m", "newsletter", "-C", str(project.folder), *words]


@contextlib.contextmanager
def _server(command: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Where the server listens, and its number, while the block runs."""
    environment = {**os.environ, "SENDGRID_API_KEY": "SG.a.b"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        line = cast("IO[str]", process.stderr).readline()
        try:
            yield urlsplit(line.split()[-1]).netloc, process.pid
        finally:
            process.terminate()


@contextlib.contextmanager
def _sending(project: Project, app: App) -> Iterator[None]:
    """The block, while another process sends the issue."""
    environment = {**os.environ, "SENDGRID_API_KEY": "SG.a.b"}
    (issue,) = (path.stem for path in (project.folder / "issues").glob("*.md"))
    command = _newsletter(project, "send", issue, "--yes")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:
        while app.record(app.issue_id(issue)).state is not IssueState.SUBMITTING and process.poll() is None:
            time.sleep(0.05)
        try:
            yield
        finally:
            process.terminate()


def _serve_bare(size: int) -> int:
    """0, when it is ended: a page of this size and nothing else."""
    page = "x" * size

    def answer(_request: Request) -> Response:
        return HTMLResponse(page)

    site = Starlette(routes=[Route("/", answer)])
    config = uvicorn.Config(site, log_level="warning", access_log=False, lifespan="off")
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
