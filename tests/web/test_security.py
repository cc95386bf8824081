"""What holds for every answer of the server."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from newsletter.content.links import reader_token
from newsletter.errors import Busy
from newsletter.models import Consent, SubscriberId
from newsletter.web.app import make_pages
from newsletter.web.phrases.trouble import TROUBLE
from newsletter.web.security import HEADERS
from newsletter.wiring import App


@pytest.fixture
def client(app: App) -> TestClient:
    return TestClient(make_pages(app), follow_redirects=False, raise_server_exceptions=False)


@pytest.mark.parametrize(
    "path",
    ["/subscribe", "/u/x", "/confirm/x", "/back/x", "/a/x", "/nowhere", "/healthz", "/webhooks/sendgrid"],
)
def test_every_answer_has_the_headers(client: TestClient, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "PUT"):
        answer = client.request(method, path)
        assert answer.status_code < 500
        for name in HEADERS:
            assert name in answer.headers, (method, path, name)
        assert answer.headers["Strict-Transport-Security"]
        assert "set-cookie" not in answer.headers
        assert not answer.is_redirect


def test_without_https_nobody_is_held_to_it(app: App) -> None:
    newsletter = replace(app.settings.newsletter, public_url="http://127.0.0.1:8710")
    plain = replace(app, settings=replace(app.settings, newsletter=newsletter))
    assert "Strict-Transport-Security" not in TestClient(make_pages(plain)).get("/subscribe").headers


@pytest.mark.parametrize("path", ["/u/token/", "/subscribe/", "//subscribe", "/u/../subscribe"])
def test_nothing_is_redirected(client: TestClient, path: str) -> None:
    assert client.post(path).status_code in {200, 404, 405, 422}


def test_a_request_that_brings_too_much_is_refused(client: TestClient) -> None:
    assert client.get("/subscribe?" + "x" * 2_000).status_code == 414
    assert client.get("/subscribe", headers={f"X-{n}": "y" for n in range(70)}).status_code == 431


def test_a_fault_is_told_without_a_word_about_the_request(
    app: App, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_id: SubscriberId, _step: Consent, *, mail: bool) -> bool:
        raise RuntimeError("secret-token")

    monkeypatch.setattr(app.joining, "leave", fail)
    client = TestClient(make_pages(app), raise_server_exceptions=False)
    token = reader_token(app.keys, SubscriberId(1))
    answer = client.post(f"/u/{token}", headers={"Accept-Language": "de"})
    assert answer.status_code == 500
    assert TROUBLE["de"].broken in answer.text
    assert token not in caplog.text
    assert "secret-token" not in caplog.text + answer.text


def test_a_busy_database_asks_for_patience(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_id: SubscriberId, _step: Consent, *, mail: bool) -> bool:
        raise Busy("another process is writing")

    monkeypatch.setattr(app.joining, "leave", busy)
    client = TestClient(make_pages(app), raise_server_exceptions=False)
    answer = client.post(f"/u/{reader_token(app.keys, SubscriberId(1))}")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("path", ["/a/%00", "/u/x%00", "/archive/search?q=%00", "/subscribe?language=%00"])
def test_no_zero_reaches_the_database(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 400


def test_the_policy_names_the_one_style_and_no_page_has_another(client: TestClient) -> None:
    page = client.get("/subscribe")
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert "style=" not in page.text


def test_who_waits_to_be_counted_gets_the_page_all_the_same(
    app: App, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_words: object, machine: bool) -> None:
        raise Busy("another process is writing")

    monkeypatch.setattr(app.visits, "note", busy)
    assert client.get(f"/u/{reader_token(app.keys, SubscriberId(1))}").status_code == 200
