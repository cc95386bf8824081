"""Words for a rate: `14/second`, `600/hour`."""

import re

from newsletter.models import Window

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(rf"(\d{{1,9}})\s*/\s*({'|'.join(SECONDS)})", re.ASCII)


def parse_rate(words: str) -> Window | None:
    """The window that the words name; None when they name none."""
    match = _RATE.fullmatch(words.strip())
    if not match or int(match[1]) < 1:
        return None
    return Window(recipients=int(match[1]), seconds=SECONDS[match[2]])
