"""Chosen posts → the draft of an issue: its name, its subject, its sections."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

from newsletter.config.settings import NewsletterSettings, Show
from newsletter.content.clean import excerpt_leading_on
from newsletter.content.phrases import phrases_for
from newsletter.models import Issue, IssueId, Post, Section, Slot, SourceId

MAX_SUBJECT = 78
"""Characters: RFC 5322 §2.1.1 asks for lines no longer, and inboxes show fewer."""
MAX_PREHEADER = 140


def draft_issue(
    posts: Sequence[Post],
    *,
    issue_id: IssueId,
    slot: Slot | None,
    newsletter: NewsletterSettings,
    show: Mapping[SourceId, Show],
) -> Issue:
    """The issue of these posts, in their order, as its file will hold it."""
    first, *others = posts
    others_told = " · ".join(post.title for post in others) or first.summary
    return Issue(
        id=issue_id,
        subject=shortened(f"{newsletter.name}: {first.title}", MAX_SUBJECT),
        preheader=newsletter.preheader or shortened(others_told, MAX_PREHEADER),
        theme=newsletter.theme,
        language=newsletter.language,
        slot=slot.local if slot else None,
        sections=tuple(section_of(post, show[post.source], newsletter.language) for post in posts),
    )


def section_of(post: Post, show: Show, language: str) -> Section:
    """The post's section: its whole text, the beginning of it with a link to the rest, or its title only.

    The link speaks the post's language, else the newsletter's.
    """
    body = post.body_markdown if show == "full" else ""
    if show == "excerpt":
        phrases = phrases_for(post.language, language)
        name = post.source_name
        words = phrases.read_on_at.format(source=name) if name else phrases.read_on
        body = excerpt_leading_on(post.body_markdown, words=words, url=post.url)
    return Section(
        title=post.title,
        body_markdown=body,
        url=post.url,
        post=post.id,
        source_name=post.source_name,
        author=post.author,
        published=post.published,
        language=post.language,
        direction=post.direction,
    )


def new_issue_id(slot: Slot | None, now: datetime, timezone: str, taken: Collection[IssueId]) -> IssueId:
    """The local date of the slot, else of today; with -2, -3 … when that name is taken."""
    day = slot.local[:10] if slot else now.astimezone(ZoneInfo(timezone)).date().isoformat()
    names = (day if number == 1 else f"{day}-{number}" for number in count(1))
    return next(IssueId(name) for name in names if name not in taken)


def shortened(text: str, limit: int) -> str:
    """The text on one line, cut at a word when it is longer than `limit`, with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:.·–—") + "…"
