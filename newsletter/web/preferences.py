"""Readers' settings by the link in every letter, which may be forwarded with it: who holds it may choose
what comes, sees the address masked, and may have the other link mailed to the reader's own address.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.content.addresses import make_address
from newsletter.content.links import read_reader_token
from newsletter.errors import BadAddress
from newsletter.models import Subscriber, SubscriberStatus
from newsletter.usecases.preferences import ask_for_link
from newsletter.web.forms import Form, read_form
from newsletter.web.page import Pages
from newsletter.web.phrases import in_language
from newsletter.web.phrases.joining import JOINING
from newsletter.web.phrases.leaving import LEAVING
from newsletter.web.phrases.preferences import PREFERENCES
from newsletter.web.robots import note_visit
from newsletter.web.settingspages import SettingsPages


def routes(pages: Pages) -> list[Route]:
    """`/m/{token}` and `/manage`."""
    preferences = _Preferences(pages)
    return [
        Route("/m/{token}", preferences.page, methods=["GET"]),
        Route("/m/{token}", preferences.act, methods=["POST"]),
        Route("/manage", preferences.ask_page, methods=["GET"]),
        Route("/manage", preferences.ask, methods=["POST"]),
    ]


def _is_subscribed(person: Subscriber) -> bool:
    """Whether letters go to them, so that there is something to choose."""
    return person.status is SubscriberStatus.CONFIRMED


class _Preferences(SettingsPages):
    def page(self, request: Request) -> Response:
        """What the holder of a letter may choose."""
        person = self._holder(request)
        if person is None or not _is_subscribed(person):
            return self._nothing_to_choose(request, person)
        note_visit(self.pages, request, "preferences")
        return self.show(request, person)

    async def act(self, request: Request) -> Response:
        """The choices kept, or a link on its way; the form once more for anything but its own buttons."""
        form = await read_form(request)
        return await run_in_threadpool(self._act, request, form)

    def _act(self, request: Request, form: Form) -> Response:
        person = self._holder(request)
        if person is None or not _is_subscribed(person):
            return self._nothing_to_choose(request, person)
        match form.get("do"):
            case "choose":
                return self.choose(request, person, form)
            case "link":
                return self._mail_link(request, person.address.addr_spec, person)
        return self.show(request, person)

    def _holder(self, request: Request) -> Subscriber | None:
        number = read_reader_token(self.app.keys, request.path_params["token"])
        return None if number is None else self.app.subscribers.get(number)

    def _nothing_to_choose(self, request: Request, person: Subscriber | None) -> Response:
        """For the holder of a whole link, that its reader has left and how to ask anew; for everybody
        else, that the link does not work."""
        if person is None:
            return self.unknown(request)
        language = self.pages.language(request, person)
        if not self.app.settings.readers.sign_up:
            return self.pages.say(LEAVING, language, "gone", status=410)
        return self.pages.say(
            LEAVING, language, "gone", explanation="late_explanation", again="/subscribe", status=410
        )

    # --- asking for the other link ----------------------------------------------------------------

    def ask_page(self, request: Request) -> Response:
        """The form for an address."""
        return self._ask_form(request)

    async def ask(self, request: Request) -> Response:
        """The page that says where to look next, for everybody."""
        form = await read_form(request)
        try:
            address = make_address(form.get("email"))
        except BadAddress:
            return self._ask_form(request, typed=form.get("email"), wrong=True)
        return self._mail_link(request, address.addr_spec, None)

    def _ask_form(self, request: Request, *, typed: str = "", wrong: bool = False) -> Response:
        language = self.pages.language(request)
        words, joining = in_language(PREFERENCES, language), in_language(JOINING, language)
        return self.pages.answer(
            "ask_for_link.html.j2",
            language=language,
            status=422 if wrong else 200,
            title=words.title.format(name=self.pages.name),
            text=words.ask_explanation.format(name=self.pages.name),
            words=words,
            address=joining.address,
            typed=typed,
            problem=joining.bad_address if wrong else "",
        )

    def _mail_link(self, request: Request, addr_spec: str, person: Subscriber | None) -> Response:
        """The same answer at the same speed for everybody: what is to be done is done behind it."""
        app, client = self.app, self.pages.visitor(request).network

        def ask() -> None:
            ask_for_link(
                addr_spec,
                client=client,
                key=app.keys.signing,
                now=app.clock.now(),
                subscribers=app.subscribers,
                preferences=app.preferences,
                limits=app.limits,
            )

        return self.say(request, person, "asked", then=ask)
