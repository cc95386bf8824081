"""Quoted-printable (RFC 2045 §6.7) in lines that no mail server changes.

Beyond what the RFC asks, no line begins with a dot, which SMTP would double (RFC 5321 §4.5.2), or
with `From `, which some servers mark (RFC 2049 §3). So the octets of a letter are the same in a
file, on the wire and under a signature.
"""

import re
from collections.abc import Iterator

SOFT_BREAK = "=\r\n"
_MAX_LINE = 75
"""The 76 characters of RFC 2045 §6.7 (5), less one for the `=` of a soft line break."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_AS_IT_IS = re.compile(r"[ !-<>-~]*", re.ASCII)
_PLAIN = frozenset(range(32, 127)) - frozenset(b"=")
_ESCAPED = [chr(octet) if octet in _PLAIN else f"={octet:02X}" for octet in range(256)]
_SHORT_WORD = re.compile(r"[A-Za-z0-9_-]{1,75}", re.ASCII)


def quoted_printable(text: str) -> str:
    """The text in lines of at most 75 characters; each of its line ends is CRLF."""
    if _SHORT_WORD.fullmatch(text):
        return text
    return "\r\n".join(SOFT_BREAK.join(_pieces(_escaped(line))) for line in _LINE_END.split(text))


def _escaped(line: str) -> str:
    escaped = line if _AS_IT_IS.fullmatch(line) else "".join(map(_ESCAPED.__getitem__, line.encode("utf-8")))
    return f"{escaped[:-1]}=20" if escaped.endswith(" ") else escaped


def _pieces(line: str) -> Iterator[str]:
    """An escaped line, cut where no escape is torn apart."""
    start = 0
    while True:
        guarded = ""
        if line.startswith((".", "From "), start):
            guarded = f"={ord(line[start]):02X}"
            start += 1
        end = start + _MAX_LINE - len(guarded)
        if end >= len(line):
            yield guarded + line[start:]
            return
        while "=" in line[end - 2 : end]:
            end -= 1
        yield guarded + line[start:end]
        start = end
