"""Which posts go into an issue, and why: decisions from values, nothing is read or written here."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from newsletter.errors import OldPostsAppeared
from newsletter.models import Decision, Post, PostDecision, PostId, SourceId
from newsletter.net.addresses import readable

OldPosts = Literal["ask", "accept", "skip"]

FIRST_RUN_SPAN = timedelta(days=7)
"""A source's first gather takes no older posts unless a start date is given."""
CLOCK_SKEW = timedelta(minutes=10)
"""How far ahead a post's date may be before it is taken for a post of the future."""
TOLERATED_OLD_POSTS = 5
"""So many posts may turn up late; more of them at once look like a feed with new ids."""
_TOO_OLD = "where this source's first run begins"
_UNDATED = "no date, and a first run cannot tell whether it is new"
TITLE_WORDS = 8
TITLE_LENGTH = 60

Link = tuple[str, str]
"""(url, title), by which the same post is known in two sources."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What one source shows, with what is known of it."""

    source: SourceId
    posts: Sequence[Post]
    """Titled, as the source lists them."""
    seen: AbstractSet[PostId]
    first_run: bool
    since: datetime | None
    """The start date that was given; None: the last 7 days count."""
    max_posts: int
    again: AbstractSet[PostId] = frozenset()
    """Of those seen, what a first gather left out for its age alone and `since` now asks for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The posts of an issue, newest first, and one decision per post that was seen."""

    taken: tuple[Post, ...]
    decisions: tuple[PostDecision, ...]


def choose(
    looks: Sequence[Look],
    *,
    taken_links: AbstractSet[Link],
    now: datetime,
    last_gathered: datetime | None,
    old: OldPosts,
) -> Choice:
    """The choice among all sources.

    `taken_links` are those that earlier issues took, `last_gathered` is when the last one was made.
    Raises OldPostsAppeared when a source shows many new posts that are older than that, and nobody
    has said what to do with them.
    """
    links = set(taken_links)
    taken: list[Post] = []
    decisions: list[PostDecision] = []
    for look in looks:
        verdicts = _judged(look, links, now=now, last_gathered=last_gathered, old=old)
        verdicts = _newest(verdicts, look.max_posts)
        decisions += [_decision(*verdict) for verdict in verdicts]
        chosen = [post for post, decision, _ in verdicts if decision is Decision.TAKEN]
        links.update(link_of(post) for post in chosen)
        taken += chosen
    return Choice(taken=tuple(newest_first(taken)), decisions=tuple(decisions))


def waiting(choice: Choice, reason: str) -> tuple[PostDecision, ...]:
    """The choice's decisions when its posts are kept for a later issue."""
    return tuple(
        replace(decision, decision=Decision.WAITING, reason=reason)
        if decision.decision is Decision.TAKEN
        else decision
        for decision in choice.decisions
    )


def left_out_for_age(reason: str) -> bool:
    """Whether this is why a first gather dropped a post that a start date would have taken."""
    return reason == _UNDATED or reason.endswith(_TOO_OLD)


def titled(post: Post) -> Post:
    """The post, with the first words of its text for a title when it has none."""
    return post if post.title else replace(post, title=_first_words(post.summary))


def link_of(post: Post) -> Link:
    return post.url, post.title


def dated(post: Post) -> datetime | None:
    """The date that counts: of publication, else of the last change."""
    return post.published or post.updated


def newest_first(posts: Iterable[Post]) -> list[Post]:
    """The posts by date; those without one come last, in their order."""
    return sorted(posts, key=lambda post: -_seconds(post))


Verdict = tuple[Post, Decision, str]


def _judged(
    look: Look,
    links: AbstractSet[Link],
    *,
    now: datetime,
    last_gathered: datetime | None,
    old: OldPosts,
) -> list[Verdict]:
    """A verdict for each post as if there were no limit to their number."""
    start = look.since or now - FIRST_RUN_SPAN
    late = set() if look.first_run else _late(look, last_gathered)
    if late and old == "ask":
        raise _old_posts_appeared(look.source, len(late))
    verdicts: list[Verdict] = []
    here: set[Link] = set()
    for post in look.posts:
        date = dated(post)
        again = post.id in look.again and not (date and date < start)
        if post.id in look.seen and not again:
            verdict = Decision.SEEN_BEFORE, "an earlier gather took or dropped it"
        elif date and date > now + CLOCK_SKEW:
            verdict = Decision.WAITING, f"its date, {date:%Y-%m-%d %H:%M} UTC, has not come yet"
        elif post.url and link_of(post) in links | here:
            verdict = Decision.DROPPED, "a post of this address and title was taken before"
        elif look.first_run and date is None and look.since is None:
            verdict = Decision.DROPPED, _UNDATED
        elif look.first_run and date and date < start:
            verdict = Decision.DROPPED, f"older than {start:%Y-%m-%d}, {_TOO_OLD}"
        elif post.id in late and old == "skip":
            verdict = Decision.DROPPED, "older than the last issue, and recorded as seen on request"
        else:
            verdict = Decision.TAKEN, "asked for now; the first run left it out" if again else "new"
            here.add(link_of(post))
        verdicts.append((post, *verdict))
    return verdicts


def _late(look: Look, last_gathered: datetime | None) -> set[PostId]:
    """The posts never seen that are older than the last issue, when they are too many to be by chance."""
    if last_gathered is None:
        return set()
    late = {
        post.id
        for post in look.posts
        if post.id not in look.seen and (date := dated(post)) and date < last_gathered
    }
    return late if len(late) > TOLERATED_OLD_POSTS else set()


def _old_posts_appeared(source: SourceId, count: int) -> OldPostsAppeared:
    return OldPostsAppeared(
        f"{readable(source)}: {count} posts look new but are older than the last issue; "
        "the feed seems to have changed its ids",
        remedy="“newsletter gather --accept-old” takes them as new, "
        "“newsletter gather --skip-old” records them as seen",
    )


def _newest(verdicts: Sequence[Verdict], max_posts: int) -> list[Verdict]:
    """The verdicts with only the newest `max_posts` taken."""
    taken = newest_first(post for post, decision, _ in verdicts if decision is Decision.TAKEN)
    kept = {post.id for post in taken[:max_posts]}
    reason = f"more new posts than max_posts = {max_posts}, and this one is not among the newest"
    return [
        (post, Decision.DROPPED, reason)
        if decision is Decision.TAKEN and post.id not in kept
        else (post, decision, why)
        for post, decision, why in verdicts
    ]


def _decision(post: Post, decision: Decision, reason: str) -> PostDecision:
    return PostDecision(
        source=post.source,
        post=post.id,
        title=post.title,
        url=post.url,
        published=post.published,
        decision=decision,
        reason=reason,
    )


def _seconds(post: Post) -> float:
    date = dated(post)
    return date.timestamp() if date else float("-inf")


def _first_words(text: str) -> str:
    words = text.split()
    title = " ".join(words[:TITLE_WORDS])
    if len(title) > TITLE_LENGTH:
        title = title[:TITLE_LENGTH].rsplit(maxsplit=1)[0]
    elif len(words) <= TITLE_WORDS:
        return title or "Untitled"
    return title.rstrip(" ,;:.–—") + "…"
