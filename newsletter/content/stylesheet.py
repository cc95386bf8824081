"""Style sheets of themes: their custom properties, and the rules that premailer loses (found with 3.10)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_STYLE = re.compile(r"<style(?P<attributes>[^>]*)>(?P<css>.*?)</style>", re.DOTALL | re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_IN_BRACKETS = re.compile(r"\[[^\]]*\]|\([^)]*\)")
_INLINED_PSEUDO_CLASS = re.compile(r":(first|last)-child$")
_PROPERTY = re.compile(r"--([\w-]+)\s*:\s*([^;{}]+?)\s*(?:;|(?=\}))")
_EMPTY_ROOT = re.compile(r":root\s*\{\s*\}")
_USE = re.compile(r"var\(\s*--([\w-]+)\s*\)")
_SPACED_COLOUR = re.compile(r"\b(rgb|hsl)a?\(\s*[\d.]+\S*\s+[^,)]*\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class UnfitRule:
    """A rule, or a declaration of one, that inlining drops or fails on; `line` counts from 1."""

    text: str
    line: int
    why: str


def properties_of(css: str) -> dict[str, str]:
    """The custom properties that a style sheet sets, without their dashes; the last of a name counts."""
    return dict(_PROPERTY.findall(without_comments(css)))


def with_values(source: str, properties: Mapping[str, str]) -> str:
    """The source with each `var(--name)` replaced by the property's value, which may hold others.

    Raises KeyError with the name of a property that is not set or that holds itself.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        others = {key: text for key, text in properties.items() if key != name}
        return with_values(properties[name], others)

    return _USE.sub(value, source)


def without_properties(css: str) -> str:
    """The style sheet without comments, and without what it sets but does not use."""
    plain = _EMPTY_ROOT.sub("", _PROPERTY.sub("", without_comments(css)))
    return re.sub(r"\n\s*\n+", "\n", plain).strip()


def plain_sheets(page: str) -> list[str]:
    """The style sheets of an HTML page that are to be inlined."""
    return [match["css"] for match in _STYLE.finditer(page) if "data-premailer" not in match["attributes"]]


def unfit_rules(css: str) -> Iterator[UnfitRule]:
    """The rules of a plain style sheet that will not stand on the elements, in order."""
    for head, body, line in statements(without_comments(css)):
        if head.startswith("@"):
            yield UnfitRule(text=head, line=line, why="rules that begin with @ are dropped or not inlined")
            continue
        for selector in selectors(head):
            if why := _why_unfit(selector):
                yield UnfitRule(text=selector, line=line, why=why)
        if "{" in body:
            yield UnfitRule(text=head, line=line, why="rules inside rules are not understood")
        if colour := _SPACED_COLOUR.search(body):
            yield UnfitRule(text=colour[0], line=line, why="colours without commas are dropped")


def without_comments(css: str) -> str:
    """The style sheet with as many lines as before."""
    return _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), css)


def statements(css: str) -> Iterator[tuple[str, str, int]]:
    """(what stands before the brace, what stands inside, line) for each rule of the outermost level."""
    start = brace = depth = 0
    for match in re.finditer(r"[{};]", css):
        if match[0] == "{":
            brace = match.start() if depth == 0 else brace
            depth += 1
            continue
        if match[0] == "}":
            depth = max(depth - 1, 0)
        if depth == 0:
            end = brace if brace > start else match.start()
            head = css[start:end]
            line = css.count("\n", 0, start + len(head) - len(head.lstrip())) + 1
            if head.strip():
                yield " ".join(head.split()), css[end + 1 : match.start()], line
            start = match.end()


def selectors(head: str) -> list[str]:
    """The selectors of a rule; commas inside brackets part none."""
    parted = _IN_BRACKETS.sub(lambda match: match[0].replace(",", "\0"), head)
    return [selector.strip().replace("\0", ",") for selector in parted.split(",")]


def _why_unfit(selector: str) -> str:
    if selector == ":root":
        return ""  # custom properties, which are put in before inlining
    if "," in selector:
        return "a comma inside a selector cannot be read"
    if "*" in selector:
        return "a selector that holds * is dropped"
    if ":" in _INLINED_PSEUDO_CLASS.sub("", selector):
        return "a selector that holds a colon stays in <style>, which some mail programs drop"
    return ""
