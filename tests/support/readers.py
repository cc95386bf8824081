"""Readers of a newsletter under test: who they are, the links they hold and the mails they get."""

import email
import re
from dataclasses import replace
from datetime import timedelta
from email import policy
from email.message import EmailMessage

from newsletter.content.links import reader_token
from newsletter.models import Subscriber
from newsletter.wiring import App
from newsletter.wiring.clocks import ShiftedClock
from tests.support.project import Project


def reader(app: App, addr_spec: str) -> Subscriber:
    """Whose address it is; there must be somebody."""
    person = app.subscribers.find(addr_spec)
    assert person is not None
    return person


def leave_link(app: App, addr_spec: str) -> str:
    """The path at the end of this reader's letters."""
    return f"/u/{reader_token(app.keys, reader(app, addr_spec).id)}"


def mails(project: Project) -> list[EmailMessage]:
    """The mails in the outbox that are no letters, in the order in which they were asked for."""
    folder = project.folder / "data" / "outbox" / "system"
    paths = sorted(folder.glob("*.eml"), key=lambda path: int(path.name.split(".")[1]))
    return [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def link_in(mail: EmailMessage) -> str:
    """The path of the first link in the mail's text."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"https://news\.example\.com(/\S+)", body.get_content())
    assert found
    return found[1]


def later(app: App, span: timedelta) -> App:
    """The same newsletter, so much later."""
    return replace(app, clock=ShiftedClock(app.clock, span))
