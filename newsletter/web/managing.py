"""Readers' settings by a link that was mailed to their own address, a day ago at most: the name, another
address, the way to all that is held, and the goodbye. A new address counts when its owner says so.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.content.addresses import make_address
from newsletter.content.tokens import Purpose, read_token
from newsletter.errors import BadAddress
from newsletter.models import Address, ConsentAction, Subscriber
from newsletter.usecases.preferences import ask_for_change
from newsletter.web.forms import Form, read_form
from newsletter.web.page import Pages
from newsletter.web.phrases.leaving import LEAVING
from newsletter.web.settingspages import SettingsPages


def routes(pages: Pages) -> list[Route]:
    """`/manage/{token}` and `/new-address/{token}`."""
    managing = _Managing(pages)
    return [
        Route("/manage/{token}", managing.own_page, methods=["GET"]),
        Route("/manage/{token}", managing.act_on_own, methods=["POST"]),
        Route("/new-address/{token}", managing.moving_page, methods=["GET"]),
        Route("/new-address/{token}", managing.move, methods=["POST"]),
    ]


class _Managing(SettingsPages):
    def own_page(self, request: Request) -> Response:
        """All that the person may change."""
        person = self._owner(request)
        return self.unknown(request) if person is None else self.show(request, person, own=True)

    async def act_on_own(self, request: Request) -> Response:
        """The choices kept, a button on its way to a new address, or the goodbye; the page once more for
        anything but its own buttons."""
        form = await read_form(request)
        return await run_in_threadpool(self._act_on_own, request, form)

    def _act_on_own(self, request: Request, form: Form) -> Response:
        person = self._owner(request)
        if person is None:
            return self.unknown(request)
        match form.get("do"):
            case "choose":
                return self.choose(request, person, form, own=True)
            case "move":
                return self._ask_for_change(request, person, form.get("email"))
            case "leave":
                step = self.pages.step(request, ConsentAction.UNSUBSCRIBED)
                self.app.joining.leave(person.id, step, mail=True)
                return self.pages.say(LEAVING, self.pages.language(request, person), "gone")
        return self.show(request, person, own=True)

    def _ask_for_change(self, request: Request, person: Subscriber, typed: str) -> Response:
        try:
            address = make_address(typed)
        except BadAddress:
            return self.show(request, person, own=True, typed=typed)
        app, client = self.app, self.pages.visitor(request).network

        def ask(address: Address = address) -> None:
            ask_for_change(
                person.id,
                address,
                client=client,
                key=app.keys.signing,
                now=app.clock.now(),
                preferences=app.preferences,
                limits=app.limits,
            )

        return self.say(request, person, "asked", explanation="move_asked", then=ask)

    def _owner(self, request: Request) -> Subscriber | None:
        token = request.path_params["token"]
        number = read_token(self.app.keys, Purpose.MANAGE, token, now=self.app.clock.now())
        return None if number is None else self.app.subscribers.get(number)

    def moving_page(self, request: Request) -> Response:
        """The page with the button; link scanners may open it as often as they like."""
        person = self._mover(request)
        if person is None:
            return self.unknown(request)
        return self.say(request, person, "moving", button="moving_button")

    def move(self, request: Request) -> Response:
        """The new address in force."""
        person = self._mover(request)
        step = self.pages.step(request, ConsentAction.CHANGED)
        if person is None or not self.app.preferences.change_address(person.id, step):
            return self.unknown(request)
        return self.say(request, person, "moved")

    def _mover(self, request: Request) -> Subscriber | None:
        number = read_token(
            self.app.keys,
            Purpose.NEW_ADDRESS,
            request.path_params["token"],
            now=self.app.clock.now(),
            bound=self.app.preferences.next_address,
        )
        return None if number is None else self.app.subscribers.get(number)
