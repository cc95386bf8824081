"""What HTML may come in and what may go out: nh3 decides both times, and hostile input is bounded.

nh3 has the last word over every piece of HTML that stays in a post; this module's own parser only
ever reads what nh3 wrote. The limits stand because html5ever's work grows with the square of the
nesting (30,000 levels: 2 s) and of the character references in one text (100,000: 0.2 s), and
because an element of style left open is opened again in each block that follows.
"""

import re

import nh3

from newsletter.content.clean.tree import names

MAX_CHARACTERS = 1_000_000
"""Of a post's HTML without pictures inside it; ten times what Gmail shows of a mail."""
MAX_TAGS = 30_000
MAX_REFERENCES = 100_000
MAX_REOPENED = 200_000

_STYLE_TAGS = names("b big code em font i nobr s small strike strong tt u")
_WRAPPERS = names(
    "address article aside body center dialog dir div fieldset footer form header hgroup html"
    " legend main menu nav noframes option search section x-noscript"
)
_TEXT = names(
    "a abbr acronym b bdi bdo big blockquote br caption cite code dd del details dfn dl dt em"
    " figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s"
    " samp small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul"
    " var wbr"
)
_EMBEDS = names("audio button embed object param picture source video x-iframe")
_FORGOTTEN = names("annotation canvas datalist head script select style svg template textarea title")
_IMAGE_ATTRIBUTES = names(
    "src srcset alt title width height style data-src data-lazy-src data-original data-srcset"
)

_INCOMING = nh3.Cleaner(
    tags=_WRAPPERS | _TEXT | _EMBEDS,
    clean_content_tags=_FORGOTTEN,
    attributes={
        "*": {"class", "id", "lang", "dir", "role"},
        "a": {"href", "title"},
        "abbr": {"title"},
        "audio": {"src", "title", "aria-label"},
        "blockquote": {"cite", "data-instgrm-permalink", "data-text-post-permalink", "data-embed-url"},
        "div": {"data-href"},
        "embed": {"src", "title", "type"},
        "img": _IMAGE_ATTRIBUTES,
        "li": {"value"},
        "object": {"data", "title", "type"},
        "ol": {"start", "reversed", "type"},
        "param": {"name", "value"},
        "pre": {"data-language", "data-lang"},
        "source": {"src", "srcset", "type"},
        "td": {"colspan", "rowspan", "align"},
        "th": {"colspan", "rowspan", "align", "scope"},
        "video": {"src", "title", "poster", "aria-label"},
        "x-iframe": {"src", "data-src", "data-lazy-src", "title", "name"},
    },
    link_rel=None,
    url_schemes={"http", "https", "mailto", "tel"},
)

_OUTGOING = nh3.Cleaner(
    tags=_TEXT - names("acronym b big del font i nobr strike tt") | {"div", "section"},
    clean_content_tags=_FORGOTTEN,
    attributes={
        "*": {"lang", "dir"},
        "a": {"href", "class"},
        "abbr": {"title"},
        "code": {"class"},
        "div": {"class"},
        "hr": {"class"},
        "img": {"src", "alt", "title", "width", "height"},
        "ol": {"start", "reversed", "type"},
        "section": {"class"},
        "sup": {"class"},
        "td": {"colspan", "rowspan", "align"},
        "th": {"colspan", "rowspan", "align", "scope"},
    },
    link_rel=None,
    url_schemes={"http", "https", "mailto", "tel"},
)

# C0 and C1 controls but TAB and LF, lone surrogates and noncharacters
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
_TAG = re.compile(
    r"<(/?)([a-zA-Z][^\s/>]*+)(?:[^>=]++|=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))?+)*+(?:>|\Z)"
)
_IFRAME = re.compile(r"<iframe(?=[\s/>])", re.IGNORECASE)
_IFRAME_END = re.compile(r"</iframe\s*>", re.IGNORECASE)
_NOSCRIPT = re.compile(r"<(/?)noscript(?=[\s/>])", re.IGNORECASE)
_MATH = re.compile(r"<(/?)math(?=[\s/>])", re.IGNORECASE)
_GIST = re.compile(r'<script\s[^<>]*?src="(https://gist\.github\.com/[^"<>\s]+)"[^<>]*>', re.IGNORECASE)
_DATA_URL = re.compile(r"(=\s*[\"']?)data:[^\"'>\s]*")
_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL)


def without_controls(text: str) -> str:
    """The text with LF as its only line end, and no control character but TAB and LF."""
    return _CONTROL.sub("", _LINE_ENDS.sub("\n", text))


def sanitise_incoming(html: str) -> str:
    """A stranger's HTML in canonical form, without anything that acts; embeds are still there."""
    if "<" not in html and "&" not in html:
        return html.replace(">", "&gt;")
    return without_controls(_INCOMING.clean(_visible_embeds(html)))


def sanitise_outgoing(html: str) -> str:
    """HTML that may stand in a letter."""
    return _OUTGOING.clean(html)


def without_inline_pictures(html: str) -> str:
    """The HTML without `data:` addresses; only for posts that would be too large with them."""
    return _DATA_URL.sub(r"\1", html)


def is_too_much(html: str) -> bool:
    """Whether the HTML is larger or more tangled than a letter can ever be."""
    if len(html) > MAX_CHARACTERS or html.count("<") > MAX_TAGS or html.count("&") > MAX_REFERENCES:
        return True
    open_styles = reopened = 0
    for tag in _TAG.finditer(html):
        if tag[2].lower() in _STYLE_TAGS:
            open_styles = max(0, open_styles - 1) if tag[1] else open_styles + 1
        elif not tag[1]:
            reopened += open_styles
    return reopened > MAX_REOPENED


def words_of(html: str) -> str:
    """The HTML's text with its tags cut out in linear time: what is left of a post that is too much."""
    return _TAG.sub("\n", _HIDDEN.sub("\n", html))


def _visible_embeds(html: str) -> str:
    """The HTML with elements renamed whose content would be lost (iframe, noscript and math)."""
    if _GIST.search(html):
        html = _GIST.sub(r'<iframe src="\1" title="Code on GitHub Gist"></iframe><script>', html)
    html = _MATH.sub(r"<\1span", _NOSCRIPT.sub(r"<\1x-noscript", html))
    before, *pieces = _IFRAME.split(html)
    return before + "".join(_frame(piece) for piece in pieces)


def _frame(rest: str) -> str:
    """What follows `<iframe`: its attributes, and after its end the text that browsers show.

    An iframe closed in the XML way (`<iframe … />`) has no end: nothing after it may be lost.
    """
    tag = _TAG.match("<x-iframe" + rest)
    if tag is None:
        return "<x-iframe" + rest
    after = ("<x-iframe" + rest)[tag.end() :]
    end = _IFRAME_END.search(after)
    return f"{tag[0]}</x-iframe>{after[end.end() :] if end else after}"
