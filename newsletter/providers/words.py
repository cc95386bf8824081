"""A provider's own words, fit for a log and for a pause's note: pure."""

import re
from collections.abc import Iterable

from newsletter.models import Recipient

MAX_WORDS = 300
"""Characters of the provider's own words that are kept."""
LONGEST_READ = 10_000
_ADDRESS = re.compile(r"\S*@\S*")
_KEY = re.compile(r"SG\.[\w.-]+")


def without_secrets(words: str, recipients: Iterable[Recipient]) -> str:
    """The words on one line, short, without anything that is or may be an address or a key."""
    words = words[:LONGEST_READ]
    for recipient in recipients:
        words = re.sub(re.escape(recipient.address.addr_spec), "[address]", words, flags=re.IGNORECASE)
    words = _KEY.sub("[key]", _ADDRESS.sub("[address]", words))
    words = "".join(character if character.isprintable() else " " for character in words)
    return " ".join(words.split())[:MAX_WORDS]
