"""issues/*.md ⇄ Issue.

An issue file is YAML front matter (subject, preheader, theme, language, to, slot) and Markdown: the
intro; one section per level-2 heading, `## [Title](url)` or `## Title`; and, after the comment
`<!-- outro -->`, the outro. A comment under a heading says which post the section came from:

    <!-- post id="…" source="…" author="…" published="2026-11-24T10:00:00Z" lang="he" dir="rtl" -->

Without that comment a section is the author's own. `docs/reference/issue-files.md` tells authors.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from markdown_it import MarkdownIt

from newsletter.config.settings import LANGUAGE_TAG
from newsletter.content.audience import read_filter
from newsletter.content.frontmatter import read_fields, split_front_matter, write_fields
from newsletter.content.tidy import MARKER, one_line, tidy_issue, tidy_url, top_level_blocks, trimmed, unified
from newsletter.errors import BadFilter, BadIssueFile, did_you_mean
from newsletter.models import Issue, IssueId, PostId, Section

KEYS = ("subject", "preheader", "theme", "language", "to", "slot")
ATTRIBUTES = ("id", "source", "author", "published", "lang", "dir")
_NOTE = """\
# This file is yours. Reorder, delete, retitle and shorten sections, or add your own (“## Title”).
# The line “<!-- post … -->” under a heading tells which post it came from: keep the two together.
"""
_POST = re.compile(r"[ ]{0,3}<!--[ \t]*post\b(?P<attributes>.*?)-->", re.DOTALL)
_OUTRO = re.compile(r"[ ]{0,3}<!--[ \t]*outro[ \t]*-->")
_ATTRIBUTE = re.compile(r"\s+(\w+)=\"([^\"]*)\"")


class _TitleParser(MarkdownIt):
    """Inline Markdown in which an address stays as it is written."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802 (the library's name)
        return url


_TITLES = _TitleParser("commonmark").disable(["html_inline", "autolink", "image"])


# --- writing -----------------------------------------------------------------------------------


def write_issue(issue: Issue) -> str:
    """The text of the issue's file, which `parse_issue` reads as `tidy_issue(issue)`."""
    issue = tidy_issue(issue)
    fields = {
        "subject": issue.subject,
        "preheader": issue.preheader,
        "theme": issue.theme,
        "language": issue.language,
        "to": issue.to,
        "slot": issue.slot or "",
    }
    head = f"---\n{_NOTE}{write_fields({k: v for k, v in fields.items() if v})}---\n"
    parts = [issue.intro_markdown, *(_write_section(section) for section in issue.sections)]
    if issue.outro_markdown:
        parts.append(f"<!-- outro -->\n\n{issue.outro_markdown}")
    return "\n".join([head, *(f"{part}\n" for part in parts if part)])


def _write_section(section: Section) -> str:
    heading = _write_heading(section.title, section.url)
    marker = f"\n{_write_marker(section)}" if section.post is not None else ""
    body = f"\n\n{section.body_markdown}" if section.body_markdown else ""
    return f"{heading}{marker}{body}"


def _write_heading(title: str, url: str) -> str:
    """The heading with no more backslashes than are needed to read it back."""
    escaped = re.sub(r"[\\`*_\[\]]|&(?=#?\w+;)|#(?=#*$)", r"\\\g<0>", title)
    for text in (title, escaped):
        line = f"## [{text}]({_write_destination(url)})" if url else f"## {text}".rstrip()
        blocks = top_level_blocks(line)
        if len(blocks) == 1 and blocks[0].tag == "h2" and _read_heading(blocks[0].text) == (title, url):
            break
    return line


def _write_destination(url: str) -> str:
    """CommonMark §6.3: in angle brackets when the address holds what would end it."""
    escaped = re.sub(r"[\\<>]|&(?=#?\w+;)", r"\\\g<0>", url)
    return f"<{escaped}>" if re.search(r"[\\()<>]", url) else escaped


def _write_marker(section: Section) -> str:
    published = section.published and section.published.astimezone(UTC).isoformat().replace("+00:00", "Z")
    values = (
        section.post or "",
        section.source_name,
        section.author,
        published or "",
        section.language,
        section.direction,
    )
    attributes = [
        f'{name}="{_escape(value)}"'
        for name, value in zip(ATTRIBUTES, values, strict=True)
        if value or name == "id"
    ]
    return f"<!-- post {' '.join(attributes)} -->"


def _escape(value: str) -> str:
    return html.escape(value).replace("\n", "&#10;")


# --- reading -----------------------------------------------------------------------------------


def parse_issue(
    text: str, *, issue_id: IssueId, path: str, default_theme: str, default_language: str
) -> Issue:
    """The issue that a file's text holds; `path` is how messages name the file.

    Raises BadIssueFile with `path:line` and a remedy.
    """
    front = split_front_matter(unified(text.removeprefix("\ufeff")), path=path)
    fields = read_fields(front.yaml, known=KEYS, prose=("subject", "preheader", "to"), path=path)
    given = {key: one_line(value) for key, (value, _) in fields.items()}
    if not given.get("subject"):
        line = fields["subject"][1] if "subject" in fields else 1
        raise BadIssueFile(
            "the issue has no subject", where=f"{path}:{line}", remedy='add a line such as subject: "…"'
        )
    _check_fields(given, {key: line for key, (_, line) in fields.items()}, path)
    intro, outro, sections = "", "", []
    for part, text in _parts(front.body, front.body_line, path):
        if part.heading is not None:
            marker_line = front.body_line + part.text_from + text.partition("<!--")[0].count("\n")
            section = _read_section(part.heading, text, where=f"{path}:{marker_line}")
            sections.append(replace(section, line=front.body_line + part.begin))
        elif part.outro:
            outro = trimmed(_OUTRO.sub("", text, count=1))
        else:
            intro = trimmed(text)
    return Issue(
        id=issue_id,
        subject=given["subject"],
        preheader=given.get("preheader", ""),
        theme=given.get("theme") or default_theme,
        language=given.get("language") or default_language,
        to=given.get("to", ""),
        slot=given.get("slot") or None,
        intro_markdown=intro,
        sections=tuple(sections),
        outro_markdown=outro,
    )


def _check_fields(given: dict[str, str], lines: dict[str, int], path: str) -> None:
    if given.get("language") and not LANGUAGE_TAG.fullmatch(given["language"]):
        raise BadIssueFile(
            f"“{given['language']}” is no language tag",
            where=f"{path}:{lines['language']}",
            remedy='use a BCP 47 tag such as "en", "pt-BR" or "he"',
        )
    if given.get("to"):
        try:
            read_filter(given["to"], timezone="UTC", language="en")
        except BadFilter as error:
            raise BadIssueFile(
                f"“to” is no audience filter: {error.message}",
                where=f"{path}:{lines['to']}",
                remedy=error.remedy,
            ) from error
    if given.get("slot"):
        try:
            datetime.strptime(given["slot"], "%Y-%m-%dT%H:%M")  # noqa: DTZ007 (a wall time has no zone)
        except ValueError as error:
            raise BadIssueFile(
                f"“{given['slot']}” is no slot",
                where=f"{path}:{lines['slot']}",
                remedy="write the local time of the schedule as 2026-11-27T09:00, or remove the line",
            ) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """A stretch of the body: the intro, a section (it has a heading) or the outro."""

    begin: int
    """Its first line, from 0 at the body's beginning."""
    text_from: int
    heading: tuple[str, str] | None = None
    """Words and address."""
    outro: bool = False


def _parts(body: str, body_line: int, path: str) -> Iterator[tuple[_Part, str]]:
    """The parts of a body with their text, in order; the first is the intro, which may be empty."""
    lines = body.split("\n")
    begun = [_Part(begin=0, text_from=0), *_beginnings(body, body_line, path)]
    for part, following in zip(begun, [*begun[1:], None], strict=True):
        yield part, "\n".join(lines[part.text_from : following.begin if following else None])


def _beginnings(body: str, body_line: int, path: str) -> Iterator[_Part]:
    """Where the parts after the intro begin.

    Raises BadIssueFile for a marker comment that stands where it says nothing.
    """
    outro_seen, below_heading = False, False
    for block in top_level_blocks(body):
        where = f"{path}:{body_line + block.begin}"
        if block.tag == "h2":
            yield _Part(begin=block.begin, text_from=block.end, heading=_read_heading(block.text))
        elif block.kind == "html_block" and _OUTRO.match(block.text):
            if outro_seen:
                raise BadIssueFile("a second <!-- outro -->", where=where, remedy="keep one of them")
            outro_seen = True
            yield _Part(begin=block.begin, text_from=block.begin, outro=True)
        elif block.kind == "html_block" and _is_post_marker(block.text) and not below_heading:
            raise BadIssueFile(
                "“<!-- post … -->” does not stand below a heading",
                where=where,
                remedy="put it right under the “## Title” of its post, or remove it",
            )
        below_heading = block.tag == "h2"


def _is_post_marker(text: str) -> bool:
    found = MARKER.match(text)
    return found is not None and found["name"] == "post"


def _read_section(heading: tuple[str, str], text: str, *, where: str) -> Section:
    """The section under a heading; without a post's marker, which stands at `where`, the author's own."""
    title, url = heading
    body = trimmed(text)
    if not _is_post_marker(body):
        return Section(title=title, url=url, body_markdown=body)
    marker = _POST.match(body)
    if not marker:
        raise BadIssueFile("“<!-- post” has no end", where=where, remedy="close it with -->")
    given = _read_attributes(marker["attributes"], where)
    return Section(
        title=title,
        url=url,
        body_markdown=trimmed(body[marker.end() :]),
        post=PostId(given["id"]),
        source_name=given.get("source", ""),
        author=given.get("author", ""),
        published=_read_instant(given["published"], where) if "published" in given else None,
        language=given.get("lang", ""),
        direction=given.get("dir", ""),
    )


def _read_heading(inline: str) -> tuple[str, str]:
    """The words of a heading, and the address when one link holds all of them."""
    words, outside, links, in_link = "", "", [], False
    for token in _TITLES.parseInline(inline, {})[0].children or []:
        if token.type == "link_open":
            links.append(str(token.attrGet("href")))
        in_link = token.type == "link_open" or (in_link and token.type != "link_close")
        text = " " if token.type in {"softbreak", "hardbreak"} else token.content
        words += text
        outside += "" if in_link else text
    url = links[0] if len(links) == 1 and not outside.strip() else ""
    return one_line(words), tidy_url(url)


def _read_attributes(text: str, where: str) -> dict[str, str]:
    if not re.fullmatch(rf"(?:{_ATTRIBUTE.pattern})*\s*", text):
        raise BadIssueFile(
            "“<!-- post … -->” cannot be read", where=where, remedy='write its attributes as name="value"'
        )
    given = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(text)}
    for name in given:
        if name not in ATTRIBUTES:
            raise BadIssueFile(
                f"unknown attribute “{name}”", where=where, remedy=did_you_mean(name, ATTRIBUTES)
            )
    if "id" not in given:
        raise BadIssueFile(
            "“<!-- post … -->” has no id", where=where, remedy="restore it, or remove the whole comment"
        )
    return given


def _read_instant(text: str, where: str) -> datetime:
    try:
        return _utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise BadIssueFile(
            f"“{text}” is no time of publication",
            where=where,
            remedy="write it as 2026-11-24T10:00:00Z, or remove the attribute",
        ) from error


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("the time has no offset")
    return instant.astimezone(UTC)
