"""`./run bench render`: an issue of eight posts → a letter, split by stage, beside premailer's own time.

The bars: the whole takes at most 1.5 times what premailer takes, which is called once; forty posts take
at most five times what eight take. The checks are shown beside, as a send makes them once too.
"""

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from newsletter.content import render
from newsletter.content.checks import run_checks
from newsletter.content.links import sender_for
from newsletter.models import Issue
from tests.support.letters import BROADSHEET, NEWSLETTER, ROUNDUP, issue
from tests.support.letters import render as render_letter

ROUNDS = 9
FEW_ROUNDS = 3
BAR = 1.5
STAGES = {
    "body_tree": "Markdown and cleaning",
    "dress": "dressing for mail clients",
    "body_text": "text part",
    "fill": "Jinja2",
    "inline": "premailer",
}


def main() -> int:
    """0 when the bars are held, else 1; prints milliseconds of wall time."""
    spent: dict[str, float] = defaultdict(float)
    calls: dict[str, int] = defaultdict(int)
    for name in STAGES:
        setattr(render, name, _timed(name, getattr(render, name), spent, calls))
    rounds = [_round(eight_posts(), spent, calls) for _ in range(ROUNDS + 1)]
    many = [_round(posts(40), spent, calls) for _ in range(FEW_ROUNDS)]
    print(f"{'stage':28}{'cold':>8}{'warm':>8}{'40 posts':>10}   ms (median of {ROUNDS}, of {FEW_ROUNDS})")
    for key, title in {**STAGES, "all": "whole letter", "checks": "checks"}.items():
        print(f"{title:28}{rounds[0][key]:8.1f}{_median(rounds[1:], key):8.1f}{_median(many, key):10.1f}")
    ratio = statistics.median(each["all"] / each["inline"] for each in rounds[1:])
    cold = rounds[0]["all"] / rounds[0]["inline"]
    growth = _median(many, "all") / _median(rounds[1:], "all")
    print(f"whole / premailer: {cold:.2f} cold, {ratio:.2f} warm (at most {BAR})")
    print(f"40 posts / 8 posts: {growth:.2f} (at most 5)")
    print(f"premailer calls per issue: {calls['inline'] / (len(rounds) + len(many)):g}")
    return 0 if max(ratio, cold) <= BAR and growth <= 5 else 1


def eight_posts() -> Issue:
    """An issue as large as most."""
    return posts(8)


def posts(count: int) -> Issue:
    """The roundup's long posts, again and again, until there are so many."""
    return issue(*(ROUNDUP.sections[:3] * count)[:count])


def _median(rounds: list[dict[str, float]], key: str) -> float:
    return statistics.median(each[key] for each in rounds)


def _round(letter: Issue, spent: dict[str, float], calls: dict[str, int]) -> dict[str, float]:
    spent.clear()
    before = calls["inline"]
    start = time.perf_counter()
    email = render_letter(letter)
    spent["all"] = time.perf_counter() - start
    run_checks(email, sender_for(NEWSLETTER), NEWSLETTER, issue=letter, theme=BROADSHEET)
    spent["checks"] = time.perf_counter() - start - spent["all"]
    assert calls["inline"] == before + 1
    return {name: 1000 * seconds for name, seconds in spent.items()}


def _timed(
    name: str, function: Callable[..., Any], spent: dict[str, float], calls: dict[str, int]
) -> Callable[..., Any]:
    def timed(*args: Any, **keywords: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **keywords)
        finally:
            spent[name] += time.perf_counter() - start
            calls[name] += 1

    return timed


if __name__ == "__main__":
    sys.exit(main())
