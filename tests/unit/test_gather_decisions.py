"""Which posts go into an issue, and why; and how the draft of them is made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.settings import NewsletterSettings
from newsletter.errors import OldPostsAppeared
from newsletter.models import Decision, IssueId, Post, PostId, Slot, SourceId
from newsletter.usecases.choosing import Choice, Look, OldPosts, choose, left_out_for_age, titled, waiting
from newsletter.usecases.drafting import MAX_SUBJECT, draft_issue, new_issue_id, section_of, shortened

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
LAST = NOW - timedelta(days=7)
NEWSLETTER = NewsletterSettings(
    name="The Roundup",
    sender="ada@example.com",
    postal_address="1 Example Street",
    public_url="https://news.example.com",
    timezone="Europe/Berlin",
)


def post(name: str, *, days_ago: float | None = 1.0, source: str = "blog", url: str | None = None) -> Post:
    return Post(
        id=PostId(name),
        source=SourceId(source),
        source_name=source.title(),
        url=f"https://{source}.example/{name}" if url is None else url,
        title=f"Title of {name}",
        published=None if days_ago is None else NOW - timedelta(days=days_ago),
        body_markdown=f"Words of {name}.",
    )


def look(
    *posts: Post,
    seen: set[str] | None = None,
    first_run: bool = False,
    since: datetime | None = None,
    max_posts: int = 10,
    again: set[str] | None = None,
) -> Look:
    return Look(
        source=posts[0].source if posts else SourceId("blog"),
        posts=posts,
        seen={PostId(name) for name in seen or ()},
        first_run=first_run,
        since=since,
        max_posts=max_posts,
        again={PostId(name) for name in again or ()},
    )


def choice_of(
    *looks: Look,
    taken_links: set[tuple[str, str]] | None = None,
    old: OldPosts = "ask",
    last: datetime | None = LAST,
) -> Choice:
    return choose(looks, taken_links=taken_links or set(), now=NOW, last_gathered=last, old=old)


def names(choice: Choice) -> list[str]:
    return [post.id for post in choice.taken]


def why(choice: Choice, name: str) -> tuple[Decision, str]:
    (decision,) = [decision for decision in choice.decisions if decision.post == name]
    return decision.decision, decision.reason


# --- choosing ------------------------------------------------------------------------------------


def test_new_posts_are_taken_and_seen_ones_are_not() -> None:
    choice = choice_of(look(post("new"), post("known"), seen={"known"}))
    assert names(choice) == ["new"]
    assert why(choice, "known")[0] is Decision.SEEN_BEFORE


def test_a_first_run_takes_the_last_seven_days_only() -> None:
    choice = choice_of(look(post("week", days_ago=6.9), post("older", days_ago=7.1), first_run=True))
    assert names(choice) == ["week"]
    assert why(choice, "older") == (
        Decision.DROPPED,
        "older than 2026-11-20, where this source's first run begins",
    )


def test_a_start_date_takes_the_place_of_the_seven_days() -> None:
    since = NOW - timedelta(days=30)
    posts = (post("month", days_ago=29), post("older", days_ago=31), post("undated", days_ago=None))
    choice = choice_of(look(*posts, first_run=True, since=since))
    assert names(choice) == ["month", "undated"]
    assert why(choice, "older")[0] is Decision.DROPPED


def test_a_start_date_says_nothing_of_a_source_that_was_gathered_before() -> None:
    assert names(choice_of(look(post("new", days_ago=1), since=NOW))) == ["new"]


def test_an_undated_post_is_dropped_on_a_first_run_and_taken_later() -> None:
    undated = post("undated", days_ago=None)
    dropped = choice_of(look(undated, first_run=True))
    assert why(dropped, "undated") == (
        Decision.DROPPED,
        "no date, and a first run cannot tell whether it is new",
    )
    assert names(choice_of(look(undated))) == ["undated"]


def test_what_a_first_run_left_out_for_its_age_is_known_by_the_reason() -> None:
    posts = [post("old", days_ago=9), post("undated", days_ago=None), *map(post, "ab")]
    choice = choice_of(look(*posts, first_run=True, max_posts=1))
    dropped = {d.post: left_out_for_age(d.reason) for d in choice.decisions if d.decision is Decision.DROPPED}
    assert dropped == {"old": True, "undated": True, "b": False}


def test_a_start_date_takes_up_what_a_first_run_left_out() -> None:
    posts = (
        post("month", days_ago=29),
        post("older", days_ago=31),
        post("undated", days_ago=None),
        post("taken", days_ago=2),
    )
    left_out = {"month", "older", "undated"}
    since = NOW - timedelta(days=30)
    choice = choice_of(look(*posts, seen={"taken", *left_out}, since=since, again=left_out))
    assert names(choice) == ["month", "undated"]
    assert why(choice, "month")[1] == "asked for now; the first run left it out"
    assert why(choice, "older")[0] is why(choice, "taken")[0] is Decision.SEEN_BEFORE


def test_a_post_of_the_future_waits_and_is_not_dropped() -> None:
    choice = choice_of(look(post("soon", days_ago=-0.001), post("tomorrow", days_ago=-1)))
    assert names(choice) == ["soon"]
    assert why(choice, "tomorrow") == (Decision.WAITING, "its date, 2026-11-28 08:00 UTC, has not come yet")


def test_more_than_max_posts_drops_the_oldest() -> None:
    posts = [post(str(days), days_ago=days) for days in (3, 1, 2)]
    choice = choice_of(look(*posts, max_posts=2))
    assert names(choice) == ["1", "2"]
    assert "max_posts = 2" in why(choice, "3")[1]


def test_posts_of_all_sources_stand_newest_first_and_undated_ones_last() -> None:
    one = look(post("a", days_ago=3), post("b", days_ago=None), post("c", days_ago=1))
    two = look(post("d", days_ago=2, source="other"))
    assert names(choice_of(one, two)) == ["c", "d", "a", "b"]


def test_the_same_post_is_taken_from_one_source_only() -> None:
    first = post("p")
    again = post("q", url=first.url, source="planet")
    again = replace(again, title=first.title)
    choice = choice_of(look(first), look(again))
    assert names(choice) == ["p"]
    assert why(choice, "q")[0] is Decision.DROPPED
    earlier = choice_of(look(first), taken_links={(first.url, first.title)})
    assert names(earlier) == []


def test_posts_without_an_address_are_never_each_others_doubles() -> None:
    one, two = (replace(post(name, url=""), title="Same") for name in "ab")
    assert names(choice_of(look(one, two))) == ["a", "b"]


OLD = [post(f"old{n}", days_ago=30 + n) for n in range(6)]


def test_many_old_posts_that_look_new_stop_the_run_and_ask() -> None:
    with pytest.raises(OldPostsAppeared, match=r"^blog: 6 posts look new") as stopped:
        choice_of(look(*OLD, post("new")))
    assert stopped.value.exit_code == 3
    assert "--accept-old" in stopped.value.remedy
    assert "--skip-old" in stopped.value.remedy


def test_old_posts_are_taken_or_recorded_as_the_author_says() -> None:
    accepted = choice_of(look(*OLD, post("new")), old="accept")
    assert len(accepted.taken) == 7
    skipped = choice_of(look(*OLD, post("new")), old="skip")
    assert names(skipped) == ["new"]
    assert why(skipped, "old0")[0] is Decision.DROPPED


def test_a_few_late_posts_are_taken_without_asking() -> None:
    assert len(choice_of(look(*OLD[:5])).taken) == 5


def test_a_first_run_or_a_first_issue_asks_nothing() -> None:
    assert names(choice_of(look(*OLD, first_run=True))) == []
    assert len(choice_of(look(*OLD), last=None).taken) == 6


def test_posts_that_are_kept_for_later_are_told_as_waiting() -> None:
    choice = choice_of(look(post("new"), post("known"), seen={"known"}))
    kept = {str(decision.post): (decision.decision, decision.reason) for decision in waiting(choice, "later")}
    assert kept["new"] == (Decision.WAITING, "later")
    assert kept["known"][0] is Decision.SEEN_BEFORE


@st.composite
def looks(draw: st.DrawFn) -> list[Look]:
    made = []
    for source in draw(st.lists(st.sampled_from(["a", "b", "c"]), unique=True)):
        ids = draw(st.lists(st.integers(0, 12), unique=True))
        ages = st.none() | st.floats(-3, 40)
        posts = [
            post(
                str(n),
                days_ago=draw(ages),
                source=source,
                url=draw(st.sampled_from(["", f"https://x.example/{n}"])),
            )
            for n in ids
        ]
        seen = draw(st.sets(st.sampled_from([p.id for p in posts]))) if posts else set()
        made.append(
            Look(
                source=SourceId(source),
                posts=posts,
                seen=seen,
                again=draw(st.sets(st.sampled_from(sorted(seen)))) if seen else set(),
                first_run=draw(st.booleans()),
                since=draw(st.none() | st.just(NOW - timedelta(days=20))),
                max_posts=draw(st.integers(1, 5)),
            )
        )
    return made


@given(looks(), st.sampled_from(["accept", "skip"]))
def test_every_post_gets_one_decision_and_no_seen_or_future_one_is_taken(
    made: list[Look], old: OldPosts
) -> None:
    choice = choice_of(*made, old=old)
    shown = [(look.source, post.id) for look in made for post in look.posts]
    assert [(d.source, d.post) for d in choice.decisions] == shown
    taken = {(d.source, d.post) for d in choice.decisions if d.decision is Decision.TAKEN}
    assert taken == {(p.source, p.id) for p in choice.taken}
    for made_look in made:
        own = [p for p in choice.taken if p.source == made_look.source]
        assert len(own) <= made_look.max_posts
        assert not {p.id for p in own} & (made_look.seen - made_look.again)
    links = [(p.url, p.title) for p in choice.taken if p.url]
    assert len(links) == len(set(links))
    assert all(p.published is None or p.published <= NOW + timedelta(minutes=10) for p in choice.taken)
    assert all(d.reason for d in choice.decisions)


# --- drafting ------------------------------------------------------------------------------------


def test_a_post_without_title_is_named_by_its_first_words() -> None:
    words = "One two three four five six, seven, eight, nine."
    untitled = replace(post("p"), title="", summary=words)
    assert titled(untitled).title == "One two three four five six, seven, eight…"
    short = replace(untitled, summary="Only this.")
    assert titled(short).title == "Only this."
    assert titled(replace(untitled, summary="")).title == "Untitled"
    long = replace(untitled, summary="Donaudampfschifffahrtsgesellschaft " * 5)
    assert titled(long).title == "Donaudampfschifffahrtsgesellschaft…"


def test_the_draft_carries_the_posts_in_order() -> None:
    first, second, third = post("a"), post("b"), post("c")
    slot = Slot(local="2026-11-27T09:00", instant=NOW)
    issue = draft_issue(
        [first, second, third],
        issue_id=IssueId("2026-11-27"),
        slot=slot,
        newsletter=NEWSLETTER,
        show={SourceId("blog"): "full"},
    )
    assert issue.subject == "The Roundup: Title of a"
    assert issue.preheader == "Title of b · Title of c"
    assert (issue.slot, issue.theme, issue.language) == ("2026-11-27T09:00", "broadsheet", "en")
    assert [section.post for section in issue.sections] == ["a", "b", "c"]
    assert issue.sections[0].body_markdown == "Words of a."


def test_a_source_may_show_the_beginning_or_the_title_only() -> None:
    long = replace(post("p"), body_markdown="\n\n".join(["Some words of it. " * 20] * 5))
    assert section_of(long, "full", "en").body_markdown == long.body_markdown
    assert section_of(long, "title", "en").body_markdown == ""
    begun = section_of(long, "excerpt", "en").body_markdown
    assert 0 < len(begun) < len(long.body_markdown)
    assert section_of(long, "title", "en").title == long.title


def test_a_beginning_ends_with_a_sentence_and_leads_on_in_the_posts_language() -> None:
    long = replace(post("p"), body_markdown="Some words of it. " * 90, url="https://x.example/p(1)")
    text, link = section_of(replace(long, source_name="A [b] & c"), "excerpt", "de").body_markdown.split(
        "\n\n"
    )
    assert text.endswith("Some words of it.")
    assert link == r"[Weiterlesen bei A \[b\] & c](https://x.example/p(1))"
    french = replace(long, language="fr-CA", source_name="")
    assert section_of(french, "excerpt", "de").body_markdown.endswith(
        "\n\n[Lire la suite](https://x.example/p(1))"
    )


def test_a_post_that_is_shown_whole_leads_nowhere() -> None:
    assert section_of(post("p"), "excerpt", "en").body_markdown == "Words of p."
    long = replace(post("p"), body_markdown="Some words of it. " * 90, url="")
    assert section_of(long, "excerpt", "en").body_markdown.endswith("Some words of it.")


def test_the_issues_name_is_the_slots_local_day_or_todays() -> None:
    slot = Slot(local="2026-12-04T09:00", instant=NOW)
    assert new_issue_id(slot, NOW, "Europe/Berlin", set()) == "2026-12-04"
    late = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
    assert new_issue_id(None, late, "Europe/Berlin", set()) == "2026-11-28"
    taken = {IssueId("2026-11-28"), IssueId("2026-11-28-2")}
    assert new_issue_id(None, late, "Europe/Berlin", taken) == "2026-11-28-3"


@given(st.text(max_size=300), st.integers(20, 100))
def test_what_is_shortened_is_one_line_within_the_limit(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert len(short) <= limit
    assert short == " ".join(text.split()) or short.endswith("…")
    assert "\n" not in short


def test_a_long_subject_ends_at_a_word() -> None:
    title = "A title that is long enough to wrap in the list of any inbox there is today"
    subject = shortened(f"The Friday Roundup: {title}", MAX_SUBJECT)
    assert subject == "The Friday Roundup: A title that is long enough to wrap in the list of any…"
