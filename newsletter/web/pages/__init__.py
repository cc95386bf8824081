"""The program's own pages: Jinja2 templates that ship inside the package."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


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
    return _environment().get_template(template).render({"language": "en", "direction": "ltr", **values})
