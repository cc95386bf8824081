"""newsletter.toml, `.env` and the environment → Settings, or an error that names file, line and word.

Order, the strongest first: environment (`NEWSLETTER_SECTION__KEY`) > `.env` > newsletter.toml > default.
"""

import dataclasses
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from newsletter.config.environment import Variable, read_secrets, read_variables, setting_variables
from newsletter.config.places import Places, SettingPath, dotted
from newsletter.config.rules import check_rules
from newsletter.config.settings import ProviderSettings, Settings
from newsletter.errors import BadSetting, NotFound, did_you_mean

FILE = "newsletter.toml"
_NOT_IN_FILE = {"project", "secrets", "places", "provider_table", "variables"}
_FILE_NAMES = {"sender": "from"}
"""Fields whose name in the file is a Python keyword."""
_DURATION = re.compile(r"(?:(\d{1,5})d)?(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,5})s)?", re.ASCII)


def load_settings(project: Path, environ: Mapping[str, str]) -> Settings:
    """The project's settings.

    Raises NotFound when the folder holds no newsletter.toml, BadSetting for everything else that
    is wrong in it, in `.env` or in the environment.
    """
    path = project / FILE
    text = _read(path)
    table = _parse(text, path)
    places = Places(path, text)
    variables = read_variables(project, environ)
    known = {name for name in setting_names(Settings) if name not in _NOT_IN_FILE}
    given = setting_variables(variables)
    provider_table = _take_provider_table(table, given)
    _refuse_unknown(table, Settings, (), places, allowed=known)
    _overlay(table, given, places, known)
    values = {
        name: _convert(table[name], _type_of(Settings, name), (name,), places)
        for name in known
        if name in table
    }
    if "newsletter" not in values:
        raise BadSetting("has no [newsletter] section", where=str(path), remedy="add one")
    settings = Settings(
        project=project,
        secrets=read_secrets(project, variables),
        provider_table=provider_table,
        variables={name: variable.value for name, variable in variables.items()},
        places=places.of(table),
        **values,
    )
    check_rules(settings, places)
    return settings


def setting_names(table: type) -> dict[str, "dataclasses.Field[Any]"]:
    """The fields of a settings table, by the name that they have in the file."""
    return {_FILE_NAMES.get(field.name, field.name): field for field in dataclasses.fields(table)}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFound(
            f"{path} does not exist",
            remedy="run the command in a newsletter's folder, name it with -C, or make one with "
            "“newsletter init DIR”",
        ) from error
    except UnicodeDecodeError as error:
        raise BadSetting("is not UTF-8", where=str(path), remedy="save it in UTF-8") from error
    except OSError as error:
        raise BadSetting(
            f"cannot be read: {error.strerror}", where=str(path), remedy="make it a readable file"
        ) from error


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, position = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", position)
        where = f"{path}:{line[1] if line else len(text.splitlines())}"
        raise BadSetting(f"is not TOML: {message}", where=where, remedy="mend this line") from error


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


def _refuse_unknown(
    table: Mapping[str, Any],
    cls: type,
    path: SettingPath,
    places: Places,
    allowed: set[str] | None = None,
) -> None:
    names = allowed or set(setting_names(cls))
    for key, value in table.items():
        here = (*path, key)
        if key not in names:
            raise BadSetting(
                f"unknown setting “{dotted(here)}”", where=places.where(here), remedy=did_you_mean(key, names)
            )
        inner = _table_class(_type_of(cls, setting_names(cls)[key].name))
        elements = [(here, value)]
        if isinstance(value, list):
            elements = [((*here, str(index)), element) for index, element in enumerate(value)]
        for place, element in elements:
            if inner and isinstance(element, dict):
                _refuse_unknown(element, inner, place, places)


def _take_provider_table(table: dict[str, Any], given: dict[tuple[str, ...], Variable]) -> dict[str, Any]:
    """What is set for a provider's kind that no class here describes, taken out of both."""
    provider = table.get("provider")
    provider = provider if isinstance(provider, dict) else {}
    chosen = given.get(("provider", "kind"))
    kind = chosen.value if chosen else provider.get("kind")
    if not isinstance(kind, str) or kind in setting_names(ProviderSettings):
        return {}
    own = provider.pop(kind) if isinstance(provider.get(kind), dict) else {}
    paths = [path for path in given if path[:2] == ("provider", kind.lower()) and len(path) == 3]
    return own | {path[2]: given.pop(path).value for path in paths}


def _overlay(
    table: dict[str, Any], given: Mapping[tuple[str, ...], Variable], places: Places, known: set[str]
) -> None:
    """Put NEWSLETTER_SECTION__KEY values over those of the file."""
    for path, variable in given.items():
        places.give(path, variable.where)
        *tables, key = path
        written: dict[str, Any] = {key: variable.value}
        for name in reversed(tables):
            written = {name: written}
        _refuse_unknown(written, Settings, (), places, allowed=known)
        target: Any = table
        for name in tables:
            target = target.setdefault(name, {})
            if not isinstance(target, dict):
                raise BadSetting(
                    "no variable can give this setting", where=variable.where, remedy=f"write it in {FILE}"
                )
        target[key] = variable.value


def _convert(value: Any, annotation: Any, path: SettingPath, places: Places) -> Any:
    """The typed value of a setting, table by table so that an error knows its place."""
    cls = _table_class(annotation)
    if cls is not None and typing.get_origin(annotation) is tuple:
        if not isinstance(value, list) or not all(isinstance(element, dict) for element in value):
            raise places.wrong(path, f"must be written as [[{path[-1]}]] tables")
        return tuple(_convert(v, cls, (*path, str(i)), places) for i, v in enumerate(value))
    if cls is not None:
        return _convert_table(value, cls, path, places)
    if annotation is timedelta:
        return _duration(value, path, places)
    is_text = places.is_variable(path)
    if is_text and typing.get_origin(annotation) is tuple:
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return msgspec.convert(value, annotation, strict=not is_text)
    except msgspec.ValidationError as error:
        raise places.wrong(path, _plain(str(error), annotation)) from error


def _convert_table(value: Any, cls: type, path: SettingPath, places: Places) -> Any:
    if not isinstance(value, dict):
        raise places.wrong(path, f"must be a [{dotted(path)}] table")
    given: dict[str, Any] = {}
    for key, field in setting_names(cls).items():
        if key in value:
            given[field.name] = _convert(value[key], _type_of(cls, field.name), (*path, key), places)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise BadSetting(
                f"“{dotted((*path, key))}” is missing",
                where=places.where((*path, key)),
                remedy=f"add a line such as: {key} = …",
            )
    return cls(**given)


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


def _duration(value: Any, path: SettingPath, places: Places) -> timedelta:
    """`90m`, `2h`, `1d12h` → the span of time."""
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match or not any(match.groups()):
        raise places.wrong(path, "must be a span of time such as “2h”, “90m” or “1d”")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
