"""Finding letters by words, in any language.

Case, accents, vowel points and the width of letters make no difference. A word is found where a word
begins with it, as “harbour” begins “harbours”; in scripts that write words together it is found
anywhere. Words between quotation marks are found as they stand there.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from newsletter.content.phrases import PHRASES
from newsletter.content.wrapping import WIDTH

MAX_QUERY = 200
"""Characters of a question that are looked at."""
MAX_TERMS = 8
AROUND = 90
"""Characters that a snippet shows on either side of what was found."""

_MARKS = re.compile(
    "[\u00ad\u0301\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u200b-\u200f\u2060\ufeff]|(?<![\u0400-\u052f])[\u0300-\u036f]"
)
"""Accents, points and invisible hints; in Cyrillic й and ї are letters of their own."""
_ALIKE = str.maketrans(
    {"ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", **dict.fromkeys("“”„‟«»「」『』", '"'), "’": "'", "‘": "'"}
)
_TERM = re.compile(r'"([^"]+)"|(\S+)')
_EDGES = "\"'.,;:!?()[]{}…。、，؟،"
_PERSONAL = re.compile(r"(?<!\S)\S*/[mu]/nl[0-9a-f]{25}\S*")
_PART = re.compile(rf"^={{{WIDTH}}}$", re.MULTILINE)
"""What stands between the parts of a letter in templates/shared/issue.txt.j2; no body's own line comes
out of content/text.py like it but a paragraph of so many signs."""
_CONTENTS = tuple({f"{phrases.contents} · " for phrases in PHRASES.values()})
_SOURCES = frozenset(phrases.sources for phrases in PHRASES.values())
_ENTRY = re.compile(r"- .+ · .+")
_LINK_MARK = re.compile(r" ?\[\d{1,3}\](?!\w)")
_QUOTED = re.compile(r"^(?:> ?)+", re.MULTILINE)
_RULE = re.compile(r"^[ =*\-+|]+$", re.MULTILINE)
_WRITTEN_TOGETHER = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_FOLD = re.compile(f"(?<=[{_WRITTEN_TOGETHER}]) (?=[{_WRITTEN_TOGETHER}])")
"""Where a line was broken inside words that no space parts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """Something to be found: `text` is folded; `whole` when it must end where a word ends."""

    text: str
    whole: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Snippet:
    """Words of a letter around what was found."""

    before: str = ""
    found: str = ""
    after: str = ""


def folded(text: str) -> str:
    """The text as it is compared."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", decomposed)).translate(_ALIKE)


def read_query(query: str) -> tuple[Term, ...]:
    """What to look for; all of it must be found. Nothing for a question without words."""
    terms = []
    for phrase, word in _TERM.findall(folded(query[:MAX_QUERY])):
        text = " ".join((phrase or word).split()).strip(_EDGES + " ")
        if any(character.isalnum() for character in text):
            terms.append(Term(text=text, whole=bool(phrase)))
    return tuple(dict.fromkeys(terms))[:MAX_TERMS]


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a letter's text part without its rules, marks and personal links, each a line."""
    bare = _LINK_MARK.sub("", _PERSONAL.sub("", _RULE.sub("", _QUOTED.sub("", text))))
    blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", bare))
    return [_FOLD.sub("", block) for block in blocks if block]


def own_paragraphs(text: str) -> list[str]:
    """The paragraphs of a letter's text part that are its posts' and its author's: those between masthead
    and footer without the contents and the list of sources. All of them when the text part has another
    form, as a theme of the author's own may give it."""
    head, *parts = _PART.split(text)
    if not parts or not _PERSONAL.search(parts[-1]):
        return paragraphs(text)
    parts.pop()
    if parts and _is_list_of_sources(parts[-1]):
        parts.pop()
    opening = paragraphs(_below_masthead(head))
    if len(opening) > 1 and opening[-2].startswith(_CONTENTS):
        opening = opening[:-2]
    return [*opening, *(block for part in parts for block in paragraphs(part))]


def _below_masthead(head: str) -> str:
    """What follows the paragraph with the reader's own link; all when there is none."""
    link = _PERSONAL.search(head)
    return head[link.end() :].partition("\n\n")[2] if link else head


def _is_list_of_sources(part: str) -> bool:
    heading, _, listed = part.strip().partition("\n\n")
    lines = re.sub(r"\n  (?!https?://)", " ", listed).split("\n")
    entries = [line for line in lines if not line.startswith("  ")]
    return heading in _SOURCES and all(map(_ENTRY.match, entries))


def holds(folded_text: str, terms: Sequence[Term]) -> bool:
    """Whether all of the terms are found."""
    return all(_find(folded_text, term) is not None for term in terms)


def snippet(blocks: Sequence[str], terms: Sequence[Term]) -> Snippet:
    """The beginning of the first paragraph that holds a term, or the words around it."""
    for block in blocks:
        found = folded(block)
        for term in terms:
            if _find(found, term) is not None:
                return _cut(block, term)
    return Snippet()


def _find(text: str, term: Term) -> int | None:
    """Where the term stands in folded text."""
    place = text.find(term.text)
    while place >= 0:
        end = place + len(term.text)
        if _is_edge(text, place) and (not term.whole or _is_edge(text, end)):
            return place
        place = text.find(term.text, place + 1)
    return None


def _is_edge(text: str, place: int) -> bool:
    """Whether a word may begin or end before this character."""
    if place in {0, len(text)}:
        return True
    left, right = text[place - 1], text[place]
    return not (left.isalnum() and right.isalnum()) or _is_joined(left) or _is_joined(right)


def _is_joined(character: str) -> bool:
    """Whether the character is of a script in which a word may begin within another's letters."""
    return 0x590 <= ord(character) <= 0x1CFF or ord(character) >= 0x2E80


_folded_character = lru_cache(maxsize=4096)(folded)


def _cut(block: str, term: Term) -> Snippet:
    text, origins = "", []
    for index, character in enumerate(block):
        piece = _folded_character(character)
        text += piece
        origins += [index] * len(piece)
    place = _find(text, term)
    if place is None:  # it holds marks that only fold together with their neighbours
        return Snippet(after=_shortened(block, 2 * AROUND))
    start, end = origins[place], origins[place + len(term.text) - 1] + 1
    before = block[max(0, start - AROUND) : start]
    if start > AROUND:
        before = "…" + before[before.find(" ") + 1 :]
    return Snippet(before=before, found=block[start:end], after=_shortened(block[end:], AROUND))


def _shortened(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    cut = text[:length]
    return (cut[: cut.rfind(" ")] if " " in cut[length // 2 :] else cut) + "…"
