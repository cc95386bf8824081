"""A theme: its files, the project's own over the shipped ones, file by file, and its settings."""

import dataclasses
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

from newsletter.errors import BadInput, BadSetting, BadTemplate

SHARED = "shared"
"""The folder of what all themes have in common."""
DEFAULT = "broadsheet"
SYSTEM = "system"
"""The folder of the mails that are no letters."""
_NO_THEMES = frozenset({SHARED, SYSTEM})
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_FAMILY = r"(?:[\w -]+|'[\w -]+')"
_FONTS = re.compile(rf"{_FAMILY}(?:\s*,\s*{_FAMILY})*")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class ColourSettings:
    """`[theme.light]` and `[theme.dark]`: colours as `#rrggbb`; empty: the theme's own."""

    page: str = ""
    sheet: str = ""
    text: str = ""
    lead: str = ""
    """The first line, and quoted words."""
    small: str = ""
    """Small print: bylines, captions, the footer."""
    accent: str = ""
    """Links and buttons."""
    button_text: str = ""
    rule: str = ""
    """Lines between posts, around cards and in tables."""
    panel: str = ""
    """Behind the contents and behind code."""
    quotation: str = ""
    """Behind quotations."""
    bar: str = ""
    """The bar beside a quotation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ThemeSettings:
    """`[theme]`: how letters look, whichever theme they have; what is empty or 0 is the theme's own."""

    width: int = 0
    """Of the sheet, in CSS pixels, 320–800."""
    text_font: str = ""
    """Font families, the first that a reader has, such as `Georgia, 'Times New Roman', serif`."""
    title_font: str = ""
    """Empty: as the theme has it, or else the text's."""
    small_font: str = ""
    logo: str = ""
    """An https address of a picture that stands in the masthead instead of the name."""
    logo_alt: str = ""
    """What the picture says; empty: the newsletter's name."""
    logo_width: int = 0
    """CSS pixels; needed with a logo."""
    logo_height: int = 0
    footer: str = ""
    """A line of your own above the reason why somebody gets the letter."""
    contents_from: int = 4
    """Letters of so many posts begin with a list of them; 0: none does."""
    light: ColourSettings = field(default_factory=ColourSettings)
    dark: ColourSettings = field(default_factory=ColourSettings)
    """For readers whose mail program is set to dark."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Theme:
    """The texts of `templates/<name>/`, by file name, and `[theme]`; rendering touches no disk."""

    name: str
    files: dict[str, str]
    paths: dict[str, str]
    """Where each file was read, for messages."""
    settings: ThemeSettings = field(default_factory=ThemeSettings)


def shipped_templates() -> Path:
    """The folder of the themes that ship with the program: in the wheel, else in the checkout."""
    package = Path(__file__).parent.parent
    bundled = package / "_bundled" / "templates"
    return bundled if bundled.is_dir() else package.parent / "templates"


def theme_names(project: Path) -> list[str]:
    """The themes that a project can name, in alphabetical order."""
    return sorted({folder.name for root in _roots(project) for folder in _folders(root)})


def load_theme(project: Path, name: str, settings: ThemeSettings | None = None) -> Theme:
    """The theme's files over those that all themes share. Raises BadSetting when there is none of
    that name, BadTemplate when one of its files is not UTF-8."""
    if name not in theme_names(project):
        known = ", ".join(theme_names(project))
        raise BadSetting(
            f"there is no theme “{name}”", where="newsletter.toml", remedy=f"choose one of: {known}"
        )
    files: dict[str, str] = {}
    paths: dict[str, str] = {}
    for folder in [shipped_templates() / SHARED, *(root / name for root in _roots(project))]:
        for path in sorted(folder.glob("*.*")):
            try:
                files[path.name] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                raise BadTemplate("is not UTF-8", where=str(path), remedy="save it in UTF-8") from error
            paths[path.name] = str(path)
    return Theme(name=name, files=files, paths=paths, settings=settings or ThemeSettings())


def with_system_mails(theme: Theme, project: Path) -> Theme:
    """The theme with the templates of the program's own mails, the project's over the shipped ones."""
    files, paths = dict(theme.files), dict(theme.paths)
    for folder in (root / SYSTEM for root in _roots(project)):
        for path in sorted(folder.glob("*.j2")):
            files[path.name] = path.read_text(encoding="utf-8")
            paths[path.name] = str(path)
    return dataclasses.replace(theme, files=files, paths=paths)


def new_theme(project: Path, name: str) -> list[Path]:
    """The files of a theme of the project's own: the default theme's, to be changed or deleted.

    Raises BadInput for a name that is taken or that no folder should have, and when the disk refuses;
    then the name is as free as before.
    """
    folder = project / "templates" / name
    if not _NAME.fullmatch(name) or name in _NO_THEMES:
        raise BadInput(
            f"“{name}” cannot be the name of a theme", remedy="use a-z, 0-9 and hyphens, such as my-theme"
        )
    if name in theme_names(project):
        raise BadInput(f"there is a theme “{name}” already", remedy="choose another name")
    copies = {
        folder / file: _noted(file, text, name) for file, text in load_theme(project, DEFAULT).files.items()
    }
    try:
        folder.mkdir(parents=True)
        with ExitStack() as undo:
            undo.callback(rmtree, folder, ignore_errors=True)
            for path, text in copies.items():
                path.write_text(text, encoding="utf-8", newline="\n")
            undo.pop_all()
    except OSError as error:
        raise BadInput(
            f"cannot be written: {error.strerror}", where=str(folder), remedy="make room for a folder there"
        ) from error
    return list(copies)


def _noted(file: str, text: str, name: str) -> str:
    """The text of a theme's file with a comment on top that says what it is."""
    opening, closing = ("/*", "*/") if file.endswith(".css") else ("{#", "#}")
    note = (
        f"{file} of the theme {name}: a copy of {DEFAULT}'s, yours to change. "
        "Delete it to go on with the one that ships."
    )
    return f"{opening} {note} {closing}\n{text}"


# --- settings ----------------------------------------------------------------------------------


def custom_properties(settings: ThemeSettings) -> dict[str, str]:
    """The CSS custom properties that the settings give, without their dashes: `text`, `dark-text`, …"""
    given = {
        f"{prefix}{name}": value
        for prefix, colours in (("", settings.light), ("dark-", settings.dark))
        for name, value in dataclasses.asdict(colours).items()
    }
    given |= {name: getattr(settings, name) for name in ("text_font", "title_font", "small_font")}
    given["width"] = f"{settings.width}px" if settings.width else ""
    return {name.replace("_", "-"): value for name, value in given.items() if value}


def faults(settings: ThemeSettings) -> Iterator[tuple[str, str]]:
    """Each setting of `[theme]` that no letter can have, and what it must be."""
    for table, colours in (("light", settings.light), ("dark", settings.dark)):
        yield from _colour_faults(table, colours)
    for name in ("text_font", "title_font", "small_font"):
        fonts = getattr(settings, name)
        if fonts and not _FONTS.fullmatch(fonts):
            yield name, "must be font families such as “Georgia, 'Times New Roman', serif”"
    for name in ("footer", "logo_alt"):
        if len(getattr(settings, name).splitlines()) > 1:
            yield name, "must be one line of text"
    if settings.width and not 320 <= settings.width <= 800:
        yield "width", "must be between 320 and 800, or 0"
    if settings.contents_from < 0:
        yield "contents_from", "must be 0 or more"
    if settings.logo and not re.fullmatch(r"https://[^\s/\"'<>]+/[^\s\"'<>]*", settings.logo):
        yield "logo", "must be the https address of a picture"
    if settings.logo and not 1 <= settings.logo_width <= (settings.width or 800):
        yield "logo_width", "must be given with a logo, and be no more than the letter's width"
    if not 0 <= settings.logo_height <= 1000:
        yield "logo_height", "must be between 1 and 1000, or 0"


def _colour_faults(table: str, colours: ColourSettings) -> Iterator[tuple[str, str]]:
    for name, value in dataclasses.asdict(colours).items():
        if value and not _COLOUR.fullmatch(value):
            yield f"{table}.{name}", "must be a colour such as “#8c2f1b”"


def _roots(project: Path) -> list[Path]:
    """Shipped first, so that the project's own files replace them."""
    return [shipped_templates(), project / "templates"]


def _folders(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from (path for path in root.iterdir() if path.is_dir() and path.name not in _NO_THEMES)
