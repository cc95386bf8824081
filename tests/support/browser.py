"""Debian's Chromium as a reader uses it: pages are opened, fields typed into, real buttons clicked.

It is driven over two pipes by the Chrome DevTools Protocol (chromedevtools.github.io, 2026): each message
is JSON that ends with a zero octet. Scripts of pages are off.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.chromium import QUIET, chromium

_WITH_PIPES = """\
import os, sys
for end, place in zip(sys.argv[1:3], (1000, 1001)):
    os.dup2(int(end), place)
os.dup2(1000, 3)
os.dup2(1001, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser reads from its descriptor 3 and writes to 4."""


class Browser:
    """One tab."""

    def __init__(self, to_browser: int, from_browser: int, downloads: Path) -> None:
        self._to, self._from = to_browser, from_browser
        self._number = 0
        self._unread = b""
        self._happened: list[dict[str, Any]] = []
        self._session = ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "DOM"):
            self._ask(f"{domain}.enable")
        self._ask("Emulation.setScriptExecutionDisabled", value=True)
        self._ask("Page.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))

    def open(self, url: str) -> None:
        """None, when the page is loaded."""
        self._happened.clear()
        self._ask("Page.navigate", url=url)
        self._await("Page.loadEventFired")

    def type(self, name: str, text: str) -> None:
        """None; the text stands in the field of this name."""
        self._ask("DOM.focus", nodeId=self._node(f"//input[@name='{name}']"))
        self._ask("Input.insertText", text=text)

    def click(self, words: str) -> None:
        """None, when the page behind the button or link with these words is loaded."""
        self._press(words)
        self._await("Page.loadEventFired")

    def download(self, words: str) -> str:
        """The name of the file that the button with these words brings, when it is there whole."""
        self._press(words)
        name = str(self._await("Page.downloadWillBegin")["suggestedFilename"])
        while self._await("Page.downloadProgress")["state"] != "completed":
            pass
        return name

    @property
    def text(self) -> str:
        """The words of the page."""
        root = self._ask("DOM.getDocument")["root"]["nodeId"]
        body = self._ask("DOM.querySelector", nodeId=root, selector="body")["nodeId"]
        return str(self._ask("DOM.getOuterHTML", nodeId=body)["outerHTML"])

    def _press(self, words: str) -> None:
        self._happened.clear()
        node = self._node(f'//*[self::button or self::a][normalize-space()="{words}"]')
        self._ask("DOM.scrollIntoViewIfNeeded", nodeId=node)
        corners = self._ask("DOM.getBoxModel", nodeId=node)["model"]["content"]
        place = {"x": (corners[0] + corners[4]) / 2, "y": (corners[1] + corners[5]) / 2}
        for event in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=event, button="left", clickCount=1, **place)

    def _node(self, path: str) -> int:
        """The element at this XPath, of which there must be one."""
        self._ask("DOM.getDocument")
        found = self._ask("DOM.performSearch", query=path)
        assert found["resultCount"] == 1, (path, found["resultCount"], self.text)
        ids = self._ask("DOM.getSearchResults", searchId=found["searchId"], fromIndex=0, toIndex=1)["nodeIds"]
        return int(ids[0])

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._number:
            self._happened.append(answer)
        assert "error" not in answer, (method, answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    def _await(self, event: str) -> dict[str, Any]:
        """What the next such event says."""
        while True:
            told = self._happened.pop(0) if self._happened else self._read()
            if told.get("method") == event:
                parameters: dict[str, Any] = told["params"]
                return parameters

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            octets = os.read(self._from, 1 << 16)
            assert octets, "the browser has ended"
            self._unread += octets
        message, _, self._unread = self._unread.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told


@contextmanager
def browsing(folder: Path) -> Iterator[Browser]:
    """A browser with a new profile in the folder; downloads go to `folder/downloads`. Skips the test
    where there is no Chromium."""
    program = chromium()
    downloads = folder / "downloads"
    downloads.mkdir()
    their_input, to_browser = os.pipe()
    from_browser, their_output = os.pipe()
    command = [sys.executable, "-c", _WITH_PIPES, str(their_input), str(their_output), program]
    command += [*QUIET, "--remote-debugging-pipe"]
    with subprocess.Popen(
        [*command, f"--user-data-dir={folder / 'profile'}", "--window-size=800,1200"],
        pass_fds=(their_input, their_output),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(their_input)
        os.close(their_output)
        try:
            yield Browser(to_browser, from_browser, downloads)
        finally:
            process.terminate()
            os.close(to_browser)
            os.close(from_browser)
