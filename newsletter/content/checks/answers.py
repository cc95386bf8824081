"""What may be asked of the servers that a letter leads to, and what they said."""

from dataclasses import dataclass

from lxml import html

from newsletter.content.checks.hosts import host_of, is_local, parent_hosts
from newsletter.models import RenderedEmail

_NOBODYS = frozenset({"example.com", "example.org", "example.net", "example", "test", "invalid"})
"""Names for examples (RFC 2606 §2 and §3): nothing is ever there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """An address of the letter; of a picture the size is wanted too."""

    address: str
    picture: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came of one question. Without a `status` no answer came, and `said` tells why."""

    status: int = 0
    said: str = ""
    """The status in words, such as `404 Not Found`, or the reason why no answer came."""
    media_type: str = ""
    octets: int | None = None
    """Length of a picture's file; None when the server does not tell."""


def questions(email: RenderedEmail, public_url: str) -> list[Question]:
    """The web addresses of the letter, each once, pictures first.

    Left out are the newsletter's own pages, which need not stand yet, names for examples, and
    addresses of private networks.
    """
    page = html.document_fromstring(email.html)
    own = host_of(public_url)
    pictures: list[str] = page.xpath("//img/@src")
    links: list[str] = page.xpath("//a/@href")
    found = {address: Question(address=address) for address in map(asked_of, links)}
    found |= {address: Question(address=address, picture=True) for address in map(asked_of, pictures)}
    asked = [each for each in found.values() if _may_be_asked(each.address, own)]
    return sorted(asked, key=lambda each: not each.picture)


def asked_of(address: str) -> str:
    """What a server is asked of an address: all but the place in its page."""
    return address.strip().partition("#")[0]


def _may_be_asked(address: str, own_host: str) -> bool:
    host = host_of(address)
    return (
        address.lower().startswith(("http://", "https://"))
        and host not in {"", own_host}
        and not is_local(host)
        and not _NOBODYS.intersection(parent_hosts(host))
    )
