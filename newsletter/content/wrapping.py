"""Words → lines of so many columns, in any script."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

WIDTH = 72
"""Columns: under the 78 of RFC 5322 §2.1.1, with room for the `> ` of two answers."""
_NOT_FIRST = frozenset("、。，．：；！？」』】〕）〉》”’…ー々・)]}.,:;!?")
_NOT_LAST = frozenset("「『【〔（〈《“‘([{")
"""Characters that begin no line, and that end none (JIS X 4051, kinsoku)."""
_JOINER = "\u200d"
_NO_COLUMN = frozenset({"Mn", "Me", "Cf"})
"""General categories of marks that stand on, in or around others."""


def wrap(text: str, width: int = WIDTH) -> list[str]:
    """The words in lines of at most `width` columns; a longer word, such as a link, stands alone.
    A line end in the text stays one."""
    lines: list[str] = []
    for forced in text.split("\n"):
        line, filled = "", 0
        for piece, size, spaced in _pieces(forced):
            gap = 1 if spaced and line else 0
            if line and filled + gap + size > width:
                lines.append(line)
                line, filled, gap = "", 0, 0
            line += " " * gap + piece
            filled += gap + size
        lines.append(line)
    return lines


def columns(text: str) -> int:
    """How many columns a terminal gives the text (Unicode TR 11: wide and full-width are two)."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in _NO_COLUMN:
        return 0
    return 2 if _is_wide(character) else 1


def padded(text: str, size: int, *, right: bool = False) -> str:
    """The text filled up with spaces to `size` columns, on its left side when it is to stand `right`."""
    space = " " * (size - columns(text))
    return space + text if right else text + space


def prefixed(blocks: Sequence[Sequence[str]], prefix: str, *, spaced: bool = True) -> list[str]:
    """The blocks' lines, each behind the prefix, with an empty line between blocks when `spaced`."""
    lines: list[str] = []
    for block in blocks:
        if spaced and lines:
            lines.append(prefix.rstrip())
        lines += [(prefix + line).rstrip() for line in block]
    return lines


def join_blocks(blocks: Iterable[Sequence[str]]) -> str:
    """The blocks with one empty line between them, and nowhere two empty lines or more."""
    text = "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _pieces(text: str) -> list[tuple[str, int, bool]]:
    """Unbreakable pieces, their columns, and whether a space stands before them: words, and in
    scripts without spaces single characters with the punctuation that clings to them."""
    pieces = []
    for word in text.split(" "):
        parts = [word] if word.isascii() else _break_wide(word)
        pieces += [(part, columns(part), index == 0) for index, part in enumerate(parts) if part]
    return pieces


def _break_wide(word: str) -> list[str]:
    parts = [word[0]]
    for before, character in pairwise(word):
        breakable = _is_wide(before) or _is_wide(character)
        clings = character in _NOT_FIRST or before in _NOT_LAST or not _columns_of(character)
        if breakable and not clings and before != _JOINER:
            parts.append(character)
        else:
            parts[-1] += character
    return parts


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
