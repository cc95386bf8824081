"""The server's pages, put together: each group of them is a module with `routes`."""

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.web import archive, joining, leaving, webhooks
from newsletter.web.page import Pages
from newsletter.wiring import App


def make_pages(app: App) -> Starlette:
    """The ASGI application of one newsletter."""
    pages = Pages(app)

    def healthy(_request: Request) -> Response:
        """200 while the database answers."""
        try:
            app.subscribers.count()
        except SQLAlchemyError:
            return PlainTextResponse("the database does not answer\n", status_code=503)
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            *joining.routes(pages),
            *leaving.routes(pages),
            *archive.routes(pages),
            *webhooks.routes(app),
            Route("/healthz", healthy, methods=["GET"]),
        ]
    )
