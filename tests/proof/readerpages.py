"""Every page that readers may see, as the server answers it, and every mail that is no letter."""

from pathlib import Path

from starlette.testclient import TestClient

from newsletter.config.theme import with_system_mails
from newsletter.content.links import reader_token, sender_for
from newsletter.content.mime import to_bytes
from newsletter.content.systemmail import LINK_TOKEN, reader_mail
from newsletter.content.tokens import Purpose, make_token
from newsletter.models import (
    Address,
    DeliveryId,
    Recipient,
    RenderedEmail,
    Sender,
    SubscriberId,
    SystemMailKind,
)
from newsletter.web.app import make_pages
from newsletter.web.phrases import LANGUAGES
from newsletter.wiring import App
from tests.proof.letters import SENT, received
from tests.proof.tools import Page
from tests.support.letters import NEWSLETTER, THEMES

SETTINGS = """
[[readers.topics]]
tag = "berlin"
title = "Berlin"

[[readers.topics]]
tag = "ships"
title = "The harbour and its ships, from the first ferry of the morning to the night boat"

[readers]
privacy_url = "https://blog.example.com/privacy"
"""


def reader_pages(app: App, person: SubscriberId, language: str) -> dict[str, Page]:
    """The pages of one reader's way in and out, by what they are and the language."""
    client = TestClient(make_pages(app), headers={"Accept-Language": language}, follow_redirects=False)
    now = app.clock.now()
    (issue,) = app.issues.list()
    reader = reader_token(app.keys, person)
    token = {purpose: make_token(app.keys, purpose, person, now=now) for purpose in Purpose}
    wish = {"name": "N", "topic": "berlin", "language": language}
    asked: dict[str, tuple[str, dict[str, str] | None]] = {
        "subscribe": ("/subscribe", None),
        "subscribe, bad address": ("/subscribe", {**wish, "email": "nobody at all"}),
        "look into your mailbox": ("/subscribe", {**wish, "email": f"ada-{language}@example.net"}),
        "confirm": (f"/confirm/{token[Purpose.CONFIRM]}", None),
        "welcome": (f"/confirm/{token[Purpose.CONFIRM]}", {}),
        "settings": (f"/m/{reader}", None),
        "settings, kept": (f"/m/{reader}", {"text_only": "yes", "topic": "berlin"}),
        "settings, no such day": (f"/m/{reader}", {"until": "1999-01-01"}),
        "ask for the link": ("/manage", None),
        "ask for the link, bad address": ("/manage", {"email": "nobody at all"}),
        "the link is mailed": ("/manage", {"email": "nobody@example.net"}),
        "own settings": (f"/manage/{token[Purpose.MANAGE]}", None),
        "own settings, bad address": (f"/manage/{token[Purpose.MANAGE]}", {"do": "move", "email": "nobody"}),
        "settings, a link that is cut": ("/m/x", None),
        "unsubscribe": (f"/u/{reader}", None),
        "goodbye": (f"/u/{reader}", {"from": "page"}),
        "back": (f"/back/{token[Purpose.RETURN]}", None),
        "returned": (f"/back/{token[Purpose.RETURN]}", {}),
        "the way back is closed": ("/back/x", None),
        "a link that is cut": ("/u/x", None),
        "not here": ("/nowhere", None),
        "archive": ("/archive", None),
        "search": ("/archive/search?q=boat", None),
        "search, nothing found": ("/archive/search?q=zeppelin", None),
        "issue": (f"/a/{issue.id}", None),
        "preferences": (f"/m/{reader}", None),
        "ask for one's link": ("/manage", None),
        "manage": (f"/manage/{token[Purpose.MANAGE]}", None),
        "new address": (f"/new-address/{token[Purpose.NEW_ADDRESS]}", None),
        "privacy": (f"/privacy/{token[Purpose.MANAGE]}", None),
        "privacy, erase?": (f"/privacy/{token[Purpose.MANAGE]}", {"do": "erase"}),
    }
    found = {}
    for name, (path, form) in asked.items():
        answer = client.get(path) if form is None else client.post(path, data=form)
        assert answer.status_code in {200, 404, 422}, (name, answer.status_code)
        # An issue's sandbox stops the checker's own script, too; test_hostile_post.py proves it.
        headers = (
            {} if name == "issue" else {"Content-Security-Policy": answer.headers["Content-Security-Policy"]}
        )
        found[f"{name} ({language})"] = Page(html=answer.text, headers=headers)
    return found


def system_mails() -> dict[str, RenderedEmail]:
    """The mail of each kind in each language of the pages, in every theme's look."""
    themes = {name: with_system_mails(theme, Path("no-project")) for name, theme in THEMES.items()}
    return {
        f"{kind} ({language}, {name})": reader_mail(kind, language, theme=theme, newsletter=NEWSLETTER)
        for kind in _TO_READERS
        for language in LANGUAGES
        for name, theme in themes.items()
    }


def as_handed_over(name: str, mail: RenderedEmail) -> bytes:
    """The mail as its reader's server hands it to the spam filter, with the name in a header."""
    sender = Sender(address=sender_for(NEWSLETTER).address, headers={"Auto-Submitted": "auto-generated"})
    recipient = Recipient(
        delivery_id=DeliveryId("system.1"),
        address=Address(addr_spec="noor@example.org"),
        merge_data={LINK_TOKEN: "A" * 40},
        headers={"Message-ID": "<s1.0123456789abcdef@news.example.com>"},
    )
    return received(name, to_bytes(mail, sender, recipient, date=SENT))


_TO_READERS = (
    SystemMailKind.CONFIRMATION,
    SystemMailKind.MANAGE,
    SystemMailKind.GOODBYE,
    SystemMailKind.NEW_ADDRESS,
)
