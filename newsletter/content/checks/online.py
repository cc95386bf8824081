"""What the servers said to which the letter leads; found only when they were asked."""

from collections.abc import Iterator

from lxml.html import HtmlElement

from newsletter.content.checks.answers import Answer, asked_of
from newsletter.content.checks.hosts import host_of
from newsletter.content.checks.letter import Letter, Problem, check, named
from newsletter.models import Severity

_GONE = frozenset({404, 410})
_HEAVY = 200_000
"""Octets: on a slow phone line, a second or two for each picture."""


@check(
    "network-away",
    Severity.WARNING,
    remedy="check again when this machine is online, or with --offline; if it is, mend the address",
)
def network_away(letter: Letter) -> Iterator[Problem]:
    """No server answered at all: more likely the fault is here than in the letter."""
    if _is_away(letter):
        address, answer = next(iter(letter.answers.items()))
        more = f" and {len(letter.answers) - 1} more" if len(letter.answers) > 1 else ""
        yield Problem(message=f"No answer from {host_of(address)}{more}: {answer.said}")


@check("link-dead", Severity.WARNING, remedy="mend the address, or leave the link out")
def link_dead(letter: Letter) -> Iterator[Problem]:
    """A link whose page is gone (404, 410), whose server fails (5xx) or cannot be reached."""
    for link, address, answer in _answered(letter, "//a[@href]", "href"):
        if why := _why_dead(answer):
            yield Problem(message=f"{named(link)}: {why}", where=letter.place_in(link, address))


@check("image-missing", Severity.WARNING, remedy="mend the address, or leave the picture out")
def image_missing(letter: Letter) -> Iterator[Problem]:
    """A picture that its server does not give, or that is none."""
    for image, address, answer in _answered(letter, "//img", "src"):
        why = _why_dead(answer)
        if not why and answer.status >= 400:
            why = f"the answer is {answer.said}"
        elif not why and answer.media_type and not answer.media_type.startswith("image/"):
            why = f"the answer is of the kind {answer.media_type}"
        if why:
            yield Problem(message=f"{named(image)}: {why}", where=letter.place_in(image, address))


@check("image-large", Severity.WARNING, remedy="save it smaller: 1200 pixels wide are enough")
def image_large(letter: Letter) -> Iterator[Problem]:
    """A picture of more than 200 kB."""
    for image, address, answer in _answered(letter, "//img", "src"):
        if answer.status == 200 and (answer.octets or 0) > _HEAVY:
            yield Problem(
                message=f"{named(image)} has {(answer.octets or 0) // 1000} kB",
                where=letter.place_in(image, address),
            )


def _answered(letter: Letter, path: str, attribute: str) -> Iterator[tuple[HtmlElement, str, Answer]]:
    """The first element of each address that was asked, with the address and the answer."""
    seen = set()
    for element in letter.page.xpath(path) if letter.answers and not _is_away(letter) else ():
        address = element.get(attribute, "")
        asked = asked_of(address)
        if asked in letter.answers and asked not in seen:
            seen.add(asked)
            yield element, address.strip(), letter.answers[asked]


def _is_away(letter: Letter) -> bool:
    return bool(letter.answers) and not any(answer.status for answer in letter.answers.values())


def _why_dead(answer: Answer) -> str:
    """Why readers would find nothing; empty when they may. Many servers refuse programs with 401, 403
    or 429 and let people in."""
    if not answer.status:
        return answer.said
    return f"the answer is {answer.said}" if answer.status in _GONE or answer.status >= 500 else ""
