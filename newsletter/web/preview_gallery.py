"""Every block that a letter can hold, in every theme: an issue file that is rendered like any other."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from newsletter.config.theme import theme_names
from newsletter.errors import NotFound
from newsletter.models import IssueId
from newsletter.web.preview import personal_letter, replace_images
from newsletter.wiring import App

ISSUE = IssueId("gallery")
_TEXT = Path(__file__).parent / "pages" / "preview_gallery.md"
_PICTURE = Path(__file__).parent / "static" / "gallery.svg"


@dataclass(frozen=True, kw_only=True, slots=True)
class _OneFile:
    """An issues folder (ports.IssueFiles) that holds the gallery's issue alone."""

    text: str

    def create(self, issue_id: IssueId, text: str) -> bool:
        return False

    def read(self, issue_id: IssueId) -> str:
        if not self.exists(issue_id):
            raise NotFound(f"there is no issue “{issue_id}”")
        return self.text

    def exists(self, issue_id: IssueId) -> bool:
        return issue_id == ISSUE

    def list(self) -> Sequence[IssueId]:
        return [ISSUE]


def gallery_themes(app: App) -> list[str]:
    """The themes that the project can name."""
    return theme_names(app.settings.project)


def gallery_letter(app: App, theme: str) -> str:
    """The HTML of the gallery's issue in a theme; its pictures stand inside it.

    Raises what reviewing an issue raises, such as BadTemplate.
    """
    text = _TEXT.read_text(encoding="utf-8").replace("THEME", theme, 1)
    letter = personal_letter(app, replace(app, files=_OneFile(text=text)).review(ISSUE))
    picture = f"data:image/svg+xml;base64,{b64encode(_PICTURE.read_bytes()).decode()}"
    return replace_images(letter.html, lambda _address: picture)
