"""A folder of Markdown posts, as authors write them."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsletter.models import Fetched, Post
from newsletter.sources.folder import MAX_FILE, FolderSource


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    folder = tmp_path / "posts"
    folder.mkdir()
    return folder


def fetched(posts: Path) -> Fetched:
    source = FolderSource(
        "posts",
        path=posts,
        public_url="https://news.example.com",
        zone=ZoneInfo("Europe/Berlin"),
        language="en",
        name="The Roundup",
    )
    return source.fetch(None)


def one(posts: Path, text: str, name: str = "post.md") -> Post:
    (posts / name).write_text(text, encoding="utf-8")
    (post,) = fetched(posts).posts
    return post


def note(posts: Path, text: str | bytes) -> str:
    """What is said of a file that cannot be read; another one beside it must be."""
    (posts / "bad.md").write_bytes(text if isinstance(text, bytes) else text.encode())
    (posts / "good.md").write_text("# Good", encoding="utf-8")
    answer = fetched(posts)
    assert [post.title for post in answer.posts] == ["Good"]
    (said,) = answer.notes
    return said


def test_front_matter_gives_the_posts_parts(posts: Path) -> None:
    post = one(
        posts,
        '---\ntitle: "Re: hello"\ndate: 2026-11-20 10:00\nauthor: Ada\ntags: [one, "two words"]\n'
        "link: /2026/hello\nlanguage: sv\nsummary: In short.\nlayout: post\nmenu: {weight: 1}\n---\n\nHej.\n",
    )
    assert (post.id, post.title, post.author, post.tags) == ("post", "Re: hello", "Ada", ("one", "two words"))
    assert post.url == "https://news.example.com/2026/hello"
    assert post.published == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert (post.language, post.summary, post.body_markdown) == ("sv", "In short.", "Hej.")
    assert (post.source, post.source_name) == ("posts", "The Roundup")


def test_without_front_matter_the_heading_is_the_title_and_the_name_the_date(posts: Path) -> None:
    post = one(posts, "# A *fine* day\n\nWords.\n", "2026-11-20-a-fine-day.md")
    assert (post.id, post.title, post.body_markdown) == ("2026-11-20-a-fine-day", "A fine day", "Words.")
    assert post.published == datetime(2026, 11, 19, 23, tzinfo=UTC)
    assert one(posts, "Words only.", "2026-11-20-a-fine-day.md").title == "a fine day"


def test_a_heading_that_repeats_the_title_is_not_printed_twice(posts: Path) -> None:
    assert one(posts, "---\ntitle: Same\n---\n# Same\n\nWords.").body_markdown == "Words."
    assert one(posts, "---\ntitle: One\n---\n# Other\n\nWords.").body_markdown == "### Other\n\nWords."


def test_relative_addresses_are_the_public_sites_and_html_is_cleaned(posts: Path) -> None:
    post = one(posts, '![a](img/a.png)\n\n[b](/b)\n\n<p onclick="x()">safe<script>alert(1)</script></p>')
    assert "https://news.example.com/img/a.png" in post.body_markdown
    assert "(https://news.example.com/b)" in post.body_markdown
    assert "alert" not in post.body_markdown
    assert "onclick" not in post.body_markdown


def test_the_dialect_of_issue_files_is_kept(posts: Path) -> None:
    text = "::: button\n[Give](https://a.example/)\n:::\n\n> Words.\n>\n> — A. Reporter"
    assert one(posts, text).body_markdown == text


def test_drafts_and_hidden_files_are_left_out(posts: Path) -> None:
    (posts / "draft.md").write_text("---\ndraft: yes\n---\n# Not yet", encoding="utf-8")
    (posts / "_index.md").write_text("# Index", encoding="utf-8")
    (posts / ".hidden.md").write_text("# Hidden", encoding="utf-8")
    (posts / "notes.txt").write_text("notes", encoding="utf-8")
    assert one(posts, "---\ndraft: false\n---\n# Ready").title == "Ready"


def test_blank_lines_may_stand_before_the_front_matter(posts: Path) -> None:
    (posts / "draft.md").write_text("\n \n---\ndraft: true\n---\n# Not yet", encoding="utf-8")
    post = one(posts, "\n\n---\ntitle: Later\n---\n\nWords.")
    assert (post.title, post.body_markdown) == ("Later", "Words.")


@pytest.mark.parametrize("value", ["[a, b]", "{a: b}", "null", "~", "1.10", "", "true"])
@pytest.mark.parametrize(
    "key", ["title", "date", "updated", "draft", "link", "language", "author", "summary", "tags"]
)
def test_whatever_stands_in_one_file_the_others_are_read(posts: Path, key: str, value: str) -> None:
    (posts / "odd.md").write_text(f"---\n{key}: {value}\n---\nWords.", encoding="utf-8")
    (posts / "good.md").write_text("# Good", encoding="utf-8")
    answer = fetched(posts)
    assert "good" in [post.id for post in answer.posts]
    nested = value[:1] in "[{" and value and key not in {"author", "summary", "tags"}
    assert not nested or answer.notes[0].startswith(f"posts/odd.md:2: {key} is no text — ")


def test_a_mark_and_windows_line_ends_are_accepted(posts: Path) -> None:
    post = one(posts, "\ufeff---\r\ntitle: Windows\r\n---\r\n\r\nWords.\r\n")
    assert (post.title, post.body_markdown) == ("Windows", "Words.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "---\ntitle: a\ndate: next week\n---\n",
            "posts/bad.md:3: date “next week” is no date — write it as",
        ),
        ("---\ntitle: a\ndraft: perhaps\n---\n", "posts/bad.md:3: draft is neither true nor false"),
        ("---\ntitle: Re: hello\n---\n", "posts/bad.md:2: the front matter cannot be read"),
        ("---\ntitle: Issue #5\n---\n", "posts/bad.md:2: YAML takes what follows “ #” for a comment"),
        ("---\ntitle: @me\n---\n", "posts/bad.md:2: the front matter cannot be read"),
        ("---\n- a\n---\n", "posts/bad.md:2: the front matter is no list"),
        ("\n\n---\n- a\n---\n", "posts/bad.md:4: the front matter is no list"),
        ("\n---\ntitle: a\ndate: next week\n---\n", "posts/bad.md:4: date “next week” is no date"),
        ("\n---\ntitle: Re: hello\n---\n", "posts/bad.md:3: the front matter cannot be read"),
        ("---\ntitle: [a, b]\n---\n", "posts/bad.md:2: title is no text"),
        ("---\nTitle: {a: b}\n---\n", "posts/bad.md:2: title is no text"),
        ("---\ndraft: [true, false]\n---\n", "posts/bad.md:2: draft is no text"),
        ("---\ndraft: {until: friday}\n---\n", "posts/bad.md:2: draft is no text"),
        ("+++\ndraft = true\n+++\nWords.", "posts/bad.md:1: the front matter is no YAML — write it between"),
        ("\ufeff\r\n+++\r\ndraft = true\r\n+++\r\n", "posts/bad.md:2: the front matter is no YAML"),
        ('{\n  "draft": true\n}\nWords.', "posts/bad.md:1: the front matter is no YAML"),
        ('\n{"draft": true}\nWords.', "posts/bad.md:2: the front matter is no YAML"),
        ("\n---\ntitle: a\n", "posts/bad.md:2: the front matter that begins here has no end"),
        ("---\ntitle: a\n", "posts/bad.md:1: the front matter that begins here has no end"),
        (b"\xff\xfe\xfd", "posts/bad.md: is not UTF-8"),
        (b"x" * (MAX_FILE + 1), "posts/bad.md: is larger than 2 MB"),
    ],
)
def test_a_bad_file_is_named_with_its_line_and_the_others_go_on(
    posts: Path, text: str | bytes, said: str
) -> None:
    told = note(posts, text)
    assert told.startswith(said)
    assert told.endswith("; the file was left out")
    assert " — " in told


def test_a_folder_that_cannot_be_read_as_a_file_is_told(posts: Path) -> None:
    (posts / "dir.md").mkdir()
    (posts / "good.md").write_text("# Good", encoding="utf-8")
    answer = fetched(posts)
    assert [post.title for post in answer.posts] == ["Good"]
    assert "posts/dir.md: cannot be read" in answer.notes[0]
