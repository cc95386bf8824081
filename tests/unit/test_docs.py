"""The pages tell what the program does: settings, schedule, issue files, and the words for things."""

import ast
import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from newsletter.config import settings, theme
from newsletter.config.load import setting_names
from newsletter.content.calendar import parse_schedule
from newsletter.content.issuefile import ATTRIBUTES, KEYS, parse_issue
from newsletter.models import IssueId

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of every table row of a page, heads left out."""
    lines = text.split("\n")
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("| ") and not following.startswith("|---")
    ]


# --- settings ----------------------------------------------------------------------------------

TABLES = {
    "[newsletter]": settings.NewsletterSettings,
    "[theme]": theme.ThemeSettings,
    "[theme.light]": theme.ColourSettings,
    "[theme.dark]": theme.ColourSettings,
    "[[sources]]": settings.SourceSettings,
    "[schedule]": settings.ScheduleSettings,
    "[sending]": settings.SendingSettings,
    "[provider]": settings.ProviderSettings,
    "[provider.sendgrid]": settings.SendGridSettings,
    "[provider.smtp]": settings.SmtpSettings,
    "[provider.smtp.dkim]": settings.DkimSettings,
    "[provider.outbox]": settings.OutboxSettings,
    "[readers]": settings.ReaderSettings,
    "[[readers.topics]]": settings.TopicSettings,
    "[archive]": settings.ArchiveSettings,
    "[web]": settings.WebSettings,
    "[http]": settings.HttpSettings,
    "[database]": settings.DatabaseSettings,
}


def as_written(field: "dataclasses.Field[Any]") -> str:
    """A setting's default as it would stand in the file."""
    value = field.default
    if value is dataclasses.MISSING:
        return "required"
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, timedelta):
        hours, minutes = divmod(int(value.total_seconds()) // 60, 60)
        return f'`"{hours}h"`' if not minutes else f'`"{hours * 60 + minutes}m"`'
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value:g}`"


def test_every_table_of_settings_is_on_the_page() -> None:
    classes = {
        each
        for name, each in (vars(settings) | vars(theme)).items()
        if dataclasses.is_dataclass(each) and name.endswith("Settings") and name != "Settings"
    }
    assert set(TABLES.values()) == classes
    assert re.findall(r"^## `(.*)`$", page("reference/settings.md"), re.MULTILINE) == list(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_every_setting_is_on_the_page_with_its_default(table: str) -> None:
    part = page("reference/settings.md").partition(f"## `{table}`\n")[2].partition("\n## ")[0]
    told = {name.strip("`"): default for name, default, _ in rows(part)}
    fields = {
        name: as_written(field)
        for name, field in setting_names(TABLES[table]).items()
        if field.default_factory is dataclasses.MISSING
    }
    assert told == fields


def test_the_variables_that_hold_secrets_are_on_the_page() -> None:
    from newsletter.config.environment import SECRETS

    for variable in SECRETS:
        assert f"`{variable}`" in page("reference/settings.md")
        assert f"`{variable}_FILE`" in page("reference/settings.md")


# --- schedule ----------------------------------------------------------------------------------


def test_the_words_of_the_schedule_mean_what_the_page_says() -> None:
    words = page("reference/schedule.md").partition("## Words")[2].partition("\n## ")[0]
    for schedule, meaning in rows(words):
        assert parse_schedule(schedule.strip("`"), "UTC").timing.words == meaning


def test_the_cron_lines_of_the_page_are_read() -> None:
    cron = page("reference/schedule.md").partition("## Cron")[2].partition("\n## ")[0]
    after = datetime(2026, 11, 1, tzinfo=UTC)
    days = {
        line.strip("`"): [
            f"{slot.instant:%a %d %H:%M}"
            for slot in islice(parse_schedule(line.strip("`"), "UTC").slots(after), 3)
        ]
        for line, _ in rows(cron)
    }
    assert days["0 9 13 * fri"] == ["Fri 06 09:00", "Fri 13 09:00", "Fri 20 09:00"]
    assert days["30 18 1,15 * *"] == ["Sun 01 18:30", "Sun 15 18:30", "Tue 01 18:30"]


# --- issue files -------------------------------------------------------------------------------


def test_the_issue_file_of_the_page_is_one() -> None:
    text = re.search(r"```markdown\n(---\n.*?)```", page("reference/issue-files.md"), re.DOTALL)
    assert text
    issue = parse_issue(
        text[1], issue_id=IssueId("x"), path="page", default_theme="none", default_language="xx"
    )
    assert issue.subject == "The Friday Roundup: Three bridges"
    assert issue.intro_markdown == "Good morning. A word before the posts."
    assert [(section.title, bool(section.post)) for section in issue.sections] == [
        ("Three bridges", True),
        ("A section of my own", False),
    ]
    assert issue.outro_markdown == "Until next week."


def test_every_key_and_attribute_of_an_issue_file_is_on_the_page() -> None:
    text = page("reference/issue-files.md")
    assert [cells[0].strip("`") for cells in rows(text)] == list(KEYS)
    assert all(f"`{attribute}`" in text for attribute in ATTRIBUTES)


# --- words -------------------------------------------------------------------------------------

AVOIDED = {word: cells[0] for cells in rows(page("glossary.md")) for word in re.findall(r"`(.+?)`", cells[2])}
"""Each word to avoid, and the one to say."""
_AVOIDED = re.compile(rf"\b({'|'.join(map(re.escape, AVOIDED))})(?:s|es)?\b", re.IGNORECASE)
_SENT_AS_A_STATE = re.compile(r"(?:\d|\})\s+sent\b|\bsent:|`sent`|“sent”", re.IGNORECASE)


def prose_of_page(text: str) -> str:
    """A page without its code, addresses and HTML tags, where other programs' words may stand."""
    text = re.sub(r"```.*?```|`[^`\n]*`|\]\([^)]*\)", " ", text, flags=re.DOTALL)
    return re.sub(r"<[^>]*>|\{[%#].*?[%#]\}", " ", text, flags=re.DOTALL)


def prose_of_module(source: str) -> str:
    """The texts of a module that are sentences: its docstrings and messages, no lists of tag names."""
    texts = (
        "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        if isinstance(node, ast.JoinedStr)
        else node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.JoinedStr | ast.Constant)
    )
    return "\n".join(
        text
        for text in texts
        if isinstance(text, str) and " " in text and not re.fullmatch(r"([a-z0-9-]+ ){12,}[a-z0-9-]+", text)
    )


def everything_said() -> Iterator[tuple[Path, str]]:
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "templates").rglob("*.j2")]
    for path in pages:
        if path.name != "glossary.md":
            yield path, prose_of_page(path.read_text(encoding="utf-8"))
    for path in (ROOT / "newsletter").rglob("*.html*"):
        yield path, prose_of_page(path.read_text(encoding="utf-8"))
    for path in (ROOT / "newsletter").rglob("*.py"):
        yield path, prose_of_module(path.read_text(encoding="utf-8"))


def say_instead(word: str) -> str:
    """What the glossary says for a word to avoid, in any of its forms."""
    singular = next((avoided for avoided in AVOIDED if word.lower().startswith(avoided)), "")
    return AVOIDED[singular] if singular else "submitted"


def test_the_words_of_the_glossary_are_kept_to() -> None:
    found = [
        f"{path.relative_to(ROOT)}: “{hit[0]}”: say “{say_instead(hit[0])}”"
        for path, text in everything_said()
        for pattern in (_AVOIDED, _SENT_AS_A_STATE)
        for hit in pattern.finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text", ["The campaign is over.", "Two articles", "Opt-outs: 3", "3 sent", "sent: 5"]
)
def test_a_word_to_avoid_is_found(text: str) -> None:
    assert _AVOIDED.search(text) or _SENT_AS_A_STATE.search(text)


@pytest.mark.parametrize(
    "text", ["It is sent on Friday.", "what would be sent", "particles", "a blasted heath"]
)
def test_ordinary_words_are_free(text: str) -> None:
    assert not _AVOIDED.search(text)
    assert not _SENT_AS_A_STATE.search(text)
