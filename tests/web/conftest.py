"""A newsletter, opened, and a browser on its pages. Files whose newsletter holds more add it to this one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.web.app import make_pages
from newsletter.wiring import App, open_app
from tests.support.project import Project, make_project


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    """A newsletter that nobody reads yet."""
    return make_project(tmp_path / "letter", capsys)


@pytest.fixture
def app(project: Project) -> Iterator[App]:
    with open_app(project.folder, {}) as opened:
        yield opened


@pytest.fixture
def client(app: App) -> TestClient:
    return TestClient(make_pages(app), follow_redirects=False)
