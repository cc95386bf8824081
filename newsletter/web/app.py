"""The server's pages, put together: each group of them is a module with `routes`."""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

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
    routes = [
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
    ]

    trouble = handlers(pages)

    async def wrong_method(request: Request, _error: Exception) -> Response:
        """405 with every method of the path (RFC 9110 §15.5.6); a route knows its own alone."""
        allow = {"Allow": ", ".join(sorted(_methods(routes, request)))}
        refusal: Response = await trouble[HTTPException](request, HTTPException(405, headers=allow))
        return refusal

    site = Starlette(exception_handlers={**trouble, 405: wrong_method}, routes=routes)
    site.router.redirect_slashes = False  # a one-click POST must never be redirected (RFC 8058 §3.1)
    return Guard(site, https=app.settings.newsletter.public_url.startswith("https://"))


def _methods(routes: Iterable[Route], request: Request) -> set[str]:
    """What may be done with the path of this request."""
    fitting = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return {method for route in fitting for method in route.methods or ()}
