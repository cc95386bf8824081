"""A theme's templates, filled in a sandbox; a fault names its file and line."""

import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.config.theme import Theme
from newsletter.content.wrapping import WIDTH, wrap
from newsletter.errors import BadTemplate

_FAULTS = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an expression of a template can raise; the sandbox's SecurityError is a TemplateError."""


def fill(theme: Theme, files: Mapping[str, str], name: str, context: Mapping[str, Any]) -> str:
    """The template of this name with these values; `files` are the theme's as they are to be filled.

    Raises BadTemplate.
    """
    try:
        environment = _environment(tuple(files.items()), tuple(theme.paths.items()))
        return environment.get_template(name).render(context)
    except jinja2.TemplateNotFound as error:
        raise BadTemplate(
            f"has no {error.name}",
            where=f"templates/{theme.name}",
            remedy="add the file, or remove the theme's folder to use the one that ships",
        ) from error
    except _FAULTS as error:
        raise BadTemplate(
            str(error),
            where=_place(error, theme),
            remedy="mend the template; docs/adding/a-theme.md lists its words",
        ) from error


@lru_cache(maxsize=8)
def _environment(
    files: tuple[tuple[str, str], ...], paths: tuple[tuple[str, str], ...]
) -> ImmutableSandboxedEnvironment:
    """The environment of a theme, kept with its compiled templates: compiling takes longer than filling."""
    sources, places = dict(files), dict(paths)

    def load(name: str) -> tuple[str, str, None] | None:
        return (sources[name], places.get(name, name), None) if name in sources else None

    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FunctionLoader(load),
        autoescape=lambda name: name is None or not name.endswith(".txt.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrapped"] = _wrapped
    return environment


def _place(error: BaseException, theme: Theme) -> str:
    """`path:line` of the template line that raised."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.filename or error.name}:{error.lineno}"
    paths = set(theme.paths.values())
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in paths]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else f"templates/{theme.name}"


def _wrapped(text: str, indent: str = "") -> str:
    """The text in lines; all but the first begin with the indent."""
    return f"\n{indent}".join(wrap(text, WIDTH - len(indent)))
