"""A database that was put back from an old copy: noticed before anything is sent, and made good."""

from typing import TYPE_CHECKING

from newsletter.errors import NeedsAttention
from newsletter.models import Issue, IssueId, SourceId

if TYPE_CHECKING:
    from newsletter.wiring.app import App


def require_newest(app: "App") -> None:
    """None. Raises NeedsAttention when the mark outside the database says that it is an old copy."""
    if doubts := app.mark.doubts():
        raise NeedsAttention(
            f"{doubts}: people would be written to twice",
            remedy="put the newest copy back, or run “newsletter db after-restore”",
        )


def after_restore(app: "App") -> tuple[str, ...]:
    """What was done so that nobody gets a second letter; the database may be sent from again.

    Raises Busy while an unattended run is under way.
    """
    from newsletter.usecases.restoring import settle_restored

    with app.alone():
        lines = tuple(
            settle_restored(
                restoring=app.restoring,
                issues=app.issues,
                files=app.files,
                receipts=app.receipts,
                read=lambda issue_id: _read(app, issue_id),
                sources=[SourceId(table.url or table.folder) for table in app.settings.sources],
                provider=app.settings.provider.kind,
                now=app.clock.now(),
            )
        )
        app.mark.set_anew()
    return lines


def _read(app: "App", issue_id: IssueId) -> Issue:
    from newsletter.content.issuefile import parse_issue

    newsletter = app.settings.newsletter
    return parse_issue(
        app.files.read(issue_id),
        issue_id=issue_id,
        path=f"issues/{issue_id}.md",
        default_theme=newsletter.theme,
        default_language=newsletter.language,
    )
