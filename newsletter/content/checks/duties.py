"""What the law and the mailbox providers ask of every letter."""

from collections.abc import Iterator

from newsletter.content.checks.letter import Letter, Problem, check
from newsletter.content.headers import check_header
from newsletter.content.links import READER_TOKEN, settings_url, unsubscribe_url
from newsletter.errors import BadInput
from newsletter.models import Severity

_LIST_HEADERS = ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id")
"""RFC 8058 §3.1 and RFC 2919; Gmail and Yahoo ask bulk senders for the first two."""
_FOLDED = 75
"""Characters; longer ones become encoded words in Python, PHP and others (odoo #289182, fluent-smtp #413)."""


@check(
    "unsubscribe-missing",
    Severity.ERROR,
    remedy="write {{ links.unsubscribe }} into issue.html.j2 and issue.txt.j2 of the theme",
)
def unsubscribe_missing(letter: Letter) -> Iterator[Problem]:
    """A part without a link that ends the subscription."""
    link = _unsubscribe_link(letter)
    if link not in letter.page.xpath("//a/@href"):
        yield Problem(message="The HTML part has no link to unsubscribe", where="HTML part")
    if link not in letter.email.text:
        yield Problem(message="The text part has no link to unsubscribe", where="text part")


@check(
    "postal-address-missing",
    Severity.ERROR,
    remedy="write {{ newsletter.postal_address }} into issue.html.j2 and issue.txt.j2 of the theme",
)
def postal_address_missing(letter: Letter) -> Iterator[Problem]:
    """A part without the postal address from newsletter.toml."""
    address = "".join(letter.newsletter.postal_address.split())
    for part, shown in (("HTML part", letter.visible_text), ("text part", letter.email.text)):
        if not address or address not in "".join(shown.split()):
            yield Problem(message=f"The {part} lacks the postal address", where=part)


@check(
    "list-header-missing",
    Severity.ERROR,
    remedy="send with the headers that the program makes; a provider that drops them cannot be used",
)
def list_header_missing(letter: Letter) -> Iterator[Problem]:
    """A letter without one of the headers that let mail programs offer “unsubscribe”."""
    for name in _LIST_HEADERS:
        if not letter.headers.get(name):
            yield Problem(message=f"The header {name} is missing", where=name)


@check("header-unsafe", Severity.ERROR, remedy="shorten or retype the text that stands in this header")
def header_unsafe(letter: Letter) -> Iterator[Problem]:
    """A header with control characters, or too long to be sent."""
    for name, value in letter.headers.items():
        try:
            check_header(name, value)
        except BadInput as error:
            yield Problem(message=f"The header {name}: {error.message}", where=name)


@check("header-long", Severity.WARNING, remedy="shorten public_url in newsletter.toml")
def header_long(letter: Letter) -> Iterator[Problem]:
    """A `List-Unsubscribe` that some relays fold or encode, after which no mail program reads it."""
    link = letter.headers.get("List-Unsubscribe", "").strip("<>")
    if len(link) > _FOLDED:
        yield Problem(
            message=f"The link in List-Unsubscribe has {len(link)} characters, over {_FOLDED}",
            where="List-Unsubscribe",
        )


@check(
    "placeholder-astray",
    Severity.ERROR,
    remedy="write {{ links.unsubscribe }} and {{ links.settings }} whole, and nowhere cut in parts",
)
def placeholder_astray(letter: Letter) -> Iterator[Problem]:
    """The mark that becomes each reader's token, outside the reader's own links."""
    mark = _placeholder(letter)
    links = [own_url(letter.newsletter.public_url, mark) for own_url in (unsubscribe_url, settings_url)]
    for part, source in (("HTML part", letter.email.html), ("text part", letter.email.text)):
        if source.count(mark) != sum(map(source.count, links)):
            yield Problem(message=f"The {part} holds a reader's mark outside their links", where=part)
    if mark in letter.email.subject:
        yield Problem(message="The subject holds a reader's mark", where="Subject")


def _placeholder(letter: Letter) -> str:
    return next(field.placeholder for field in letter.email.merge_fields if field.name == READER_TOKEN)


def _unsubscribe_link(letter: Letter) -> str:
    return unsubscribe_url(letter.newsletter.public_url, _placeholder(letter))
