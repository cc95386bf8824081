"""Whom an issue is for: the author's filter, read for this newsletter, and how many people it means now."""

from typing import TYPE_CHECKING

from newsletter.content.audience import read_filter, values_of
from newsletter.content.counting import counted
from newsletter.errors import BadFilter, WrongState, did_you_mean
from newsletter.models import AudienceFilter, FrozenIssue
from newsletter.models.audiences import Trait

if TYPE_CHECKING:
    from newsletter.wiring.app import App


def audience_of(app: "App", text: str) -> AudienceFilter | None:
    """The filter that the text says; None for an empty one, which means everybody.

    Raises BadFilter, also for a tag that nobody has and that is no topic: `not` before a slip of the
    pen would mean everybody.
    """
    if not text.strip():
        return None
    newsletter = app.settings.newsletter
    audience = read_filter(text, timezone=newsletter.timezone, language=newsletter.language)
    known = {*app.subscribers.tags(), *(topic.tag for topic in app.settings.readers.topics)}
    for tag in values_of(audience.rule, Trait.TAG):
        if tag not in known:
            remedy = did_you_mean(tag, known) if known else "see “newsletter subscribers tag”"
            raise BadFilter(f"nobody has the tag “{tag}”", where=f"“{audience.text}”", remedy=remedy)
    return audience


def said_of(app: "App", audience: AudienceFilter | None) -> str:
    """How many people a letter would reach now, such as `12 subscribers (tag:berlin)`."""
    count = counted(app.subscribers.reach(app.clock.now(), audience), "subscriber")
    return f"{count} ({audience.text})" if audience else count


def require_same(frozen: FrozenIssue, to: str | None) -> None:
    """None. Raises WrongState when another audience is asked for than the one that is frozen."""
    if to is not None and " ".join(to.split()) != frozen.audience_filter:
        whom = f"“{frozen.audience_filter}”" if frozen.audience_filter else "everybody"
        raise WrongState(
            f"{frozen.email.issue_id} is frozen for {whom}",
            remedy="go on without --to; to write to others, copy its file to a new name",
        )
