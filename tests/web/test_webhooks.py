"""The webhook: 2xx when it is on the disk, 4xx when it is refused, and nothing of it in any log."""

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.errors import BadSetting
from newsletter.models import SubscriberStatus
from newsletter.providers.sendgrid_events import MAX_BODY_BYTES
from newsletter.store import engine
from newsletter.web.app import make_pages
from newsletter.wiring import App, open_app
from tests.support.project import Project, make_project
from tests.support.webhooks import Signer, sendgrid_event

SIGNER = Signer()
PATH = "/webhooks/sendgrid"


@pytest.fixture
def project(project: Project) -> Project:
    """A newsletter that has submitted an issue to two readers."""
    project.configure(f'[provider.sendgrid]\nwebhook_key = "{SIGNER.public_key}"\n')
    project.run("subscribers", "add", "noor@example.org", "soren@example.org")
    issue = Path(project.run("gather").stdout.strip()).stem
    assert project.run("send", issue, "--yes").status == 0
    return project


def complaint(project: Project, reader: int = 1) -> dict[str, object]:
    """A complaint about the letter to this reader, naming the request that carried it."""
    with closing(sqlite3.connect(project.folder / "data" / "newsletter.db")) as database:
        ((issue, attempt),) = database.execute("SELECT issues.id, attempts.id FROM issues, attempts")
    return sendgrid_event("spamreport", nl_rid=f"{issue}.{reader}", nl_att=attempt, nl_iss=issue)


def call(client: TestClient, body: bytes, **headers: str) -> int:
    """The status of a call that is signed now."""
    given = SIGNER.headers(body, datetime.now(UTC)) | headers  # noqa: TID251 - the server's clock is the real one
    return client.post(PATH, content=body, headers=given).status_code


def encoded(*events: dict[str, object]) -> bytes:
    return json.dumps(events).encode()


def statuses(app: App) -> list[SubscriberStatus]:
    return [person.status for person in app.subscribers.list()]


def test_an_event_is_taken_and_answered_without_words(app: App, client: TestClient, project: Project) -> None:
    assert call(client, encoded(complaint(project))) == 204
    assert statuses(app) == [SubscriberStatus.SUPPRESSED, SubscriberStatus.CONFIRMED]
    assert call(client, encoded(complaint(project))) == 204  # the same again
    assert statuses(app) == [SubscriberStatus.SUPPRESSED, SubscriberStatus.CONFIRMED]


def test_a_forged_call_changes_nothing(app: App, client: TestClient, project: Project) -> None:
    body = encoded(complaint(project))
    forged = Signer().headers(body, app.clock.now())
    assert client.post(PATH, content=body, headers=forged).status_code == 403
    assert client.post(PATH, content=body).status_code == 403
    stale = SIGNER.headers(body, app.clock.now() - timedelta(hours=26))
    assert client.post(PATH, content=body, headers=stale).status_code == 403
    assert statuses(app) == [SubscriberStatus.CONFIRMED] * 2


def test_what_is_no_list_of_events_is_refused(app: App, client: TestClient) -> None:
    assert call(client, b'{"event": "spamreport"}') == 400
    assert call(client, b"[" + b" " * MAX_BODY_BYTES + b"]") == 413
    assert call(client, b"[]", **{"Content-Encoding": "gzip"}) == 415


def test_a_body_without_an_end_is_cut_off(client: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 10 * MAX_BODY_BYTES:
            sent += 100_000
            yield b"x" * 100_000

    assert client.post(PATH, content=endless()).status_code == 413


@pytest.mark.parametrize("path", ["/webhooks/outbox", "/webhooks/pigeon", "/webhooks/sendgrid/more"])
def test_who_reports_nothing_is_not_found(client: TestClient, path: str) -> None:
    assert client.post(path, content=b"[]").status_code == 404


def test_without_a_key_nobody_is_heard(tmp_path: Path) -> None:
    project = make_project(tmp_path / "letter")
    with open_app(project.folder, {}) as opened:
        assert call(TestClient(make_pages(opened)), b"[]") == 404


def test_looking_does_nothing(client: TestClient) -> None:
    assert client.get(PATH).status_code == 405


def test_a_key_that_is_none_is_told_before_anybody_calls(tmp_path: Path) -> None:
    project = make_project(tmp_path / "letter")
    text = project.settings.read_text(encoding="utf-8").replace('kind = "outbox"', 'kind = "sendgrid"')
    project.settings.write_text(f'{text}\n[provider.sendgrid]\nwebhook_key = "none"\n', encoding="utf-8")
    with (
        open_app(project.folder, {}) as opened,
        pytest.raises(BadSetting, match=r"newsletter\.toml:\d+: webhook_key is no public key"),
    ):
        make_pages(opened)


def test_a_database_without_time_asks_the_provider_to_call_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 50)
    with (
        open_app(project.folder, {}) as opened,
        closing(sqlite3.connect(project.folder / "data" / "newsletter.db", isolation_level=None)) as other,
    ):
        client = TestClient(make_pages(opened))
        other.execute("BEGIN IMMEDIATE")
        assert call(client, encoded(complaint(project))) == 503
        other.execute("ROLLBACK")
        assert call(client, encoded(complaint(project))) == 204


def test_no_log_tells_of_whom_events_are(
    app: App, client: TestClient, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    event = complaint(project) | {"email": "noor@example.org", "reason": "<noor@example.org> said no"}
    call(client, encoded(event))
    client.post(PATH, content=encoded(event))
    assert caplog.records
    assert "noor" not in caplog.text
    assert str(event["nl_rid"]) not in caplog.text
