"""What the validator of HTML says of the letters."""

from tests.proof.letters import golden_letters, some_letter
from tests.proof.tools import markup_faults

EXCEPTIONS: dict[str, object] = {
    "no-inline-style": "off",  # Gmail without its own accounts drops <style>: looks stand on the elements
    "no-deprecated-attr": "off",  # Word knows width, align, valign, bgcolor and cellpadding, not their CSS
    "no-conditional-comment": "off",  # how Outlook gets the table that holds the sheet's width
    "prefer-tbody": "off",  # tables of layout have no head to set apart
}
"""The rules of web pages that letters break knowingly."""


def test_the_html_of_letters_is_valid() -> None:
    letters = {name: email.html for name, email in golden_letters().items()}
    found = markup_faults(letters, EXCEPTIONS)
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_invalid_html_is_seen() -> None:
    page = some_letter().html
    broken = page.replace("</body>", '<p><div id="a" id="b"></p></body>')
    assert markup_faults({"letter": broken}, EXCEPTIONS)["letter"]
