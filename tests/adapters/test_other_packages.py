"""The packages that docs/adding/ shows, built, installed and used as they stand there."""

import json
import re
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from uv import find_uv_bin

from newsletter.content.checks.letter import Check, Letter
from newsletter.models import Finding
from tests.support import check_samples
from tests.support.letters import NEWSLETTER, SHORT, render
from tests.support.project import Project, make_project

ROOT = Path(__file__).parents[2]
ADDING = ROOT / "docs" / "adding"
EVENTS = 'id,title,url,date,text\n1,Harbour day,/harbour,2026-11-21,"Boats, <b> and bread."\n'


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in this language."""
    text = (ADDING / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of the program in a Python that finds packages in the folder `installed`, too."""
    made = make_project(tmp_path / "letter")
    made.environment["PYTHONPATH"] = str(tmp_path / "installed")
    return made


def install(page: str, tmp_path: Path) -> None:
    """None; the package that the page shows is built and installed, without asking any registry."""
    folder = tmp_path / "package"
    folder.mkdir()
    for block in (*blocks(page, "toml"), *blocks(page, "python")):
        name, _, text = block.removeprefix("# ").partition("\n")
        (folder / name).write_text(text, encoding="utf-8")
    options = ["--offline", "--no-deps", "--no-build-isolation", "--quiet"]
    options += ["--cache-dir", str(tmp_path / "cache"), "--python", sys.executable]
    target = ["--target", str(tmp_path / "installed"), str(folder)]
    subprocess.run([find_uv_bin(), "pip", "install", *options, *target], check=True)


def run(project: Project, *words: str) -> str:
    """What a command that succeeded printed."""
    process = project.start(*words)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


def set_to(project: Project, old: str, new: str) -> None:
    text = project.settings.read_text(encoding="utf-8")
    assert old in text
    project.settings.write_text(text.replace(old, new), encoding="utf-8")


def test_the_source_of_the_page_is_gathered_from(project: Project, tmp_path: Path) -> None:
    install("a-source.md", tmp_path)
    set_to(project, 'folder = "posts"', 'url = "table:events.csv"')
    (project.folder / "events.csv").write_text(EVENTS, encoding="utf-8")
    run(project, "gather")
    (issue,) = (project.folder / "issues").glob("*.md")
    text = issue.read_text(encoding="utf-8")
    assert "## [Harbour day](https://news.example.com/harbour)" in text
    assert 'post id="1" source="The Harbour Letter"' in text
    assert "Boats, \\<b> and bread." in text


@pytest.fixture
def pigeon(project: Project) -> Iterator[list[dict[str, str]]]:
    """What the service of the page about providers has taken; the project's provider finds it."""
    taken: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert (self.path, self.headers["Authorization"]) == ("/messages", "Bearer coo")
            taken.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        set_to(project, 'kind = "outbox"', f'kind = "pigeon"\n[provider.pigeon]\nbase_url = "{url}"')
        (project.folder / ".env").write_text("PIGEON_KEY=coo\n", encoding="utf-8")
        yield taken
        server.shutdown()
        thread.join()


def test_the_provider_of_the_page_sends(
    project: Project, pigeon: list[dict[str, str]], tmp_path: Path
) -> None:
    install("a-provider.md", tmp_path)
    run(project, "gather")
    run(project, "subscribers", "add", "Noor <noor@example.org>", "sam@example.org")
    (issue,) = (project.folder / "issues").glob("*.md")
    run(project, "send", issue.stem, "--yes")
    letters = {
        each["to"]: message_from_bytes(b64decode(each["message"]), policy=policy.default) for each in pigeon
    }
    assert {to: str(letter["To"]) for to, letter in letters.items()} == {
        "noor@example.org": "Noor <noor@example.org>",
        "sam@example.org": "sam@example.org",
    }
    assert len(pigeon) == 2
    assert len({letter["List-Unsubscribe"] for letter in letters.values()}) == 2
    proof = json.loads(run(project, "prove", issue.stem, "--json"))
    assert (proof["submitted"], proof["balanced"]) == (2, True)


def test_the_check_of_the_page_finds_its_bad_sample_alone() -> None:
    code, bad, good = blocks("a-check.md", "python")
    told: dict[str, object] = {}
    exec(code, told)
    (check,) = (each for each in told.values() if isinstance(each, Check))

    def findings(sample: str) -> list[Finding]:
        ((name, (change,)),) = eval(f"{{{sample}}}", vars(check_samples)).items()
        assert name == check.code
        issue, email = change(SHORT, render(SHORT))
        return check.findings(Letter(email=email, issue=issue, newsletter=NEWSLETTER, headers={}))

    assert [finding.code for finding in findings(bad)] == [check.code]
    assert findings(good) == []
    (row,) = blocks("a-check.md", "markdown")
    assert row.startswith(f"| `{check.code}` | {check.severity} | ")
