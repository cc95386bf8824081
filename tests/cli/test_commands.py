"""The commands as an author uses them, on real stores and the outbox."""

import json
import os
import sqlite3
from contextlib import closing
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.support.project import Project, make_project


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    return make_project(tmp_path / "letter", capsys)


def gathered(project: Project) -> str:
    result = project.run("gather")
    assert result.status == 0, result.stderr
    return Path(result.stdout.strip()).stem


def test_from_a_folder_to_three_inboxes(project: Project) -> None:
    issue = gathered(project)
    assert (project.folder / "issues" / f"{issue}.md").is_file()
    assert project.run("check", issue).status == 0
    page = project.run("preview", issue, "--out", str(project.folder / "seen")).stdout.strip()
    assert "night boat" in Path(page).read_text(encoding="utf-8")
    people = ("Noor <noor@example.org>", "soren@example.org", "reader@example.net")
    assert project.run("subscribers", "add", *people).status == 0
    assert project.run("send", issue, "--yes").status == 0
    letters = project.letters()
    assert len(letters) == 3
    for path in letters:
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        html, text = letter.get_body(("html",)), letter.get_body(("plain",))
        assert html is not None
        assert text is not None
        link = str(letter["List-Unsubscribe"]).strip("<>")
        assert html.get_content().count(link) >= 2
        assert link in text.get_content()
    proof = project.run("prove", issue, "--json")
    told = json.loads(proof.stdout)
    sums = {"audience": 3, "submitted": 3, "rejected": 0, "suppressed_since": 0, "uncertain": 0, "unknown": 0}
    assert told | sums | {"balanced": True, "uncertain_recipients": []} == told
    assert "submitted" in project.run("status").stdout


def test_sending_again_sends_nothing_again(project: Project) -> None:
    issue = gathered(project)
    project.run("subscribers", "add", "a@example.org")
    project.run("send", issue, "--yes")
    before = {path: path.stat().st_mtime_ns for path in project.letters()}
    again = project.run("send", issue, "--yes")
    assert again.status == 0
    assert {path: path.stat().st_mtime_ns for path in project.letters()} == before


def test_a_post_is_gathered_once(project: Project) -> None:
    gathered(project)
    again = project.run("gather", "--unscheduled")
    assert again.status == 0
    assert "Nothing new" in again.stderr
    assert len(list((project.folder / "issues").glob("*.md"))) == 1


def test_a_second_gather_for_the_same_slot_says_which_issue_is_there(project: Project) -> None:
    issue = gathered(project)
    project.write_post("slipway", "The slipway is gone", "2026-11-22")
    again = project.run("gather")
    assert again.status != 0
    assert issue in again.stderr
    assert len(list((project.folder / "issues").glob("*.md"))) == 1


def test_gather_says_how_the_older_posts_come_that_a_first_run_left_out(project: Project) -> None:
    text = project.settings.read_text(encoding="utf-8").replace("since = 2026-01-01\n", "")
    project.settings.write_text(text, encoding="utf-8")
    for path in (project.folder / "posts").iterdir():
        path.unlink()
    project.write_post("ferry", "The ferry of old", "2020-05-02")
    assert "“newsletter gather --since DATE” takes those" in project.run("gather").stderr
    assert "Nothing new" in project.run("gather", "--since", "2020-05-03").stderr
    assert list((project.folder / "issues").glob("*.md")) == []
    issue = Path(project.run("gather", "--since", "2020-05-02").stdout.strip())
    assert "The ferry of old" in (project.folder / issue).read_text(encoding="utf-8")


def test_the_start_date_is_a_day_of_the_newsletters_time_zone(project: Project) -> None:
    project.write_post("dawn", "A post of the small hours", "2026-11-19T00:30:00+01:00")
    (path,) = (project.folder / "posts").glob("*dawn.md")
    path.rename(path.with_name("dawn.md"))
    result = project.run("gather", "--since", "2026-11-19", "--json")
    decisions = {line["post"]: line["decision"] for line in json.loads(result.stdout)["log"]["decisions"]}
    assert decisions["dawn"] == "taken"


def test_a_deleted_issue_file_comes_back_as_the_commands_say(project: Project) -> None:
    issue = gathered(project)
    path = project.folder / "issues" / f"{issue}.md"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    assert "“newsletter gather” writes" in project.run("check", issue, "--offline").stderr
    again = project.run("gather")
    assert (again.status, again.stdout) == (0, f"issues/{issue}.md\n")
    assert "is written anew" in again.stderr
    assert f"newsletter preview {issue}" in again.stderr
    assert path.read_text(encoding="utf-8") == text
    path.unlink()
    assert json.loads(project.run("gather", "--json").stdout)["issue"] == issue
    path.unlink()
    assert project.run("cancel", issue).status == 0
    assert "gather --unscheduled" in project.run("gather").stderr
    project.write_post("slipway", "The slipway is gone", "2026-11-22")
    assert project.run("gather", "--unscheduled").status == 0


def test_without_a_name_the_newest_draft_is_meant(project: Project) -> None:
    folder = project.folder / "issues"
    folder.mkdir()
    for age, name in enumerate(("greeting", "welcome", "zebra")):
        (folder / f"{name}.md").write_text('---\nsubject: "Welcome"\n---\n\nHello.\n', encoding="utf-8")
        os.utime(folder / f"{name}.md", (1_000_000_000 - age, 1_000_000_000 - age))

    def meant() -> str:
        return str(json.loads(project.run("check", "--offline", "--json").stdout)["issue"])

    assert meant() == "greeting"
    first = project.run("gather")
    issue = Path(first.stdout.strip()).stem
    assert f"newsletter preview {issue}" in first.stderr
    assert meant() == issue
    project.write_post("slipway", "The slipway is gone", "2026-11-22")
    second = Path(project.run("gather", "--unscheduled").stdout.strip()).stem
    assert meant() == second
    page = project.run("preview", "--out", str(project.folder / "seen")).stdout.strip()
    assert "slipway" in Path(page).read_text(encoding="utf-8")
    assert project.run("cancel", second).status == 0
    assert meant() == issue
    (folder / f"{issue}.md").unlink()
    assert meant() == "greeting"
    for name in ("greeting", "welcome", "zebra"):
        (folder / f"{name}.md").unlink()
    assert meant() == second


def test_the_file_that_the_author_edited_is_what_is_sent(project: Project) -> None:
    issue = gathered(project)
    path = project.folder / "issues" / f"{issue}.md"
    text = path.read_text(encoding="utf-8").replace("for once everybody agrees", "nobody agrees")
    path.write_text(text, encoding="utf-8")
    project.run("subscribers", "add", "a@example.org")
    assert project.run("send", issue, "--yes").status == 0
    letter = message_from_bytes(project.letters()[0].read_bytes(), policy=policy.default)
    body = letter.get_body(("plain",))
    assert body is not None
    words = " ".join(body.get_content().split())
    assert "nobody agrees" in words
    assert "everybody agrees" not in words


def test_an_issue_without_confirmed_subscribers_is_not_frozen(project: Project) -> None:
    issue = gathered(project)
    result = project.run("send", issue, "--yes")
    assert result.status == 3
    assert "subscriber" in result.stderr
    assert "draft" in project.run("status", issue).stdout


def test_nothing_is_sent_when_nobody_is_there_to_ask(project: Project) -> None:
    issue = gathered(project)
    project.run("subscribers", "add", "a@example.org")
    result = project.run("send", issue)
    assert result.status == 2
    assert "--yes" in result.stderr
    assert project.letters() == []


def test_a_dry_run_sends_nothing(project: Project) -> None:
    issue = gathered(project)
    project.run("subscribers", "add", "a@example.org")
    result = project.run("send", issue, "--dry-run")
    assert result.status == 0
    assert "1 subscriber" in result.stderr
    assert project.letters() == []


def test_a_test_letter_goes_to_one_address_and_changes_nothing(project: Project) -> None:
    issue = gathered(project)
    assert project.run("send", issue, "--test", "me@example.org").status == 0
    (path,) = project.letters()
    letter = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert letter["Subject"].startswith("[Test] ")
    assert "draft" in project.run("status", issue).stdout


@pytest.mark.parametrize("more", [("--dry-run",), ("--to", "tag:berlin")])
def test_a_test_letter_goes_with_no_option_that_would_be_ignored(
    project: Project, more: tuple[str, ...]
) -> None:
    result = project.run("send", gathered(project), "--test", "me@example.org", *more)
    assert result.status == 2
    assert "--test goes alone: leave out --dry-run and --to" in result.stderr
    assert project.letters() == []


def test_of_several_addresses_the_wrong_one_is_told_by_its_place_and_none_is_added(project: Project) -> None:
    result = project.run("subscribers", "add", "a@example.org", "bad@@example.org")
    assert result.status == 1
    assert result.stderr.startswith("newsletter: address 2: not an address")
    assert "bad@@" not in result.stderr
    assert project.run("subscribers", "list").stdout == ""


def test_a_cancelled_issue_is_never_sent(project: Project) -> None:
    issue = gathered(project)
    project.run("subscribers", "add", "a@example.org")
    assert project.run("cancel", issue).status == 0
    result = project.run("send", issue, "--yes")
    assert result.status == 1
    assert "cancelled" in result.stderr
    assert project.letters() == []


def test_a_paused_issue_waits_until_it_is_resumed(project: Project) -> None:
    issue = gathered(project)
    project.run("subscribers", "add", "a@example.org", "b@example.org", "c@example.org")
    assert project.run("pause", issue).status == 1  # nothing of a draft is being submitted
    project.environment["NEWSLETTER_PROVIDER__BATCH_SIZE"] = "1"
    project.environment["NEWSLETTER_PROVIDER__CONNECTIONS"] = "1"
    project.environment["NEWSLETTER_FAULT"] = "after-record:TERM"
    stopped = project.start("send", issue, "--yes")
    assert "submitting" in stopped.communicate()[0]
    assert stopped.returncode == 75
    del project.environment["NEWSLETTER_FAULT"]
    assert project.run("pause", issue).status == 0
    refused = project.run("send", issue, "--yes")
    assert refused.status == 1
    assert "resume" in refused.stderr
    assert len(project.letters()) == 1
    assert project.run("resume", issue).status == 0
    assert project.run("send", issue, "--yes").status == 0
    assert len(project.letters()) == 3


def test_an_issue_written_by_hand_is_sent_like_any_other(project: Project) -> None:
    path = project.folder / "issues" / "special.md"
    path.parent.mkdir()
    path.write_text('---\nsubject: "A special letter"\n---\n\nHello from the harbour.\n')
    project.run("subscribers", "add", "a@example.org")
    assert project.run("send", "issues/special.md", "--yes").status == 0
    letter = message_from_bytes(project.letters()[0].read_bytes(), policy=policy.default)
    assert letter["Subject"] == "A special letter"


def test_the_path_of_another_newsletters_issue_sends_nothing(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_project(tmp_path / "other", project.capsys)
    for each in (project, other):
        path = each.folder / "issues" / "special.md"
        path.parent.mkdir()
        path.write_text('---\nsubject: "A special letter"\n---\n\nHello from the harbour.\n')
    project.run("subscribers", "add", "a@example.org")
    for folder, name in (
        (project.folder, "../other/issues/special.md"),
        (other.folder / "issues", "./special.md"),
        (tmp_path, "other/issues/special.md"),
        (tmp_path, str(path)),
        (project.folder, "issues/old/special.md"),
    ):
        monkeypatch.chdir(folder)
        refused = project.run("send", name, "--yes")
        assert refused.status == 1
        assert f"{name} is no issue file of this newsletter — " in refused.stderr
    assert project.letters() == []


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (".", "letter/issues/special.md"),
        (".", "issues/special.md"),
        (".", "special.md"),
        ("letter", "issues/special"),
        ("letter/issues", "./special.md"),
        ("letter/posts", "../issues/special.md"),
    ],
)
def test_an_issue_is_found_from_the_current_folder_and_from_the_projects(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, name: str
) -> None:
    path = project.folder / "issues" / "special.md"
    path.parent.mkdir()
    path.write_text('---\nsubject: "A special letter"\n---\n\nHello from the harbour.\n')
    monkeypatch.chdir(tmp_path / folder)
    assert project.run("check", name, "--offline").status == 0


def test_a_file_that_was_not_written_when_the_process_died_is_written_later(project: Project) -> None:
    issue = gathered(project)
    path = project.folder / "issues" / f"{issue}.md"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    with closing(sqlite3.connect(project.folder / "data" / "newsletter.db")) as database, database:
        database.execute("UPDATE issues SET file_written = 0")
    result = project.run("gather", "--unscheduled")
    assert path.read_text(encoding="utf-8") == text
    assert f"issues/{issue}.md was missing and is written now" in result.stderr


def test_next_prints_local_times_and_their_instants(project: Project) -> None:
    lines = project.run("next", "-n", "3").stdout.splitlines()
    assert len(lines) == 3
    assert all("Fri" in line and line.endswith("Z") for line in lines)
    slots = json.loads(project.run("next", "--json").stdout)
    assert len(slots) == 5
    assert {slot["local"][11:] for slot in slots} == {"09:00"}


def test_subscribers_come_and_go_as_csv(project: Project, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(
        "address,name,status\nNoor@Example.org,Noor,confirmed\nnoor@example.org ,,confirmed\n"
        "left@example.org,,unsubscribed\nnonsense,,confirmed\n",
        encoding="utf-8",
    )
    result = project.run("subscribers", "import", str(people))
    assert result.status == 1
    assert f"{people}:5" in result.stderr
    assert result.stdout.startswith("2 added")
    listed = json.loads(project.run("subscribers", "list", "--json").stdout)
    assert {(p["address"]["addr_spec"].casefold(), p["status"]) for p in listed} == {
        ("noor@example.org", "confirmed"),
        ("left@example.org", "unsubscribed"),
    }
    exported = project.run("subscribers", "export").stdout
    assert "left@example.org" in exported
    assert "nonsense" not in exported


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("status", "no-such"), 1, "no-such"),
        (("prove", "no-such"), 1, "no-such"),
        (("check", "no-such"), 1, "no-such"),
        (("preview",), 1, "gather"),
        (("send", "no-such", "--yes"), 1, "no-such"),
        (("subscribers", "add", "not an address"), 1, "address"),
        (("subscribers", "import", "no-such.csv"), 2, "no-such.csv"),
        (("run-due", "--now", "tomorrow"), 2, "instant"),
        (("run-due", "--now", "2026-11-27T09:00:00"), 2, "offset"),
        (("gahter",), 2, "gahter"),
    ],
)
def test_what_does_not_exist_is_said_in_one_line(
    project: Project, words: tuple[str, ...], status: int, said: str
) -> None:
    result = project.run(*words)
    assert result.status == status
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('send = "friday 09:00"', 'send = "someday"', "newsletter.toml:13"),
        ('send = "friday 09:00"', 'sned = "friday 09:00"', "did you mean “send”"),
        ('kind = "outbox"', 'kind = "outbocks"', "did you mean “outbox”"),
        ('kind = "outbox"', 'kind = "sendgrid"', "SENDGRID_API_KEY"),
        ('timezone = "Europe/Berlin"', 'timezone = "Mars/Base"', "newsletter.toml:6"),
        ("letter@news", "letter at news", "newsletter.toml:3"),
        ("[provider]", "[provider", "newsletter.toml"),
        ('folder = "posts"', 'folder = "nowhere"', "nowhere"),
    ],
)
def test_a_wrong_setting_is_one_line_and_changes_nothing(
    project: Project, old: str, new: str, said: str
) -> None:
    issue = gathered(project)
    project.run("subscribers", "add", "a@example.org")
    before = contents(project)
    text = project.settings.read_text(encoding="utf-8")
    assert old in text
    project.settings.write_text(text.replace(old, new), encoding="utf-8")
    words = ("gather", "--unscheduled") if "folder" in old else ("send", issue, "--yes")
    result = project.run(*words)
    assert result.status == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert contents(project) == before


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("---\nsubject: [\n---\n", ".md:"),
        ("---\nsubject: Issue #5\n---\nHello\n", ".md:2"),
        ("---\nsubjcet: Hello\n---\nHello\n", "subject"),
        ("\xff", "UTF-8"),
    ],
)
def test_a_broken_issue_file_is_one_line_and_changes_nothing(
    project: Project, broken: str, said: str
) -> None:
    issue = gathered(project)
    project.run("subscribers", "add", "a@example.org")
    path = project.folder / "issues" / f"{issue}.md"
    path.write_bytes(broken.encode("latin-1"))
    before = contents(project)
    for words in (
        ("check", issue),
        ("preview", issue, "--out", str(project.folder / "seen")),
        ("send", issue, "--yes"),
    ):
        result = project.run(*words)
        assert result.status == 1
        assert issue in result.stderr
        assert said in result.stderr
        assert "Traceback" not in result.stderr
    assert contents(project) == before


def test_a_broken_template_names_its_file_and_line(project: Project) -> None:
    issue = gathered(project)
    own = project.folder / "templates" / "broadsheet"
    own.mkdir(parents=True)
    (own / "issue.html.j2").write_text("<html>\n{{ nonsense }\n</html>", encoding="utf-8")
    result = project.run("check", issue)
    assert result.status == 1
    assert "issue.html.j2:2" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_without_settings_says_how_to_make_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = Project(folder=tmp_path, capsys=capsys).run("gather")
    assert result.status == 1
    assert "newsletter init" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_init_makes_a_project_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Project(folder=tmp_path, capsys=capsys)
    target = tmp_path / "new"
    words = ("init", str(target), "--feed", "https://blog.example.com/feed.xml", "--name", 'A "B", C')
    assert home.run(*words).status == 0
    made = Project(folder=target, capsys=capsys)
    assert made.run("next").status == 0
    before = (target / "newsletter.toml").read_bytes()
    again = home.run(*words)
    assert again.status == 1
    assert (target / "newsletter.toml").read_bytes() == before


def contents(project: Project) -> dict[str, object]:
    """Everything that a failed command must leave alone."""
    database = sqlite3.connect(project.folder / "data" / "newsletter.db")
    rows = {
        table: sorted(map(repr, database.execute(f"SELECT * FROM {table}")))
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if table != "leases"
    }
    database.close()
    files = {p.name: p.read_bytes() for p in (project.folder / "issues").iterdir()}
    return {"rows": rows, "files": files, "letters": project.letters()}
