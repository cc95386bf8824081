"""Telling machines that open links from people who read: so that counts are of people.

Nothing depends on it: no page acts by being opened, whoever opens it.
"""

import hashlib
import hmac
import re
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.errors import Busy
from newsletter.models import IssueId
from newsletter.web.page import Pages

_AGENTS = re.compile(
    r"bot\b|crawl|spider|preview|scan|slurp|monitor|curl|wget|python|java/|go-http|headless|barracuda"
    r"|proofpoint|mimecast|safelinks|symantec|facebookexternalhit|whatsapp|telegram",
    re.IGNORECASE,
)


def routes(pages: Pages) -> list[Route]:
    """`/c/more`, which marks who follows it, and `/robots.txt`, which asks crawlers not to. It stands on
    pages with a button, where no person sees it."""

    def canary(request: Request) -> Response:
        """404, as if nothing were there."""
        note_visit(pages, request, "canary", machine=True)
        return PlainTextResponse("missing\n", 404)

    def robots(_request: Request) -> Response:
        """What crawlers are asked not to open."""
        paths = ("/c/", "/u/", "/m/", "/confirm/", "/back/", "/manage", "/new-address/", "/privacy/")
        kept_out = "".join(f"Disallow: {path}\n" for path in paths)
        archive = pages.app.settings.archive
        everything = "" if archive.indexed else "Disallow: /\n"
        public_url = pages.app.settings.newsletter.public_url.rstrip("/")
        sitemap = f"Sitemap: {public_url}/sitemap.xml\n" if archive.public and archive.indexed else ""
        return PlainTextResponse(f"User-agent: *\n{kept_out}{everything}{sitemap}")

    return [
        Route("/c/more", canary, methods=["GET"]),
        Route("/robots.txt", robots, methods=["GET"]),
    ]


def note_visit(
    pages: Pages, request: Request, page: str, issue_id: IssueId | None = None, *, machine: bool = False
) -> None:
    """None; the visit is counted, as a machine's where it shows itself to be one."""
    app = pages.app
    visitor = pages.visitor(request)
    now = app.clock.now()
    named = f"visit:{now:%Y-%m-%d}:{visitor.network}:{visitor.user_agent}"
    client = hmac.new(app.keys.signing, named.encode(), hashlib.sha256).hexdigest()[:24]
    with suppress(Busy):  # nobody waits for a page, or goes without, that it may be counted
        app.visits.note(page, issue_id, client, now, machine=machine or is_machine(request))


def is_machine(request: Request) -> bool:
    """Whether the request shows by itself that no person made it."""
    purposes = (request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"))
    agent = request.headers.get("User-Agent", "")
    return (
        request.method == "HEAD"
        or any("prefetch" in purpose or "preview" in purpose for purpose in purposes)
        or not agent
        or bool(_AGENTS.search(agent))
    )
