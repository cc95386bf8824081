"""A theme's templates, filled in a sandbox; a fault names its file and line."""

import traceback
from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.config.theme import Theme
from newsletter.content.wrapping import WIDTH, wrap
from newsletter.errors import BadTemplate

_FAULTS = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an expression of a template can raise; the sandbox's SecurityError is a TemplateError."""


class Templates:
    """The templates of a theme; `files` are its files as they are to be filled."""

    def __init__(self, theme: Theme, files: Mapping[str, str]) -> None:
        self._theme = theme
        self._files = files
        self._environment = ImmutableSandboxedEnvironment(
            loader=jinja2.FunctionLoader(self._load),
            autoescape=lambda name: name is None or not name.endswith(".txt.j2"),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters["wrapped"] = _wrapped

    def fill(self, name: str, context: Mapping[str, Any]) -> str:
        """The template with these values. Raises BadTemplate."""
        try:
            return self._environment.get_template(name).render(context)
        except jinja2.TemplateNotFound as error:
            raise BadTemplate(
                f"has no {error.name}",
                where=f"templates/{self._theme.name}",
                remedy="add the file, or remove the theme's folder to use the one that ships",
            ) from error
        except _FAULTS as error:
            raise BadTemplate(
                str(error),
                where=self._place(error),
                remedy="mend the template; docs/adding/a-theme.md lists its words",
            ) from error

    def _load(self, name: str) -> tuple[str, str, None] | None:
        if name not in self._files:
            return None
        return self._files[name], self._theme.paths.get(name, name), None

    def _place(self, error: BaseException) -> str:
        """`path:line` of the template line that raised."""
        if isinstance(error, jinja2.TemplateSyntaxError):
            return f"{error.filename or error.name}:{error.lineno}"
        paths = set(self._theme.paths.values())
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in paths]
        return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else f"templates/{self._theme.name}"


def _wrapped(text: str, indent: str = "") -> str:
    """The text in lines; all but the first begin with the indent."""
    return f"\n{indent}".join(wrap(text, WIDTH - len(indent)))
