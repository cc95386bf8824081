"""The demo is the real program: what it says it made is there, and it is the letter that was shown."""

import re
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.support.feedserver import feed_server

FEED = b"""<rss version="2.0"><channel><title>A blog</title><link>https://blog.example.com/</link>
<item><title>An old post</title><link>https://blog.example.com/old</link><guid>1</guid>
<pubDate>Fri, 05 Jan 2024 10:00:00 GMT</pubDate><description>&lt;p&gt;Words.&lt;/p&gt;</description></item>
<item><title>One without a date</title><link>https://blog.example.com/2</link><guid>2</guid>
<description>More words.</description></item></channel></rss>"""


def run_demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "newsletter", "demo", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder.parent)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("home") / "demo"
    result = run_demo(folder)
    assert result.returncode == 0, result.stderr
    return folder, result.stdout


def test_it_tells_where_the_issue_the_page_and_the_letters_are(demo: tuple[Path, str]) -> None:
    folder, said = demo
    places = dict(re.findall(r"^The ([\w ]+):\s+(.+)$", said, flags=re.MULTILINE))
    assert set(places) == {"issue file", "preview page", "letters"}
    assert Path(places["issue file"]).is_file()
    assert Path(places["preview page"]).is_file()
    assert len(list(Path(places["letters"]).parent.glob("*.eml"))) == 3
    assert folder in Path(places["issue file"]).parents


def test_the_voices_of_the_posts_arrive(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    path = next((folder / "data" / "outbox").glob("*/*.eml"))
    letter = message_from_bytes(path.read_bytes(), policy=policy.default)
    html, text = letter.get_body(("html",)), letter.get_body(("plain",))
    assert html is not None
    assert text is not None
    page, plain = html.get_content(), " ".join(text.get_content().split())
    for words in ("The ferry board blinked", "Sign for the night boat", "The 06:10, fifty-two Mondays"):
        assert words in page
        assert words in plain
    assert page.count("<blockquote") >= 3
    assert "East Quay Nurses" in page
    assert 'width="1200"' not in page
    assert "<iframe" not in page
    assert "<script" not in page
    assert "> Nobody waits" not in plain
    assert "Nobody waits" in plain


def test_the_preview_opens_without_the_blog(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    index = next((folder / "data" / "preview").glob("*/index.html"))
    assert "<iframe sandbox " in index.read_text(encoding="utf-8")
    assert "data:image/jpeg;base64," in (index.parent / "frames" / "light.html").read_text(encoding="utf-8")


def test_it_is_made_anew_but_touches_nothing_else(demo: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = demo
    assert run_demo(folder).returncode == 0
    assert len(list((folder / "issues").glob("*.md"))) == 1
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "novel.txt").write_text("years of work")
    assert run_demo(mine).returncode == 1
    assert (mine / "novel.txt").read_text() == "years of work"


def test_any_feed_will_do(tmp_path: Path) -> None:
    with feed_server() as server:
        result = run_demo(tmp_path / "demo", "--feed", server.serve("/feed.xml", FEED))
    assert result.returncode == 0, result.stderr
    (path,) = (tmp_path / "demo" / "issues").glob("*.md")
    assert "An old post" in path.read_text(encoding="utf-8")
    assert len(list((tmp_path / "demo" / "data" / "outbox").glob("*/*.eml"))) == 3
