"""The rules that every letter is held to before it is sent; one small function each."""

from collections.abc import Mapping

from newsletter.config.settings import NewsletterSettings
from newsletter.config.theme import Theme
from newsletter.content.checks import clients, contrast, duties, links, markup, online, pictures, wording
from newsletter.content.checks.answers import Answer
from newsletter.content.checks.letter import Check, Letter
from newsletter.content.links import Personaliser
from newsletter.content.tokens import Keyring
from newsletter.models import (
    Address,
    Delivery,
    DeliveryId,
    Finding,
    Issue,
    RenderedEmail,
    Sender,
    Severity,
    SubscriberId,
)

CHECKS: tuple[Check, ...] = tuple(
    value
    for family in (duties, wording, links, pictures, markup, contrast, clients, online)
    for value in vars(family).values()
    if isinstance(value, Check)
)
"""A new check is a new function in one of the families, and an entry in docs/reference/checks.md."""

_NO_KEYS = Keyring(keys={1: bytes(32)})
"""They sign nothing real."""


def run_checks(
    email: RenderedEmail,
    sender: Sender,
    newsletter: NewsletterSettings,
    *,
    issue: Issue,
    theme: Theme | None = None,
    source: str = "",
    answers: Mapping[str, Answer] | None = None,
) -> list[Finding]:
    """What is wrong with this letter, each thing once, errors first, in the order of the checks.

    Without a `theme` its style sheet is not looked at; without the `source`, the issue file's text,
    findings name the line on which their section begins; without `answers`, nothing is said of
    what stands on the network.
    """
    letter = Letter(
        email=email,
        issue=issue,
        newsletter=newsletter,
        headers=_headers_of_a_reader(email, sender, newsletter),
        theme=theme,
        source=source,
        answers=answers or {},
    )
    findings = dict.fromkeys(finding for check in CHECKS for finding in check.findings(letter))
    return sorted(findings, key=lambda finding: finding.severity != Severity.ERROR)


def _headers_of_a_reader(
    email: RenderedEmail, sender: Sender, newsletter: NewsletterSettings
) -> dict[str, str]:
    """The headers of the letter to somebody, by a key that signs nothing real."""
    somebody = Delivery(
        id=DeliveryId(f"{email.issue_id}.1"),
        subscriber_id=SubscriberId(0),
        address=Address(addr_spec="reader@example.com"),
    )
    recipient = Personaliser(newsletter, _NO_KEYS, email).recipient(somebody)
    names = {"From": sender.address.display_name, "Subject": email.subject}
    return {**names, **sender.headers, **recipient.headers}
