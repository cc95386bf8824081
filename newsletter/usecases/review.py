"""From an issue file to the letter that would be sent, with everything that is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.config import Theme
from newsletter.config.settings import NewsletterSettings
from newsletter.content.checks import run_checks
from newsletter.content.checks.answers import Answer, Question, questions
from newsletter.content.counting import counted
from newsletter.content.issuefile import parse_issue
from newsletter.content.links import issue_placeholder, sender_for
from newsletter.content.render import render_issue
from newsletter.errors import BadInput, BadIssueFile, BadSetting, NotFound
from newsletter.models import (
    DRAFTS,
    Finding,
    Issue,
    IssueId,
    IssueRecord,
    RenderedEmail,
    Sender,
    Severity,
)
from newsletter.ports import IssueFiles, IssueStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """An issue, the very bytes that would be frozen now, and what the checks found."""

    issue: Issue
    email: RenderedEmail
    sender: Sender
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> Sequence[Finding]:
        """The findings that stop a send."""
        return [f for f in self.findings if f.severity is Severity.ERROR]


def review_issue(
    issue_id: IssueId,
    *,
    files: IssueFiles,
    newsletter: NewsletterSettings,
    theme: Callable[[str], Theme],
    key: bytes,
    ask: Callable[[Sequence[Question]], Mapping[str, Answer]] | None = None,
) -> Review:
    """The review of an issue file as it stands now.

    `ask` is asked about the addresses that the letter leads to; commands that send leave it out, so
    that no stranger's server delays or stops a letter. Raises NotFound, BadIssueFile, BadTemplate or
    BadSetting, each with file, line and remedy.
    """
    source = files.read(issue_id)
    issue = parse_issue(
        source,
        issue_id=issue_id,
        path=f"issues/{issue_id}.md",
        default_theme=newsletter.theme,
        default_language=newsletter.language,
    )
    try:
        files_of_theme = theme(issue.theme)
    except BadSetting as error:
        raise BadIssueFile(
            f"there is no theme “{issue.theme}”", where=f"issues/{issue_id}.md", remedy=error.remedy
        ) from error
    email = render_issue(
        issue,
        theme=files_of_theme,
        newsletter=newsletter,
        placeholder=issue_placeholder(key, issue_id),
        dated=issue_date(issue),
    )
    sender = sender_for(newsletter)
    findings = run_checks(
        email,
        sender,
        newsletter,
        issue=issue,
        theme=files_of_theme,
        source=source,
        answers=ask(questions(email, newsletter.public_url)) if ask else {},
    )
    return Review(issue=issue, email=email, sender=sender, findings=tuple(findings))


def issue_date(issue: Issue) -> date | None:
    """The day that the masthead shows: of the slot, else of the file's name, else none.

    It depends on the file alone, so that the same file gives the same letter on every day.
    """
    for text in (issue.slot, issue.id):
        try:
            return date.fromisoformat((text or "")[:10])
        except ValueError:
            continue
    return None


def newest_issue(issues: IssueStore, files: IssueFiles, *, changed: Callable[[IssueId], float]) -> IssueId:
    """The draft that was made last and has its file.

    Without one it is the file last `changed` (in seconds) of those that have no record, else the issue
    that was made last. Raises NotFound when there is no file.
    """
    names = set(files.list())
    records = [record for record in issues.list() if record.id in names]
    drafts = [record.id for record in records if record.state in DRAFTS]
    made = [record.id for record in records]
    own = sorted(names - set(made), key=lambda name: (changed(name), name))
    if newest := (drafts or own or made)[-1:]:
        return newest[0]
    raise NotFound("there is no issue yet", remedy="run “newsletter gather”")


def adopt_issue(issue_id: IssueId, *, files: IssueFiles, issues: IssueStore, now: datetime) -> IssueRecord:
    """The issue's record; a file that the author wrote without `gather` gets one here."""
    record = issues.get(issue_id)
    if record:
        return record
    if not files.exists(issue_id):
        known = ", ".join(files.list()[-5:]) or "none yet"
        raise NotFound(f"there is no issue “{issue_id}”", remedy=f"the newest are: {known}")
    return issues.adopt(issue_id, None, now)


def require_sendable(review: Review) -> None:
    """None. Raises BadInput when a check found an error: such a letter is not sent."""
    if review.errors:
        first = review.errors[0]
        count = len(review.errors)
        raise BadInput(
            f"{counted(count, 'error')}, the first: {first.message}",
            where=first.where or f"issues/{review.issue.id}.md",
            remedy=first.remedy,
        )
