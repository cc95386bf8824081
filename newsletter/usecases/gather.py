"""How an issue is gathered: sources are asked, posts chosen, the draft and its log kept, the file made.

Everything is committed together before the file is created, so that a process which dies at any
point leaves either nothing or an issue whose file the next gather or unattended run writes.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from newsletter.config.settings import NewsletterSettings, SourceSettings
from newsletter.content.issuefile import write_issue
from newsletter.errors import BadSetting, SourceFailed, WrongState
from newsletter.models import DRAFTS, DecisionLog, Fetched, Issue, IssueId, IssueRecord, Slot
from newsletter.net.addresses import readable
from newsletter.ports import Clock, IssueFiles, IssueStore, Source
from newsletter.usecases.choosing import Look, OldPosts, choose, left_out_for_age, link_of, titled, waiting
from newsletter.usecases.drafting import draft_issue, new_issue_id
from newsletter.usecases.filing import finish_files, rewrite_lost_files

CONCURRENT_SOURCES = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfiguredSource:
    """A source and the `[[sources]]` table that it was made from."""

    source: Source
    settings: SourceSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """What a gather made: no issue when nothing was new or too little.

    There is a record without an issue when a slot was skipped, and when all that was wanting was the
    file of the slot's draft.
    """

    issue: Issue | None
    record: IssueRecord | None
    log: DecisionLog


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    """What one source said, and the state with which it was asked."""

    configured: ConfiguredSource
    state: bytes | None
    fetched: Fetched


def gather(
    sources: Sequence[ConfiguredSource],
    *,
    issues: IssueStore,
    files: IssueFiles,
    newsletter: NewsletterSettings,
    clock: Clock,
    slot: Slot | None = None,
    since: datetime | None = None,
    old: OldPosts = "ask",
    minimum_posts: int | None = None,
    notice_to: str = "",
) -> Gathered:
    """The draft of the posts that are new, with its file; or the reason why there is none.

    `since` is where a source's first gather begins (else its setting, else 7 days ago); of a source that
    was gathered before it takes up what the first gather left out for its age. `old` is what becomes of
    many old posts that look new. With `minimum_posts`, fewer posts (or none) use up the
    slot as skipped and wait for the next issue; None is a gather by hand, which never skips a slot and
    writes the lost files of drafts anew.
    With `notice_to` that address is mailed that the draft waits for review.

    Raises WrongState when the slot has its issue, OldPostsAppeared, and SourceFailed when no source could
    be read: then nothing is recorded.
    """
    found = finish_files(issues, files)
    lost = rewrite_lost_files(issues, files) if minimum_posts is None else []
    late = [
        *(f"issues/{issue_id}.md was missing and is written now" for issue_id in found),
        *(_written_anew(issue_id) for issue_id in lost),
    ]
    now = clock.now()
    if slot and (known := issues.by_slot(slot.local)):
        if known.id not in {*found, *lost}:
            raise _slot_is_used(slot, known)
        log = DecisionLog(gathered_at=now, decisions=(), notes=tuple(late))
        return Gathered(issue=None, record=known, log=log)
    answers, failures = _ask_all(sources, issues)
    looks = [_look(answer, issues, since, newsletter.timezone) for answer in answers]
    links = issues.taken_links(link_of(post) for look in looks for post in look.posts if post.url)
    choice = choose(looks, taken_links=links, now=now, last_gathered=issues.last_gathered_at(), old=old)
    notes = (*late, *failures, *(note for answer in answers for note in answer.fetched.notes))
    log = DecisionLog(gathered_at=now, decisions=choice.decisions, notes=notes)
    states = {answer.configured.source.id: answer.fetched.state for answer in answers}

    taken_ids = {known.id for known in issues.list()} | set(files.list())
    issue_id = new_issue_id(slot, now, newsletter.timezone, taken_ids)

    if slot and minimum_posts is not None and len(choice.taken) < max(1, minimum_posts):
        reason = f"{len(choice.taken)} new posts, and minimum_posts is {minimum_posts}"
        log = replace(log, decisions=waiting(choice, f"waits for the next issue: {reason}"))
        record = issues.skip_slot(slot.local, issue_id, log, reason)
        for source, state in states.items():
            issues.save_source_state(source, state, now)
        return Gathered(issue=None, record=record, log=log)
    if not choice.taken:
        issues.record_drops(log, states)
        return Gathered(issue=None, record=None, log=log)
    show = {configured.source.id: configured.settings.show for configured in sources}
    issue = draft_issue(choice.taken, issue_id=issue_id, slot=slot, newsletter=newsletter, show=show)
    record = issues.open_issue(
        issue_id,
        slot=issue.slot,
        file_text=write_issue(issue),
        log=log,
        posts=choice.taken,
        states=states,
        notice_to=notice_to,
    )
    finish_files(issues, files)
    return Gathered(issue=issue, record=record, log=log)


def _written_anew(issue_id: IssueId) -> str:
    return (
        f"issues/{issue_id}.md was missing and is written anew, as it was gathered; "
        f"“newsletter cancel {issue_id}” ends an issue that is not wanted"
    )


def _slot_is_used(slot: Slot, known: IssueRecord) -> WrongState:
    another = "make another with “newsletter gather --unscheduled”"
    return WrongState(
        f"the slot {slot.local} has its issue already: {known.id} ({known.state})",
        remedy=f"edit that one, or {another}" if known.state in DRAFTS else f"{another}, of newer posts",
    )


def _ask_all(sources: Sequence[ConfiguredSource], issues: IssueStore) -> tuple[list[_Answer], list[str]]:
    """Every source's answer, and a note for each that failed; all are asked at once.

    Raises SourceFailed when none answered.
    """
    if not sources:
        raise BadSetting(
            "there are no [[sources]]", where="newsletter.toml", remedy="add a table with a url or a folder"
        )
    ids = [configured.source.id for configured in sources]
    if repeated := next((source for source in ids if ids.count(source) > 1), None):
        raise BadSetting(
            f"“{readable(repeated)}” stands twice in [[sources]]",
            where="newsletter.toml",
            remedy="remove one of them",
        )
    states = [issues.source_state(source) for source in ids]
    with ThreadPoolExecutor(max_workers=min(len(sources), CONCURRENT_SOURCES)) as pool:
        asked = [
            pool.submit(configured.source.fetch, state)
            for configured, state in zip(sources, states, strict=True)
        ]
    answers: list[_Answer] = []
    failures: list[str] = []
    for configured, state, future in zip(sources, states, asked, strict=True):
        try:
            answers.append(_Answer(configured=configured, state=state, fetched=future.result()))
        except SourceFailed as error:
            failures.append(str(error))
    if not answers:
        raise SourceFailed(f"no source could be read: {'; '.join(failures)}")
    return answers, failures


def _look(answer: _Answer, issues: IssueStore, since: datetime | None, timezone: str) -> Look:
    """The source's posts beside what the store knows of them."""
    settings = answer.configured.settings
    posts = [titled(post) for post in answer.fetched.posts]
    source, ids = answer.configured.source.id, [post.id for post in posts]
    dropped = issues.dropped(source, ids) if since else {}
    return Look(
        source=source,
        posts=posts,
        seen=issues.seen(source, ids),
        again={post for post, reason in dropped.items() if left_out_for_age(reason)},
        first_run=answer.state is None,
        since=since or _beginning_of(settings.since, timezone),
        max_posts=settings.max_posts,
    )


def _beginning_of(day: date | None, timezone: str) -> datetime | None:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(timezone)) if day else None
