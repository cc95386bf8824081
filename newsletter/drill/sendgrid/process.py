"""The emulated SendGrid in a process of its own, for whoever kills senders, and to play with by hand.

In a test:   with EmulatorProcess(log=path) as sendgrid: … sendgrid.url, sendgrid.copies()
By hand:     python -m newsletter.drill.sendgrid.process --port 8025
"""

import contextlib
import http.client
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Self, cast
from urllib.parse import urlsplit

from newsletter.drill.sendgrid.emulator import KEY, MAIL_SEND, Copy, SendGridEmulator, Step
from newsletter.drill.sendgrid.faults import fault


class EmulatorProcess:
    """An emulator in its own process, which ends with this object or with the process that made it."""

    def __init__(self, *, log: Path | None = None, script: Sequence[Step] = ()) -> None:
        command = [sys.executable, "-m", "newsletter.drill.sendgrid.process"]
        if log:
            command += ["--log", str(log)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = cast("IO[str]", self._process.stdout).readline().strip()
        self.script(*script)

    def script(self, *steps: Step, path: str = MAIL_SEND) -> None:
        """As SendGridEmulator.script."""
        self._ask("POST", "/_emulator/script", {"steps": [fault(s).as_json() for s in steps], "path": path})

    def advance(self, **span: float) -> None:
        """As SendGridEmulator.advance."""
        self._ask("POST", "/_emulator/advance", span)

    def becomes(self, address: str, *kinds: str) -> None:
        """As EventWebhook.becomes."""
        self._ask("POST", "/_emulator/becomes", [address, *kinds])

    def post_events(self, url: str, **disorder: Any) -> Counter[int]:
        """As SendGridEmulator.post_events."""
        answered = json.loads(self._ask("POST", "/_emulator/post_events", {"url": url, **disorder}))
        return Counter({int(status): count for status, count in answered.items()})

    def state(self) -> dict[str, Any]:
        """requests, connections, redirect_was_followed, copies, cancelled, public_key."""
        return dict(json.loads(self._ask("GET", "/_emulator")))

    def copies(self) -> list[Copy]:
        return [Copy(**copy) for copy in self.state()["copies"]]

    def cancelled(self) -> list[Copy]:
        """As SendGridEmulator.cancelled."""
        return [Copy(**copy) for copy in self.state()["cancelled"]]

    def copies_per_person(self) -> Counter[tuple[str, str]]:
        """As SendGridEmulator.copies_per_person."""
        return Counter((copy.issue, copy.address.lower()) for copy in self.copies())

    def close(self) -> None:
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, method: str, path: str, content: object = None) -> bytes:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(content) if content is not None else None)
            return connection.getresponse().read()


def main() -> None:
    """Serves until standard input ends; the first line of output is the address."""
    import argparse

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--log", type=Path, default=None)
    options = parser.parse_args()
    with SendGridEmulator(
        port=options.port, key=options.key, log=options.log, keep_requests=False
    ) as emulator:
        sys.stdout.write(f"{emulator.url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            sys.stdin.read()


if __name__ == "__main__":
    main()
