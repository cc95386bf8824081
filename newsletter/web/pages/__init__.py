"""The program's own pages: Jinja2 templates that ship inside the package, and the one style of all."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

STYLE = (files(__name__) / "style.css").read_text(encoding="utf-8")
"""What stands in `<style>` on every page, and nothing else: browsers know it by its hash."""


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("newsletter.web.pages", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_page(template: str, /, **values: object) -> str:
    """The page's HTML; every value is escaped. It is in English where no `language` says otherwise."""
    style = Markup(STYLE)  # noqa: S704 -- this program's own file
    page = _environment().get_template(template)
    return page.render({"language": "en", "direction": "ltr", "style": style, **values})
