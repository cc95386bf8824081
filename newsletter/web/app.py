"""The server's pages, put together: each group of them is a module with `routes`."""

from starlette.applications import Starlette

from newsletter.web import (
    archive,
    joining,
    leaving,
    managing,
    openapi,
    preferences,
    privacy,
    robots,
    watching,
    webhooks,
)
from newsletter.web.page import Pages
from newsletter.web.security import Guard
from newsletter.web.trouble import handlers
from newsletter.wiring import App


def make_pages(app: App) -> Guard:
    """The ASGI application of one newsletter."""
    pages = Pages(app)

    site = Starlette(
        exception_handlers=handlers(pages),
        routes=[
            *joining.routes(pages),
            *leaving.routes(pages),
            *preferences.routes(pages),
            *managing.routes(pages),
            *archive.routes(pages),
            *privacy.routes(pages),
            *robots.routes(pages),
            *webhooks.routes(app),
            *watching.routes(app),
            *openapi.routes(app),
        ],
    )
    site.router.redirect_slashes = False  # a one-click POST must never be redirected (RFC 8058 §3.1)
    return Guard(site, https=app.settings.newsletter.public_url.startswith("https://"))
