"""Style sheets → declarations on the elements: premailer, called once per issue and never per reader.

premailer 3.10 has a cache for the whole process that one odd style attribute poisons, and gives
different white space when two threads use it: the cache is cleared and a lock held. What it cannot
inline stands in `<style data-premailer="ignore">`, which it passes through as it is.
"""

import logging
import re
import threading
from xml.dom import DOMException

from newsletter.content.stylesheet import plain_sheets, unfit_rules, without_comments
from newsletter.errors import BadTemplate

_one_at_a_time = threading.Lock()
_ELSEWHERE = 'move it into <style data-premailer="ignore">'
_AT_RULE = re.compile(r"@(?!media\b)[\w-]*", re.IGNORECASE)
_FAULTS = (AttributeError, TypeError, ValueError, SyntaxError, DOMException)
"""What premailer and the selector and CSS parsers below it raise for rules that they do not know."""


def inline(page: str, *, where: str) -> str:
    """The whole HTML document with the rules of its plain `<style>` elements on the elements they match.

    `where` names the template. Raises BadTemplate for a document without an upper-case doctype (premailer
    drops another one) and for rules that premailer fails on or fetches.
    """
    if not page.startswith("<!DOCTYPE html"):
        raise BadTemplate(
            "the page does not begin with its doctype",
            where=where,
            remedy="let it begin with <!DOCTYPE html>",
        )
    _refuse_imports(page, where)
    from premailer import Premailer, cache  # 200 ms and 38 MB, which no other command pays

    with _one_at_a_time:
        cache.cache.clear()
        try:
            inlined = Premailer(
                page,
                strip_important=False,
                disable_validation=True,
                align_floating_images=False,
                allow_network=False,
                disable_basic_attributes=["width", "height"],
                cssutils_logging_level=logging.CRITICAL,
            ).transform(pretty_print=False)
        except _FAULTS as error:
            raise BadTemplate(
                f"a rule of the style sheet cannot be inlined ({_suspects(page) or error})",
                where=where,
                remedy=f"write it more simply, or {_ELSEWHERE}",
            ) from error
    return inlined + "\n"


def _refuse_imports(page: str, where: str) -> None:
    """None when no plain style sheet holds an @ rule but @media: cssutils fetches what `@import` names,
    also when premailer was told not to use the network, and drops all others without a word."""
    for sheet in plain_sheets(page):
        if found := _AT_RULE.search(without_comments(sheet)):
            raise BadTemplate(
                f"“{found[0]}” cannot be inlined", where=where, remedy=f"{_ELSEWHERE}, or leave it out"
            )


def _suspects(page: str) -> str:
    return "; ".join(
        f"“{rule.text}”: {rule.why}" for sheet in plain_sheets(page) for rule in unfit_rules(sheet)
    )
