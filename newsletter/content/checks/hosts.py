"""Host names as readers see them: which imitate others, and which belong together."""

import unicodedata
from ipaddress import ip_address
from urllib.parse import urlsplit

_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "HANGUL"},
    {"LATIN", "CJK", "BOPOMOFO"},
)
"""Scripts that one label may mix (Unicode UTS 39 §5.2, “highly restrictive”)."""
_LATIN_LOOKALIKES = frozenset("асԁеһіјӏкорԛѕтуѵԝхьгпмнвαορινυτκωϲ")
"""Cyrillic and Greek letters that are drawn like Latin ones (from Unicode 16 confusables.txt)."""


def host_of(address: str) -> str:
    """The address's host in lower case and in letters, not in `xn--` form; empty when it has none."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return ".".join(map(_in_letters, host.lower().split(".")))


def in_ascii(host: str) -> str:
    """The host as it is looked up, in `xn--` form; as it stands when it has no such form."""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def parent_hosts(host: str) -> list[str]:
    """The host itself and all that it belongs to: `a.b.org`, `b.org`, `org`."""
    labels = host.strip(".").split(".")
    return [".".join(labels[index:]) for index in range(len(labels))]


def is_local(host: str) -> bool:
    """Whether the host is this machine, or an address or name of private networks (RFC 6761, RFC 6762)."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def looks_like_another(host: str) -> bool:
    """Whether a label mixes scripts, or imitates Latin ones under a Latin top-level domain."""
    labels = host.strip(".").split(".")
    return any(_mixes_scripts(label) for label in labels) or (
        labels[-1].isascii() and any(_imitates_latin(label) for label in labels)
    )


def _in_letters(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _mixes_scripts(label: str) -> bool:
    scripts = {_script(letter) for letter in label if letter.isalpha()}
    return len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER)


def _imitates_latin(label: str) -> bool:
    letters = {letter for letter in label if letter.isalpha()}
    return bool(letters) and letters <= _LATIN_LOOKALIKES


def _script(letter: str) -> str:
    """The first word of the letter's Unicode name, which names its script."""
    first = unicodedata.name(letter, "UNKNOWN").partition(" ")[0].partition("-")[0]
    return {"HALFWIDTH": "KATAKANA", "FULLWIDTH": "LATIN", "IDEOGRAPHIC": "CJK"}.get(first, first)
