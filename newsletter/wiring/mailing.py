"""The program's own mails: composed for their reader, and handed over by whoever holds the lease."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache, partial

from newsletter.config.theme import load_theme, with_system_mails
from newsletter.content.addresses import parse_address
from newsletter.content.counting import counted
from newsletter.content.systemmail import LINK_TOKEN, MailText, plain_mail, reader_mail
from newsletter.content.tokens import Purpose, make_token
from newsletter.errors import Busy, NewsletterError
from newsletter.models import (
    Address,
    DeliveryId,
    IssueId,
    Recipient,
    RenderedEmail,
    Sender,
    SystemMail,
    SystemMailKind,
)
from newsletter.store.leases import new_owner
from newsletter.usecases.filing import finish_files
from newsletter.usecases.joining import UNCONFIRMED_FOR
from newsletter.usecases.mailing import Composed, send_system_mails
from newsletter.usecases.standing import doubt_about_mails
from newsletter.wiring.app import App

LEASE = "system mails"
LEASE_SECONDS = 300.0
"""Longer than any one mail takes with its time-outs; on this host a dead holder is known at once."""
VISITS_KEPT = timedelta(days=30)
"""Of pages that are no issue's; long enough to know a scanner again."""
_PURPOSES = {
    SystemMailKind.CONFIRMATION: Purpose.CONFIRM,
    SystemMailKind.MANAGE: Purpose.MANAGE,
    SystemMailKind.GOODBYE: Purpose.RETURN,
    SystemMailKind.NEW_ADDRESS: Purpose.NEW_ADDRESS,
}


def hand_over_mails(app: App) -> int:
    """How many of the mails that are due were handed over. Raises Busy while another process is at it."""
    lease = app.ledger.acquire(LEASE, owner=new_owner(), ttl=LEASE_SECONDS, now=app.clock.now())
    try:
        return send_system_mails(
            app.mails,
            make_provider=app.provider,
            compose=_Composer(app).compose,
            clock=app.clock,
            stopped=app.stopped.is_set,
        )
    finally:
        app.ledger.drop(lease)


def hand_over_when_due(app: App) -> int:
    """As hand_over_mails; 0 when nothing is due, or while another process is at it.

    A mail whose process died is seen to as well, though no other may come for long: it is in doubt.
    """
    if not app.mails.due(app.clock.now()):
        return 0
    try:
        return hand_over_mails(app)
    except Busy:
        return 0


def tend_readers(app: App) -> tuple[str, ...]:
    """Lines about what a run did besides issues: own mails handed over, wishes that ran out forgotten."""
    now = app.clock.now()
    app.limits.forget(now - UNCONFIRMED_FOR - timedelta(days=1))
    app.visits.forget(now - VISITS_KEPT)
    expired = app.joining.expire(now - UNCONFIRMED_FOR)
    mailed = hand_over_when_due(app)
    doubt = doubt_about_mails(app.mails.uncertain(now))
    return (
        *_clean(app),
        *((f"{counted(expired, 'unconfirmed sign-up')} forgotten",) if expired else ()),
        *((f"{counted(mailed, 'mail')} of the program's own handed over",) if mailed else ()),
        *((doubt,) if doubt else ()),
    )


def _clean(app: App) -> tuple[str, ...]:
    """A line about why what was erased may still be read in the database's file; none when it cannot."""
    try:
        app.forgetting.remove_traces()
    except NewsletterError as error:  # such as a disk without room for a second copy of it
        return (f"what was erased may still be read in the database's file: {error}",)
    return ()


class _Composer:
    """Mails of one run; what is the same for everybody is rendered once."""

    def __init__(self, app: App) -> None:
        self._app = app
        settings = app.settings
        self._theme = with_system_mails(
            load_theme(settings.project, settings.newsletter.theme, settings.theme), settings.project
        )
        self._sender = parse_address(settings.newsletter.sender)
        self._rendered = lru_cache(maxsize=64)(
            partial(reader_mail, theme=self._theme, newsletter=settings.newsletter)
        )

    def compose(self, mail: SystemMail) -> Composed | None:
        """The mail as it goes out; None when its person is gone, or wants it no more."""
        if mail.kind is SystemMailKind.DRAFT_READY:
            return self._draft_ready(mail)
        person = self._app.subscribers.get(mail.subscriber_id) if mail.subscriber_id is not None else None
        if person is None:
            return None
        bound = ""
        if mail.kind is SystemMailKind.NEW_ADDRESS:
            bound = self._app.preferences.next_address(person.id)
            if bound != mail.to.addr_spec:
                return None
        email = self._rendered(mail.kind, person.language or self._app.settings.newsletter.language)
        token = make_token(
            self._app.keys, _PURPOSES[mail.kind], person.id, now=self._app.clock.now(), bound=bound
        )
        return self._addressed(mail, email, {LINK_TOKEN: token})

    def _draft_ready(self, mail: SystemMail) -> Composed | None:
        """The author's notice that the issue named in `detail` waits for review."""
        issue_id = IssueId(mail.detail)
        finish_files(self._app.issues, self._app.files)  # it is queued before its issue's file is written
        review = self._app.review(issue_id)
        record = self._app.record(issue_id)
        text = MailText(
            subject=f"Ready for review: {review.email.subject}",
            before=[
                f"The issue {issue_id} was gathered{_due(record.slot)}.",
                f"Its file is issues/{issue_id}.md: edit it as you like. What it says then is sent.",
            ],
            lines=[
                *(section.title for section in review.issue.sections),
                *(f"{finding.severity}: {finding.message} ({finding.where})" for finding in review.findings),
            ],
            after=[
                f"To see it: newsletter preview {issue_id}",
                f"To send it in its time: newsletter approve {issue_id}",
                f"To drop it: newsletter cancel {issue_id}",
            ],
        )
        email = plain_mail(text, "en", theme=self._theme, newsletter=self._app.settings.newsletter)
        return self._addressed(mail, email, {})

    def _addressed(self, mail: SystemMail, email: RenderedEmail, values: Mapping[str, str]) -> Composed:
        domain = self._sender.addr_spec.rpartition("@")[2]
        return Composed(
            email=email,
            sender=Sender(address=self._sender, headers={"Auto-Submitted": "auto-generated"}),
            recipient=Recipient(
                # SQLite may give the number of the last mail again when that was erased.
                delivery_id=DeliveryId(f"system.{mail.number}.{mail.created_at:%Y%m%d%H%M%S%f}"),
                address=Address(addr_spec=mail.to.addr_spec),
                merge_data=values,
                headers={"Message-ID": f"<s{mail.number}.{secrets.token_hex(8)}@{domain}>"},
            ),
        )


def _due(slot: str | None) -> str:
    return f" and goes out at {datetime.fromisoformat(slot):%A %d %B, %H:%M}" if slot else ""
