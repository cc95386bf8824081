"""Bytes of a feed → its text, whatever the feed says of its encoding."""

import codecs
import re

from newsletter.net import gunzip

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARKLESS = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"))
"""XML 1.0, appendix F."""
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""", re.ASCII)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.ASCII | re.IGNORECASE)
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}
_NO_FEEDS = {
    "idna",
    "punycode",
    "unicode_escape",
    "unicode-escape",
    "raw_unicode_escape",
    "raw-unicode-escape",
}
"""Python's encodings for other things; the first two take quadratic time."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 §2.2 forbids."""
_CHARACTER_REFERENCE = re.compile(r"&#(?:x([0-9a-f]{1,9})|([0-9]{1,9}));", re.IGNORECASE)


def text_of(body: bytes, content_type: str) -> str:
    """The body's text without the characters that XML forbids.

    What is valid UTF-8 is UTF-8, whatever it is declared to be; else the declarations count, the
    server's first, and ISO 8859-1 means windows-1252 (WHATWG Encoding §4.2). A gzip file that is
    served as such is unpacked. Raises ValueError for damaged gzip data.
    """
    if body.startswith(b"\x1f\x8b"):
        body = gunzip([body])
    text = _decoded(body, content_type)
    return _CHARACTER_REFERENCE.sub(_allowed_reference, _NOT_XML.sub("", text))


def _decoded(body: bytes, content_type: str) -> str:
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    for start, encoding in _MARKLESS:
        if body.startswith(start):
            return body.decode(encoding, "replace")
    declared = [match.group(1) for match in (_CHARSET.search(content_type),) if match]
    declared += [match.group(1).decode("ascii") for match in (_DECLARED.search(body),) if match]
    shifting = b"\x1b" in body  # ISO-2022 looks like ASCII
    for encoding in [*declared, "utf-8"] if shifting else ["utf-8", *declared]:
        try:
            return body.decode(_widened(encoding))
        except (UnicodeError, LookupError):
            continue
    return body.decode("cp1252", "replace")


def _widened(encoding: str) -> str:
    """The encoding that is meant by the name: the larger of two that get confused.

    Raises LookupError for an unknown one, and for one that no feed is written in.
    """
    name = codecs.lookup(encoding).name
    if name in _NO_FEEDS:
        raise LookupError(encoding)
    return _MEANT.get(name, name)


def _allowed_reference(match: re.Match[str]) -> str:
    """The reference as it stands, or nothing when it names a character that XML forbids."""
    code = int(match.group(1), 16) if match.group(1) else int(match.group(2))
    return match.group() if code <= 0x10FFFF and not _NOT_XML.match(chr(code)) else ""
