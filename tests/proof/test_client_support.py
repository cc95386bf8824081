"""What mail clients cannot draw, by the table of caniemail.com: nothing new comes in unseen."""

from tests.proof.letters import golden_letters, some_letter
from tests.proof.tools import lacking_clients

CLIENTS = (
    *("apple-mail.macos", "apple-mail.ios", "samsung-email.android", "thunderbird.macos"),
    *("gmail.desktop-webmail", "gmail.ios", "gmail.android", "gmail.mobile-webmail"),
    *("outlook.windows", "outlook.windows-mail", "outlook.macos", "outlook.ios", "outlook.android"),
    *("yahoo.desktop-webmail", "yahoo.ios", "yahoo.android"),
)
"""By the names of caniemail 1.0.5 (data of September 2025)."""

_STYLE = "in <style> only: looks for phones, the dark and Outlook's apps, which others do without"
BASELINE = {
    "<style> element": _STYLE,
    "@media": _STYLE,
    "Attribute selector": _STYLE,
    "Chaining selectors": _STYLE,
    "Class selector": _STYLE,
    "Descendant combinator": _STYLE,
    "Type selector": _STYLE,
    "<body> element": "becomes a div; the outermost table has the same colour",
    "Local anchors": "the table of contents is a list of titles all the same",
    "aria-hidden attribute": "the preheader is read out twice",
    "border-radius": "corners are square",
    "display:none": "the preheader is seen twice",
    "height property": "pictures keep the height of their attribute",
    "overflow": "the preheader is seen twice",
    "role attribute": "screen readers in Windows Mail announce layout tables",
    "table-layout": "a word longer than the sheet is wide makes it wider in Word",
    "transform": "text-transform, which caniemail 1.0.5 takes for transform; everyone knows it",
    "white-space": "code loses its line breaks in Word, never a word",
    "word-wrap": "a line of code without spaces makes the sheet wider in Word",
}
"""What letters use although one of the clients lacks it, and what its readers get instead."""


def test_letters_use_nothing_that_clients_lack_but_what_is_known() -> None:
    letters = {name: email.html for name, email in golden_letters().items()}
    used = lacking_clients(letters, CLIENTS)
    lacking = {feature: clients for features in used.values() for feature, clients in features.items()}
    assert {feature: clients for feature, clients in lacking.items() if feature not in BASELINE} == {}
    assert [feature for feature in BASELINE if feature not in lacking] == [], "take these off the baseline"


def test_a_feature_that_clients_lack_is_seen() -> None:
    page = some_letter().html.replace("</body>", '<p style="display: grid">Words</p></body>')
    assert "display:grid" in lacking_clients({"letter": page}, CLIENTS)["letter"]
