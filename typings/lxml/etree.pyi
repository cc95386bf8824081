from collections.abc import Iterator

from lxml.html import HtmlElement

class LxmlError(Exception): ...

def iterwalk(tree: HtmlElement, events: tuple[str, ...] = ...) -> Iterator[tuple[str, HtmlElement]]: ...
