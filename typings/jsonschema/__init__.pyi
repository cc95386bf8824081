from collections.abc import Iterator
from typing import Any

from referencing import Registry

class ValidationError(Exception):
    message: str
    json_path: str

class Draft202012Validator:
    def __init__(self, schema: Any, *, registry: Registry[Any] = ...) -> None: ...
    def iter_errors(self, instance: Any) -> Iterator[ValidationError]: ...
