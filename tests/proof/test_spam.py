"""What a spam filter makes of the letters."""

from dataclasses import replace
from pathlib import Path

from tests.proof.letters import as_received, golden_letters, some_letter
from tests.proof.tools import spam_scores

LIMIT = 2.5
"""Half of the 5.0 at which SpamAssassin calls a message spam."""
_GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
"""SpamAssassin's test string, which every installation counts as spam (spamassassin.apache.org/gtube)."""


def test_no_letter_looks_like_spam(tmp_path: Path) -> None:
    messages = {name: as_received(name, email) for name, email in golden_letters().items()}
    scores = spam_scores(messages, tmp_path)
    assert {name: found for name, found in scores.items() if found.score >= LIMIT} == {}


def test_spam_is_seen_in_a_letter(tmp_path: Path) -> None:
    email = some_letter()
    spam = replace(email, text=f"{email.text}\n{_GTUBE}\n")
    assert spam_scores({"spam": as_received("spam", spam)}, tmp_path)["spam"].score > LIMIT
