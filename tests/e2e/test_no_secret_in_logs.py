"""A whole day of `serve` with every logger at its most talkative: no key, no token, nobody's address."""

import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import IO, cast

from newsletter.content.links import reader_token
from newsletter.content.tokens import Keyring, Purpose, make_token
from newsletter.drill.sendgrid.emulator import KEY
from newsletter.drill.sendgrid.process import EmulatorProcess
from newsletter.models import SubscriberId
from newsletter.wiring import SystemClock, open_app
from tests.support.project import Project, make_project

NOOR = "noor.haddad@example.org"
TALKATIVE = """\
import logging, sys
logging.basicConfig(level=logging.DEBUG)
from newsletter.cli import main
main()
"""


@dataclass(kw_only=True)
class Talk:
    """What a process writes to its standard error, line by line."""

    lines: list[str]
    queue: "Queue[str | None]"

    def until(self, words: str) -> str:
        """The next line that holds these words."""
        while (line := self.queue.get(timeout=60)) is not None:
            self.lines.append(line)
            if words in line:
                return line
        raise AssertionError("".join(self.lines))

    def rest(self) -> None:
        while (line := self.queue.get(timeout=60)) is not None:
            self.lines.append(line)


@contextmanager
def serving(project: Project) -> Iterator[tuple[str, Talk]]:
    command = [sys.executable, "-c", TALKATIVE, "-C", str(project.folder), "serve", "--port", "0"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={"SENDGRID_API_KEY": KEY, "PATH": "/usr/bin:/bin"}
    ) as process:
        stream = cast("IO[str]", process.stderr)
        talk = Talk(lines=[], queue=Queue())

        def listen() -> None:
            for line in stream:
                talk.queue.put(line)
            talk.queue.put(None)

        ear = Thread(target=listen)
        ear.start()
        try:
            yield talk.until("http://").split()[-1].rstrip("/"), talk
        finally:
            process.terminate()
            ear.join()
    talk.rest()


def post(url: str, fields: Mapping[str, str]) -> int:
    body = urllib.parse.urlencode(fields).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=30) as answer:
        return int(answer.status)


def test_a_talkative_server_names_no_key_token_or_reader(tmp_path: Path) -> None:
    with EmulatorProcess() as sendgrid:
        project = make_project(tmp_path / "letter")
        text = project.settings.read_text(encoding="utf-8").replace('kind = "outbox"', 'kind = "sendgrid"')
        key = sendgrid.state()["public_key"]
        text += f'\n[provider.sendgrid]\nbase_url = "{sendgrid.url}"\nwebhook_key = "{key}"\n'
        project.settings.write_text(text, encoding="utf-8")
        with serving(project) as (url, talk), open_app(project.folder, {"SENDGRID_API_KEY": KEY}) as app:
            tokens = use_every_page(url, app.keys)
            until_mailed(sendgrid)
            assert set(sendgrid.post_events(f"{url}/webhooks/sendgrid")) == {204}
            talk.until("new events")
            secrets = [KEY, *tokens, *(key.hex() for key in app.keys.keys.values())]
    told = "".join(talk.lines)
    assert "DEBUG" in told
    assert not [secret for secret in secrets if secret in told]
    assert not re.findall(r"[\w.+-]*noor[\w.+-]*", told, re.IGNORECASE)
    assert NOOR not in told


def until_mailed(sendgrid: EmulatorProcess) -> None:
    """None, when the provider has the confirmation."""
    end = time.monotonic() + 60
    while not sendgrid.copies():
        assert time.monotonic() < end, "no mail came"
        Event().wait(0.1)


def use_every_page(url: str, keys: Keyring) -> list[str]:
    """The tokens that were used: somebody joins, confirms, leaves, comes back, and looks at their data."""
    assert post(f"{url}/subscribe", {"email": NOOR, "name": "Noor Haddad"}) == 200
    now = SystemClock().now()
    person = SubscriberId(1)
    purposes = {
        Purpose.CONFIRM: "confirm",
        Purpose.RETURN: "back",
        Purpose.MANAGE: "privacy",
    }
    tokens = {path: make_token(keys, purpose, person, now=now) for purpose, path in purposes.items()}
    tokens["u"] = reader_token(keys, person)
    assert post(f"{url}/confirm/{tokens['confirm']}", {}) == 200
    assert post(f"{url}/u/{tokens['u']}", {"List-Unsubscribe": "One-Click"}) == 200
    assert post(f"{url}/back/{tokens['back']}", {}) == 200
    assert post(f"{url}/privacy/{tokens['privacy']}", {"do": "csv"}) == 200
    return list(tokens.values())
