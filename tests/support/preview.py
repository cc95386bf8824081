"""A live preview on a real server, asked as a browser asks it."""

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from newsletter.models import IssueId
from newsletter.web.preview_server import serve_preview
from newsletter.wiring import App
from tests.support.letters import ROUNDUP, issue

EIGHT_POSTS = issue(*(ROUNDUP.sections[:3] * 3)[:8])
"""A roundup's long posts, several times over."""
PATIENCE = 10.0
"""Seconds after which a server that says nothing has failed."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A preview that is being served; `events` tells of its versions."""

    port: int
    events: http.client.HTTPResponse

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> str:
        """The page's text."""
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            asking.request("GET", path, headers=dict(headers or {}))
            answer = asking.getresponse()
            body = answer.read().decode("utf-8")
            assert answer.status == 200, (answer.status, body)
            return body
        finally:
            asking.close()

    def next_version(self) -> str:
        """The version now when first asked, then the one that follows, as soon as it can be shown."""
        line = self.events.readline()
        while line and not line.startswith(b"data: "):
            line = self.events.readline()
        return line.decode("ascii").removeprefix("data: ").strip()

    def until(self, path: str, words: str) -> str:
        """The page's text as soon as it holds these words; a save may be seen in two steps."""
        while words not in (page := self.get(path)):
            assert self.next_version(), "the server ended"
        return page


@contextmanager
def served(app: App, issue_id: IssueId) -> Iterator[Served]:
    """The preview of an issue, served while the block runs."""
    listening = threading.Event()
    addresses: list[str] = []

    def told(address: str) -> None:
        addresses.append(address)
        listening.set()

    server = threading.Thread(
        target=serve_preview, args=(app, issue_id, {}), kwargs={"port": 0, "on_listening": told}
    )
    server.start()
    try:
        assert listening.wait(PATIENCE)
        with listened(addresses[0]) as preview:
            yield preview
    finally:
        app.stop()
        server.join(PATIENCE)
        assert not server.is_alive()


@contextmanager
def listened(address: str) -> Iterator[Served]:
    """The preview at an address, its events being listened to."""
    port = urlsplit(address).port
    assert port
    listening = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    listening.request("GET", "/events")
    answer = listening.getresponse()
    try:
        yield Served(port=port, events=answer)
    finally:
        answer.close()
        listening.close()
