"""What the major mail programs lack: caniemail.com's data of 9 September 2025, much reduced.

Taken from the npm package caniemail 1.0.5 under the MIT licence, whose text and copyright notices
stand beside this file in clientsupport.LICENSE. Kept is what a program lacks in its newest tested
version, and of that only what moves, hides, distorts or discolours content where it is lacking.
What leaves a letter merely plainer is left out: round corners, shadows, hyphens, transitions,
media queries, elements whose words stay when their tags go.
"""

from collections.abc import Mapping

_CLIENTS = {
    "G": "Gmail",
    "W": "Outlook for Windows",
    "O": "Outlook on the web",
    "M": "Apple Mail",
    "I": "iPhone Mail",
    "Y": "Yahoo Mail",
}


def _by_name(names_by_clients: Mapping[str, str]) -> Mapping[str, str]:
    """Each name → who lacks it, in words."""
    return {name: _told(clients) for clients, names in names_by_clients.items() for name in names.split()}


def _told(clients: str) -> str:
    """The programs of these letters as part of a sentence, such as `Gmail and Yahoo Mail`."""
    *first, last = (_CLIENTS[letter] for letter in clients)
    return f"{', '.join(first)} and {last}" if first else last


PROPERTIES = _by_name(
    {
        "W": "background-image background-position background-size float",
        "GW": "position visibility z-index",
        "WY": "columns column-count column-width gap mix-blend-mode object-fit writing-mode",
        "GWY": "align-items bottom flex-direction flex-wrap justify-content left right top",
        "GWOY": "aspect-ratio backdrop-filter block-size border-block border-inline clip-path filter "
        "grid-template grid-template-columns grid-template-rows inset list-style-image margin-block "
        "margin-block-end margin-block-start margin-inline margin-inline-end margin-inline-start mask-image "
        "max-block-size max-inline-size min-block-size min-inline-size padding-block padding-block-end "
        "padding-block-start padding-inline padding-inline-end padding-inline-start shape-outside transform",
        "GWOMIY": "inline-size",
    }
)
DISPLAYS = _by_name({"W": "flex inline-flex", "GWY": "grid inline-grid"})
"""Values of `display`."""
FUNCTIONS = _by_name(
    {
        "WOY": "calc clamp linear-gradient max min radial-gradient",
        "GWOY": "conic-gradient light-dark var",
    }
)
UNITS = _by_name({"W": "vh vw", "WY": "ch rem vmax vmin"})
ELEMENTS = _by_name(
    {
        "W": "form input select textarea",
        "WO": "button",
        "GW": "marquee",
        "GOY": "link",
        "GWY": "meter",
        "GWOY": "audio dialog object picture progress svg video",
    }
)
ATTRIBUTES = _by_name({"GWOY": "hidden popover srcset"})
PICTURES = _by_name({"G": "svg", "W": "avif ico webp", "GW": "apng", "WO": "heic heif", "WOY": "tif tiff"})
"""Kinds of pictures, by the endings of their files."""
