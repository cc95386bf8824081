"""The archive as files: links that hold anywhere, nothing rewritten for nothing, nothing of others lost."""

import json
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import lxml.html
import pytest

from newsletter.store.sitefolder import MANIFEST, SiteFolder
from tests.support.project import Project, make_project


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    made = make_project(tmp_path / "letter", capsys)
    made.run("subscribers", "add", "noor@example.org")
    for name in ("2026-11-13", "2026-11-20 ünd mehr"):
        path = made.folder / "issues" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"---\nsubject: Letter {name}\n---\n\n## A post\n\nWords.\n", encoding="utf-8")
        assert made.run("send", name, "--yes").status == 0
    return made


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_relative_link_of_every_file_leads_to_a_file(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "some where"
    ended = project.run("build", str(folder))
    assert (ended.status, ended.stdout.strip()) == (0, str(folder))
    pages = sorted(folder.rglob("*.html"))
    names = {str(page.relative_to(folder)) for page in pages}
    assert {"index.html", "archive/index.html", "archive/2026/index.html", "a/2026-11-13/index.html"} <= names
    assert "a/2026-11-20 ünd mehr/index.html" in names
    for page in pages:
        document = lxml.html.document_fromstring(page.read_text(encoding="utf-8"))
        inside = [link for link in document.xpath("//@href") if not urlsplit(link).scheme and link[:1] != "#"]
        assert len(inside) >= 4
        for link in inside:
            assert not link.startswith("/"), link
            target = Path(unquote(urlsplit(urljoin(page.as_uri(), link)).path))
            assert target.is_file(), (page, link)
        assert not document.xpath("//form")
        assert "/u/" not in page.read_text(encoding="utf-8")
    assert "https://news.example.com/a/2026-11-13" in (folder / "feed.xml").read_text(encoding="utf-8")


def test_a_second_build_touches_nothing_and_a_new_issue_only_what_it_changes(
    project: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    first = json.loads(project.run("build", str(folder), "--json").stdout)
    assert (first["unchanged"], first["removed"]) == (0, 0)
    before = {name: (folder / name).stat().st_ino for name in files(folder) if name != MANIFEST}
    again = json.loads(project.run("build", str(folder), "--json").stdout)
    assert (again["written"], again["unchanged"]) == (0, first["written"])
    assert before == {name: (folder / name).stat().st_ino for name in files(folder) if name != MANIFEST}
    project.run("gather", "--unscheduled")
    newest = max((project.folder / "issues").glob("*.md"), key=lambda path: path.stat().st_mtime_ns)
    assert project.run("send", newest.stem, "--yes").status == 0
    third = json.loads(project.run("build", str(folder), "--json").stdout)
    assert third["unchanged"] >= 1
    assert (folder / "a" / "2026-11-13" / "index.html").stat().st_ino == before["a/2026-11-13/index.html"]


def test_a_folder_that_holds_other_things_is_refused(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    (folder / "index.html").write_text("mine too", encoding="utf-8")
    ended = project.run("build", str(folder))
    assert ended.status == 1
    assert "--force" in ended.stderr
    assert files(folder) == {"mine.txt": b"mine", "index.html": b"mine too"}
    assert project.run("build", str(folder), "--force").status == 0
    assert files(folder)["mine.txt"] == b"mine"
    assert files(folder)["index.html"] != b"mine too"


def test_an_archive_that_is_not_public_is_not_written(project: Project, tmp_path: Path) -> None:
    with project.settings.open("a", encoding="utf-8") as file:
        file.write("\n[archive]\npublic = false\n")
    ended = project.run("build", str(tmp_path / "site"))
    assert ended.status == 1
    assert "newsletter.toml" in ended.stderr
    assert not (tmp_path / "site").exists()


# --- the folder ---------------------------------------------------------------------------------


def test_only_what_was_written_is_removed(tmp_path: Path) -> None:
    site = SiteFolder(tmp_path / "site")
    site.write([("a/1/x.html", b"1"), ("a/2/x.html", b"2"), ("b.html", b"b")], force=False)
    (tmp_path / "site" / "a" / "mine.html").write_bytes(b"mine")
    (tmp_path / "site" / "b.html").write_bytes(b"changed by hand")
    done = site.write([("a/2/x.html", b"2")], force=False)
    assert (done.written, done.unchanged, done.removed, done.kept) == (0, 1, 1, ("b.html",))
    left = files(tmp_path / "site")
    assert left.pop(MANIFEST)
    assert left == {"a/2/x.html": b"2", "a/mine.html": b"mine", "b.html": b"changed by hand"}
    assert not (tmp_path / "site" / "a" / "1").exists()


def test_a_file_that_somebody_made_meanwhile_is_not_replaced(project: Project, tmp_path: Path) -> None:
    site = SiteFolder(tmp_path / "site")
    site.write([("a.html", b"a")], force=False)
    (tmp_path / "site" / "b.html").write_bytes(b"mine")
    with pytest.raises(Exception, match=r"b\.html is there already"):
        site.write([("a.html", b"a"), ("b.html", b"b")], force=False)
    assert (tmp_path / "site" / "b.html").read_bytes() == b"mine"


def test_a_build_that_was_cut_off_is_finished_by_the_next(tmp_path: Path) -> None:
    class CutOff(Exception):
        """The process ends here."""

    def some() -> list[tuple[str, bytes]]:
        return [("a.html", b"a"), ("b.html", b"b")]

    site = SiteFolder(tmp_path / "site")

    def cut() -> object:
        yield some()[0]
        raise CutOff

    with pytest.raises(CutOff):
        site.write(cut(), force=False)  # type: ignore[arg-type]
    done = site.write(some(), force=False)
    assert (done.written, done.unchanged) == (1, 1)
    assert site.write([], force=False).removed == 2
    assert list(files(tmp_path / "site")) == [MANIFEST]


@pytest.mark.parametrize("name", ["../out.html", "link/out.html", "file.html"])
def test_no_name_and_no_link_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    site = SiteFolder(tmp_path / "site")
    site.write([("a.html", b"a")], force=False)
    (tmp_path / "site" / "link").symlink_to(outside)
    (tmp_path / "site" / "file.html").symlink_to(outside / "secret")
    with pytest.raises(Exception, match="leads out of"):
        site.write([(name, b"x")], force=True)
    assert files(outside) == {"secret": b"secret"}
    assert not (tmp_path / "out.html").exists()
