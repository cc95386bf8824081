"""The form with which readers choose what they get; two pages have it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from newsletter.content.addresses import MAX_NAME, make_address
from newsletter.errors import BadAddress
from newsletter.models import Choices, Subscriber
from newsletter.usecases.preferences import LONGEST_PAUSE, pause_until
from newsletter.web.forms import Form
from newsletter.web.page import Pages
from newsletter.web.phrases import LANGUAGES, spoken


@dataclass(frozen=True, kw_only=True, slots=True)
class ChoiceForm:
    """What the fields hold."""

    language: str
    text_only: bool
    until: str
    topics: Sequence[str]
    name: str
    earliest: str
    latest: str
    """The days between which a pause may end."""


def form_of(pages: Pages, person: Subscriber) -> ChoiceForm:
    """The fields as the person chose last."""
    now, zone = pages.app.clock.now(), ZoneInfo(pages.app.settings.newsletter.timezone)
    today = now.astimezone(zone).date()
    pausing = person.paused_until is not None and person.paused_until > now
    return ChoiceForm(
        language=spoken(person.language or pages.app.settings.newsletter.language),
        text_only=person.text_only,
        until=person.paused_until.astimezone(zone).date().isoformat()
        if pausing and person.paused_until
        else "",
        topics=person.tags,
        name=person.address.display_name,
        earliest=(today + timedelta(days=1)).isoformat(),
        latest=(today + LONGEST_PAUSE).isoformat(),
    )


def read_choices(pages: Pages, person: Subscriber, form: Form, *, named: bool) -> Choices:
    """What a posted form chooses; with `named` the person's name, too. Raises ValueError for a day
    until which nobody may pause."""
    before = form_of(pages, person)
    settings = pages.app.settings
    offered = [topic.tag for topic in settings.readers.topics]
    until = person.paused_until
    if form.get("until") != before.until:
        until = pause_until(form.get("until"), pages.app.clock.now(), settings.newsletter.timezone)
    language = form.get("language")
    return Choices(
        language=person.language if language == before.language or language not in LANGUAGES else language,
        text_only=form.get("text_only") == "yes",
        paused_until=until,
        topics=tuple(tag for tag in offered if tag in form.all("topic")),
        name=_name(person, form.get("name")) if named else None,
    )


def _name(person: Subscriber, text: str) -> str:
    """The name without blanks and signs that no name has; the old one when it is none at all."""
    try:
        return make_address(person.address.addr_spec, text[:MAX_NAME]).display_name
    except BadAddress:
        return person.address.display_name


def masked(addr_spec: str) -> str:
    """The address as somebody may see it who holds a forwarded letter: `a•••@example.org`."""
    local, at, domain = addr_spec.rpartition("@")
    return f"{local[:1]}•••{at}{domain}"
