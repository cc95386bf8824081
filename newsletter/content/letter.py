"""A body's tree, dressed for mail clients: what Word (Outlook's renderer), Gmail and phones all draw.

Padding and borders stand on table cells, pictures carry integer sizes, buttons are filled cells.
Looks come from the theme's style sheet by the class names given here (docs/adding/a-theme.md).
"""

from urllib.parse import urlsplit

from lxml.html import HtmlElement
from lxml.html.builder import E

from newsletter.content.markdown import ATTRIBUTION
from newsletter.content.phrases import ENGLISH, Phrases

COLUMN = 556
"""Width of the text column in CSS pixels where no theme says otherwise."""
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LAYOUT = {"role": "presentation", "cellpadding": "0", "cellspacing": "0", "border": "0"}


def dress(
    body: HtmlElement, *, phrases: Phrases = ENGLISH, column: int = COLUMN, direction: str = "ltr"
) -> None:
    """None; the body is changed in place. Its words, links and pictures stay what they are."""
    _lower_headings(body)
    for card in body.xpath('.//div[contains(@class, "card-")]'):
        _dress_card(card, phrases)
    for button in body.xpath('.//div[@class="button"]'):
        _dress_button(button)
    for figure in body.xpath(".//figure"):
        _dress_figure(figure)
    for quotation in body.xpath(".//blockquote"):
        _dress_quotation(quotation, direction)
    for picture in body.xpath(".//img"):
        _dress_picture(picture, column)
    for code in body.xpath(".//pre[not(@dir)] | .//code[not(@dir) and not(ancestor::pre)]"):
        if _direction_inside(code, direction) == "rtl":
            code.set("dir", "ltr")
    for table in body.xpath('.//table[not(@role="presentation")]'):
        _dress_table(table, direction)
    for details in body.xpath(".//details | .//summary"):
        details.set("class", details.tag)
        details.tag = "div"  # a mail client that hides the rest would hide it for ever


def card_kind(card: HtmlElement) -> str:
    """The kind in the card's class names."""
    return next(
        name.removeprefix("card-") for name in card.get("class", "").split() if name.startswith("card-")
    )


def card_link(card: HtmlElement) -> str:
    """Where the card leads; empty when it has no link."""
    return next(iter(card.xpath(".//a/@href")), "")


def card_label(card: HtmlElement, phrases: Phrases) -> str:
    """What the card shows above its title, such as `Video · youtube.com`."""
    host = (urlsplit(card_link(card)).hostname or "").removeprefix("www.")
    return " · ".join(filter(None, (phrases.cards[card_kind(card)][0], host)))


def quoted_sources(body: HtmlElement) -> list[tuple[str, str]]:
    """Name and address of whatever the attributions of quotations lead to; the body is not yet dressed."""
    return [
        (name, link.get("href"))
        for words in body.xpath(".//blockquote/*[last()]")
        if is_attribution(words)
        for link in words.xpath('.//a[starts-with(@href, "http")]')
        if (name := " ".join(link.text_content().split()))
    ]


def is_attribution(block: HtmlElement) -> bool:
    """Whether this last paragraph of a quotation says whose words it holds."""
    return block.tag == "p" and (block.text or "").startswith(ATTRIBUTION)


def _lower_headings(body: HtmlElement) -> None:
    """Headings begin below the post's own h2 and step down one level at a time."""
    open_levels: list[int] = []
    for heading in body.xpath("|".join(f".//{name}" for name in _HEADINGS)):
        level = int(heading.tag[1])
        while open_levels and open_levels[-1] >= level:
            open_levels.pop()
        open_levels.append(level)
        heading.tag = f"h{min(2 + len(open_levels), 6)}"


def _dress_card(card: HtmlElement, phrases: Phrases) -> None:
    """A bordered box: kind and host, the title, whatever else it holds, who · when · what to do."""
    label, link, verb = card_label(card, phrases), card_link(card), phrases.cards[card_kind(card)][1]
    for paragraph in card.xpath("./p[1][.//a]"):
        paragraph.set("class", "card-title")
    blocks = list(card)
    last = blocks[-1] if len(blocks) > 1 and blocks[-1].tag == "p" else None
    if link:
        if last is None:
            last = E.p()
            card.append(last)
        else:
            _append_text(last, " · ")
        last.append(E.a(verb, href=link))
    if last is not None:
        last.set("class", "card-meta")
    card.insert(0, E.p(label, {"class": "card-kind"}))
    card.set("class", "card")
    _wrap_children(card, "card-cell")


def _dress_button(button: HtmlElement) -> None:
    """A filled cell. Word draws the cell's `mso-padding-alt`, everyone else the padded link. What is
    more than one link stays as it is."""
    links = button.xpath(".//a[@href]")
    if len(links) != 1 or links[0].text_content().strip() != button.text_content().strip():
        del button.attrib["class"]
        return
    link = links[0]
    button.clear(keep_tail=True)
    button.set("class", "button")
    link.set("class", "button-link")
    link.tail = None
    cell = E.td(link, {"class": "button-cell", "align": "center"})
    button.append(E.table(E.tr(cell), _LAYOUT))


def _dress_figure(figure: HtmlElement) -> None:
    """The picture and below it, in small print, its caption; `<figure>` has margins that Outlook keeps."""
    figure.tag = "div"
    figure.set("class", "figure")
    for caption in figure.xpath("./figcaption"):
        caption.tag = "p"
        caption.set("class", "caption")
    for paragraph in figure.xpath("./p[not(.//img)]"):
        paragraph.set("class", "caption")


def _dress_quotation(quotation: HtmlElement, direction: str) -> None:
    """A bar beside the words. The outermost is a table cell, as Word draws borders on nothing else."""
    blocks = list(quotation)
    if len(blocks) > 1 and is_attribution(blocks[-1]):
        blocks[-1].text = (blocks[-1].text or "").removeprefix(ATTRIBUTION)
        blocks[-1].set("class", "attribution")
    if any(True for _ in quotation.iterancestors("blockquote")):
        quotation.set("class", "nested")
    else:
        mirrored = _direction_inside(quotation, direction) == "rtl"
        _wrap_children(quotation, "quotation-cell mirrored" if mirrored else "quotation-cell")


def _direction_inside(element: HtmlElement, direction: str) -> str:
    """The direction that the element or the nearest around it names, else the body's."""
    return next(iter(element.xpath("ancestor-or-self::*[@dir][1]/@dir")), direction).lower()


def _dress_picture(picture: HtmlElement, column: int) -> None:
    """Integer width and height, never wider than the column; Word shows a picture without them at its
    natural size. A picture whose size nobody knows gets the column's width there and its own elsewhere.
    """
    picture.set("alt", picture.get("alt") or picture.get("title") or "")
    for link in picture.xpath("ancestor::a[@href][1]"):
        _name_link(link)
    width, height = (_pixels(picture.attrib.pop(name, "")) for name in ("width", "height"))
    if width and height and width > column:
        width, height = column, max(1, round(height * column / width))
    if width:
        picture.set("width", str(min(width, column)))
        if height:
            picture.set("height", str(height))
    elif height:
        picture.set("height", str(height))
    elif _stands_alone(picture):
        picture.set("width", str(column))
        picture.set("class", "natural")


def _name_link(link: HtmlElement) -> None:
    """A link that is only a picture without words is read out as the place that it leads to."""
    if not link.text_content().strip() and not link.xpath('.//img[@alt != ""]'):
        address = link.get("href", "")
        link.set("aria-label", urlsplit(address).hostname or address)


def _pixels(value: str) -> int | None:
    digits = value.strip().removesuffix("px")
    return int(digits) if digits.isascii() and digits.isdigit() and 0 < int(digits) < 100_000 else None


def _stands_alone(picture: HtmlElement) -> bool:
    """Whether no words stand beside the picture."""
    block = next(picture.iterancestors("p", "div", "td", "li"))
    return not block.text_content().strip() and len(block.xpath(".//img")) == 1


def _dress_table(table: HtmlElement, direction: str) -> None:
    mirrored = _direction_inside(table, direction) == "rtl"
    table.attrib.update(
        {"class": "data mirrored" if mirrored else "data", "cellpadding": "0", "cellspacing": "0"}
    )
    for link in table.xpath("ancestor::a"):
        link.drop_tag()  # Outlook kills a link around a table
    for header in table.xpath(".//th[not(@scope)]"):
        header.set("scope", "row" if header.xpath("../td") else "col")  # WCAG 2 technique H63
    frame = E.div({"class": "wide", "tabindex": "0"})  # where it scrolls, the keyboard must reach it
    frame.tail, table.tail = table.tail, None
    table.addnext(frame)
    frame.append(table)


def _wrap_children(element: HtmlElement, cell_class: str) -> None:
    """Put all that the element holds into the one cell of a table inside it."""
    cell = E.td({"class": cell_class})
    cell.text, element.text = element.text, None
    cell.extend(list(element))
    element.append(E.table(E.tr(cell), {**_LAYOUT, "class": "frame", "width": "100%"}))


def _append_text(element: HtmlElement, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text
