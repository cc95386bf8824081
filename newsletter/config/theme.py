"""A theme's files, the project's own over the shipped ones, file by file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from newsletter.errors import BadSetting, BadTemplate


@dataclass(frozen=True, kw_only=True, slots=True)
class Theme:
    """The texts of `templates/<name>/`, by file name; rendering touches no disk."""

    name: str
    files: dict[str, str]
    paths: dict[str, str]
    """Where each file was read, for messages."""


def shipped_templates() -> Path:
    """The folder of the themes that ship with the program: in the wheel, else in the checkout."""
    package = Path(__file__).parent.parent
    bundled = package / "_bundled" / "templates"
    return bundled if bundled.is_dir() else package.parent / "templates"


def theme_names(project: Path) -> list[str]:
    """The themes that a project can name, in alphabetical order."""
    return sorted({folder.name for root in _roots(project) for folder in _folders(root)})


def load_theme(project: Path, name: str) -> Theme:
    """The theme's files. Raises BadSetting when there is none of that name, BadTemplate when one
    of its files is not UTF-8."""
    if name not in theme_names(project):
        known = ", ".join(theme_names(project))
        raise BadSetting(
            f"there is no theme “{name}”", where="newsletter.toml", remedy=f"choose one of: {known}"
        )
    files: dict[str, str] = {}
    paths: dict[str, str] = {}
    for root in _roots(project):
        for path in sorted((root / name).glob("*.*")):
            try:
                files[path.name] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                raise BadTemplate("is not UTF-8", where=str(path), remedy="save it in UTF-8") from error
            paths[path.name] = str(path)
    return Theme(name=name, files=files, paths=paths)


def _roots(project: Path) -> list[Path]:
    """Shipped first, so that the project's own files replace them."""
    return [shipped_templates(), project / "templates"]


def _folders(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from (path for path in root.iterdir() if path.is_dir() and path.name != "system")
