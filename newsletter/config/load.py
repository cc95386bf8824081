"""newsletter.toml, `.env` and the environment → Settings, or an error that names file, line and word.

Order, the strongest first: command line (`overrides`) > environment (`NEWSLETTER_SECTION__KEY`) >
`.env` > newsletter.toml > default.
"""

import dataclasses
import difflib
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from newsletter.config.settings import Secrets, Settings
from newsletter.errors import BadSetting, NotFound

FILE = "newsletter.toml"
PREFIX = "NEWSLETTER_"
SECRETS = {"SENDGRID_API_KEY": "sendgrid_api_key"}
_NOT_IN_FILE = {"project", "secrets", "places"}
_FILE_NAMES = {"sender": "from"}
"""Fields whose name in the file is a Python keyword."""
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)


def load_settings(project: Path, environ: Mapping[str, str]) -> Settings:
    """The project's settings.

    Raises NotFound when the folder holds no newsletter.toml, BadSetting for everything else that
    is wrong in it, in `.env` or in the environment.
    """
    path = project / FILE
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except FileNotFoundError as error:
        raise NotFound(
            f"{path} does not exist",
            remedy="run the command in a newsletter's folder, name it with -C, or make one with "
            "“newsletter init DIR”",
        ) from error
    except UnicodeDecodeError as error:
        raise BadSetting("is not UTF-8", where=str(path), remedy="save it in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"is not TOML: {error}", where=str(path), remedy="mend the line named") from error

    lines = _Lines(path, text)
    variables = {**_read_dotenv(project / ".env"), **environ}
    known = {f.name: f for f in dataclasses.fields(Settings) if f.name not in _NOT_IN_FILE}
    _refuse_unknown(table, Settings, (), lines, allowed=set(known))
    _overlay_environment(table, variables, lines)
    values = {
        name: _convert(table[name], _type_of(Settings, name), (name,), lines)
        for name in known
        if name in table
    }
    if "newsletter" not in values:
        raise BadSetting("has no [newsletter] section", where=str(path), remedy="add one")
    settings = Settings(project=project, secrets=_secrets(variables), places=_places(table, lines), **values)
    _check(settings, lines)
    return settings


def _places(table: Mapping[str, Any], lines: "_Lines", path: tuple[str, ...] = ()) -> dict[str, str]:
    """Where each setting that is not in an array of tables was given."""
    places: dict[str, str] = {}
    for key, value in table.items():
        here = (*path, key)
        if isinstance(value, dict):
            places |= _places(value, lines, here)
        else:
            places[".".join(here)] = lines.where(here)
    return places


class _Lines:
    """Finds the line of a setting, which tomllib does not tell."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()
        self.origin: dict[tuple[str, ...], str] = {}
        """Settings that did not come from the file: their path → the variable's name."""

    def where(self, path: tuple[str, ...]) -> str:
        """`file:line` of the setting, or the environment variable that gave it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origin:
                return self.origin[path[:length]]
        *tables, key = path
        wanted = [part for part in tables if not part.isdigit()]
        nth = next((int(part) for part in tables if part.isdigit()), 0)
        section: list[str] = []
        seen = -1
        best = 0
        for number, line in enumerate(self._lines, start=1):
            if header := re.match(r"\s*\[\[?\s*([\w.\-]+)\s*\]\]?", line):
                section = header.group(1).split(".")
                seen += section == wanted and line.lstrip().startswith("[[")
                if section == [*wanted, key] or (section == wanted and max(seen, 0) == nth):
                    best = number
            elif (
                section == wanted
                and max(seen, 0) == nth
                and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line)
            ):
                return f"{self._path}:{number}"
        return f"{self._path}:{best}" if best else str(self._path)


def _type_of(cls: type, field: str) -> Any:
    return typing.get_type_hints(cls)[field]


def _table_class(annotation: Any) -> type | None:
    """The dataclass of a table, of an array of tables (its element), or None for a plain value."""
    if dataclasses.is_dataclass(annotation):
        return typing.cast("type", annotation)
    for argument in typing.get_args(annotation):
        if dataclasses.is_dataclass(argument):
            return typing.cast("type", argument)
    return None


def _file_name(field: str) -> str:
    return _FILE_NAMES.get(field, field)


def _refuse_unknown(
    table: Mapping[str, Any],
    cls: type,
    path: tuple[str, ...],
    lines: _Lines,
    allowed: set[str] | None = None,
) -> None:
    names = allowed or {_file_name(f.name) for f in dataclasses.fields(cls)}
    hints = {_file_name(name): hint for name, hint in typing.get_type_hints(cls).items()}
    for key, value in table.items():
        here = (*path, key)
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
            raise BadSetting(
                f"unknown setting “{'.'.join(p for p in here if not p.isdigit())}”",
                where=lines.where(here),
                remedy=f"did you mean “{near[0]}”?" if near else f"known here: {', '.join(sorted(names))}",
            )
        inner = _table_class(hints[key])
        if inner and isinstance(value, dict):
            _refuse_unknown(value, inner, here, lines)
        elif inner and isinstance(value, list):
            for index, element in enumerate(value):
                if isinstance(element, dict):
                    _refuse_unknown(element, inner, (*here, str(index)), lines)


def _overlay_environment(table: dict[str, Any], variables: Mapping[str, str], lines: _Lines) -> None:
    """Put NEWSLETTER_SECTION__KEY values over those of the file."""
    for variable, value in sorted(variables.items()):
        if not variable.startswith(PREFIX) or "__" not in variable:
            continue
        path = tuple(variable[len(PREFIX) :].lower().split("__"))
        lines.origin[path] = variable
        inside: dict[str, Any] = {}
        probe = inside
        for part in path[:-1]:
            probe = probe.setdefault(part, {})
        probe[path[-1]] = value
        _refuse_unknown(inside, Settings, (), lines)
        target = table
        for part in path[:-1]:
            target = target.setdefault(part, {})
        target[path[-1]] = value


def _convert(value: Any, annotation: Any, path: tuple[str, ...], lines: _Lines) -> Any:
    """The typed value of a setting, table by table so that an error knows its place."""
    cls = _table_class(annotation)
    if cls is not None and typing.get_origin(annotation) is tuple:
        if not isinstance(value, list):
            raise _wrong(path, lines, f"must be written as [[{path[-1]}]] tables")
        return tuple(_convert(v, cls, (*path, str(i)), lines) for i, v in enumerate(value))
    if cls is not None:
        if not isinstance(value, dict):
            raise _wrong(path, lines, f"must be a [{'.'.join(path)}] table")
        given: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            key = _file_name(field.name)
            if key in value:
                given[field.name] = _convert(value[key], _type_of(cls, field.name), (*path, key), lines)
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                raise BadSetting(
                    f"“{'.'.join((*path, key))}” is missing",
                    where=lines.where((*path, key)),
                    remedy=f"add a line such as: {key} = …",
                )
        return cls(**given)
    if annotation is timedelta:
        return _duration(value, path, lines)
    if isinstance(value, str) and typing.get_origin(annotation) is tuple:
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return msgspec.convert(value, annotation, strict=not isinstance(value, str | list))
    except msgspec.ValidationError as error:
        raise _wrong(path, lines, _plain(str(error), annotation)) from error


def _plain(message: str, annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return f"must be one of: {', '.join(map(str, typing.get_args(annotation)))}"
    names = {
        "str": "text in quotation marks", "int": "a whole number", "float": "a number",
        "date": "a date such as 2026-11-27", "array": "a list", "bool": "true or false",
    }  # fmt: skip
    expected = re.match(r"Expected `(\w+)", message)
    if expected and expected.group(1) in names:
        return f"must be {names[expected.group(1)]}"
    if types.NoneType in typing.get_args(annotation):
        return "must be a date such as 2026-11-27"
    return message


def _wrong(path: tuple[str, ...], lines: _Lines, what: str) -> BadSetting:
    name = ".".join(part for part in path if not part.isdigit())
    return BadSetting(f"“{name}” {what}", where=lines.where(path), remedy="mend the value")


def _duration(value: Any, path: tuple[str, ...], lines: _Lines) -> timedelta:
    """`90m`, `2h`, `1d12h` → the span of time."""
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match or not any(match.groups()):
        raise _wrong(path, lines, "must be a span of time such as “2h”, “90m” or “1d”")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _read_dotenv(path: Path) -> dict[str, str]:
    """`NAME=value` lines; quotation marks around a value are taken off, `#` lines are comments."""
    if not path.is_file():
        return {}
    values: dict[str, str] = {}
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().isidentifier():
            raise BadSetting("is not NAME=value", where=f"{path}:{number}", remedy="mend or remove the line")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        values[name.strip()] = value
    return values


def _secrets(variables: Mapping[str, str]) -> Secrets:
    found: dict[str, str] = {}
    for variable, field in SECRETS.items():
        file = variables.get(f"{variable}_FILE")
        if file:
            try:
                found[field] = Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise BadSetting(
                    f"names a file that cannot be read: {error.strerror}",
                    where=f"{variable}_FILE",
                    remedy="name a readable file that holds the key alone",
                ) from error
        elif variables.get(variable):
            found[field] = variables[variable].strip()
    return Secrets(**found)


def _check(settings: Settings, lines: _Lines) -> None:
    """Rules that a type cannot say."""
    newsletter = settings.newsletter
    for key in ("name", "from", "postal_address", "public_url"):
        if not getattr(newsletter, "sender" if key == "from" else key).strip():
            raise _wrong(("newsletter", key), lines, "is empty")
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*[^\s/?#])?/?", newsletter.public_url):
        raise _wrong(
            ("newsletter", "public_url"), lines, "must be an address such as https://news.example.com"
        )
    try:
        ZoneInfo(newsletter.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSetting(
            f"“{newsletter.timezone}” is no time zone",
            where=lines.where(("newsletter", "timezone")),
            remedy="use an IANA name such as Europe/Berlin",
        ) from error
    for index, source in enumerate(settings.sources):
        here = ("sources", str(index), "url" if source.url else "folder")
        if bool(source.url) == bool(source.folder):
            raise _wrong(here, lines, "must be given, or “folder”, and not both")
        if source.max_posts < 1:
            raise _wrong(("sources", str(index), "max_posts"), lines, "must be 1 or more")
    if not 1 <= settings.provider.batch_size <= 1000:
        raise _wrong(("provider", "batch_size"), lines, "must be between 1 and 1000")
