"""A post that wants to act is only words: in the letter, in the preview and on the web."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.support.chromium import open_page
from tests.support.project import Project, make_project

ATTACKS = """
<p>Harmless words about the harbour. {{{{ 7*7 }}}} {{% raw %}}</p>
<script>fetch("{trap}script"); document.title = "owned"</script>
<img src=x onerror="fetch('{trap}onerror')">
<svg onload="fetch('{trap}svg')"><script>fetch("{trap}svgscript")</script></svg>
<iframe src="{trap}iframe"></iframe>
<iframe srcdoc="<script>parent.document.title='owned'</script>"></iframe>
<object data="{trap}object"></object><embed src="{trap}embed">
<link rel="stylesheet" href="{trap}css">
<style>@import "{trap}import"; p {{ background: url({trap}bg) }}</style>
<p style="background: url({trap}inline)">styled</p>
<form action="{trap}form"><input autofocus onfocus="fetch('{trap}focus')"><button>go</button></form>
<meta http-equiv="refresh" content="0;url={trap}refresh"><base href="{trap}base">
<a href="javascript:fetch('{trap}link')" id="x">link</a>
<math><mtext><table><mglyph><style><!--</style>
<img title="--&gt;&lt;img src=1 onerror=fetch('{trap}mxss')&gt;">
<video src="{trap}video" autoplay></video><audio src="{trap}audio" autoplay></audio>
"""


class _Trap(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """None."""


@pytest.fixture
def trap() -> Iterator[str]:
    """The address of a server that must never be asked."""
    _Trap.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Trap)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str], trap: str) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    post = made.write_post("hostile", f"A title <script>fetch('{trap}title')</script>")
    text = post.read_text(encoding="utf-8")
    post.write_text(text + ATTACKS.format(trap=trap), encoding="utf-8")
    return made


def test_no_page_with_a_hostile_post_asks_anybody_for_anything(
    project: Project, trap: str, tmp_path: Path
) -> None:
    issue = Path(project.run("gather").stdout.strip()).stem
    page = Path(project.run("preview", issue, "--out", str(tmp_path / "seen")).stdout.strip())
    letter = (page.parent / "letter.html").read_text(encoding="utf-8")
    assert "Harmless words about the harbour." in letter
    assert "{{ 7*7 }}" in letter
    assert "<script" not in letter
    assert "onerror=" not in letter.replace("onerror=fetch", "")
    for name in ("index.html", "frames/outlook.html", "letter.html"):
        document = open_page((page.parent / name).as_uri(), tmp_path / f"profile-{Path(name).name}")
        assert "owned" not in document.partition("</title>")[0]
    assert _Trap.asked == []
    assert json.loads(project.run("status", issue, "--json").stdout)[0]["state"] == "draft"
