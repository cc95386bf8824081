"""Every setting, with its unit and default, those of `[theme]` in theme.py.

`docs/reference/settings.md` has an entry for each.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from newsletter.config.theme import ThemeSettings

Show = Literal["full", "excerpt", "title"]
Silence = Literal["send", "hold", "skip"]
Certainty = Literal["evidence", "cancelable"]
Uncertain = Literal["ask", "assume_submitted", "resend"]
Encryption = Literal["starttls", "tls", "none"]

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
"""The shape of a BCP 47 tag (RFC 5646 §2.1)."""
TAG = re.compile(r"\w[\w-]{0,63}")
"""What a subscriber's tag looks like, in the letters of any language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewsletterSettings:
    """`[newsletter]`: who writes it, and what every letter must carry."""

    name: str
    """The masthead and the name in the list headers."""
    sender: str
    """`from` in the file: `Name <local@domain>` or `local@domain`."""
    postal_address: str
    """The physical address that the law asks for in every letter."""
    public_url: str
    """Where readers reach `newsletter serve`, such as `https://news.example.com`; no slash at the end."""
    reply_to: str = ""
    language: str = "en"
    """BCP 47 tag."""
    timezone: str = "UTC"
    """IANA name; the schedule is read in it."""
    theme: str = "broadsheet"
    list_id: str = ""
    """RFC 2919 identifier such as `friday.news.example.com`; empty: made from the address's domain."""
    preheader: str = ""
    """The first line of a gathered issue; empty: the titles of its posts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceSettings:
    """One `[[sources]]` table: a feed's `url` or a `folder` of Markdown posts."""

    url: str = ""
    folder: str = ""
    """Path from the project folder."""
    name: str = ""
    """How letters name the source; empty: the feed's own title."""
    show: Show = "full"
    max_posts: int = 10
    """The newest so many per issue; older ones are dropped, and the decision log says so."""
    since: date | None = None
    """The first gather takes posts newer than this; unset: of the last 7 days."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleSettings:
    """`[schedule]`: when issues are gathered and sent without anybody at the desk."""

    send: str = ""
    """Words such as `friday 09:00`, or five-field POSIX cron; empty: nothing is sent by itself."""
    review: timedelta = timedelta(hours=2)
    """The draft is gathered this long before it is sent."""
    silence: Silence = "send"
    """What happens at the time of sending when the author has said nothing."""
    minimum_posts: int = 1
    """Fewer posts than this: the slot is skipped, and says so."""
    catch_up: timedelta = timedelta(hours=12)
    """A slot missed by less is still sent; by more it asks."""
    undo: timedelta = timedelta(minutes=5)
    """An approved issue waits this long, and can be taken back meanwhile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SendingSettings:
    """`[sending]`: how fast, how carefully, and what a send may not do to the list's reputation."""

    rate: str = ""
    """Recipients in any span of that length, such as `14/second` or `600/hour`; empty: no limit. It is
    the provider's limit for all processes together."""
    warm_up: tuple[int, ...] = ()
    """Recipients on the first, second, … day on which letters are sent; no limit after the last."""
    canary: float = 0.0
    """The share of the audience, 0–1, that goes first and must look healthy; 0: nobody does."""
    canary_wait: timedelta = timedelta(minutes=30)
    """How long the rest waits for what becomes of the canary."""
    error_budget: float = 0.05
    """The share of recipients who may be rejected or uncertain before a send pauses by itself."""
    max_bounced: float = 0.05
    """The share of submitted letters that may bounce permanently before a send pauses by itself."""
    max_complained: float = 0.001
    """The share that may be called spam."""
    soft_bounces: int = 3
    """Letters in a row that must bounce, however temporarily, before a subscriber is suppressed."""
    certainty: Certainty = "evidence"
    """`cancelable`: each request can be called back for ten minutes, and goes out twenty minutes later."""
    uncertain: Uncertain = "ask"
    """What becomes of recipients about whom nothing came to light after `uncertain_after`."""
    uncertain_after: timedelta = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class SendGridSettings:
    """`[provider.sendgrid]`; the key comes from SENDGRID_API_KEY, never from the file."""

    base_url: str = "https://api.sendgrid.com"
    """`https://api.eu.sendgrid.com` for EU subusers."""
    timeout: float = 30.0
    """Seconds for one request from the first byte to the last."""
    webhook_key: str = ""
    """The public key that SendGrid shows for its signed Event Webhook; empty: no events are taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DkimSettings:
    """`[provider.smtp.dkim]`: letters are signed here; the key comes from DKIM_PRIVATE_KEY."""

    domain: str = ""
    """The signing domain (`d=`), that of the sender's address or one above it; empty: no signature."""
    selector: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpSettings:
    """`[provider.smtp]`: a submission server; its password comes from SMTP_PASSWORD."""

    host: str = ""
    port: int = 587
    encryption: Encryption = "starttls"
    """`tls` from the first byte (port 465), `starttls`, or `none` for a server on this machine."""
    username: str = ""
    """Empty: the server asks nobody who they are."""
    timeout: float = 60.0
    """Seconds for one letter, from its first command to the server's last word."""
    hello: str = ""
    """The name told in EHLO; empty: this machine's own."""
    dkim: DkimSettings = field(default_factory=DkimSettings)


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxSettings:
    """`[provider.outbox]`: letters become .eml files."""

    folder: str = "data/outbox"
    """Path from the project folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderSettings:
    """`[provider]`: who mails the letters."""

    kind: str = "outbox"
    """A name registered under the entry points `newsletter.providers`."""
    batch_size: int = 1000
    """Recipients per request, 1–1000; the provider's own limit holds when it is lower."""
    connections: int = 2
    """Requests under way at a time, 1–8: while one waits for its answer, another is prepared."""
    sendgrid: SendGridSettings = field(default_factory=SendGridSettings)
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    outbox: OutboxSettings = field(default_factory=OutboxSettings)


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicSettings:
    """One `[[readers.topics]]` table: a tag that readers may choose for themselves."""

    tag: str
    """Letters, digits and hyphens."""
    title: str
    """What the pages call it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReaderSettings:
    """`[readers]`: how people join, and what they may choose."""

    sign_up: bool = True
    """Whether anybody may ask for the newsletter on its pages."""
    consent: str = ""
    """The exact words that people agree to; empty: the program's own, in their language."""
    privacy_url: str = ""
    """The author's privacy policy; linked beside the consent."""
    privacy_version: str = ""
    """Its version, kept with each consent."""
    form_origins: tuple[str, ...] = ()
    """Other sites whose scripts may post the sign-up form, such as `https://blog.example.com`."""
    topics: tuple[TopicSettings, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveSettings:
    """`[archive]`: submitted issues on the web."""

    public: bool = True
    """Whether submitted issues can be read on the web at all."""
    indexed: bool = True
    """Whether search engines are welcome to it."""
    feed_issues: int = 20
    """The newest so many issues in the Atom and JSON feeds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebSettings:
    """`[web]`: the server behind the pages."""

    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies whose X-Forwarded-For is believed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpSettings:
    """`[http]`: what the program may ask for on the network."""

    allow_private: tuple[str, ...] = ()
    """Addresses or networks in private ranges that sources may be on, such as `10.0.0.0/24`."""
    allow_ports: tuple[int, ...] = (80, 443)
    """Ports that may be asked besides those of addresses in `allow_private`, where any port may."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseSettings:
    """`[database]`: where subscribers and the ledger are kept."""

    url: str = ""
    """SQLAlchemy URL, such as `postgresql+psycopg://…`; empty: `data/newsletter.db` in the project."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """What comes only from the environment, `.env` or `*_FILE`; hidden from repr and logs."""

    sendgrid_api_key: str = field(default="", repr=False)
    smtp_password: str = field(default="", repr=False)
    dkim_private_key: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """A whole project's settings, checked."""

    project: Path
    newsletter: NewsletterSettings
    theme: ThemeSettings = field(default_factory=ThemeSettings)
    sources: tuple[SourceSettings, ...] = ()
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    sending: SendingSettings = field(default_factory=SendingSettings)
    provider: ProviderSettings = field(default_factory=ProviderSettings)
    readers: ReaderSettings = field(default_factory=ReaderSettings)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    web: WebSettings = field(default_factory=WebSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    secrets: Secrets = field(default_factory=Secrets)
    provider_table: Mapping[str, object] = field(default_factory=dict)
    """`[provider.<kind>]` as it is written, of a kind that another package brings; else empty."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """The environment over the project's `.env`, for the secrets of other packages' providers and sources."""
    places: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Where each setting was given (`file:line` or a variable's name), by its dotted path."""

    def where(self, setting: str) -> str:
        """The place of a setting such as `schedule.send`, for messages."""
        return self.places.get(setting, f"newsletter.toml [{setting.rpartition('.')[0]}]")

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL in force; a SQLite file's path begins in the project's folder.

        Else a command called from another folder would find another, empty ledger, and send again.
        """
        kind, mark, path = (self.database.url or "sqlite:///data/newsletter.db").partition(":///")
        return (
            f"{kind}{mark}{self.project / path}" if kind.startswith("sqlite") and path else kind + mark + path
        )

    @property
    def mark_file(self) -> Path:
        """Where the database's mark stands: not among the data, which may be put back as a whole."""
        return self.project / "issues" / ".newsletter.mark"
