"""Answers in SendGrid's form, and what of a request the emulated endpoints look at."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request to an endpoint, its key checked and its body decoded (None when there is none)."""

    names: tuple[str, ...] = ()
    """What stands in the path where the route has groups."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """An endpoint: a key needs `scope` to use it."""

    method: str
    path: re.Pattern[str]
    scope: str
    answer: Callable[[Call], Answer]


def route(method: str, path: str, scope: str, answer: Callable[[Call], Answer]) -> Route:
    """The endpoint at `path`, whose groups in brackets are regular expressions."""
    return Route(method=method, path=re.compile(path), scope=scope, answer=answer)


def ok(content: object, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(content).encode()


def nothing(status: int = 204) -> Answer:
    return status, {}, b""


def error(status: int, message: str, field: str | None = None) -> Answer:
    """A refusal in SendGrid's form."""
    return errors(status, [(field, message)])


def errors(status: int, found: Sequence[tuple[str | None, str]]) -> Answer:
    listed = [{"message": message, "field": field, "help": None} for field, message in found]
    return ok({"errors": listed}, status)
