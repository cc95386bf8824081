"""What the machine refuses (folders, files, disks) is one clear line, never a traceback."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import Project, make_project

FULL = Path("/dev/full")
"""A device that never has room."""


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    return make_project(tmp_path / "letter", capsys)


def is_one_line(text: str) -> bool:
    return text.startswith("newsletter: ") and text.count("\n") == 1 and " — " in text


def test_a_file_where_the_data_folder_should_be_is_one_line(project: Project) -> None:
    (project.folder / "data").write_text("", encoding="utf-8")
    result = project.run("status")
    assert result.status == 1
    assert is_one_line(result.stderr)
    assert str(project.folder / "data") in result.stderr


def test_a_file_where_the_issues_folder_should_be_is_one_line_and_uses_up_no_post(project: Project) -> None:
    (project.folder / "issues").write_text("", encoding="utf-8")
    result = project.run("gather")
    assert result.status == 1
    assert is_one_line(result.stderr)
    assert str(project.folder / "issues") in result.stderr
    (project.folder / "issues").unlink()
    assert project.run("gather").stderr.count("taken ") == 2


def test_an_unattended_run_goes_on_when_an_issue_cannot_be_written(project: Project) -> None:
    (project.folder / "issues").write_text("", encoding="utf-8")
    result = project.run("run-due", "--now", "2036-11-28T07:30:00Z")
    assert result.status == 3
    assert str(project.folder / "issues") in result.stdout
    assert result.stderr == ""


def test_an_issue_that_is_no_readable_file_is_one_line(project: Project) -> None:
    issues = project.folder / "issues"
    issues.mkdir()
    (issues / "2026-11-27.md").symlink_to("2026-11-27.md")  # it leads to itself
    result = project.run("check", "2026-11-27")
    assert result.status == 1
    assert is_one_line(result.stderr)
    assert "2026-11-27.md" in result.stderr


def test_a_posts_folder_that_cannot_be_read_is_not_taken_for_an_empty_one(project: Project) -> None:
    settings = project.settings.read_text(encoding="utf-8")
    project.settings.write_text(settings.replace('"posts"', '"newsletter.toml"'), encoding="utf-8")
    result = project.run("gather")
    assert result.status == 1
    assert "newsletter.toml: cannot be read" in result.stderr


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["subscribers", "list"], ["subscribers", "export"]])
def test_a_full_disk_behind_stdout_is_one_line(project: Project, words: list[str]) -> None:
    project.run("subscribers", "add", "a@example.org")
    with FULL.open("w", encoding="utf-8") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "newsletter", "-C", str(project.folder), *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode in {1, 120}  # 120: Python could not close stdout either
    assert "newsletter: No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr


def octets(project: Project, *words: str) -> bytes:
    """What a command writes to a stdout and stderr that know Western European letters alone."""
    ended = subprocess.run(
        [sys.executable, "-m", "newsletter", "-C", str(project.folder), *words],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )
    return ended.stdout


def test_files_of_people_are_utf_8_on_every_terminal(project: Project) -> None:
    project.run("subscribers", "add", "Łukasz Zoë <lz@example.org>", "Ивана <i@example.org>")
    in_utf_8 = project.run("subscribers", "export").stdout
    assert octets(project, "subscribers", "export") == in_utf_8.encode()
    told = json.loads(octets(project, "subscribers", "export", "--format", "json").decode())
    assert [person["name"] for person in told] == ["Łukasz Zoë", "Ивана"]
    listed = json.loads(octets(project, "subscribers", "list", "--json").decode())
    assert listed[0]["address"]["display_name"] == "Łukasz Zoë"


def test_what_a_terminal_cannot_show_is_written_in_another_way(project: Project) -> None:
    project.run("subscribers", "add", "Łukasz Zoë <lz@example.org>")
    assert octets(project, "subscribers", "list") == b"lz@example.org (\\u0141ukasz Zo\xeb): confirmed\n"


def test_a_proof_is_utf_8_on_every_terminal(project: Project) -> None:
    project.run("subscribers", "add", "a@example.org")
    project.run("subscribers", "tag", "a@example.org", "львів")
    issue = Path(project.run("gather").stdout.strip()).stem
    assert project.run("send", issue, "--to", "tag:львів", "--yes").status == 0
    proof = json.loads(octets(project, "prove", issue, "--json").decode())
    assert (proof["audience"], proof["audience_filter"]) == (1, "tag:львів")


@pytest.mark.parametrize(
    "url",
    ["postgresql://ada:secret@db.example.com:port/x", "sqlite:////dev/null/x/y.db", "sqlite:///posts"],
)
def test_a_database_that_cannot_be_is_one_line_without_its_password(project: Project, url: str) -> None:
    with project.settings.open("a", encoding="utf-8") as file:
        file.write(f'\n[database]\nurl = "{url}"\n')
    result = project.run("status")
    assert result.status == 1
    assert is_one_line(result.stderr)
    assert "secret" not in result.stderr


def test_a_database_file_is_the_same_from_whatever_folder_a_command_is_called(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with project.settings.open("a", encoding="utf-8") as file:
        file.write('\n[database]\nurl = "sqlite:///data/own.db"\n')
    project.run("subscribers", "add", "a@example.org")
    monkeypatch.chdir(tmp_path)
    assert "a@example.org" in project.run("subscribers", "list").stdout
    assert (project.folder / "data" / "own.db").is_file()


@pytest.mark.parametrize("count", ["0", "-3", "999999999"])
def test_next_shows_a_number_of_times_that_can_be_shown(project: Project, count: str) -> None:
    result = project.run("next", "-n", count)
    assert result.status == 2
    assert "1<=x<=1000" in result.stderr


def test_a_wrong_kind_of_provider_is_told_long_before_anything_is_sent(project: Project) -> None:
    settings = project.settings.read_text(encoding="utf-8")
    project.settings.write_text(settings.replace('"outbox"', '"sendgird"'), encoding="utf-8")
    result = project.run("gather")
    assert result.status == 1
    assert "newsletter.toml:17: there is no provider “sendgird” — did you mean “sendgrid”?" in result.stderr


def test_an_issue_of_an_unknown_theme_names_the_issue(project: Project) -> None:
    project.run("gather")
    issue = next((project.folder / "issues").glob("*.md"))
    issue.write_text(issue.read_text(encoding="utf-8").replace('"broadsheet"', '"nope"'), encoding="utf-8")
    result = project.run("check")
    assert result.status == 1
    assert result.stderr.startswith(f"newsletter: issues/{issue.name}: there is no theme “nope” — ")


@pytest.mark.parametrize(
    "words",
    [
        ["run-due", "--now", "9999-12-31T23:00:00Z"],
        ["run-due", "--now", "0001-01-01T00:00:00Z"],
        ["serve", "--port", "99999"],
    ],
)
def test_a_time_or_port_that_cannot_be_is_a_wrong_usage(project: Project, words: list[str]) -> None:
    result = project.run(*words)
    assert result.status == 2
    assert words[2] in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("host", ["a..b", "192.0.2.1"])
def test_a_host_that_cannot_be_listened_on_is_named_by_its_option(project: Project, host: str) -> None:
    result = project.run("serve", "--host", host, "--port", "0")
    assert result.status == 1
    assert f"cannot listen on {host}:0: " in result.stderr
    assert result.stderr.endswith(" — choose another --host\n")


def test_a_port_that_is_taken_is_named_by_its_option(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = project.run("serve", "--port", str(port))
    assert result.status == 1
    assert f"cannot listen on 127.0.0.1:{port}: " in result.stderr
    assert result.stderr.endswith(" — choose another --port\n")


@pytest.mark.parametrize("name", ["", "two\nlines"])
def test_init_takes_only_names_that_its_settings_may_hold(project: Project, name: str) -> None:
    folder = project.folder / "new"
    assert project.run("init", str(folder), "--name", name).status == 1
    assert not folder.exists()


def test_a_dry_run_and_a_test_answer_in_json_too(project: Project) -> None:
    issue = project.run("gather").stdout.strip().removeprefix("issues/").removesuffix(".md")
    project.run("subscribers", "add", "a@example.org")
    dry = json.loads(project.run("send", issue, "--dry-run", "--json").stdout)
    assert (dry["issue"], dry["audience"]) == (issue, 1)
    tested = json.loads(project.run("send", issue, "--test", "b@example.org", "--json").stdout)
    assert tested == {"issue": issue, "test": "submitted"}


def test_a_file_without_addresses_is_named_with_its_remedy(project: Project, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("who,where\nAda,Berlin\n", encoding="utf-8")
    result = project.run("subscribers", "import", str(people), "--consent", "a form")
    assert result.status == 1
    assert is_one_line(result.stderr)
    assert f"{people}: the file has no column of addresses" in result.stderr
