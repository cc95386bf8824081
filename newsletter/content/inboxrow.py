"""What a list of mail shows of a letter before anybody opens it: the subject and the first words.

Clients cut by width and not by count; the counts below are what fits in the usual window, measured
with running text by those who are named beside them.
"""

from dataclasses import dataclass

import lxml.html

from newsletter.content.wrapping import columns


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxClient:
    """A mail program and how many columns of each it shows; a wide character takes two."""

    name: str
    subject: int
    snippet: int


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxRow:
    """A letter in the list of one mail program; what was cut ends in an ellipsis."""

    client: str
    subject: str
    snippet: str


INBOX_CLIENTS = (
    InboxClient(name="Gmail in a browser", subject=70, snippet=97),
    InboxClient(name="Apple Mail on an iPhone", subject=48, snippet=99),
    InboxClient(name="Outlook on Windows", subject=60, snippet=35),
)
"""Subjects: emailtooltester.com (tests on devices, iPhone 14), wordcounternow.com (desktops, the wider
end). Snippets: themarketer.com (Gmail 97, Outlook 2013 and later on Windows 35), emailtooltester.com
(iPhone 99). All read in November 2026."""
_ENOUGH = 400
"""Characters of text that no list of mail goes beyond."""


def inbox_rows(subject: str, page: str) -> list[InboxRow]:
    """The letter of this subject and HTML in the list of each client, in the order of INBOX_CLIENTS."""
    snippet = first_words(page)
    return [
        InboxRow(
            client=client.name,
            subject=cut(subject, client.subject),
            snippet=cut(snippet, client.snippet),
        )
        for client in INBOX_CLIENTS
    ]


def first_words(page: str) -> str:
    """The text that mail programs put behind the subject: the page's first words, hidden ones too."""
    document = lxml.html.document_fromstring(page)
    words = " ".join(document.xpath("//body//text()[not(parent::style or parent::script)]"))
    return " ".join(words.split())[:_ENOUGH]


def cut(text: str, room: int) -> str:
    """The text when it fits in so many columns, else as much of it as leaves room for an ellipsis."""
    if columns(text) <= room:
        return text
    shown = text[:room]
    while columns(shown) > room - 1:
        shown = shown[:-1]
    return f"{shown.rstrip()}…"
