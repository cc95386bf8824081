"""Mails that are no letters, rendered: in the look of the letters, with a button that leads to a page.

They hold no words of a visitor's: nobody can make this program carry a message to a stranger.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from newsletter.config.settings import NewsletterSettings
from newsletter.config.theme import Theme
from newsletter.content.inlining import inline
from newsletter.content.look import look_of
from newsletter.content.phrases import direction_of, phrases_for
from newsletter.content.phrases.mails import READER_MAILS
from newsletter.content.render import letter_digest
from newsletter.content.templating import fill
from newsletter.models import IssueId, MergeField, RenderedEmail, SystemMailKind

LINK_TOKEN = "link_token"  # noqa: S105 -- the merge field's name, not a secret
"""The one merge field: the token at the end of the button's link."""
_HTML, _TEXT = "mail.html.j2", "mail.txt.j2"
_PATHS = {
    SystemMailKind.CONFIRMATION: "confirm",
    SystemMailKind.MANAGE: "manage",
    SystemMailKind.GOODBYE: "back",
    SystemMailKind.NEW_ADDRESS: "new-address",
}
"""The page that each button leads to."""
_LOOK = ("logo", "logo_alt", "logo_width", "logo_height")


@dataclass(frozen=True, kw_only=True, slots=True)
class MailText:
    """What a mail says."""

    subject: str
    before: Sequence[str]
    lines: Sequence[str] = ()
    button: str = ""
    link: str = ""
    after: Sequence[str] = ()


def reader_mail(
    kind: SystemMailKind, language: str, *, theme: Theme, newsletter: NewsletterSettings
) -> RenderedEmail:
    """The mail of this kind in this language, the same for everybody but for the token of its link.

    Raises BadTemplate for a fault of the theme.
    """
    words = READER_MAILS[_spoken(language)][kind]
    name = newsletter.name
    placeholder = "nl" + hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:25]
    text = MailText(
        subject=words.subject.format(name=name),
        before=[words.before.format(name=name)],
        button=words.button.format(name=name),
        link=f"{newsletter.public_url.rstrip('/')}/{_PATHS[kind]}/{placeholder}",
        after=[words.after.format(name=name)],
    )
    email = plain_mail(text, _spoken(language), theme=theme, newsletter=newsletter)
    return dataclasses.replace(email, merge_fields=(MergeField(name=LINK_TOKEN, placeholder=placeholder),))


def plain_mail(
    text: MailText, language: str, *, theme: Theme, newsletter: NewsletterSettings
) -> RenderedEmail:
    """A mail of these words. Raises BadTemplate for a fault of the theme."""
    look = look_of(theme)
    context = {
        "newsletter": {
            "name": newsletter.name,
            "postal_address": " ".join(newsletter.postal_address.split()),
        },
        "mail": {
            "language": language,
            "direction": direction_of(language),
            "subject": text.subject,
            "paragraphs": list(text.before),
            "lines": list(text.lines),
            "button": text.button,
            "link": text.link,
            "after": list(text.after),
            "colon": phrases_for(language).colon,
        },
        "look": {"width": look.width, **{name: getattr(theme.settings, name) for name in _LOOK}},
        "style": Markup(look.style),  # noqa: S704 -- the theme's own
    }
    words = fill(theme, look.files, _TEXT, context)
    page = inline(fill(theme, look.files, _HTML, context), where=theme.paths.get(_HTML, theme.name))
    return RenderedEmail(
        issue_id=IssueId("system"),
        subject=text.subject,
        preheader="",
        html=page,
        text=words,
        merge_fields=(),
        sha256=letter_digest(text.subject, "", page, words),
    )


def _spoken(language: str) -> str:
    """The tag of the language in which there are mails; English when there are none in this one."""
    tag = phrases_for(language).language.partition("-")[0]
    return tag if tag in READER_MAILS else "en"
