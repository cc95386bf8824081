"""Asking servers: HEAD then GET over real connections, kept for a day, and never by a send."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from newsletter.content.checks.answers import Answer, Question, questions
from newsletter.net import Fetcher
from newsletter.store.answers import AnswerFile
from newsletter.usecases.probing import KEPT, ask, probe
from newsletter.wiring import App
from tests.support.clock import FakeClock
from tests.support.feedserver import ALLOW_LOOPBACK
from tests.support.letters import issue, render, section
from tests.support.project import make_project

PICTURE = b"x" * 250_000


class Site:
    """A site that answers HEAD and GET differently, as sites do; `asked` holds what came."""

    def __init__(self) -> None:
        self.origin = ""
        self.asked: list[str] = []
        self.stopping = threading.Event()

    def answer(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        page, picture = {"Content-Type": "text/html; charset=utf-8"}, {"Content-Type": "image/png"}
        match path.strip("/").split("/"):
            case ["shy"]:
                return (405, page, b"") if method == "HEAD" else (200, page, b"a page")
            case ["wrong-head"]:
                return (404, page, b"") if method == "HEAD" else (200, page, b"a page")
            case ["status", number]:
                return int(number), page, b"no"
            case ["hop", number]:
                return 302, {"Location": f"/hop/{int(number) - 1}" if int(number) else "/page"}, b""
            case ["picture"]:
                return 200, picture | {"Content-Length": str(len(PICTURE))}, PICTURE
            case ["unsized"]:
                length = {} if method == "HEAD" else {"Content-Length": "3"}
                return 200, picture | length, b"png"
            case ["endless"]:
                self.stopping.wait()
        return 200, page, b"a page"


@pytest.fixture
def site() -> Iterator[Site]:
    with running(Site()) as site:
        yield site


@contextmanager
def running(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(f"{self.command} {self.path}")
            status, headers, body = site.answer(self.command, self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
            pass

    class Listener(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that reads no body goes away."""

    listener = Listener(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    site.origin = f"http://pages.harbour-letter.org:{listener.server_address[1]}"
    try:
        yield site
    finally:
        site.stopping.set()
        listener.shutdown()
        listener.server_close()
        thread.join()


def at_home(host: str, _port: int) -> Sequence[str]:
    """Every name leads to this machine, but for those that nobody has."""
    if host.startswith("nobody"):
        raise OSError("Name or service not known")
    return ["127.0.0.1"]


FETCHER = Fetcher(ALLOW_LOOPBACK, resolve=at_home)
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def asked(site: Site, path: str, *, picture: bool = False) -> Answer | None:
    return ask(Question(address=site.origin + path, picture=picture), FETCHER)


# --- one question ------------------------------------------------------------------------------


def test_a_page_that_likes_head_is_asked_once(site: Site) -> None:
    assert asked(site, "/page") == Answer(status=200, said="200 OK", media_type="text/html")
    assert site.asked == ["HEAD /page"]


@pytest.mark.parametrize("path", ["/shy", "/wrong-head"])
def test_get_follows_when_head_is_not_liked(site: Site, path: str) -> None:
    answer = asked(site, path)
    assert answer
    assert answer.status == 200
    assert site.asked == [f"HEAD {path}", f"GET {path}"]


@pytest.mark.parametrize("status", [403, 404, 410, 500, 503])
def test_the_answer_to_get_counts(site: Site, status: int) -> None:
    answer = asked(site, f"/status/{status}")
    assert answer
    assert answer.said.startswith(f"{status} ")


def test_a_pictures_size_is_asked_for_and_its_body_never_read(site: Site) -> None:
    large, unsized = asked(site, "/picture", picture=True), asked(site, "/unsized", picture=True)
    assert large == Answer(status=200, said="200 OK", media_type="image/png", octets=250_000)
    assert unsized == Answer(status=200, said="200 OK", media_type="image/png", octets=3)
    assert site.asked == ["HEAD /picture", "HEAD /unsized", "GET /unsized"]


def test_ten_redirects_are_followed_and_no_more(site: Site) -> None:
    near, far = asked(site, "/hop/9"), asked(site, "/hop/10")
    assert near
    assert far
    assert near.status == 200
    assert (far.status, far.said) == (0, "more than 10 redirects")


def test_a_name_that_nobody_has_is_told_in_words() -> None:
    answer = ask(Question(address="http://nobody.harbour-letter.org/?token=secret"), FETCHER)
    assert answer == Answer(said="the name cannot be resolved (Name or service not known)")


def test_what_the_fetcher_refuses_is_no_finding() -> None:
    assert ask(Question(address="https://ada:secret@x.org/"), FETCHER) is None
    assert ask(Question(address="http://10.0.0.1/"), Fetcher(ALLOW_LOOPBACK)) is None


# --- many questions ----------------------------------------------------------------------------


def test_good_answers_stand_for_a_day_and_bad_ones_are_asked_again(site: Site, tmp_path: Path) -> None:
    clock, memory = FakeClock(NOON), AnswerFile(tmp_path / "data" / "answers.json")
    each = [Question(address=site.origin + path) for path in ("/page", "/status/404")]
    look = partial(probe, each, fetcher=FETCHER, memory=memory, clock=clock)
    first = look()
    assert [first[question.address].status for question in each] == [200, 404]
    site.asked.clear()
    assert look() == first
    assert sorted(site.asked) == ["GET /status/404", "HEAD /status/404"]
    clock.advance(seconds=KEPT.total_seconds() + 1)
    site.asked.clear()
    look()
    assert "HEAD /page" in site.asked


def test_a_server_that_never_answers_holds_nobody_up(site: Site, tmp_path: Path) -> None:
    each = [Question(address=site.origin + path) for path in ("/page", "/endless")]
    memory = AnswerFile(tmp_path / "answers.json")
    answers = probe(each, fetcher=FETCHER, memory=memory, clock=FakeClock(NOON), patience=2.0)
    assert list(answers) == [site.origin + "/page"]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"a": 1}', '{"a": {"at": "2026-11-27T13:00:00", "answer": {}}}', "\xff\xfe"]
)
def test_a_spoilt_memory_is_an_empty_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "answers.json"
    path.write_bytes(text.encode("latin-1"))
    memory = AnswerFile(path)
    assert memory.load(NOON) == {}
    memory.keep({"https://x.org/": Answer(status=200)}, NOON, since=NOON)
    assert memory.load(NOON) == {"https://x.org/": Answer(status=200)}
    assert path.stat().st_mode & 0o077 == 0
    memory.keep({}, NOON + KEPT, since=NOON + timedelta(seconds=1))
    assert json.loads(path.read_bytes()) == {}


# --- from a letter to its findings ---------------------------------------------------------------


def test_examples_private_networks_and_the_newsletters_own_pages_are_not_asked() -> None:
    body = "[a](https://one.org/a) [b](https://www.example.com/) [c](http://10.0.0.1/) [d](mailto:a@b.org) "
    body += (
        "[e](https://two.test/) [f](https://news.example.com/a/1) ![g](https://one.org/g.png) [h](#post-1)"
    )
    letter = render(issue(section("A", body, url="https://one.org/a")))
    assert questions(letter, "https://news.example.com") == [
        Question(address="https://one.org/g.png", picture=True),
        Question(address="https://one.org/a"),
    ]


def test_check_asks_the_servers_and_offline_and_send_do_not(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(App, "fetcher", lambda _app: FETCHER)
    project = make_project(tmp_path / "letter", capsys)
    (project.folder / "issues").mkdir()
    (project.folder / "issues" / "mine.md").write_text(
        "---\nsubject: Mine\npreheader: Of links\n---\n\n"
        f"[a page]({site.origin}/page)\n\n[one that is gone]({site.origin}/status/404)\n\n"
        f"![a boat]({site.origin}/picture){{width=600 height=400}}\n\n"
        f"![a page]({site.origin}/shy){{width=600 height=400}}\n",
        encoding="utf-8",
    )
    project.run("subscribers", "add", "a@example.org")
    assert json.loads(project.run("check", "mine", "--offline", "--json").stdout)["findings"]
    assert project.run("send", "mine", "--yes").status == 0
    assert site.asked == []
    found = json.loads(project.run("check", "mine", "--json").stdout)["findings"]
    online = {each["code"]: (each["where"], each["message"]) for each in found if "http" not in each["code"]}
    assert online["link-dead"] == (
        "issues/mine.md:8",
        "The link “one that is gone”: the answer is 404 Not Found",
    )
    assert online["image-large"] == ("issues/mine.md:10", "The picture “a boat” has 250 kB")
    assert online["image-missing"] == (
        "issues/mine.md:12",
        "The picture “a page”: the answer is of the kind text/html",
    )
