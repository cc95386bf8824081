"""Readers' settings. Two ways lead to them:

`/m/{token}` stands in every letter and may be forwarded with it: who holds it may choose what comes, and
sees the address masked. `/manage/{token}` was mailed to the person's own address a day ago at most: there
stand the name and the address, and the way to all that is held.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.content.addresses import make_address
from newsletter.content.links import read_reader_token
from newsletter.content.phrases import phrases_for
from newsletter.content.tokens import Purpose, read_token
from newsletter.errors import BadAddress
from newsletter.models import (
    Address,
    Channel,
    Consent,
    ConsentAction,
    Subscriber,
    SubscriberId,
    SubscriberStatus,
)
from newsletter.usecases.preferences import ask_for_change, ask_for_link
from newsletter.web.choices import form_of, masked, read_choices
from newsletter.web.forms import Form, read_form
from newsletter.web.page import Pages
from newsletter.web.phrases import in_language
from newsletter.web.phrases.joining import JOINING
from newsletter.web.phrases.leaving import LEAVING
from newsletter.web.phrases.preferences import LANGUAGE_NAMES, PREFERENCES
from newsletter.web.robots import note_visit


def routes(pages: Pages) -> list[Route]:
    """`/m/{token}`, `/manage`, `/manage/{token}` and `/new-address/{token}`."""
    settings = _Preferences(pages)
    return [
        Route("/m/{token}", settings.page, methods=["GET"]),
        Route("/m/{token}", settings.act, methods=["POST"]),
        Route("/manage", settings.ask_page, methods=["GET"]),
        Route("/manage", settings.ask, methods=["POST"]),
        Route("/manage/{token}", settings.own_page, methods=["GET"]),
        Route("/manage/{token}", settings.act_on_own, methods=["POST"]),
        Route("/new-address/{token}", settings.moving_page, methods=["GET"]),
        Route("/new-address/{token}", settings.move, methods=["POST"]),
    ]


class _Preferences:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._app = pages.app
        self._offered = [topic.tag for topic in pages.app.settings.readers.topics]

    # --- by the link in every letter ------------------------------------------------------------

    def page(self, request: Request) -> Response:
        """What the holder of a letter may choose."""
        person = self._holder(request)
        if person is None:
            return self._unknown(request)
        note_visit(self._pages, request, "preferences")
        return self._show(request, person)

    async def act(self, request: Request) -> Response:
        """The choices kept, or a link on its way."""
        form = await read_form(request)
        return await run_in_threadpool(self._act, request, form)

    def _act(self, request: Request, form: Form) -> Response:
        person = self._holder(request)
        if person is None:
            return self._unknown(request)
        if form.get("do") == "link":
            return self._mail_link(request, person.address.addr_spec, person)
        return self._choose(request, person, form)

    def _holder(self, request: Request) -> Subscriber | None:
        number = read_reader_token(self._app.keys, request.path_params["token"])
        person = None if number is None else self._app.subscribers.get(number)
        return person if person and person.status is SubscriberStatus.CONFIRMED else None

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
        language = self._pages.language(request)
        words, joining = in_language(PREFERENCES, language), in_language(JOINING, language)
        return self._pages.answer(
            "ask_for_link.html.j2",
            language=language,
            status=422 if wrong else 200,
            title=words.title.format(name=self._pages.name),
            text=words.ask_explanation.format(name=self._pages.name),
            words=words,
            address=joining.address,
            typed=typed,
            problem=joining.bad_address if wrong else "",
        )

    def _mail_link(self, request: Request, addr_spec: str, person: Subscriber | None) -> Response:
        """The same answer at the same speed for everybody: what is to be done is done behind it."""
        app, client = self._app, self._pages.visitor(request).network

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

        return self._say(request, person, "asked", then=ask)

    # --- by the link that was mailed to the person --------------------------------------------------

    def own_page(self, request: Request) -> Response:
        """All that the person may change."""
        person = self._owner(request)
        return self._unknown(request) if person is None else self._show(request, person, own=True)

    async def act_on_own(self, request: Request) -> Response:
        """The choices kept, a button on its way to a new address, or the goodbye."""
        form = await read_form(request)
        return await run_in_threadpool(self._act_on_own, request, form)

    def _act_on_own(self, request: Request, form: Form) -> Response:
        person = self._owner(request)
        if person is None:
            return self._unknown(request)
        match form.get("do"):
            case "move":
                return self._ask_for_change(request, person, form.get("email"))
            case "leave":
                step = self._step(request, ConsentAction.UNSUBSCRIBED)
                self._app.joining.leave(person.id, step, mail=True)
                words = in_language(LEAVING, self._pages.language(request, person))
                return self._message(request, person, words.gone, words.gone_explanation)
        return self._choose(request, person, form, own=True)

    def _ask_for_change(self, request: Request, person: Subscriber, typed: str) -> Response:
        try:
            address = make_address(typed)
        except BadAddress:
            return self._show(request, person, own=True, typed=typed)
        app, client = self._app, self._pages.visitor(request).network

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

        words = in_language(PREFERENCES, self._pages.language(request, person))
        return self._message(request, person, words.asked, words.move_asked, then=ask)

    def _owner(self, request: Request) -> Subscriber | None:
        token = request.path_params["token"]
        number = read_token(self._app.keys, Purpose.MANAGE, token, now=self._app.clock.now())
        return None if number is None else self._app.subscribers.get(number)

    # --- by the button that was mailed to a new address ---------------------------------------------

    def moving_page(self, request: Request) -> Response:
        """The page with the button; link scanners may open it as often as they like."""
        person = self._mover(request)
        if person is None:
            return self._unknown(request)
        words = in_language(PREFERENCES, self._pages.language(request, person))
        return self._say(request, person, "moving", button=words.moving_button)

    def move(self, request: Request) -> Response:
        """The new address in force."""
        person = self._mover(request)
        step = self._step(request, ConsentAction.CHANGED)
        if person is None or not self._app.preferences.change_address(person.id, step):
            return self._unknown(request)
        return self._say(request, person, "moved")

    def _mover(self, request: Request) -> Subscriber | None:
        number = read_token(
            self._app.keys,
            Purpose.NEW_ADDRESS,
            request.path_params["token"],
            now=self._app.clock.now(),
            bound=self._app.preferences.next_address,
        )
        return None if number is None else self._app.subscribers.get(number)

    # --- what all need ------------------------------------------------------------------------------

    def _choose(self, request: Request, person: Subscriber, form: Form, *, own: bool = False) -> Response:
        try:
            choices = read_choices(self._pages, person, form, named=own)
        except ValueError:
            return self._show(request, person, own=own, bad_pause=True)
        self._app.preferences.choose(person.id, choices, self._offered)
        return self._show(request, self._again(person.id, person), own=own, saved=True)

    def _again(self, number: SubscriberId, before: Subscriber) -> Subscriber:
        """The person as they are now; as before when they were erased this moment."""
        return self._app.subscribers.get(number) or before

    def _show(
        self,
        request: Request,
        person: Subscriber,
        *,
        own: bool = False,
        saved: bool = False,
        bad_pause: bool = False,
        typed: str | None = None,
    ) -> Response:
        language = self._pages.language(request, person)
        words, name = in_language(PREFERENCES, language), self._pages.name
        leaving = in_language(LEAVING, language)
        address = person.address.addr_spec
        return self._pages.answer(
            "preferences.html.j2",
            language=language,
            status=422 if bad_pause or typed is not None else 200,
            title=words.title.format(name=name),
            words=words,
            joining=in_language(JOINING, language),
            languages=LANGUAGE_NAMES,
            topics=self._app.settings.readers.topics,
            choice=form_of(self._pages, person),
            address=address if own else masked(address),
            since=self._since(person, language) if own else "",
            own=own,
            saved=saved,
            bad_pause=bad_pause,
            typed=typed,
            data_url=f"/privacy/{request.path_params['token']}",
            leave_url="" if own else f"/u/{request.path_params['token']}",
            leave=leaving.unsubscribe,
            leave_explanation=leaving.unsubscribe_explanation.format(name=name),
            subscribed=person.status is SubscriberStatus.CONFIRMED,
        )

    def _since(self, person: Subscriber, language: str) -> str:
        phrases, zone = phrases_for(language), ZoneInfo(self._app.settings.newsletter.timezone)
        day = (person.confirmed_at or person.created_at).astimezone(zone).date()
        said = in_language(PREFERENCES, language).since
        return said.format(name=self._pages.name, day=phrases.dated(day, phrases.long_date))

    def _step(self, request: Request, action: ConsentAction) -> Consent:
        visitor = self._pages.visitor(request)
        return Consent(
            action=action,
            channel=Channel.PAGE,
            at=self._app.clock.now(),
            ip=visitor.ip,
            user_agent=visitor.user_agent,
        )

    def _unknown(self, request: Request) -> Response:
        words = in_language(PREFERENCES, self._pages.language(request))
        link = {"url": "/manage", "text": words.again}
        return self._message(request, None, words.unknown, words.unknown_explanation, status=404, link=link)

    def _say(
        self,
        request: Request,
        person: Subscriber | None,
        what: str,
        *,
        button: str = "",
        then: Callable[[], None] | None = None,
    ) -> Response:
        words = in_language(PREFERENCES, self._pages.language(request, person))
        title, text = getattr(words, what), getattr(words, f"{what}_explanation")
        return self._message(request, person, title, text, button=button, then=then)

    def _message(
        self,
        request: Request,
        person: Subscriber | None,
        title: str,
        text: str,
        *,
        status: int = 200,
        button: str = "",
        link: dict[str, str] | None = None,
        then: Callable[[], None] | None = None,
    ) -> Response:
        """A page of a few words; `then` is done when it is on its way."""
        answer = self._pages.answer(
            "message.html.j2",
            language=self._pages.language(request, person),
            status=status,
            title=title.format(name=self._pages.name),
            text=text.format(name=self._pages.name),
            button=button,
            link=link,
        )
        if then:
            answer.background = BackgroundTask(then)
        return answer
