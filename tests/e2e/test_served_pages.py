"""`newsletter serve` as a process: scanners with a browser change nothing, and its log names nobody."""

import email
import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from email import policy
from pathlib import Path
from urllib.parse import urlencode

import pytest

from newsletter.content.links import reader_token
from newsletter.content.tokens import Purpose, make_token
from newsletter.models import ConsentAction, SubscriberId
from newsletter.wiring import App, open_app
from tests.support.chromium import open_page
from tests.support.project import Project, make_project
from tests.support.webhooks import Signer, sendgrid_event

PUBLIC = "https://news.example.com"
NOOR, SOREN, ADA = "noor@example.org", "soren@example.org", "ada@example.net"
SIGNER = Signer()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    text = made.settings.read_text(encoding="utf-8")
    key = f'\n[provider.sendgrid]\nwebhook_key = "{SIGNER.public_key}"\n'
    made.settings.write_text(text.replace('silence = "send"', 'silence = "hold"') + key, encoding="utf-8")
    made.run("subscribers", "add", NOOR, SOREN)
    made.run("send", Path(made.run("gather").stdout.strip()).stem, "--yes")
    return made


@pytest.fixture
def app(project: Project) -> Iterator[App]:
    with open_app(project.folder, {}) as opened:
        yield opened


class Server:
    """The program, serving; it logs into a file, and what it says by itself is little."""

    def __init__(self, project: Project) -> None:
        self.log = project.folder / "serve.log"
        command = [
            sys.executable,
            "-m",
            "tests.support.loud",
            "-C",
            str(project.folder),
            "serve",
            "--port",
            "0",
        ]
        environment = {**os.environ, "LOUD_LOG": str(self.log)}
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
        )
        assert self._process.stderr is not None
        self._lines: list[str] = []
        for line in self._process.stderr:
            self._lines.append(line)
            if found := re.match(r"Serving on http://(127\.0\.0\.1:\d+)", line):
                self.host = found[1]
                return
        raise AssertionError("".join(self._lines))

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> int:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def stop(self) -> str:
        """All that it said."""
        self._process.send_signal(signal.SIGTERM)
        _, rest = self._process.communicate(timeout=60)
        return "".join(self._lines) + rest + self.log.read_text(encoding="utf-8")


@pytest.fixture
def server(project: Project) -> Iterator[Server]:
    running = Server(project)
    try:
        yield running
    finally:
        running.stop()


def person(app: App, address: str) -> SubscriberId:
    found = app.subscribers.find(address)
    assert found is not None
    return found.id


def test_a_browser_that_opens_every_link_of_a_letter_changes_nothing(
    project: Project, app: App, server: Server, tmp_path: Path
) -> None:
    before = [(each.address, each.status) for each in app.subscribers.list()]
    letter = email.message_from_bytes(project.letters()[0].read_bytes(), policy=policy.default)
    body = letter.get_body(("html",))
    assert body is not None
    links = set(re.findall(rf'href="{PUBLIC}(/[^"]+)"', body.get_content()))
    token = make_token(app.keys, Purpose.CONFIRM, person(app, NOOR), now=app.clock.now())
    steps = app.joining.steps(person(app, NOOR))
    for link in sorted({*links, f"/confirm/{token}"}):
        page = open_page(f"http://{server.host}{link}", tmp_path / "browser", virtual_seconds=2)
        assert "<h1" in page, link
    assert any("/u/" in link for link in links)
    assert [(each.address, each.status) for each in app.subscribers.list()] == before
    assert app.joining.steps(person(app, NOOR)) == steps


def test_the_log_names_no_address_no_token_and_no_key(app: App, server: Server) -> None:
    now = app.clock.now()
    noor, soren = person(app, NOOR), person(app, SOREN)
    tokens = {
        "leave": reader_token(app.keys, noor),
        "confirm": make_token(app.keys, Purpose.CONFIRM, noor, now=now),
        "back": make_token(app.keys, Purpose.RETURN, soren, now=now),
    }
    wrong = tokens["leave"][:-1] + ("A" if tokens["leave"][-1] != "A" else "B")
    wish = urlencode({"email": ADA, "name": "Ada Example"}).encode()
    events = SIGNER.call([sendgrid_event("bounce", email=NOOR, type="bounce")], now)
    assert server.ask("POST", "/subscribe", wish, FORM) == 200
    assert server.ask("POST", "/api/subscribe", f'{{"email": "{ADA}"}}'.encode()) == 202
    assert server.ask("GET", f"/confirm/{tokens['confirm']}") == 200
    assert server.ask("POST", f"/confirm/{tokens['confirm']}") == 200
    assert server.ask("POST", f"/u/{tokens['leave']}", b"List-Unsubscribe=One-Click", FORM) == 200
    assert server.ask("POST", f"/u/{wrong}") == 404
    assert server.ask("POST", f"/back/{tokens['back']}") == 500
    assert server.ask("POST", "/webhooks/sendgrid", events.body, dict(events.headers)) == 204
    assert server.ask("POST", "/webhooks/sendgrid", events.body) in {400, 401, 403}
    said = server.stop()
    assert "DEBUG" in said
    assert "a page failed with RuntimeError" in said
    assert "Traceback" not in said
    secrets = [NOOR, SOREN, ADA, "Ada Example", wrong, *tokens.values(), app.keys.signing.hex()]
    assert [each for each in secrets if each in said] == []
    assert app.joining.steps(noor)[-1].action is ConsentAction.UNSUBSCRIBED
