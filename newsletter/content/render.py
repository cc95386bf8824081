"""Issue → RenderedEmail: Markdown, then the theme's templates, then premailer, once for everybody.

Preview, test, send and archive all show what this makes.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from markupsafe import Markup

from newsletter.config.settings import NewsletterSettings
from newsletter.config.theme import Theme
from newsletter.content.bodytree import body_tree, inner_html
from newsletter.content.headers import check_header
from newsletter.content.inlining import inline
from newsletter.content.letter import dress, quoted_sources
from newsletter.content.links import READER_TOKEN, archive_url, settings_url, unsubscribe_url
from newsletter.content.look import Look, look_of
from newsletter.content.phrases import Phrases, direction_of, phrases_for
from newsletter.content.templating import fill
from newsletter.content.text import body_text
from newsletter.content.wrapping import join_blocks
from newsletter.errors import BadInput, BadIssueFile, BadTemplate
from newsletter.models import Issue, MergeField, RenderedEmail, Section

_HTML, _TEXT = "issue.html.j2", "issue.txt.j2"
_WEB_ADDRESS = re.compile(r"https?://|(?![\w+.-]*:)", re.IGNORECASE)
"""http, https, or no scheme at all, which a check finds."""
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
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
    look = look_of(theme)
    context = _context(issue, newsletter, theme, look, placeholder, dated)
    text = join_blocks([fill(theme, look.files, _TEXT, context).split("\n")]) + "\n"
    page = inline(fill(theme, look.files, _HTML, context), where=theme.paths.get(_HTML, theme.name))
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


def _context(
    issue: Issue,
    newsletter: NewsletterSettings,
    theme: Theme,
    look: Look,
    placeholder: str,
    dated: date | None,
) -> Context:
    scribe = _Scribe(issue, newsletter, look, dated)
    posts = [scribe.post(number, section) for number, section in enumerate(issue.sections, start=1)]
    contents_from = theme.settings.contents_from
    return {
        "newsletter": {
            "name": newsletter.name,
            "postal_address": " ".join(newsletter.postal_address.split()),
            "host": urlsplit(newsletter.public_url).hostname or "",
        },
        "issue": {
            "subject": issue.subject,
            "preheader": issue.preheader,
            "language": scribe.language,
            "direction": direction_of(scribe.language),
            "date": scribe.phrases.dated(dated, scribe.phrases.full_date) if dated else "",
        },
        "links": {
            "unsubscribe": unsubscribe_url(newsletter.public_url, placeholder),
            "settings": settings_url(newsletter.public_url, placeholder),
            "archive": archive_url(newsletter.public_url, issue.id),
        },
        "phrases": _spoken(scribe.phrases, newsletter, len(posts)),
        "look": {"width": look.width, **_look_settings(theme)},
        "style": Markup(look.style),  # noqa: S704 -- the theme's own
        "intro": scribe.body(issue.intro_markdown, "intro"),
        "posts": posts,
        "contents": posts if contents_from and len(posts) >= contents_from else [],
        "sources": scribe.sources(posts),
        "outro": scribe.body(issue.outro_markdown, "outro"),
    }


def _spoken(phrases: Phrases, newsletter: NewsletterSettings, count: int) -> Context:
    """The letter's own words, with this letter's names and numbers filled in."""
    host = urlsplit(newsletter.public_url).hostname or ""
    return {
        "read_on_the_web": phrases.read_on_the_web,
        "unsubscribe": phrases.unsubscribe,
        "settings": phrases.settings,
        "why": phrases.why.format(name=newsletter.name, host=host),
        "contents": phrases.contents,
        "count_of_posts": phrases.count_of_posts(count),
        "sources": phrases.sources,
        "colon": phrases.colon,
    }


def _look_settings(theme: Theme) -> Context:
    settings = theme.settings
    return {
        name: getattr(settings, name) for name in ("logo", "logo_alt", "logo_width", "logo_height", "footer")
    }


class _Scribe:
    """Writes the parts of one issue for the templates."""

    def __init__(self, issue: Issue, newsletter: NewsletterSettings, look: Look, dated: date | None) -> None:
        self.issue, self.newsletter, self.look, self.dated = issue, newsletter, look, dated
        self.language = issue.language or newsletter.language
        self.phrases = phrases_for(self.language)

    def post(self, number: int, section: Section) -> Context:
        where = _where(self.issue, section)
        if not _WEB_ADDRESS.match(section.url):
            raise BadIssueFile(
                f"the link of “{section.title}” is no web address",
                where=where,
                remedy="let it begin with https://",
            )
        for words in (section.title, section.source_name, section.author):
            _refuse_controls(words, where)
        language = section.language or self.language
        direction = section.direction or direction_of(language)
        byline = [
            section.source_name,
            section.author,
            self._day(section, phrases_for(language, self.language)),
        ]
        return {
            "number": number,
            "anchor": f"post-{number}",
            "title": section.title,
            "url": section.url,
            "byline": dotted(byline, direction),
            "source": section.source_name,
            "language": language,
            "direction": direction,
            **self.body(section.body_markdown, f"p{number}", section),
        }

    def body(self, markdown: str, name: str, section: Section | None = None) -> Context:
        """`html`, `text` and the sources `quoted` of one body."""
        try:
            tree = body_tree(markdown, name=name, url=section.url if section else "")
        except BadInput as error:
            raise BadIssueFile(
                error.message, where=_where(self.issue, section), remedy=error.remedy
            ) from error
        language = (section and section.language) or self.language
        phrases = phrases_for(language, self.language)
        text = body_text(tree, phrases)
        quoted = [{"name": name, "url": url, "about": _host(url)} for name, url in quoted_sources(tree)]
        direction = (section and section.direction) or direction_of(language)
        dress(tree, phrases=phrases, column=self.look.column, direction=direction)
        html = Markup(inner_html(tree))  # noqa: S704 -- body_tree has cleaned it
        return {"html": html, "text": text, "quoted": quoted}

    def sources(self, posts: Sequence[Context]) -> list[Context]:
        """Whose words the letter holds: the sources of its posts, then those that are quoted.

        A letter that all comes from one place lists none.
        """
        counts = Counter(post["source"] for post in posts if post["source"])
        hosts = {post["source"]: _host(post["url"]) for post in posts}
        direction = direction_of(self.language)
        gathered = [
            {
                "name": name,
                "url": "",
                "about": dotted([hosts[name], self.phrases.count_of_posts(count)], direction),
            }
            for name, count in counts.items()
        ]
        quoted = {source["url"]: source for post in posts for source in post["quoted"]}
        every = [*gathered, *quoted.values()]
        return every if len(every) > 1 else []

    def _day(self, section: Section, phrases: Phrases) -> str:
        """Day and month; the year only when it is not the letter's."""
        if not section.published:
            return ""
        day = section.published.astimezone(ZoneInfo(self.newsletter.timezone)).date()
        same_year = self.dated is not None and day.year == self.dated.year
        return phrases.dated(day, phrases.short_date if same_year else phrases.long_date)


def dotted(parts: Iterable[str], direction: str) -> str:
    """The parts in a row, dots between them. A mark of the direction keeps a part that runs the other
    way from taking the figures of its neighbour along (Unicode UAX 9 §5.3)."""
    words = [part for part in parts if part]
    foreign = {"L"} if direction == "rtl" else {"R", "AL"}
    mixed = any(unicodedata.bidirectional(character) in foreign for character in "".join(words))
    mark = {"rtl": "\u200f", "ltr": "\u200e"}.get(direction, "") if mixed else ""
    return f"{mark} · {mark}".join(words)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


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


# --- the placeholder ---------------------------------------------------------------------------


def _refuse_placeholder(issue: Issue, newsletter: NewsletterSettings, theme: Theme, placeholder: str) -> None:
    """None when nothing that goes into the letter holds the placeholder. Raises BadInput."""
    for where, value in (
        (f"issues/{issue.id}.md", repr(issue)),
        ("newsletter.toml", repr((newsletter, theme.settings))),
        *((theme.paths.get(name, name), text) for name, text in theme.files.items()),
    ):
        if placeholder in value:
            raise BadInput(
                "holds the letter's own mark for readers' links",
                where=where,
                remedy="remove the link that was copied from a preview",
            )


def _prove_placeholder(page: str, text: str, placeholder: str, theme: Theme) -> None:
    """None when the placeholder stands only at the end of the reader's own links. Raises BadTemplate."""
    endings = [own_url("", placeholder) for own_url in (unsubscribe_url, settings_url)]
    for part, name in ((page, _HTML), (text, _TEXT)):
        if part.count(placeholder) != sum(map(part.count, endings)):
            raise BadTemplate(
                "the reader's mark stands outside the reader's own links",
                where=theme.paths.get(name, name),
                remedy="write {{ links.unsubscribe }} and {{ links.settings }} whole",
            )
