"""A body's tree, told in words: the text part of a letter.

Links are numbered and listed after the body, quotations keep `>`, and cards, buttons, pictures and
footnotes are said in words.
"""

import re
from dataclasses import dataclass, field
from itertools import zip_longest

from lxml.html import HtmlElement

from newsletter.content.letter import card_kind, card_label, card_link
from newsletter.content.phrases import ENGLISH, Phrases
from newsletter.content.wrapping import WIDTH, columns, join_blocks, padded, prefixed, wrap

_NARROWEST = 24
"""Columns that a deeply nested block keeps."""
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _HEADINGS | frozenset(
    "article aside blockquote caption dd details div dl dt figcaption figure footer header hr li main ol "  # noqa: SIM905
    "p pre section summary table tbody td tfoot th thead tr ul".split()
)
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""Hints where a word may be parted; plain text shows some of them as boxes."""

Block = list[str]
"""Lines that belong together."""


def body_text(tree: HtmlElement, phrases: Phrases = ENGLISH) -> str:
    """The body's words without a line end after the last. The tree is as `body_tree` made it, not dressed."""
    teller = _Teller(phrases)
    blocks = teller.blocks(tree, WIDTH)
    return join_blocks([*blocks, [f"[{number}] {link}" for link, number in teller.links.items()]])


@dataclass
class _Teller:
    """Walks one body; `links` numbers its targets in the order of their first mention."""

    phrases: Phrases
    links: dict[str, int] = field(default_factory=dict)
    said: str = ""
    """A target that the block around says in full, and that needs no number."""

    def blocks(self, element: HtmlElement, width: int) -> list[Block]:
        """The element's content as blocks of lines."""
        width = max(width, _NARROWEST)
        blocks: list[Block] = []
        run = [_squeeze(element.text)]
        for child in [*element, None]:
            if child is not None and not _is_block(child):
                run += [self._inline(child), _squeeze(child.tail)]
                continue
            if words := _tidy("".join(run)):
                blocks.append(wrap(words, width))
            if child is not None:
                blocks += self._block(child, width)
                run = [_squeeze(child.tail)]
        return blocks

    def _block(self, element: HtmlElement, width: int) -> list[Block]:
        tag, kind = element.tag, element.get("class") or ""
        if tag == "blockquote":
            quoted = self.blocks(element, width - 2)
            return [prefixed(quoted, "> ")] if quoted else []
        if tag in {"ul", "ol"}:
            return self._list(element, width, notes=kind == "footnotes-list")
        if tag == "pre":
            return [["    " + line for line in element.text_content().strip("\n").split("\n")]]
        if tag == "table":
            return self._table(element, width)
        if tag == "hr":
            return [] if kind else [["* * *"]]
        if tag in _HEADINGS:
            return [[*lines, "-" * max(map(columns, lines))] for lines in self.blocks(element, width)]
        if tag == "dd":
            meaning = self.blocks(element, width - 4)
            return [prefixed(meaning, "    ")] if meaning else []
        if tag == "a":
            number = self._number(element)
            return [*self.blocks(element, width), [f"[{number}]"] if number else []]
        if tag == "div" and "card-" in kind:
            return self._card(element, width)
        if tag == "div" and kind == "button":
            return self._button(element, width)
        return self.blocks(element, width)

    # --- blocks with a form of their own -------------------------------------------------------

    def _card(self, card: HtmlElement, width: int) -> list[Block]:
        """`[Video · youtube.com]`, all that the card holds, and where it leads."""
        self.said = card_link(card)
        held = self.blocks(card, width) or [[]]
        blocks = [wrap(f"[{card_label(card, self.phrases)}]", width) + held[0], *held[1:]]
        if self.said:
            ending = f"{self.phrases.cards[card_kind(card)][1]}{self.phrases.colon} {self.said}"
            if blocks[-1][-1].startswith(">"):
                blocks.append([])
            blocks[-1].append(ending)
        self.said = ""
        return blocks

    def _button(self, button: HtmlElement, width: int) -> list[Block]:
        links = button.xpath(".//a[@href]")
        if len(links) != 1:
            return self.blocks(button, width)
        self.said = links[0].get("href")
        blocks = self.blocks(button, width)
        if not blocks:
            return [[self.said]]
        blocks[-1] = [*blocks[-1][:-1], f"{blocks[-1][-1]}{self.phrases.colon}", self.said]
        self.said = ""
        return blocks

    def _list(self, element: HtmlElement, width: int, *, notes: bool) -> list[Block]:
        """Items behind their marks; what stands between items, as sloppy HTML has it, is indented."""
        start = element.get("start", "1")
        number = int(start) if re.fullmatch(r"-?\d{1,9}", start) else 1
        items = [wrap(words, width)] if (words := _tidy(_squeeze(element.text))) else []
        spaced = False
        for child in element:
            mark = "  "
            if child.tag == "li":
                note = f"[{self.phrases.note} {number}] "
                mark = note if notes else f"{number}. " if element.tag == "ol" else "- "
                number += 1
            inner = self._inside(child, width - len(mark)) or [[""]]
            apart = len(inner) > 1 and bool(child.xpath("./p"))
            lines = prefixed(inner, " " * len(mark), spaced=apart)
            items.append([mark + lines[0].removeprefix(" " * len(mark)), *lines[1:]])
            spaced = spaced or apart
        return items if spaced else [[line for item in items for line in item]]

    def _inside(self, child: HtmlElement, width: int) -> list[Block]:
        """The blocks of a list's child, and of the words behind it that are in no item."""
        if child.tag == "li":
            blocks = self.blocks(child, width)
        elif _is_block(child):
            blocks = self._block(child, width)
        else:
            blocks = [wrap(words, width)] if (words := _tidy(self._inline(child))) else []
        return blocks + ([wrap(words, width)] if (words := _tidy(_squeeze(child.tail))) else [])

    def _table(self, table: HtmlElement, width: int) -> list[Block]:
        """Columns side by side when they fit, else each row as `head: cell` lines; a table that only
        lays blocks out as those blocks."""
        rows = [row.xpath("./td | ./th") for row in table.xpath("./tr | ./*[not(self::caption)]/tr")]
        caption = [block for each in table.xpath("./caption") for block in self.blocks(each, width)]
        if max(map(len, rows), default=0) < 2 or table.xpath(
            ".//td/*[self::p or self::ul or self::table or self::div]"
        ):
            return caption + [block for cells in rows for cell in cells for block in self.blocks(cell, width)]
        texts = [[_tidy(self._children(cell)).replace("\n", " ") for cell in cells] for cells in rows]
        headed = bool(table.xpath("./thead"))
        right = [all(map(_stands_right, cells)) for cells in zip_longest(*rows)]
        return caption + (
            _side_by_side(texts, width, headed=headed, right=right)
            or _records(texts, width, headed=headed, colon=self.phrases.colon)
        )

    # --- words in a line -----------------------------------------------------------------------

    def _inline(self, element: HtmlElement) -> str:
        tag = element.tag
        if tag == "br":
            return "\n"
        if tag == "img":
            alt = _tidy(_squeeze(element.get("alt")))
            return f"[{self.phrases.image}{self.phrases.colon} {alt}]" if alt else ""
        words = self._children(element)
        if tag == "a":
            return self._link(element, words)
        if tag == "sup" and element.get("class") == "footnote-ref":
            return f" [{self.phrases.note} {words.strip('[]')}]"
        return words.join(self.phrases.quotes) if tag == "q" else words

    def _children(self, element: HtmlElement) -> str:
        parts = [_squeeze(element.text)]
        for child in element:
            edge = "\n" if child.tag in _BLOCKS else ""
            parts += [edge, self._inline(child), edge, _squeeze(child.tail)]
        return "".join(parts)

    def _link(self, link: HtmlElement, words: str) -> str:
        target = link.get("href") or ""
        shown = words.strip()
        address = re.sub(r"^(mailto:|tel:)", "", target)
        if shown and shown in {address, address.rstrip("/"), re.sub(r"^https?://|/$", "", address)}:
            return words.replace(shown, address)
        number = self._number(link)
        return f"{words.rstrip()} [{number}]{words[len(words.rstrip()) :]}" if number else words

    def _number(self, link: HtmlElement) -> int | None:
        """The number under which the link's target is listed; None when it needs none."""
        target = link.get("href") or ""
        if not target or target.startswith("#") or target == self.said:
            return None
        return self.links.setdefault(target, len(self.links) + 1)


def _is_block(element: HtmlElement) -> bool:
    return element.tag in _BLOCKS or any(each.tag in _BLOCKS for each in element.iterdescendants())


def _squeeze(text: str | None) -> str:
    """The text with white space folded as HTML folds it; a no-break space stays."""
    return re.sub(r"[ \t\r\n\f]+", " ", (text or "").translate(_INVISIBLE))


def _tidy(words: str) -> str:
    """The words of a finished run without white space at its ends and around line ends."""
    return re.sub(r"\n{2,}", "\n", re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", words))).strip(" \n")


def _stands_right(cell: HtmlElement | None) -> bool:
    """Whether the cell's words are to stand on its right side, as figures do; a missing cell may."""
    if cell is None:
        return True
    aligned = f"{cell.get('align', '')} {cell.get('style', '')}"
    return re.search(r"\b(right|end)\b", aligned) is not None


def _side_by_side(rows: list[list[str]], width: int, *, headed: bool, right: list[bool]) -> list[Block]:
    """The table drawn, with those columns standing `right` that do in HTML; nothing when it is too wide."""
    count = max(map(len, rows))
    rows = [row + [""] * (count - len(row)) for row in rows]
    sizes = [max(columns(row[index]) for row in rows) for index in range(count)]
    if sum(sizes) + 3 * (count - 1) > width:
        return []
    lines = []
    for row in rows:
        cells = zip(row, sizes, right, strict=True)
        lines.append(" | ".join(padded(cell, size, right=side) for cell, size, side in cells))
    if headed:
        lines.insert(1, "-+-".join("-" * size for size in sizes))
    return [lines]


def _records(rows: list[list[str]], width: int, *, headed: bool, colon: str) -> list[Block]:
    """Each row as a block; under a head, each cell behind the name of its column."""
    if not headed:
        return [[line for cell in row if cell for line in wrap(cell, width)] for row in rows]
    head, *body = rows
    names = [f"{name}{colon} " if name else "" for name in head + [""] * max(map(len, rows))]
    return [
        [line for name, cell in zip(names, row, strict=False) if cell for line in wrap(name + cell, width)]
        for row in body or [head]
    ]
