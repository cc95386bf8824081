"""What is held of a person, shown to them, taken along and erased.

The link is mailed to their own address and works for a day; the token of letters opens nothing here.
"""

from collections.abc import Sequence

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.content.tokens import Purpose, read_token
from newsletter.models.privacy import Held
from newsletter.usecases.forgetting import HeldCell, forget, held_cells, held_lines
from newsletter.web.forms import read_form
from newsletter.web.page import Pages
from newsletter.web.phrases import in_language
from newsletter.web.phrases.preferences import PREFERENCES
from newsletter.web.phrases.privacy import PRIVACY


def routes(pages: Pages) -> list[Route]:
    """`/privacy/{token}`."""
    privacy = _Privacy(pages)
    return [
        Route("/privacy/{token}", privacy.page, methods=["GET"]),
        Route("/privacy/{token}", privacy.act, methods=["POST"]),
    ]


class _Privacy:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._app = pages.app

    def page(self, request: Request) -> Response:
        """All that is held, and the buttons."""
        held = self._held(request)
        return self._unknown(request) if held is None else self._show(request, held)

    async def act(self, request: Request) -> Response:
        """What the button says: a file, the question, or the end."""
        wish = (await read_form(request)).get("do")
        return await run_in_threadpool(self._act, request, wish)

    def _act(self, request: Request, wish: str) -> Response:
        held = self._held(request)
        if held is None:
            return self._unknown(request)
        match wish:
            case "json":
                whole = msgspec.json.format(msgspec.json.encode(held), indent=2)
                return _file(whole, "application/json", "my-data.json")
            case "csv":
                return _file("".join(held_lines(held)).encode(), "text/csv; charset=utf-8", "my-data.csv")
            case "erase":
                return self._say(request, held, "sure", template="privacy_sure.html.j2")
            case "erase now":
                address = held.person.address.addr_spec
                app = self._app
                forget(address, forgetting=app.forgetting, keys=app.keys, now=app.clock.now())
                return self._say(request, held, "erased")
        return self._show(request, held)

    def _held(self, request: Request) -> Held | None:
        token = request.path_params["token"]
        person = read_token(self._app.keys, Purpose.MANAGE, token, now=self._app.clock.now())
        return None if person is None else self._app.forgetting.held(person)

    def _show(self, request: Request, held: Held) -> Response:
        return self._say(request, held, "", template="privacy.html.j2", cells=list(held_cells(held)))

    def _unknown(self, request: Request) -> Response:
        return self._say(request, None, "unknown", status=404)

    def _say(
        self,
        request: Request,
        held: Held | None,
        what: str,
        *,
        template: str = "message.html.j2",
        status: int = 200,
        cells: Sequence[HeldCell] = (),
    ) -> Response:
        language = self._pages.language(request, held.person if held else None)
        words, name = in_language(PRIVACY, language), self._pages.name
        return self._pages.answer(
            template,
            language=language,
            status=status,
            title=getattr(words, what or "title").format(name=name),
            text=getattr(words, f"{what}_explanation" if what else "explanation").format(name=name),
            button="",
            words=words,
            link={"url": "/manage", "text": PREFERENCES[language].link_button} if status == 404 else None,
            settings_url=f"/manage/{request.path_params['token']}",
            cells=cells,
        )


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(
        content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
