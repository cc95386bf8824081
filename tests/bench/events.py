"""`./run bench events`: signed events posted to a real `serve` process while somebody reads its pages.

The events are those of a healthy issue: each letter processed and delivered, one in fifty deferred,
one in a hundred bounced, a few opened and called spam; shuffled, in calls of SendGrid's size, four at
a time, each event committed before its call is answered. A page is asked for again and again, first
in peace and then meanwhile.
"""

import argparse
import contextlib
import http.client
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast
from urllib.parse import urlsplit

from newsletter.content.links import reader_token
from newsletter.models import Address, Claim, IssueId, SendOutcome, SendStatus, SubscriberId, SubscriberStatus
from newsletter.wiring import App, open_app
from tests.support.ledgers import SENDER, letter
from tests.support.project import Project, make_project
from tests.support.webhooks import Signer, sendgrid_event

BATCH = 1000
CALL_BYTES = 768 * 1024
"""SendGrid posts when so much has come together (Event Webhook, 2026)."""
AT_ONCE = 4
PEACE_SECONDS = 5.0
BOUND_SECONDS = 60.0
BOUND_PAGE_MS = 100.0
"""The 95th percentile of a page while events come; on a machine that is busy anyway, BOUND_TIMES."""
BOUND_TIMES = 4.0
"""As many times the same page's time in peace."""
BOUND_GROWTH_MB = 30.0
"""How much the peak of memory may grow in the second half."""
ISSUE = IssueId("2026-11-27")


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """The `serve` process: where it listens, and its number."""

    host: str
    pid: int

    def peak_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1000


def main() -> int:
    """Prints the figures; 1 when a bound is missed."""
    parser = argparse.ArgumentParser(prog="./run bench events", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    count = parser.parse_args().events
    signer = Signer()
    with tempfile.TemporaryDirectory() as folder:
        project, page, bodies = _prepared(Path(folder) / "letter", signer, count)
        with _serving(project) as server:
            with _reading(server, page) as peace:
                time.sleep(PEACE_SECONDS)
            with _reading(server, page) as meanwhile:
                middle = len(bodies) // 2
                started = time.perf_counter()
                _post(server, signer, bodies[:middle])
                half = server.peak_mb()
                _post(server, signer, bodies[middle:])
                seconds = time.perf_counter() - started
            growth = server.peak_mb() - half
            print(f"{count:,} events in {len(bodies)} calls: {seconds:.1f} s (bound {BOUND_SECONDS:.0f})")
            print(f"  {count / seconds:,.0f} events/s, {AT_ONCE} calls at a time, every one committed")
            print(f"page p95: {_p95(peace):.1f} ms in peace, {_p95(meanwhile):.1f} ms meanwhile "
                  f"(bound {BOUND_PAGE_MS:.0f}; {len(meanwhile)} pages)")  # fmt: skip
            print(f"peak memory of serve: {half:.0f} MB after half of it, {growth:+.1f} MB after the rest")
            print(f"taken in: {_taken(project)}")
    page_bound = max(BOUND_PAGE_MS, BOUND_TIMES * _p95(peace))
    return int(seconds > BOUND_SECONDS or _p95(meanwhile) > page_bound or growth > BOUND_GROWTH_MB)


# --- what is told ------------------------------------------------------------------------------


def _prepared(folder: Path, signer: Signer, count: int) -> tuple[Project, str, list[bytes]]:
    """A project whose issue was submitted, the path of a reader's page, and the bodies of the calls."""
    project = make_project(folder)
    settings = project.settings.read_text(encoding="utf-8")
    key = f'\n[provider.sendgrid]\nwebhook_key = "{signer.public_key}"\n'
    project.settings.write_text(settings + key, encoding="utf-8")
    with open_app(project.folder, {}) as app:
        attempts = _submitted(app, readers=max(count // 2, 1))
        page = f"/u/{reader_token(app.keys, SubscriberId(1))}"
    events = [event for reader, attempt in enumerate(attempts, 1) for event in _events(reader, attempt)][
        :count
    ]
    random.Random(1).shuffle(events)
    return project, page, _bodies(events)


def _submitted(app: App, readers: int) -> list[str]:
    """The attempt that carried each reader's letter."""
    now = app.clock.now()
    app.subscribers.import_rows(
        ((Address(addr_spec=f"reader{n}@example.org"), SubscriberStatus.CONFIRMED) for n in range(readers)),
        consent_source="bench",
        now=now,
    )
    app.issues.adopt(ISSUE, None, now)
    app.ledger.freeze(letter(ISSUE), SENDER, batch_size=BATCH, now=now)
    lease = app.ledger.acquire(f"send {ISSUE}", owner="bench", ttl=600, now=now)
    attempts: list[str] = []
    while isinstance(claim := app.ledger.claim(lease, ISSUE, ttl=600, now=now), Claim):
        outcomes = [SendOutcome(delivery_id=d.id, status=SendStatus.SUBMITTED) for d in claim.deliveries]
        app.ledger.record(claim, outcomes, now)
        attempts += [claim.attempt] * len(claim.deliveries)
    return attempts


def _events(reader: int, attempt: str) -> Iterator[dict[str, object]]:
    usual: dict[str, object] = {
        "email": f"reader{reader - 1}@example.org",
        "nl_rid": f"{ISSUE}.{reader}",
        "nl_att": attempt,
        "sg_message_id": f"Xj5LmNkWSOqRbdvOpR34BA.recvd-5f54b5d587-8zczn-1-6560AB-17.{reader}",
    }
    kinds = ["processed", "delivered"]
    if reader % 50 == 0:
        kinds = ["processed", "deferred", "delivered"]
    if reader % 100 == 7:
        kinds = ["processed", "bounce"]
    if reader % 20 == 3:
        kinds.append("open")
    if reader % 10_000 == 11:
        kinds.append("spamreport")
    details = {"bounce": {"type": "blocked", "status": "4.2.2", "reason": "452 4.2.2 mailbox full"}}
    for kind in kinds:
        words = details.get(kind, {"response": "250 2.0.0 OK 1795766401 q8-20020a170902dac8.321 - gsmtp"})
        yield sendgrid_event(kind, **usual, **words, sg_event_id=f"{kind}-{reader}-0123456789abcdef")


def _bodies(events: Sequence[dict[str, object]]) -> list[bytes]:
    each = len(json.dumps(events[0])) + 2
    size = CALL_BYTES // each
    return [json.dumps(events[start : start + size]).encode() for start in range(0, len(events), size)]


# --- the process, its callers and its reader ---------------------------------------------------


@contextlib.contextmanager
def _serving(project: Project) -> Iterator[Server]:
    command = [sys.executable, "-m", "newsletter", "-C", str(project.folder), "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        line = cast("IO[str]", process.stderr).readline()
        try:
            yield Server(host=urlsplit(line.split()[-1]).netloc, pid=process.pid)
        finally:
            process.terminate()


def _post(server: Server, signer: Signer, bodies: Sequence[bytes]) -> None:
    def call(body: bytes) -> None:
        headers = signer.headers(body, datetime.now(UTC))  # noqa: TID251 - the server's clock is the real one
        with contextlib.closing(http.client.HTTPConnection(server.host, timeout=60)) as connection:
            connection.request("POST", "/webhooks/sendgrid", body, headers)
            assert connection.getresponse().status == 204

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(call, bodies))


@contextlib.contextmanager
def _reading(server: Server, page: str) -> Iterator[list[float]]:
    """How many milliseconds the page took, each time, while the block runs."""
    times: list[float] = []
    ended = threading.Event()

    def read() -> None:
        with contextlib.closing(http.client.HTTPConnection(server.host, timeout=60)) as connection:
            while not ended.is_set():
                started = time.perf_counter()
                connection.request("GET", page)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200
                times.append((time.perf_counter() - started) * 1000)
                ended.wait(0.02)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield times
    finally:
        ended.set()
        reader.join()


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def _taken(project: Project) -> dict[str, int]:
    """How many deliveries are in which status."""
    with open_app(project.folder, {}) as app:
        return Counter(each.status for each in app.accounts.people(ISSUE))


if __name__ == "__main__":
    sys.exit(main())
