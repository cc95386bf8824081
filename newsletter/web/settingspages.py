"""What the two ways to readers' settings share: the form, its answer, and pages of a few words."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from newsletter.content.phrases import phrases_for
from newsletter.models import Subscriber, SubscriberId, SubscriberStatus
from newsletter.web.choices import form_of, masked, read_choices
from newsletter.web.forms import Form
from newsletter.web.page import Pages
from newsletter.web.phrases import in_language
from newsletter.web.phrases.joining import JOINING
from newsletter.web.phrases.leaving import LEAVING
from newsletter.web.phrases.preferences import LANGUAGE_NAMES, PREFERENCES


class SettingsPages:
    """Answers to requests about one person's settings; with `own` the request is the person's for sure."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.app = pages.app
        self._offered = [topic.tag for topic in pages.app.settings.readers.topics]

    def choose(self, request: Request, person: Subscriber, form: Form, *, own: bool = False) -> Response:
        try:
            choices = read_choices(self.pages, person, form, named=own)
        except ValueError:
            return self.show(request, person, own=own, bad_pause=True)
        self.app.preferences.choose(person.id, choices, self._offered)
        return self.show(request, self._again(person.id, person), own=own, saved=True)

    def _again(self, number: SubscriberId, before: Subscriber) -> Subscriber:
        """The person as they are now; as before when they were erased this moment."""
        return self.app.subscribers.get(number) or before

    def show(
        self,
        request: Request,
        person: Subscriber,
        *,
        own: bool = False,
        saved: bool = False,
        bad_pause: bool = False,
        typed: str | None = None,
    ) -> Response:
        language = self.pages.language(request, person)
        words, name = in_language(PREFERENCES, language), self.pages.name
        leaving = in_language(LEAVING, language)
        address = person.address.addr_spec
        return self.pages.answer(
            "preferences.html.j2",
            language=language,
            status=422 if bad_pause or typed is not None else 200,
            title=words.title.format(name=name),
            words=words,
            joining=in_language(JOINING, language),
            languages=LANGUAGE_NAMES,
            topics=self.app.settings.readers.topics,
            choice=form_of(self.pages, person),
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
        phrases, zone = phrases_for(language), ZoneInfo(self.app.settings.newsletter.timezone)
        day = (person.confirmed_at or person.created_at).astimezone(zone).date()
        said = in_language(PREFERENCES, language).since
        return said.format(name=self.pages.name, day=phrases.dated(day, phrases.long_date))

    def unknown(self, request: Request) -> Response:
        language = self.pages.language(request)
        return self.pages.say(PREFERENCES, language, "unknown", status=404, again="/manage")

    def say(
        self,
        request: Request,
        person: Subscriber | None,
        what: str,
        *,
        explanation: str = "",
        button: str = "",
        then: Callable[[], None] | None = None,
    ) -> Response:
        """A page of a few words about settings; `then` is done when it is on its way."""
        language = self.pages.language(request, person)
        answer = self.pages.say(PREFERENCES, language, what, explanation=explanation, button=button)
        if then:
            answer.background = BackgroundTask(then)
        return answer
