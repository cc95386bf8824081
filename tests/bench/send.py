"""`./run bench send`: the whole path, as ratios against bounds measured in the same run.

Gathering: CPU per post of the real feeds from loopback, and the share spent in parsing.
Rendering: an 8-post issue against premailer's own time.
Sending: subscribers to a loopback sink that reads and answers 202, ledger on, every commit fsynced;
against the lean loop (a token per recipient, the body built by plain joins, POST on a kept
connection, 202; no ledger). Two issues at once against one after the other; the official client as it
is against the same over our kept connection; connections to a service that takes its time.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from newsletter.config.settings import ProviderSettings
from tests.bench.measure import Measured
from tests.bench.sink import running_sink

ROUNDS = 3
SHARE = 0.75
"""Of the lean loop's rate."""
RATE = 30_000
"""Recipients a second, on two cores that do nothing else."""
LEDGER = 0.2
"""Of the CPU."""
MEMORY_MB = 120
FLAT_MB = 10
FREEZE_SECONDS = 10
READ_SECONDS = 2
CONNECTIONS = str(ProviderSettings.__dataclass_fields__["connections"].default)
LATENCY = 0.15
SLOW_RECIPIENTS = 40_000
CLIENT_REQUESTS = 60


def main() -> int:
    """Prints the figures; 1 when a bound is missed."""
    parser = argparse.ArgumentParser(prog="./run bench send", description=__doc__)
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=100_000, help="for the measurements that need no more")
    parser.add_argument("--only-sending", action="store_true", help="leave gathering and rendering out")
    arguments = parser.parse_args()
    if not arguments.only_sending:
        from tests.bench import gather, render

        print("== gathering", flush=True)
        gather.main()
        print("== rendering", flush=True)
        render.main()
    print("== sending", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        held = [
            *against_the_lean_loop(Path(folder), arguments.recipients, arguments.few),
            *two_at_once(Path(folder), arguments.few),
            *against_the_official_client(Path(folder)),
        ]
        with_a_slow_service(Path(folder))
    return int(not all(held))


def against_the_lean_loop(folder: Path, recipients: int, few: int) -> Iterator[bool]:
    """Whether each bound of a send of one issue is held."""
    small, large = folder / "small", folder / "large"
    with running_sink() as sink:
        run("prepare", small, few, 1)
        little = run("real", small, sink, CONNECTIONS)
        freezing = run("prepare", large, recipients, 1)
        lean, real = [], []
        for _ in range(ROUNDS):
            lean.append(run("lean", large, sink, recipients))
            with copy_of(large) as sent:
                real.append(run("real", sent, sink, CONNECTIONS))
        bare, best = fastest(lean), fastest(real)
        print(f"{recipients:,} recipients, best of {ROUNDS} rounds")
        tell("lean loop", bare)
        tell("newsletter", best)
        share = best.rate / bare.rate
        yield bound(f"share of the lean loop: {share:.2f}", share >= SHARE, f"at least {SHARE}")
        yield bound(f"rate: {best.rate:,.0f} recipients/s", best.rate >= RATE, f"at least {RATE:,}")
        ledger, reading = best.ledger / best.cpu, best.reading / best.cpu
        yield bound(
            f"the ledger: {ledger - reading:.0%} of the CPU, and {reading:.0%} to read the recipients",
            ledger - reading <= LEDGER,
            f"at most {LEDGER:.0%}",
        )
        yield bound(
            f"peak memory: {little.peak_mb:.0f} MB with {few:,}, {best.peak_mb:.0f} MB with {recipients:,}",
            best.peak_mb <= min(MEMORY_MB, little.peak_mb + FLAT_MB),
            f"at most {MEMORY_MB} MB, and flat",
        )
        yield bound(
            f"freezing: {freezing.seconds:.1f} s, {freezing.cpu_each:.1f} µs CPU per recipient",
            freezing.seconds < FREEZE_SECONDS,
            f"under {FREEZE_SECONDS} s",
        )
        with copy_of(large) as sent:
            run("real", sent, sink, CONNECTIONS)
            issue = next((sent / "issues").glob("*.md")).stem
            for words in (["status", issue], ["prove", issue]):
                seconds = command(sent, *words)
                yield bound(f"{words[0]}: {seconds:.2f} s", seconds < READ_SECONDS, f"under {READ_SECONDS} s")


def two_at_once(folder: Path, recipients: int) -> Iterator[bool]:
    """Whether two processes send two issues of one database sooner than one does."""
    both = folder / "both"
    run("prepare", both, recipients, 2)
    first, second = sorted(path.stem for path in (both / "issues").glob("*.md"))
    with running_sink() as sink:
        with copy_of(both) as sent:
            in_turn = [run("real", sent, sink, CONNECTIONS, issue) for issue in (first, second)]
        with copy_of(both) as sent:
            started = [start("real", sent, sink, CONNECTIONS, issue) for issue in (first, second)]
            at_once = [ended(process) for process in started]
    one = sum(each.seconds for each in in_turn)
    two = max(each.ended for each in at_once) - min(each.began for each in at_once)
    yield bound(
        f"2 × {recipients:,} recipients: {one:.1f} s one after the other, {two:.1f} s by 2 processes",
        two < one,
        "sooner",
    )


def against_the_official_client(folder: Path) -> Iterator[bool]:
    """Whether requests over TLS are faster on a connection that is kept."""
    project = folder / "client"
    run("prepare", project, 1000, 1)
    os.environ["SSL_CERT_FILE"] = str(folder / "authority.pem")
    with running_sink(certificates=folder) as sink:
        rounds = [
            (run("official", project, sink, CLIENT_REQUESTS), run("kept", project, sink, CLIENT_REQUESTS))
            for _ in range(ROUNDS)
        ]
    del os.environ["SSL_CERT_FILE"]
    official, kept = fastest([each[0] for each in rounds]), fastest([each[1] for each in rounds])
    print("requests over TLS, without the ledger")
    tell("official client", official)
    tell("on a kept connection", kept)
    yield bound(f"{kept.rate / official.rate:.1f} times as fast", kept.rate > official.rate, "faster")


def with_a_slow_service(folder: Path) -> None:
    """None; prints what more connections bring when each answer takes its time."""
    project = folder / "slow"
    run("prepare", project, SLOW_RECIPIENTS, 1)
    print(f"a service that answers after {LATENCY * 1000:.0f} ms")
    with running_sink(latency=LATENCY) as sink:
        for connections in (1, 2, 4, 8):
            with copy_of(project) as sent:
                tell(f"{connections} connections", run("real", sent, sink, connections))


# --- processes ---------------------------------------------------------------------------------


def run(*words: object) -> Measured:
    """What a process of its own measured."""
    return ended(start(*words))


def start(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.senders", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> Measured:
    output, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return msgspec.json.decode(output.splitlines()[-1], type=Measured)


def command(project: Path, *words: str) -> float:
    """Seconds that a command of the program takes, from its start to its end."""
    environment = os.environ | {"SENDGRID_API_KEY": "SG.bench.bench"}
    began = time.perf_counter()
    whole = [sys.executable, "-m", "newsletter", "-C", str(project), *words, "--json"]
    subprocess.run(whole, stdout=subprocess.DEVNULL, check=True, env=environment)
    return time.perf_counter() - began


@contextmanager
def copy_of(project: Path) -> Iterator[Path]:
    """The project in another folder, which is gone after the block."""
    copy = project.with_name(f"{project.name}-copy")
    shutil.copytree(project, copy)
    try:
        yield copy
    finally:
        shutil.rmtree(copy)


# --- words -------------------------------------------------------------------------------------


def fastest(runs: Sequence[Measured]) -> Measured:
    return max(runs, key=lambda measured: measured.rate)


def tell(name: str, measured: Measured) -> None:
    """None; prints a line of figures."""
    print(
        f"  {name:20} {measured.rate:9,.0f} recipients/s   {measured.cpu_each:5.1f} µs CPU each   "
        f"{measured.peak_mb:4.0f} MB",
        flush=True,
    )


def bound(words: str, held: bool, asked: str) -> bool:
    """`held`; prints what was measured beside what was asked for."""
    print(f"{'ok  ' if held else 'MISS'} {words} ({asked})", flush=True)
    return held


if __name__ == "__main__":
    sys.exit(main())
