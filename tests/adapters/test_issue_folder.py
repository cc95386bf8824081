"""The issues/ folder: files are created whole and never replaced."""

import threading
from pathlib import Path

import pytest

from newsletter.errors import BadIssueFile, NotFound
from newsletter.models import IssueId
from newsletter.store.folder import IssueFolder

ISSUE = IssueId("2026-11-27")


@pytest.fixture
def folder(tmp_path: Path) -> IssueFolder:
    return IssueFolder(tmp_path / "issues")


def test_what_is_created_is_read_back_to_the_letter(folder: IssueFolder, tmp_path: Path) -> None:
    text = "---\nsubject: Grüße 你好\n---\n\r\nline\n"
    assert folder.create(ISSUE, text)
    assert (tmp_path / "issues" / "2026-11-27.md").read_bytes() == text.encode()
    assert folder.exists(ISSUE)
    assert folder.list() == [ISSUE]


def test_a_file_that_is_there_is_never_replaced(folder: IssueFolder) -> None:
    assert folder.create(ISSUE, "the author's")
    assert not folder.create(ISSUE, "the program's")
    assert folder.read(ISSUE) == "the author's"


def test_of_many_who_create_a_file_one_does_and_it_is_whole(folder: IssueFolder, tmp_path: Path) -> None:
    texts = [f"{number}" * 200_000 for number in range(8)]
    done: list[bool] = []
    threads = [threading.Thread(target=lambda t=text: done.append(folder.create(ISSUE, t))) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False] * 7 + [True]
    assert folder.read(ISSUE) in texts
    assert [path.name for path in (tmp_path / "issues").iterdir()] == ["2026-11-27.md"]


def test_issues_are_listed_by_name_without_hidden_or_other_files(folder: IssueFolder, tmp_path: Path) -> None:
    for name in ("2026-12-04", "2026-11-27", "special"):
        folder.create(IssueId(name), "")
    (tmp_path / "issues" / ".draft.md").touch()
    (tmp_path / "issues" / "notes.txt").touch()
    (tmp_path / "issues" / "folder.md").mkdir()
    assert folder.list() == ["2026-11-27", "2026-12-04", "special"]


def test_an_empty_project_has_no_issues(folder: IssueFolder) -> None:
    assert folder.list() == []
    assert not folder.exists(ISSUE)


def test_a_missing_file_is_told_with_the_issues_that_there_are(folder: IssueFolder) -> None:
    folder.create(ISSUE, "")
    with pytest.raises(
        NotFound, match=r"2026-11-28\.md.*the newest issues are: 2026-11-27; “newsletter gather”"
    ):
        folder.read(IssueId("2026-11-28"))


def test_a_file_that_is_not_utf8_is_told_with_its_line(folder: IssueFolder, tmp_path: Path) -> None:
    folder.create(ISSUE, "")
    (tmp_path / "issues" / "2026-11-27.md").write_bytes(b"---\nsubject: Gr\xfc\xdfe\n")
    with pytest.raises(BadIssueFile, match=r"2026-11-27\.md:2: the file is not UTF-8"):
        folder.read(ISSUE)


@pytest.mark.parametrize("name", ["", ".", "..", "../newsletter", "a/b", ".hidden", "/etc/passwd"])
def test_a_name_that_leaves_the_folder_is_no_issue(folder: IssueFolder, name: str) -> None:
    with pytest.raises(NotFound, match="cannot be the name of an issue"):
        folder.read(IssueId(name))
