"""The live preview follows the author: each save is shown, and a broken one leaves the last good letter."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.config.theme import shipped_templates
from newsletter.models import IssueId
from newsletter.web.preview_server import PORT
from newsletter.wiring import App, open_app
from tests.support.preview import PATIENCE, Served, listened, served
from tests.support.project import Project, make_project

ALERT = 'role="alert"'


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    made.run("gather")
    return made


@pytest.fixture
def app(project: Project) -> Iterator[App]:
    with open_app(project.folder, {}) as opened:
        yield opened


@pytest.fixture
def preview(app: App) -> Iterator[Served]:
    with served(app, app.issue_id(None)) as serving:
        serving.next_version()
        yield serving


@pytest.fixture
def issue_file(project: Project) -> Path:
    return next((project.folder / "issues").glob("*.md"))


def edited(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def version_of(preview: Served) -> str:
    return preview.get("/").partition('data-version="')[2].partition('"')[0]


def test_a_saved_issue_is_shown_and_the_page_knows_its_version(preview: Served, issue_file: Path) -> None:
    assert "The night ferry" not in preview.get("/frames/light.html")
    before = version_of(preview)
    edited(issue_file, "[The night boat stays]", "[The night ferry stays]")
    preview.until("/frames/light.html", "The night ferry stays")
    assert version_of(preview) != before


def test_the_letter_opens_at_the_section_that_was_changed(preview: Served, issue_file: Path) -> None:
    assert 'src="frames/light.html"' in preview.get("/")
    edited(issue_file, "The night boat stays is what", "The night ferry stays is what")
    preview.until("/", 'src="frames/light.html#post-2"')
    assert 'id="post-2"' in preview.get("/frames/light.html")
    edited(issue_file, "lighthouse keeps its keeper is", "lighthouse keeps its cat is")
    preview.until("/phone.html", 'src="frames/light.html#post-1"')
    edited(issue_file, "preheader: ", "preheader: Again, ")
    preview.until("/", 'src="frames/light.html"')


def test_an_editor_that_replaces_the_file_is_followed_again_and_again(
    preview: Served, issue_file: Path
) -> None:
    for turn in range(3):
        new = issue_file.with_name(".saving")
        new.write_text(issue_file.read_text(encoding="utf-8") + f"\nTurn number {turn}.\n", encoding="utf-8")
        new.replace(issue_file)
        assert preview.next_version()
        assert f"Turn number {turn}." in preview.get("/frames/light.html")


def test_a_broken_issue_file_is_told_with_its_line_and_the_last_good_letter_stays(
    preview: Served, issue_file: Path
) -> None:
    edited(issue_file, "subject:", "subjekt:")
    page = preview.until("/", f"issues/{issue_file.name}:4")
    assert ALERT in page
    assert '<a href="issue.html#L4">' in page
    assert "subjekt" in preview.get("/issue.html")
    assert "The night boat stays" in preview.get("/frames/light.html")
    edited(issue_file, "subjekt:", "subject:")
    preview.until("/issue.html", "subject:")
    assert ALERT not in preview.get("/")


def test_settings_are_read_again_and_a_wrong_one_is_told(preview: Served, project: Project) -> None:
    edited(project.settings, "3 Ropewalk", "4 Chandlers Row")
    preview.until("/frames/light.html", "4 Chandlers Row")
    edited(project.settings, "postal_address", "postal_adress")
    page = preview.until("/", "postal_adress")
    assert ALERT in page
    assert "newsletter.toml" in page
    assert "4 Chandlers Row" in preview.get("/frames/light.html")


def test_a_theme_that_is_made_while_it_runs_is_shown_and_its_faults_have_a_line(
    preview: Served, project: Project
) -> None:
    theme = project.folder / "templates" / "broadsheet"
    theme.mkdir(parents=True)
    style = (shipped_templates() / "broadsheet" / "style.css").read_text(encoding="utf-8")
    (theme / "style.css").write_text(style + ".name { letter-spacing: 7px; }", encoding="utf-8")
    preview.until("/frames/light.html", "letter-spacing:7px")
    (theme / "issue.html.j2").write_text("<!DOCTYPE html>\n<p>\n{{ issue.subjekt }}", encoding="utf-8")
    page = preview.until("/", "templates/broadsheet/issue.html.j2:3")
    assert ALERT in page
    assert "letter-spacing:7px" in preview.get("/frames/light.html")


def test_an_issue_that_was_never_good_is_told_and_shown_when_it_is(app: App, issue_file: Path) -> None:
    good = issue_file.read_text(encoding="utf-8")
    issue_file.write_text("---\nsubjekt: x\n---\n", encoding="utf-8")
    with served(app, IssueId(issue_file.stem)) as serving:
        serving.next_version()
        page = serving.get("/")
        assert ALERT in page
        assert "iframe" not in page
        issue_file.write_text(good, encoding="utf-8")
        serving.until("/index.html", "frames/light.html")
        assert "The night boat stays" in serving.get("/frames/light.html")


def test_other_files_of_the_project_are_no_news(preview: Served, project: Project, issue_file: Path) -> None:
    (project.folder / "notes.txt").write_text("mine", encoding="utf-8")
    (issue_file.parent / "2001-01-01.md").write_text("another", encoding="utf-8")
    (issue_file.parent / f".{issue_file.name}.swp").write_text("an editor's", encoding="utf-8")
    before = version_of(preview)
    new = issue_file.with_name(".saving")
    new.write_text(issue_file.read_text(encoding="utf-8") + "\nOne more line.\n", encoding="utf-8")
    new.replace(issue_file)
    assert preview.next_version().rpartition("-")[2] == str(int(before.rpartition("-")[2]) + 1)


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_its_address_and_ends_while_pages_are_open(
    project: Project, signal_number: int
) -> None:
    process = project.start("preview", "--port", "0")
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        with listened(address) as serving:
            serving.next_version()
            process.send_signal(signal_number)
            assert process.wait(PATIENCE) == 0
            assert serving.next_version() == ""
        assert "Traceback" not in (process.stderr.read() if process.stderr else "")
    finally:
        process.kill()
        process.communicate()


def test_a_port_that_is_taken_is_named_and_the_usual_one_is_replaced(project: Project) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", PORT))
        except OSError:
            pass  # somebody else has it: as good
        else:
            taken.listen()
        result = project.run("preview", "--port", str(PORT))
        assert result.status == 1
        assert str(PORT) in result.stderr
        process = project.start("preview")
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            assert f":{PORT}/" not in address
            with listened(address) as serving:
                assert serving.next_version()
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)
