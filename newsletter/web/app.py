"""The server's pages, put together: each group of them is a module with `routes`."""

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.web import archive, joining, leaving, privacy, robots, webhooks
from newsletter.web.page import Pages
from newsletter.web.security import Guard
from newsletter.web.trouble import handlers
from newsletter.wiring import App


def make_pages(app: App) -> Guard:
    """The ASGI application of one newsletter."""
    pages = Pages(app)

    def healthy(_request: Request) -> Response:
        """200 while the database answers."""
        try:
            app.subscribers.count()
        except SQLAlchemyError:
            return PlainTextResponse("the database does not answer\n", status_code=503)
        return PlainTextResponse("ok\n")

    site = Starlette(
        exception_handlers=handlers(pages),
        routes=[
            *joining.routes(pages),
            *leaving.routes(pages),
            *archive.routes(pages),
            *privacy.routes(pages),
            *robots.routes(pages),
            *webhooks.routes(app),
            Route("/healthz", healthy, methods=["GET"]),
        ],
    )
    site.router.redirect_slashes = False  # a one-click POST must never be redirected (RFC 8058 §3.1)
    return Guard(site, https=app.settings.newsletter.public_url.startswith("https://"))
