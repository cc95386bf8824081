"""Joining the list: the form, the interface for other sites' scripts, and the confirmation.

Whoever is asked for, known or not, the answer is the same page with the same status. Robots that
fill in everything, or at once, see that page too.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from newsletter.content.addresses import make_address
from newsletter.content.tokens import Purpose, read_token
from newsletter.errors import BadAddress
from newsletter.models import Address, Channel, Confirmation, ConsentAction, SubscriberId
from newsletter.usecases.joining import sign_up
from newsletter.web.forms import Form, read_body, read_form
from newsletter.web.page import Pages
from newsletter.web.phrases import LANGUAGES, in_language
from newsletter.web.phrases.joining import JOINING, JoiningWords

QUICKEST = timedelta(seconds=2)
"""A form that is filled in faster was not filled in by a person."""
MAX_NAME = 100
MAX_ORIGIN = 300
"""Characters of an Origin header that are kept: a scheme, a host of 253 (RFC 1035 §2.3.4) and a port."""


def routes(pages: Pages) -> list[Route]:
    """`/subscribe`, `/api/subscribe` and `/confirm/{token}`."""
    joining = _Joining(pages)
    return [
        Route("/subscribe", joining.form, methods=["GET"]),
        Route("/subscribe", joining.ask, methods=["POST"]),
        Route("/api/subscribe", joining.ask_by_script, methods=["POST", "OPTIONS"]),
        Route("/confirm/{token}", joining.confirm_page, methods=["GET"]),
        Route("/confirm/{token}", joining.confirm, methods=["POST"]),
    ]


class _Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a script posts."""

    email: str
    name: str = ""
    language: str = ""
    topics: list[str] = []


class _Joining:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._app = pages.app
        self._settings = pages.app.settings.readers

    # --- asking -----------------------------------------------------------------------------------

    def form(self, request: Request) -> Response:
        """The form."""
        return self._form(request, Form(values={}))

    async def ask(self, request: Request) -> Response:
        """The page that says where to look next, for everybody."""
        form = await read_form(request)
        return await run_in_threadpool(self._ask, request, form)

    async def ask_by_script(self, request: Request) -> Response:
        """202 for everybody whose address is one; only for pages of the sites in `form_origins`."""
        origin = request.headers.get("Origin", "")
        allowed = origin in self._settings.form_origins
        headers = {"Vary": "Origin", **({"Access-Control-Allow-Origin": origin} if allowed else {})}
        if request.method == "OPTIONS":
            more = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}
            return Response(status_code=204, headers=headers | (more if allowed else {}))
        if origin and not allowed:
            return _told({"error": "this site may not post the form"}, 403, headers)
        body = await read_body(request)
        try:
            wish = msgspec.json.decode(body, type=_Wish)
            address = make_address(wish.email.strip(), wish.name.strip()[:MAX_NAME])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _told({"error": "not the form's JSON"}, 400, headers)
        except BadAddress:
            return _told({"error": "no mail can reach this address", "field": "email"}, 422, headers)
        if not self._settings.sign_up:
            return _told({"error": "closed"}, 404, headers)
        await run_in_threadpool(
            self._sign_up, request, address, wish.topics, Channel.API, wish.language, origin
        )
        return _told({"status": "a mail is on its way"}, 202, headers)

    def _ask(self, request: Request, form: Form) -> Response:
        language = self._language(request, form)
        words = in_language(JOINING, language)
        if not self._settings.sign_up:
            return self._pages.say(JOINING, language, "closed", status=404)
        try:
            address = make_address(form.get("email"), form.get("name")[:MAX_NAME])
        except BadAddress:
            return self._form(request, form, problem=words.bad_address)
        if not (form.get("website") or self._is_too_quick(form.get("began"))):
            came_from = request.headers.get("Origin", "").removeprefix("null")  # as browsers hide it
            self._sign_up(request, address, form.all("topic"), Channel.FORM, language, came_from)
        return self._pages.say(JOINING, language, "look")

    def _sign_up(
        self,
        request: Request,
        address: Address,
        topics: Sequence[str],
        channel: Channel,
        language: str,
        form_url: str,
    ) -> None:
        known = {topic.tag for topic in self._settings.topics}
        language = language if language in LANGUAGES else self._pages.language(request)
        step = replace(
            self._pages.step(request, ConsentAction.REQUESTED, channel),
            form_url=form_url[:MAX_ORIGIN] or self._url("/subscribe"),
            text=self._consent(in_language(JOINING, language)),
            policy=self._settings.privacy_version,
        )
        sign_up(
            address,
            step,
            client=self._pages.visitor(request).network,
            language=language,
            tags=[tag for tag in topics if tag in known],
            key=self._app.keys.signing,
            joining=self._app.joining,
        )

    def _form(self, request: Request, form: Form, *, problem: str = "") -> Response:
        language = self._language(request, form)
        words = in_language(JOINING, language)
        if not self._settings.sign_up:
            return self._pages.say(JOINING, language, "closed", status=404)
        return self._pages.answer(
            "subscribe.html.j2",
            language=language,
            status=422 if problem else 200,
            title=words.title.format(name=self._pages.name),
            words=words,
            action="/subscribe",
            form={"email": form.get("email"), "name": form.get("name"), "topics": form.all("topic")},
            problem=problem,
            topics=self._settings.topics,
            consent=self._consent(words),
            privacy_url=self._settings.privacy_url,
            began=self._stamp(),
        )

    def _consent(self, words: JoiningWords) -> str:
        return self._settings.consent or words.consent.format(name=self._pages.name)

    # --- confirming -------------------------------------------------------------------------------

    def confirm_page(self, request: Request) -> Response:
        """The page with the button; link scanners may open it as often as they like."""
        language = self._pages.language(request)
        if self._reader(request) is None:
            return self._unknown(language)
        return self._pages.say(JOINING, language, "confirm", button="confirm_button")

    def confirm(self, request: Request) -> Response:
        """The welcome, also for one who had confirmed before."""
        language = self._pages.language(request)
        reader = self._reader(request)
        if reader is None:
            return self._unknown(language)
        outcome = self._app.joining.confirm(reader, self._pages.step(request, ConsentAction.CONFIRMED))
        if outcome is Confirmation.ENDED:
            return self._pages.say(JOINING, language, "ended", again="/subscribe")
        if outcome is Confirmation.UNKNOWN:
            return self._unknown(language)
        return self._pages.say(JOINING, language, "welcome")

    def _unknown(self, language: str) -> Response:
        return self._pages.say(JOINING, language, "unknown", status=404, again="/subscribe")

    def _reader(self, request: Request) -> SubscriberId | None:
        token = request.path_params["token"]
        return read_token(self._app.keys, Purpose.CONFIRM, token, now=self._app.clock.now())

    # --- what both need ---------------------------------------------------------------------------

    def _language(self, request: Request, form: Form) -> str:
        chosen = form.get("language")
        return chosen if chosen in LANGUAGES else self._pages.language(request)

    def _url(self, path: str) -> str:
        return self._app.settings.newsletter.public_url.rstrip("/") + path

    def _stamp(self) -> str:
        """The time at which a form was opened, signed."""
        moment = str(int(self._app.clock.now().timestamp()))
        return f"{moment}.{self._seal(moment)}"

    def _is_too_quick(self, stamp: str) -> bool:
        """Whether the form came back sooner than a person fills it in; a form without a stamp is not."""
        moment, _, seal = stamp.partition(".")
        if not (moment.isascii() and moment.isdigit() and hmac.compare_digest(self._seal(moment), seal)):
            return bool(stamp)  # a stamp that is made up is worse than none
        age = self._app.clock.now().timestamp() - int(moment)
        return age < QUICKEST.total_seconds()

    def _seal(self, moment: str) -> str:
        return hmac.digest(self._app.keys.signing, f"form:{moment}".encode(), "sha256").hex()[:24]


def _told(content: Mapping[str, str], status: int, headers: Mapping[str, str]) -> Response:
    return JSONResponse(dict(content), status_code=status, headers={"Cache-Control": "no-store", **headers})
