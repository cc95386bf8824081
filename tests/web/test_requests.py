"""What the requests of browsers, proxies and strangers ask for besides a path."""

import http.client
from contextlib import closing

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from newsletter.web.security import Guard
from newsletter.wiring import App
from tests.support.project import Project
from tests.web.test_crowds import PATIENCE, serving


@pytest.fixture
def issue(project: Project) -> str:
    """The stem of an issue that was submitted."""
    project.run("subscribers", "add", "noor@example.org")
    stem = project.run("gather").stdout.strip().rpartition("/")[2].removesuffix(".md")
    assert project.run("send", stem, "--yes").status == 0
    return stem


@pytest.mark.parametrize("year", ["99999999999999999999", "0", "12345", "-1"])
def test_a_date_beyond_all_calendars_is_no_date(client: TestClient, issue: str, year: str) -> None:
    answer = client.get("/archive", headers={"If-Modified-Since": f"Mon, 23 Nov {year} 10:00:00 GMT"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/subscribe", "GET, HEAD, POST"),
        ("/api/subscribe", "OPTIONS, POST"),
        ("/u/token", "GET, HEAD, POST"),
        ("/archive/2026", "GET, HEAD"),
        ("/webhooks/sendgrid", "POST"),
    ],
)
def test_a_wrong_method_is_told_every_right_one(client: TestClient, path: str, methods: str) -> None:
    answer = client.put(path)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == methods


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de;q=0.1,en;q=0.9", "en"),
        ("en;q=0.9,de;q=0.1", "en"),
        ("en;q=0.5, fr ; Q=0.8, de;q=0.7", "fr"),
        ("de;q=0,fr", "fr"),
        ("de;q=0.000", "en"),
        ("de;q=0.8,fr;q=0.8", "de"),
        ("de;q=0.1,fr", "fr"),
        ("de;q=high,fr;q=0.9", "de"),
        ("fr;q=0.9,de;q=1.5", "de"),
        ("da, de-AT;q=0.8, en;q=0.7", "de"),
        (",;q=1,,de", "de"),
    ],
)
def test_the_most_welcome_language_is_answered(client: TestClient, accepted: str, language: str) -> None:
    page = client.get("/subscribe", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{language}"' in page


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://news.example.com/subscribe?language=de", 200),
        ("HTTPS://news.example.com:8443/subscribe", 200),
        ("http://news.example.com", 200),
        ("http://news.example.com/nowhere", 404),
        ("http://ada@news.example.com/subscribe", 404),
        ("http:///subscribe", 404),
        ("ftp://news.example.com/subscribe", 404),
        ("http://news.example.com/u/%00", 400),
    ],
)
def test_a_whole_address_in_the_first_line_is_its_path(
    app: App, issue: str, target: str, status: int
) -> None:
    with serving(app) as place, closing(http.client.HTTPConnection(*place, timeout=PATIENCE)) as connection:
        connection.putrequest("GET", target, skip_host=True)
        connection.putheader("Host", "elsewhere.example.org")
        connection.endheaders()
        answer = connection.getresponse()
        page = answer.read().decode()
    assert answer.status == status
    assert ('lang="de"' in page) == target.endswith("=de")


def test_the_host_of_a_whole_address_is_the_one_that_counts() -> None:
    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        hosts = ",".join(request.headers.getlist("Host"))
        await PlainTextResponse(f"{hosts} {request.url.path}")(scope, receive, send)

    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        target = "http://right.example.com/a/b%20c"
        await Guard(tell, https=False)({**scope, "path": target, "raw_path": target.encode()}, receive, send)

    assert TestClient(whole).get("/").text == "right.example.com /a/b c"


def test_a_page_in_a_sandbox_asks_for_no_opener_of_its_own(client: TestClient, issue: str) -> None:
    page = client.get(f"/a/{issue}")
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert page.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    known = client.get(f"/a/{issue}", headers={"If-None-Match": page.headers["ETag"]})
    assert (known.status_code, known.headers["Cross-Origin-Opener-Policy"]) == (304, "unsafe-none")
    assert client.get("/archive").headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/archive/", "/archive/2026/", "/a/{issue}/"])
def test_the_addresses_of_the_files_lead_to_the_pages(client: TestClient, issue: str, path: str) -> None:
    path = path.format(issue=issue)
    for method in ("GET", "HEAD"):
        answer = client.request(method, path)
        assert answer.status_code == 308
        assert answer.url.join(answer.headers["Location"]).path == path.rstrip("/")
    followed = client.get(f"{path}?language=de", follow_redirects=True)
    assert followed.status_code == 200
    assert str(followed.url).endswith(f"{path.rstrip('/')}?language=de")
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("path", ["/subscribe/", "/u/token/", "/healthz/", "/archive//", "//a.example/a/"])
def test_no_other_slash_leads_anywhere(client: TestClient, issue: str, path: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        assert client.request(method, path).status_code in {404, 405}


def test_a_slash_leads_nowhere_without_an_archive(project: Project) -> None:
    from newsletter.web.app import make_pages
    from newsletter.wiring import open_app

    project.configure("[archive]\npublic = false\n")
    with open_app(project.folder, {}) as app:
        client = TestClient(make_pages(app), follow_redirects=False)
        assert client.get("/archive/").status_code == 404
