"""Issue → RenderedEmail: Markdown, then the theme's templates, then premailer, once for everybody.

Preview, test, send and archive all show what this makes.
"""

import hashlib
import re
import traceback
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from newsletter.config.settings import NewsletterSettings
from newsletter.config.theme import Theme
from newsletter.content.bodytree import body_tree, inner_html
from newsletter.content.inlining import inline
from newsletter.content.letter import dress
from newsletter.content.links import READER_TOKEN, archive_url, unsubscribe_url
from newsletter.content.mime import check_header
from newsletter.content.text import body_text
from newsletter.content.wrapping import WIDTH, join_blocks, wrap
from newsletter.errors import BadInput, BadIssueFile, BadTemplate
from newsletter.models import Issue, MergeField, RenderedEmail, Section

_HTML, _TEXT, _STYLE = "issue.html.j2", "issue.txt.j2", "style.css"
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ku", "ps", "sd", "ug", "ur", "yi"})
"""Languages written from right to left (Unicode CLDR 46, characterOrder)."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEB_ADDRESS = re.compile(r"https?://|(?![\w+.-]*:)", re.IGNORECASE)
"""http, https, or no scheme at all, which a check finds."""
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TEMPLATE_FAULTS = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an expression of a template can raise; the sandbox's SecurityError is a TemplateError."""

Context = dict[str, Any]
"""Plain dicts, lists, numbers and strings: a template gets no object that it could call."""


def render_issue(
    issue: Issue, *, theme: Theme, newsletter: NewsletterSettings, placeholder: str, dated: date | None
) -> RenderedEmail:
    """The issue as a letter, with the placeholder at the end of each personal link.

    `dated` stands in the masthead; None leaves it out. Raises BadTemplate for a fault of the theme,
    BadIssueFile for a section that cannot be shown, BadInput for text that no letter may hold.
    """
    check_header("Subject", issue.subject)
    _refuse_controls(issue.preheader, _where(issue))
    _refuse_placeholder(issue, newsletter, theme, placeholder)
    context = _context(issue, newsletter, placeholder, dated)
    environment = _environment(theme)
    text = join_blocks([_fill(environment, theme, _TEXT, context).split("\n")]) + "\n"
    page = inline(
        _fill(environment, theme, _HTML, context | {"style": Markup(theme.files.get(_STYLE, ""))}),  # noqa: S704 -- the theme's own
        where=theme.paths.get(_HTML, theme.name),
    )
    _prove_placeholder(page, text, placeholder, theme)
    return RenderedEmail(
        issue_id=issue.id,
        subject=issue.subject,
        preheader=issue.preheader,
        html=page,
        text=text,
        merge_fields=(MergeField(name=READER_TOKEN, placeholder=placeholder),),
        sha256=letter_digest(issue.subject, issue.preheader, page, text),
    )


def letter_digest(subject: str, preheader: str, page: str, text: str) -> str:
    """The hex SHA-256 over the four, each behind its length in octets so that none runs into the next."""
    digest = hashlib.sha256()
    for part in (subject, preheader, page, text):
        octets = part.encode("utf-8")
        digest.update(len(octets).to_bytes(8, "big") + octets)
    return digest.hexdigest()


# --- what the templates get --------------------------------------------------------------------


def _context(issue: Issue, newsletter: NewsletterSettings, placeholder: str, dated: date | None) -> Context:
    language = issue.language or newsletter.language
    return {
        "newsletter": {
            "name": newsletter.name,
            "postal_address": " ".join(newsletter.postal_address.split()),
            "host": urlsplit(newsletter.public_url).hostname or "",
        },
        "issue": {
            "subject": issue.subject,
            "preheader": issue.preheader,
            "language": language,
            "direction": _direction(language),
            "date": f"{_DAYS[dated.weekday()]}, {_long_date(dated)}" if dated else "",
        },
        "links": {
            "unsubscribe": unsubscribe_url(newsletter.public_url, placeholder),
            "archive": archive_url(newsletter.public_url, issue.id),
        },
        "intro": _body(issue.intro_markdown, "intro", issue),
        "posts": [
            _post(number, section, issue, newsletter, dated)
            for number, section in enumerate(issue.sections, start=1)
        ],
        "outro": _body(issue.outro_markdown, "outro", issue),
    }


def _post(
    number: int, section: Section, issue: Issue, newsletter: NewsletterSettings, dated: date | None
) -> Context:
    where = _where(issue, section)
    if not _WEB_ADDRESS.match(section.url):
        raise BadIssueFile(
            f"the link of “{section.title}” is no web address",
            where=where,
            remedy="let it begin with https://",
        )
    for words in (section.title, section.source_name, section.author):
        _refuse_controls(words, where)
    language = section.language or issue.language or newsletter.language
    published = section.published and _day(section.published, newsletter.timezone)
    byline = [section.source_name, section.author, published and _short_date(published, dated)]
    return {
        "number": number,
        "anchor": f"post-{number}",
        "title": section.title,
        "url": section.url,
        "byline": " · ".join(part for part in byline if part),
        "language": language,
        "direction": section.direction or _direction(language),
        **_body(section.body_markdown, f"p{number}", issue, section),
    }


def _body(markdown: str, name: str, issue: Issue, section: Section | None = None) -> Context:
    """`html` and `text` of one body."""
    try:
        tree = body_tree(markdown, name=name, url=section.url if section else "")
    except BadInput as error:
        raise BadIssueFile(error.message, where=_where(issue, section), remedy=error.remedy) from error
    text = body_text(tree)
    dress(tree)
    return {"html": Markup(inner_html(tree)), "text": text}  # noqa: S704 -- body_tree has cleaned it


def _refuse_controls(words: str, where: str) -> None:
    """None when the words can stand in a page. Raises BadIssueFile."""
    if _CONTROLS.search(words):
        raise BadIssueFile(
            "a title, a name or the preheader holds a control character or a line break",
            where=where,
            remedy="type the text anew, on one line",
        )


def _where(issue: Issue, section: Section | None = None) -> str:
    return f"issues/{issue.id}.md" + (f":{section.line}" if section and section.line else "")


def _direction(language: str) -> str:
    return "rtl" if language.lower().partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def _day(moment: datetime, timezone: str) -> date:
    return moment.astimezone(ZoneInfo(timezone)).date()


def _long_date(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _short_date(day: date, dated: date | None) -> str:
    """Day and month; the year only when it is not the letter's."""
    return _long_date(day) if not dated or day.year != dated.year else f"{day.day} {_MONTHS[day.month - 1]}"


# --- the templates -----------------------------------------------------------------------------


def _environment(theme: Theme) -> ImmutableSandboxedEnvironment:
    def load(name: str) -> tuple[str, str, None] | None:
        return (theme.files[name], theme.paths.get(name, name), None) if name in theme.files else None

    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FunctionLoader(load),
        autoescape=lambda name: name is None or not name.endswith(".txt.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        cache_size=0,
    )
    environment.filters["wrapped"] = _wrapped
    return environment


def _wrapped(text: str, indent: str = "") -> str:
    """The text in lines; all but the first begin with the indent."""
    return f"\n{indent}".join(wrap(text, WIDTH - len(indent)))


def _fill(
    environment: ImmutableSandboxedEnvironment, theme: Theme, name: str, context: Mapping[str, Any]
) -> str:
    try:
        return environment.get_template(name).render(context)
    except jinja2.TemplateNotFound as error:
        raise BadTemplate(
            f"has no {error.name}",
            where=f"templates/{theme.name}",
            remedy="add the file, or remove the theme's folder to use the one that ships",
        ) from error
    except _TEMPLATE_FAULTS as error:
        raise BadTemplate(
            str(error),
            where=_place(error, theme),
            remedy="mend the template; docs/adding/a-theme.md lists its words",
        ) from error


def _place(error: BaseException, theme: Theme) -> str:
    """`path:line` of the template line that raised."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.filename or error.name}:{error.lineno}"
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in theme.paths.values()
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else f"templates/{theme.name}"


# --- the placeholder ---------------------------------------------------------------------------


def _refuse_placeholder(issue: Issue, newsletter: NewsletterSettings, theme: Theme, placeholder: str) -> None:
    """None when nothing that goes into the letter holds the placeholder. Raises BadInput."""
    for where, value in (
        (f"issues/{issue.id}.md", repr(issue)),
        ("newsletter.toml", repr(newsletter)),
        *((theme.paths.get(name, name), text) for name, text in theme.files.items()),
    ):
        if placeholder in value:
            raise BadInput(
                "holds the letter's own mark for readers' links",
                where=where,
                remedy="remove the link that was copied from a preview",
            )


def _prove_placeholder(page: str, text: str, placeholder: str, theme: Theme) -> None:
    """None when the placeholder stands only at the end of unsubscribe links. Raises BadTemplate."""
    ending = unsubscribe_url("", placeholder)
    for part, name in ((page, _HTML), (text, _TEXT)):
        if part.count(placeholder) != part.count(ending):
            raise BadTemplate(
                "the reader's mark stands outside the unsubscribe link",
                where=theme.paths.get(name, name),
                remedy="write {{ links.unsubscribe }} whole",
            )
