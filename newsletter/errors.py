"""Everything that can go wrong, named by what the caller may do next.

NewsletterError                    one clear line: what, where, remedy
├── BadInput                       a file, setting, address, key or template is wrong: fix it (exit 1)
│   ├── BadSetting                 newsletter.toml, .env or the environment
│   ├── BadIssueFile               issues/*.md
│   ├── BadTemplate                templates/<theme>/*
│   ├── BadAddress                 an address that no mail can reach
│   ├── BadSchedule                schedule words or cron that name no time
│   └── BadFilter                  an audience filter that cannot be read
├── NotFound                       the issue, file or subscriber named does not exist (exit 1)
├── NeedsAttention                 nothing is broken, a person must decide (exit 3)
│   └── OldPostsAppeared           a feed seems to have changed its ids
├── Busy                           another process is at it: try again later (exit 75)
│   └── LeaseLost                  another sender took over: stop at once
├── WrongState                     the issue is in a state in which this cannot be done (exit 1)
├── SourceFailed                   one source could not be read: go on without it
│   └── FetchRefused               an address that net.py will not ask
├── ProviderError
│   ├── ProviderUnavailable        nothing accepted: try again after retry_after
│   ├── ProviderRefused            nothing accepted, trying again is no use: pause the issue
│   │   ├── RecipientsRefused      nothing accepted because of the recipients named: go on without them
│   │   └── BatchTooLarge          nothing accepted because of the size: split the batch
│   └── SubmissionUncertain        may have been accepted: never try again without evidence
└── WebhookRejected                a provider event that is forged, stale or not to be read
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsletter.models import SendOutcome


class NewsletterError(Exception):
    """The root: its text says what is wrong and where, `remedy` what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} — {self.remedy}" if self.remedy else self.message


class BadInput(NewsletterError):
    """Something that a person wrote is wrong; `where` is `file:line` when a line is known."""

    def __init__(self, message: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message, remedy=remedy)
        self.where = where


class BadSetting(BadInput):
    """A setting is unknown, missing or ill-typed."""


class BadIssueFile(BadInput):
    """An issue file cannot be read as an issue."""


class BadTemplate(BadInput):
    """A theme's template or style sheet cannot be rendered."""


class BadAddress(BadInput):
    """An address that cannot be written in a mail header or reached by mail."""


class BadSchedule(BadInput):
    """Schedule words or a cron expression that name no time."""


class BadFilter(BadInput):
    """An audience filter that cannot be read, or that names a tag which nobody has."""


class NotFound(NewsletterError):
    """What was named does not exist."""


class NeedsAttention(NewsletterError):
    """Nothing is broken, but a person must decide before the program goes on."""

    exit_code = 3


class OldPostsAppeared(NeedsAttention):
    """Many posts that look new are older than the last issue: a feed seems to have changed its ids."""


class Busy(NewsletterError):
    """Another process holds the lease; the same call may succeed later."""

    exit_code = 75


class LeaseLost(Busy):
    """Another sender has taken over this issue; this one must stop at once."""


class WrongState(NewsletterError):
    """The issue is in a state in which the step asked for cannot be taken."""


class SourceFailed(NewsletterError):
    """One source could not be read; the others go on."""


class FetchRefused(SourceFailed):
    """The address is one that the program will not ask (scheme, port, private network)."""


class ProviderError(NewsletterError):
    """The family of everything that a provider's submit may raise."""


class ProviderUnavailable(ProviderError):
    """Nothing was accepted; the same batch may be tried again after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class ProviderRefused(ProviderError):
    """Nothing was accepted and trying again is no use until a person changes something."""


class RecipientsRefused(ProviderRefused):
    """Nothing was accepted because of the recipients in `rejected`; the others may go on."""

    def __init__(self, message: str, *, rejected: "Sequence[SendOutcome]") -> None:
        super().__init__(message)
        self.rejected = tuple(rejected)


class BatchTooLarge(ProviderRefused):
    """Nothing was accepted because the request was too large; a smaller batch may pass."""


class SubmissionUncertain(ProviderError):
    """The batch may have been accepted; only evidence may settle it."""


class WebhookRejected(NewsletterError):
    """A webhook request that is forged, stale or unreadable: it changes nothing.

    `status` is the HTTP status to answer with.
    """

    def __init__(self, message: str, *, status: int, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status


def did_you_mean(word: str, known: Collection[str]) -> str:
    """A remedy for a word that is not known: the nearest that is, else all of them."""
    import difflib

    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean “{near[0]}”?" if near else f"known here: {', '.join(sorted(known))}"
