"""A folder of Markdown posts: the author's own, in the project."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from newsletter.config.settings import Settings, SourceSettings
from newsletter.content.clean import clean_html
from newsletter.content.frontmatter import split_front_matter
from newsletter.content.markdown import parser
from newsletter.errors import BadIssueFile, SourceFailed
from newsletter.models import Fetched, Post, PostId, SourceId
from newsletter.sources.dates import moment
from newsletter.sources.entries import language_and_direction, web_link

MAX_FILE = 2_000_000
"""Bytes."""
_OTHER_FRONT_MATTER = re.compile(r"\s*(\+\+\+|\{\s*[\"\n])")
"""TOML and JSON, as Hugo reads them."""
_ONE_TEXT = {"title", "date", "updated", "draft", "link", "url", "language", "lang"}
"""Keys whose value is one text; the others' may be lists."""
_DATED_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})[-_ ](.+)", re.ASCII)
_YES = {"true", "yes", "on", "1"}
_NO = {"false", "no", "off", "0", ""}


class FolderSource:
    """The `*.md` files of one folder, newest names last; drafts and hidden files are left out."""

    def __init__(
        self, folder: str, *, path: Path, public_url: str, zone: tzinfo, language: str, name: str = ""
    ) -> None:
        self._folder = folder
        self._path = path
        self._base = public_url.rstrip("/") + "/"
        self._zone = zone
        self._language = language
        self._name = name

    @property
    def id(self) -> SourceId:
        return SourceId(self._folder)

    def fetch(self, state: bytes | None) -> Fetched:
        """The folder's posts; a file that cannot be read becomes a note, and the others go on.

        Raises SourceFailed when there is no such folder, or it cannot be read.
        """
        try:
            files = sorted(self._path.iterdir())  # glob() takes a locked folder for an empty one
        except FileNotFoundError as error:
            raise SourceFailed(
                f"{self._folder}: there is no such folder", remedy=f"make {self._path} or mend [[sources]]"
            ) from error
        except OSError as error:
            raise SourceFailed(
                f"{self._folder}: cannot be read ({error.strerror})",
                remedy="make it a folder that can be read, or mend [[sources]]",
            ) from error
        posts: list[Post] = []
        notes: list[str] = []
        for path in files:
            if path.suffix != ".md" or path.name.startswith((".", "_")):
                continue
            try:
                post = self._post(path)
            except SourceFailed as error:
                notes.append(f"{error}; the file was left out")
                continue
            if post:
                posts.append(post)
        return Fetched(posts=tuple(posts), state=state or b"", notes=tuple(notes))

    def _post(self, path: Path) -> Post | None:
        """The file's post; None for a draft. Raises SourceFailed naming file, line and remedy."""
        where = f"{self._folder}/{path.name}"
        file = _read(path, where)
        draft = file.text("draft").lower()
        if draft not in _YES | _NO:
            raise file.wrong("draft", "is neither true nor false", remedy="write draft: true or draft: false")
        if draft in _YES:
            return None
        title, body = _title_and_body(file.text("title"), file.body)
        dated = _DATED_NAME.fullmatch(path.stem)
        markup = parser().render(body)
        language, direction = language_and_direction(
            file.text("language") or file.text("lang") or self._language, f"{title} {body}"
        )
        link = web_link(file.text("link") or file.text("url"), self._base)
        cleaned = clean_html(markup, base_url=link or self._base, language=language, direction=direction)
        return Post(
            id=PostId(path.stem),
            source=self.id,
            source_name=self._name,
            url=link,
            title=title or (dated.group(2) if dated else path.stem).replace("-", " ").replace("_", " "),
            published=self._date(file, "date", dated.group(1) if dated else ""),
            updated=self._date(file, "updated", ""),
            author=file.text("author"),
            summary=file.text("summary") or file.text("description") or cleaned.summary,
            body_markdown=cleaned.markdown,
            image=cleaned.image,
            tags=file.words("tags"),
            language=language,
            direction=direction,
        )

    def _date(self, file: "_File", key: str, otherwise: str) -> datetime | None:
        """The instant of a date in the newsletter's time zone; None when neither text gives one."""
        written = file.text(key)
        instant = moment(written or otherwise, self._zone)
        if written and instant is None:
            raise file.wrong(
                key, f"“{written}” is no date", remedy="write it as 2026-11-27 or 2026-11-27 09:00"
            )
        return instant


def from_settings(source: SourceSettings, settings: Settings, _fetcher: object) -> FolderSource:
    """The folder of a `[[sources]]` table with a `folder`."""
    newsletter = settings.newsletter
    return FolderSource(
        source.folder,
        path=settings.project / source.folder,
        public_url=newsletter.public_url,
        zone=ZoneInfo(newsletter.timezone),
        language=newsletter.language,
        name=source.name or newsletter.name,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """A file's front matter, every value as text, and the Markdown below it."""

    where: str
    body: str
    fields: Mapping[str, tuple[tuple[str, ...], int]] = field(default_factory=dict)
    """Key → its value (one text, or those of a list) and its line."""

    def text(self, key: str) -> str:
        return ", ".join(self.fields.get(key, ((), 0))[0]).strip()

    def words(self, key: str) -> tuple[str, ...]:
        """The words of a list, or of a text with commas."""
        return tuple(filter(None, (word.strip() for word in self.text(key).split(","))))

    def wrong(self, key: str, what: str, *, remedy: str) -> SourceFailed:
        line = self.fields[key][1]
        return SourceFailed(f"{self.where}:{line}: {key} {what}", remedy=remedy)


def _read(path: Path, where: str) -> _File:
    try:
        if path.stat().st_size > MAX_FILE:
            raise SourceFailed(f"{where}: is larger than {MAX_FILE / 1e6:g} MB", remedy="split the post")
        text = path.read_text(encoding="utf-8-sig")
        if other := _OTHER_FRONT_MATTER.match(text):
            line = text.count("\n", 0, other.start(1)) + 1
            raise SourceFailed(
                f"{where}:{line}: the front matter is no YAML", remedy="write it between two lines ---"
            )
        if not text.lstrip().startswith("---"):
            return _File(where=where, body=text)
        split = split_front_matter(text, path=where)
        return _File(where=where, body=split.body, fields=_fields(split.yaml, where))
    except UnicodeDecodeError as error:
        raise SourceFailed(f"{where}: is not UTF-8", remedy="save it in UTF-8") from error
    except OSError as error:
        raise SourceFailed(f"{where}: cannot be read ({error.strerror})") from error
    except BadIssueFile as error:
        raise SourceFailed(error.message, remedy=error.remedy) from error


def _fields(source: str, where: str) -> dict[str, tuple[tuple[str, ...], int]]:
    """The front matter's texts and lists of texts; other programs' keys and nested values may stand there."""
    remedy = 'write one “key: value” a line, values in quotation marks, such as title: "Re: hello"'
    try:
        document = yaml.compose(source, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise SourceFailed(
            f"{where}:{line}: the front matter cannot be read: {error.problem}", remedy=remedy
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise SourceFailed(f"{where}:1: the front matter cannot be read", remedy=remedy) from error
    if document is None:
        return {}
    if not isinstance(document, yaml.MappingNode):
        line = document.start_mark.line + 2
        raise SourceFailed(
            f"{where}:{line}: the front matter is no list of “key: value” lines", remedy=remedy
        )
    fields = {}
    for key, value in document.value:
        line = key.start_mark.line + 2
        written = source.split("\n")[key.end_mark.line][key.end_mark.column :]
        name = str(key.value).lower()
        if name in _ONE_TEXT and not isinstance(value, yaml.ScalarNode):
            raise SourceFailed(f"{where}:{line}: {name} is no text", remedy=remedy)
        if name == "title" and value.style is None and " #" in written:
            raise SourceFailed(f"{where}:{line}: YAML takes what follows “ #” for a comment", remedy=remedy)
        fields[name] = (tuple(_texts(value)), line)
    return fields


def _texts(value: yaml.Node) -> list[str]:
    if isinstance(value, yaml.ScalarNode):
        return [value.value]
    if isinstance(value, yaml.SequenceNode):
        return [item.value for item in value.value if isinstance(item, yaml.ScalarNode)]
    return []


def _title_and_body(title: str, body: str) -> tuple[str, str]:
    """The title, and the body without the heading at its top that gives or repeats it."""
    tokens = parser().parse(body)
    if not tokens or tokens[0].type != "heading_open" or tokens[0].map is None:
        return title, body
    words = (" " if child.type == "softbreak" else child.content for child in tokens[1].children or [])
    heading = " ".join("".join(words).split())
    if title and heading != title:
        return title, body
    return title or heading, "\n".join(body.split("\n")[tokens[0].map[1] :])
