"""What an issue file can hold: text made so that writing and reading it gives the same again.

A body goes through unchanged when it has Unix line ends, no blank lines around it, no NUL, no
level-1 or level-2 heading at its top level, nothing left open at its end (a code fence, a
container, a comment), and none of the file's own marker comments. `tidy_body` makes any other
text such a body: headings are demoted, what is open is closed, markers are disarmed.
"""

import re
from dataclasses import dataclass, replace
from urllib.parse import quote

from newsletter.content.markdown import parser
from newsletter.models import Issue, PostId, Section

MARKER = re.compile(r"[ ]{0,3}<!--[ \t]*(?P<name>post|outro)\b")
"""How the comments begin by which the file's own structure is told."""

_BLOCKS = parser()
_BLOCKS.core.ruler.enableOnly(["normalize", "block"])
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
"""Control characters and the white space that breaks or pads a line; no-break spaces are text."""
_CLOSERS = (":::", "-->", "?>", "]]>", ">", "</pre>")
"""What ends the constructs that otherwise run to the end of the file (CommonMark §4.6)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """An outermost block of a Markdown text."""

    kind: str
    """As markdown-it names its tokens: `heading`, `html_block`, `fence`, …"""
    tag: str
    markup: str
    begin: int
    """Its first line, from 0; `end` is the line after its last."""
    end: int
    text: str
    """The inline Markdown of a heading, the HTML of an HTML block."""


def top_level_blocks(markdown: str) -> list[Block]:
    """The outermost blocks, in order; their inline text stays unparsed."""
    tokens = _BLOCKS.parse(markdown)
    return [
        Block(
            kind=token.type.removesuffix("_open"),
            tag=token.tag,
            markup=token.markup,
            begin=token.map[0],
            end=token.map[1],
            text=tokens[number + 1].content if token.type == "heading_open" else token.content,
        )
        for number, token in enumerate(tokens)
        if token.level == 0 and token.map
    ]


def tidy_issue(issue: Issue) -> Issue:
    """The issue as its file will hold it: `parse_issue(write_issue(issue))` gives this."""
    return replace(
        issue,
        subject=one_line(issue.subject),
        preheader=one_line(issue.preheader),
        to=one_line(issue.to),
        sections=tuple(_tidy_section(section) for section in issue.sections),
        intro_markdown=tidy_body(issue.intro_markdown),
        outro_markdown=tidy_body(issue.outro_markdown),
    )


def _tidy_section(section: Section) -> Section:
    from_post = section.post is not None
    return replace(
        section,
        title=one_line(section.title),
        body_markdown=tidy_body(section.body_markdown),
        url=tidy_url(section.url),
        post=PostId(unified(section.post)) if section.post is not None else None,
        source_name=one_line(section.source_name) if from_post else "",
        author=one_line(section.author) if from_post else "",
        published=section.published if from_post else None,
        language=one_line(section.language) if from_post else "",
        direction=one_line(section.direction) if from_post else "",
    )


def unified(text: str) -> str:
    """The text with Unix line ends and nothing that UTF-8 or Markdown cannot carry."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return re.sub(r"[\ud800-\udfff]", "\ufffd", text)


def one_line(text: str) -> str:
    """The text on one line, without control characters and without blanks around it."""
    return _BLANK.sub(" ", unified(text)).strip()


def tidy_url(url: str) -> str:
    """The address in one word; nothing when Markdown refuses to link there (`javascript:`)."""
    url = re.sub(r"[\s\x00-\x1f\x7f-\x9f]", lambda found: quote(found[0]), unified(url).strip())
    return url if _BLOCKS.validateLink(url) else ""


def trimmed(markdown: str) -> str:
    """The Markdown without blank lines before it and without white space after it."""
    return re.sub(r"\A(?:[ \t]*\n)+", "", markdown).rstrip(" \t\n")


def tidy_body(markdown: str) -> str:
    """The body as a file can hold it (see above); a body that is fine comes back as it is."""
    body = _closed(trimmed(unified(markdown)))
    lines = body.split("\n")
    for block in reversed(top_level_blocks(body)):
        if block.tag in {"h1", "h2"}:
            lines[block.begin : block.end] = [" ".join(["###", *block.text.split("\n")]).rstrip()]
        elif block.kind == "html_block":
            lines[block.begin] = MARKER.sub(lambda found: f"<!-- ({found['name']})", lines[block.begin])
    return "\n".join(lines)


def _closed(body: str) -> str:
    """The body with an end for what would swallow the sections after it."""
    if _is_closed(body):
        return body
    open_block = top_level_blocks(body)[-1]
    for closer in (open_block.markup, *_CLOSERS):
        candidate = f"{body}\n{closer}"
        if closer and _is_closed(candidate):
            return candidate
    return re.sub(r"^", "    ", body, flags=re.MULTILINE)  # a code block: always closed


def _is_closed(body: str) -> bool:
    """Whether a heading after the body is seen as one."""
    blocks = top_level_blocks(f"{body}\n\n## x")
    return blocks[-1].tag == "h2" and blocks[-1].text == "x"
