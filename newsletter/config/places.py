"""Where each setting was given, which tomllib does not tell."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newsletter.errors import BadSetting

SettingPath = tuple[str, ...]
"""Such as `("provider", "kind")`, or `("sources", "0", "url")` in an array of tables."""

_NAME = r"[\w-]+|\"[^\"]*\"|'[^']*'"
_DOTTED = rf"(?:{_NAME})(?:\s*\.\s*(?:{_NAME}))*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")


class Places:
    """Finds `file:line` of a setting, or the variable that gave it."""

    def __init__(self, file: Path, text: str) -> None:
        self._file = file
        self._given: dict[SettingPath, str] = {}
        self._variables: set[SettingPath] = set()
        section: SettingPath = ()
        tables: Counter[SettingPath] = Counter()
        for number, line in enumerate(text.split("\n"), start=1):
            if header := _HEADER.match(line):
                section = _names(header[2])
                if header[1] == "[[":
                    tables[section] += 1
                    section = (*section, str(tables[section] - 1))
                self._given.setdefault(section, f"{file}:{number}")
            elif key := _KEY.match(line):
                self._given.setdefault((*section, *_names(key[1])), f"{file}:{number}")

    def give(self, path: SettingPath, variable: str) -> None:
        """Note that the setting's value comes from a variable instead."""
        self._given[path] = variable
        for length in range(1, len(path)):
            self._given.setdefault(path[:length], variable)
        self._variables.add(path)

    def is_variable(self, path: SettingPath) -> bool:
        """Whether the value comes from a variable, where everything is text."""
        return path in self._variables

    def where(self, path: SettingPath) -> str:
        """The place of the setting, else of the nearest table around it, else the file."""
        inwards = (path[:length] for length in range(len(path), 0, -1))
        return next((self._given[p] for p in inwards if p in self._given), str(self._file))

    def wrong(self, path: SettingPath, what: str) -> BadSetting:
        """The error that says so of the setting."""
        return BadSetting(f"“{dotted(path)}” {what}", where=self.where(path), remedy="mend the value")

    def of(self, table: Mapping[str, Any], path: SettingPath = ()) -> dict[str, str]:
        """The place of each setting of a table that is in no array, by its dotted path."""
        found: dict[str, str] = {}
        for key, value in table.items():
            here = (*path, key)
            found |= self.of(value, here) if isinstance(value, dict) else {".".join(here): self.where(here)}
        return found


def dotted(path: SettingPath) -> str:
    """The setting's name for messages."""
    return ".".join(part for part in path if not part.isdigit())


def _names(dotted_name: str) -> SettingPath:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, dotted_name))
