"""Pictures: what stands for one that is not shown, and what keeps it from being shown."""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from newsletter.content.checks.clientsupport import PICTURES
from newsletter.content.checks.hosts import host_of, is_local
from newsletter.content.checks.letter import Letter, Problem, check, named, scheme_of
from newsletter.models import Severity

_FILE_NAME = re.compile(
    r"[\w%() .-]*\.(?:jpe?g|png|gif|webp|svg|avif|heic)|(?:img|dscn?|pxl|screenshot)[-_ ]?[\d_ .:()-]+",
    re.IGNORECASE,
)


@check(
    "image-without-alt",
    Severity.WARNING,
    remedy="describe the picture between the brackets: ![a red boat](…)",
)
def image_without_alt(letter: Letter) -> Iterator[Problem]:
    """A picture without words, or with a file's name, for those who do not see it; many mail programs
    hide pictures at first."""
    for image in _pictures(letter):
        alt = image.get("alt", "").strip()
        if not alt or _FILE_NAME.fullmatch(alt):
            said = "has only a file’s name for its text" if alt else "has no text"
            if _is_all_of_a_link(image):
                said += ", and nothing else tells where its link leads"
            yield Problem(
                message=f"{named(image)} {said}", where=letter.place_in(image, image.get("src", ""))
            )


@check(
    "image-without-size", Severity.WARNING, remedy="write the size behind the picture: {width=600 height=400}"
)
def image_without_size(letter: Letter) -> Iterator[Problem]:
    """Pictures of unknown width or height: Outlook draws them at a size of its own, and the text jumps
    when they arrive. One finding for each post."""
    unsized = [image for image in _pictures(letter) if not (image.get("width") and image.get("height"))]
    for _, images in groupby(unsized, key=lambda image: letter.place(letter.section_of(image))):
        first, *others = images
        more = f" and {len(others)} more have" if others else " has"
        yield Problem(
            message=f"{named(first)}{more} no size", where=letter.place_in(first, first.get("src", ""))
        )


@check("image-not-https", Severity.WARNING, remedy="use the picture's https:// address")
def image_not_https(letter: Letter) -> Iterator[Problem]:
    """A picture on plain http, which mail programs block or mark as unsafe."""
    for image in _pictures(letter):
        source = image.get("src", "")
        if scheme_of(source) == "http" and not is_local(host_of(source)):
            yield Problem(message=f"{named(image)} is on plain http", where=letter.place_in(image, source))


@check("image-kind", Severity.WARNING, remedy="use a JPEG or PNG file")
def image_kind(letter: Letter) -> Iterator[Problem]:
    """A picture of a kind that a major mail program does not show."""
    for image in _pictures(letter):
        source = image.get("src", "")
        if (kind := kind_of(source)) in PICTURES:
            yield Problem(
                message=f"{named(image)} is of the kind {kind}: not shown by {PICTURES[kind]}",
                where=letter.place_in(image, source),
            )


def kind_of(address: str) -> str:
    """The ending of the address's path, in lower case and without its dot."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return ""
    return PurePosixPath(unquote(path)).suffix.lower().removeprefix(".")


def _is_all_of_a_link(image: HtmlElement) -> bool:
    return any(not link.text_content().strip() for link in image.iterancestors("a"))


def _pictures(letter: Letter) -> list[HtmlElement]:
    found: list[HtmlElement] = letter.page.xpath("//img")
    return found
