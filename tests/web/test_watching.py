"""The server's watchers see counts, and nobody's name."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import URL, text
from starlette.testclient import TestClient

from newsletter.store.engine import Database
from newsletter.store.readiness import why_not_ready
from newsletter.web.app import make_pages
from newsletter.wiring import App, open_app
from tests.support.project import Project

NEAR = ("127.0.0.1", 50_000)


@pytest.fixture
def project(project: Project) -> Project:
    project.run("subscribers", "add", "noor@example.org", "mo@example.org")
    return project


def client(app: App, address: tuple[str, int] = NEAR) -> TestClient:
    return TestClient(make_pages(app), client=address, follow_redirects=False)


def test_a_server_that_can_work_is_ready(app: App) -> None:
    assert client(app).get("/healthz").text == "ok\n"
    assert client(app).get("/readyz").text == "ready\n"


def test_one_whose_tables_are_of_another_version_is_not(project: Project, app: App) -> None:
    with closing(sqlite3.connect(project.folder / "data" / "newsletter.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0000'")
    answer = client(app).get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the database's tables are of another version\n")
    assert client(app).get("/healthz").status_code == 200


def test_one_whose_database_is_only_read_is_not(
    postgresql_database: Callable[[], URL], opened: Callable[[str], Database]
) -> None:
    url = postgresql_database()
    database = opened(url.render_as_string(hide_password=False))
    with database.writing() as connection:
        connection.execute(text(f"ALTER DATABASE {url.database} SET default_transaction_read_only = on"))
    database.engine.dispose()
    assert why_not_ready(database) == "the database cannot be written"


def test_one_whose_provider_lacks_its_key_is_not(project: Project) -> None:
    with open_app(project.folder, {"NEWSLETTER_PROVIDER__KIND": "sendgrid"}) as keyless:
        answer = client(keyless).get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the provider is not set up\n")


def test_metrics_are_counts(app: App) -> None:
    answer = client(app).get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'newsletter_subscribers{status="confirmed"} 2\n' in answer.text
    assert "@" not in answer.text
    for line in answer.text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) newsletter_\w+ .+|newsletter_\w+(\{\w+="[^"]*"\})? \d+', line), (
            line
        )


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_metrics_are_not_for_strangers(app: App, header: str) -> None:
    assert client(app, ("203.0.113.9", 1)).get("/metrics").status_code == 404
    assert client(app).get("/metrics", headers={header: "203.0.113.9"}).status_code == 404
    trusting = replace(app.settings, web=replace(app.settings.web, trusted_proxies=("203.0.113.0/24",)))
    assert client(replace(app, settings=trusting), ("203.0.113.9", 1)).get("/metrics").status_code == 200


def test_the_description_names_every_path(app: App) -> None:
    document = client(app).get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert {"/subscribe", "/u/{token}", "/privacy/{token}", "/webhooks/{provider}"} <= set(document["paths"])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (path, method)
            named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
