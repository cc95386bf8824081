"""The YAML block at the head of a Markdown file, read so that every value is text.

Plain YAML has traps for authors: `Issue #5` loses its end to a comment, `NO` is false, `12:30` is
750 (YAML 1.1 §10.2). Values are therefore read as text, and one that YAML would read otherwise
than it is written is an error with its line.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import yaml

from newsletter.errors import BadIssueFile, did_you_mean

_FENCE = "---"
_UNPRINTABLE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_QUOTE = "put the value in quotation marks"


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """A file cut at its second `---`; `body_line` is the line of the body's first line, from 1."""

    yaml: str
    """With the blank lines before the first `---`, so that its first line is the file's second."""
    body: str
    body_line: int


def split_front_matter(text: str, *, path: str) -> Split:
    """The two halves of a file. Raises BadIssueFile when it does not begin with front matter."""
    lines = text.split("\n")
    begin = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[begin].rstrip() != _FENCE:
        raise BadIssueFile(
            "the front matter is missing",
            where=f"{path}:{begin + 1}",
            remedy='begin the file with a line ---, a line subject: "…" and another line ---',
        )
    for number, line in enumerate(lines[begin + 1 :], start=begin + 1):
        if line.rstrip() == _FENCE:
            body = "\n".join(lines[number + 1 :])
            return Split(
                yaml="\n".join([""] * begin + lines[begin + 1 : number]), body=body, body_line=number + 2
            )
    raise BadIssueFile(
        "the front matter that begins here has no end",
        where=f"{path}:{begin + 1}",
        remedy="close it with a line ---",
    )


def read_fields(
    source: str, *, known: Collection[str], prose: Collection[str], path: str
) -> dict[str, tuple[str, int]]:
    """Every key's value and line. `prose` names the keys whose plain value must be taken literally.

    Raises BadIssueFile for what is not YAML, for unknown and repeated keys, and for values that
    are no text or that YAML reads otherwise than they are written.
    """
    fields: dict[str, tuple[str, int]] = {}
    for key, value in _pairs(source, path):
        where = f"{path}:{_line(key.start_mark)}"
        if key.value not in known:
            raise BadIssueFile(
                f"unknown key “{key.value}”", where=where, remedy=did_you_mean(key.value, known)
            )
        if key.value in fields:
            raise BadIssueFile(f"“{key.value}” is given twice", where=where, remedy="remove one of them")
        if not isinstance(value, yaml.ScalarNode):
            raise BadIssueFile(f"“{key.value}” is not text", where=where, remedy=_QUOTE)
        written = _as_written(source, key, value)
        if key.value in prose and value.style is None and written != _folded(value.value):
            raise BadIssueFile(
                f"YAML reads “{written}” as “{value.value}”",
                where=where,
                remedy=f"{_QUOTE}: {key.value}: {_quoted(written)}",
            )
        fields[key.value] = (value.value, _line(key.start_mark))
    return fields


def write_fields(fields: Mapping[str, str]) -> str:
    """The lines of these fields, each value in quotation marks."""
    return "".join(f"{key}: {_quoted(value)}\n" for key, value in fields.items())


def _quoted(value: str) -> str:
    """YAML 1.1 §9.5: a double-quoted scalar on one line; what is not printable there is escaped."""
    escaped = re.sub(r"[\\\"]", r"\\\g<0>", value)
    return '"' + _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'


def _pairs(source: str, path: str) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    try:
        document = yaml.compose(source, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _unreadable(error.problem or "", path, _line(mark) if mark else 1) from error
    except yaml.reader.ReaderError as error:
        raise _unreadable("a control character", path, source.count("\n", 0, error.position) + 2) from error
    except RecursionError as error:
        raise _unreadable("brackets in brackets without end", path, 2) from error
    if document is None:
        return
    if not isinstance(document, yaml.MappingNode):
        raise _unreadable("it is no list of “key: value” lines", path, _line(document.start_mark))
    pairs: list[tuple[yaml.Node, yaml.Node]] = document.value
    for key, value in pairs:
        if not isinstance(key, yaml.ScalarNode):
            raise _unreadable("a key is no plain word", path, _line(key.start_mark))
        yield key, value


def _unreadable(problem: str, path: str, line: int) -> BadIssueFile:
    return BadIssueFile(
        f"the front matter cannot be read: {problem}",
        where=f"{path}:{line}",
        remedy='write one “key: value” a line, values in quotation marks, such as subject: "Re: hello"',
    )


def _as_written(source: str, key: yaml.ScalarNode, value: yaml.ScalarNode) -> str:
    """What stands after the key's colon, to the end of the line on which the value ends."""
    first, *more = source.split("\n")[key.end_mark.line : value.end_mark.line + 1]
    return _folded(" ".join([first[key.end_mark.column :].partition(":")[2], *more]))


def _folded(text: str) -> str:
    return " ".join(text.split())


def _line(mark: yaml.Mark) -> int:
    """YAML counts from 0, and its first line is the second of the file."""
    return mark.line + 2
