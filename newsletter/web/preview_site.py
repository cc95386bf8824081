"""The preview's pages by relative path: a server answers with them, `--out` writes them all.

Each page and frame is made when it is asked for, so that a save costs one page and not thirty.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from newsletter.content.clientviews import guarded, in_scheme, inverted, without_images, without_styles
from newsletter.content.inboxrow import inbox_rows
from newsletter.content.wordview import as_word_draws_it
from newsletter.errors import BadFilter, BadInput, NewsletterError
from newsletter.models import Delivery, IssueId
from newsletter.store.sitefolder import SiteFolder
from newsletter.usecases.review import Review
from newsletter.web.pages import render_page
from newsletter.web.preview import SAMPLE_READER, Letter, embed_images, personal_letter
from newsletter.web.preview_gallery import gallery_letter, gallery_themes
from newsletter.wiring import App
from newsletter.wiring.audience import audience_of, said_of

FRAME_POLICY = "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'"
"""What a framed letter may load: pictures, and nothing else. No server hears of its scripts or forms."""
STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """One way to look at the letter: a framed copy of it, or a text when `frame` is empty."""

    name: str
    title: str
    note: str
    frame: str = ""
    on_phone: bool = False


VIEWS = (
    View(name="index", title="Desktop", frame="light", note="The letter as it is sent, in light colours."),
    View(name="phone", title="Phone", frame="light", on_phone=True, note="The letter 375 CSS pixels wide."),
    View(name="dark", title="Dark", frame="dark", note="The letter's own dark colours, as in Apple Mail."),
    View(
        name="inverted",
        title="Inverted",
        frame="inverted",
        note="Every colour turned around by force, as Gmail on iOS and Outlook.com do it.",
    ),
    View(
        name="no-images",
        title="Images off",
        frame="no-images",
        note="Before the reader lets pictures in: only their alternative texts.",
    ),
    View(
        name="no-styles",
        title="No style sheet",
        frame="no-styles",
        note="Without <style>, as Gmail shows it to addresses of other providers.",
    ),
    View(
        name="outlook",
        title="Outlook",
        frame="outlook",
        note="Without what Outlook's Word engine ignores; fonts and spacing are still this browser's.",
    ),
    View(name="text", title="Plain text", note="The text part, as it is sent."),
    View(name="source", title="Source", note="The HTML part, as it is sent."),
    View(name="headers", title="Headers", note="The headers of this reader's letter, as they are sent."),
    View(name="issue", title="Issue file", note="The file that the letter is made of."),
    View(name="gallery", title="Gallery", note="Every block that a letter can hold, in every theme."),
)
FRAMES: dict[str, Callable[[str], str]] = {
    "light": partial(in_scheme, scheme="light"),
    "dark": partial(in_scheme, scheme="dark"),
    "inverted": inverted,
    "no-images": without_images,
    "no-styles": lambda page: without_styles(in_scheme(page, "light")),
    "outlook": as_word_draws_it,
}


@dataclass(frozen=True, kw_only=True)
class Site:
    """The pages about one letter; without a letter, those that say why there is none."""

    app: App
    issue_id: IssueId
    source: str
    """The issue file's text as it stands now."""
    review: Review | None = None
    letter: Letter | None = None
    """`review`'s letter for one reader."""
    framed: str = ""
    """The letter's HTML as frames show it; pictures may stand inside it."""
    error: NewsletterError | None = None
    """What keeps the issue file from being a letter now; `review` is then the last good one."""
    version: str = ""
    """Changes with each save; empty when no server can tell of one."""
    changed: int = 0
    """The section on which the letter opens, from 1; 0: its top."""
    query: str = ""
    """Follows each address of a page, such as `?reader=12`."""

    def paths(self) -> Sequence[str]:
        """Every path that `file` knows, the first page first."""
        return list(self._files)

    def file(self, path: str) -> bytes | None:
        """The file's octets; None when there is none of this path."""
        make = self._files.get(path)
        if make is None:
            return None
        made = make()
        return made if isinstance(made, bytes) else made.encode("utf-8")

    @cached_property
    def _files(self) -> dict[str, Callable[[], str | bytes]]:
        files: dict[str, Callable[[], str | bytes]] = {
            f"{view.name}.html": partial(self._page, view) for view in VIEWS
        }
        files |= {path.name: path.read_bytes for path in (STATIC / "preview.css", STATIC / "preview.js")}
        for theme in gallery_themes(self.app):
            for scheme in ("light", "dark"):
                files[f"frames/gallery-{theme}-{scheme}.html"] = partial(self._gallery, theme, scheme)
        if letter := self.letter:
            files |= {
                "letter.html": lambda: letter.html,
                "letter.txt": lambda: letter.text,
                "letter.eml": lambda: letter.eml,
            }
            files |= {f"frames/{name}.html": partial(self._frame, name) for name in FRAMES}
        return files

    # --- pages ----------------------------------------------------------------------------------

    def _page(self, view: View) -> str:
        letter, review = self.letter, self.review
        return render_page(
            "preview.html.j2",
            newsletter=self.app.settings.newsletter.name,
            issue_file=f"issues/{self.issue_id}.md",
            views=VIEWS,
            view=view,
            query=self.query,
            place=f"#post-{self.changed}" if self.changed else "",
            version=self.version,
            error=self.error and self._told(self.error),
            letter=letter,
            email=review.email if review else None,
            rows=inbox_rows(review.email.subject, letter.html) if review and letter else [],
            findings=[
                {"finding": finding, "line": self._line(finding.where)}
                for finding in (review.findings if review else ())
            ],
            content=self._content(view),
            audience=self._audience(),
            frozen=self.app.ledger.frozen(self.issue_id),
            themes=gallery_themes(self.app),
        )

    def _audience(self) -> str:
        """To how many it would go now, or why nobody can tell."""
        if self.review is None:
            return ""
        try:
            return f"to {said_of(self.app, audience_of(self.app, self.review.issue.to))}"
        except BadFilter as error:
            return str(error)

    def _content(self, view: View) -> str:
        """What a page without a frame shows."""
        if view.name == "issue":
            return self.source
        if self.letter is None:
            return ""
        match view.name:
            case "text":
                return self.letter.text
            case "source":
                return self.letter.html
            case "headers":
                head, _, _ = self.letter.eml.partition(b"\r\n\r\n")
                return head.decode("ascii").replace("\r\n", "\n")
        return ""

    def _told(self, error: NewsletterError) -> dict[str, str]:
        where = error.where if isinstance(error, BadInput) else ""
        line = self._line(where)
        return {"message": error.message, "remedy": error.remedy, "line": line, "where": where}

    def _line(self, where: str) -> str:
        """The number of the issue file's line that a place names; empty for any other place."""
        named = re.search(rf"(?:^|/)issues/{re.escape(self.issue_id)}\.md:(\d+)$", where)
        return named[1] if named else ""

    def _frame(self, name: str) -> str:
        return guarded(FRAMES[name](self.framed), FRAME_POLICY)

    def _gallery(self, theme: str, scheme: str) -> str:
        try:
            page = FRAMES[scheme](gallery_letter(self.app, theme))
        except NewsletterError as error:
            page = render_page(
                "message.html.j2", title=f"The theme “{theme}”", text=str(error), button="", name=""
            )
        return guarded(page, FRAME_POLICY)


def write_preview(app: App, issue_id: IssueId, folder: Path, reader: Delivery = SAMPLE_READER) -> Path:
    """The first page, after all were written to `folder`, and the pages of an earlier preview that are
    needed no more were removed.

    Pictures are fetched once and stand inside the framed copies, so that the pages show them offline
    and opening them tells nobody; `letter.html` and `letter.eml` are the octets themselves.
    Raises what reviewing an issue raises, and WrongState when `folder` holds what no preview wrote.
    """
    kept = SiteFolder(folder, "preview")
    kept.require_ours(force=False)
    review = app.review(issue_id)
    letter = personal_letter(app, review, reader)
    site = Site(
        app=app,
        issue_id=issue_id,
        source=app.files.read(issue_id),
        review=review,
        letter=letter,
        framed=embed_images(letter.html, app.fetcher()),
    )
    kept.write(((path, site.file(path) or b"") for path in site.paths()), force=False)
    return folder / site.paths()[0]
