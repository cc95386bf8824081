"""What every page of the readers needs: who asks, in which language to answer, and how answers look.

A group of pages is a module with `routes(pages)`; `app.make_pages` puts them together. Nothing acts
on GET or HEAD.
"""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.content.phrases import direction_of
from newsletter.models import Channel, Consent, ConsentAction, Subscriber
from newsletter.web.pages import render_page
from newsletter.web.phrases import in_language, spoken
from newsletter.web.visitors import Visitor, visitor_of
from newsletter.wiring import App

MAX_LANGUAGES = 10
"""Of a browser's list that are looked at."""
_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


class Pages:
    """The pages of one newsletter."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.name = app.settings.newsletter.name
        self._frame = {
            "name": self.name,
            "home": "/archive" if app.settings.archive.public else "",
            "postal_address": " ".join(app.settings.newsletter.postal_address.split()),
        }

    def language(self, request: Request, person: Subscriber | None = None) -> str:
        """The tag of the language to answer in: the person's, else the visitor's, else the newsletter's."""
        chosen = [request.query_params.get("language", ""), person.language if person else ""]
        accepted = _accepted(request.headers.get("Accept-Language", ""))
        return spoken(*filter(None, [*chosen, *accepted, self.app.settings.newsletter.language]))

    def visitor(self, request: Request) -> Visitor:
        """Who is asking."""
        return visitor_of(request, self.app.settings.web.trusted_proxies)

    def step(self, request: Request, action: ConsentAction, channel: Channel = Channel.PAGE) -> Consent:
        """What the record of a subscription keeps of this request: who asked for what, when and how."""
        visitor = self.visitor(request)
        return Consent(
            action=action,
            channel=channel,
            at=self.app.clock.now(),
            ip=visitor.ip,
            user_agent=visitor.user_agent,
        )

    def say(
        self,
        table: Mapping[str, Any],
        language: str,
        what: str,
        *,
        explanation: str = "",
        button: str = "",
        again: str = "",
        status: int = 200,
    ) -> Response:
        """A page of a few words, all named sentences of a table of `web/phrases/`: the title `what`, its
        `what_explanation` unless another is named, and the button's. `again` is the path of a form with
        which to start anew; a link leads there."""
        words = in_language(table, language)

        def sentence(name: str) -> str:
            return str(getattr(words, name)).format(name=self.name)

        return self.answer(
            "message.html.j2",
            language=language,
            status=status,
            title=sentence(what),
            text=sentence(explanation or f"{what}_explanation"),
            button=sentence(button) if button else "",
            link={"url": again, "text": sentence("again")} if again else None,
        )

    def answer(self, template: str, *, language: str, status: int = 200, **values: object) -> Response:
        """The page made from a template of `web/pages/`, in a language that `language` gave."""
        page = render_page(
            template, language=language, direction=direction_of(language), **self._frame, **values
        )
        return HTMLResponse(page, status_code=status)


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most welcome first (RFC 9110 §12.5.4); those of
    weight 0 are not wanted, and a weight that is none counts as if it were not there."""
    weights: list[tuple[float, str]] = []
    for part in header.split(",")[:MAX_LANGUAGES]:
        tag, _, weight = part.partition(";")
        given = _WEIGHT.fullmatch(weight.strip())
        weights.append((float(given[1]) if given else 1.0, tag.strip()))
    return [tag for weight, tag in sorted(weights, key=lambda each: -each[0]) if weight]
