"""Postfix's own test server as a process: it throws letters away and fails in the ways it is asked to."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

SMTP_SINK = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MISSING = "smtp-sink is not installed; on Debian: apt install postfix (choose “No configuration”)"


@contextmanager
def running_smtp_sink(*options: str) -> Iterator[int]:
    """The port on 127.0.0.1 at which it answers while the block runs."""
    assert SMTP_SINK is not None, MISSING
    port = _free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []  # it does not run as root
    command = [SMTP_SINK, *user, *options, f"127.0.0.1:{port}", "100"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            _wait_for(process, port)
            yield port
        finally:
            process.terminate()


def _wait_for(process: "subprocess.Popen[str]", port: int, within: float = 10.0) -> None:
    until = time.monotonic() + within
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionRefusedError:
            if process.poll() is not None:
                words = process.stderr.read() if process.stderr else ""
                raise AssertionError(f"smtp-sink ended: {words}") from None
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
