"""`./run bench render`: an issue of eight posts → a letter, split by stage, beside premailer's own time.

The bar: the whole takes at most 1.5 times what premailer takes, which is called once.
"""

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from newsletter.content import render
from newsletter.models import Issue
from tests.support.letters import ROUNDUP, issue
from tests.support.letters import render as render_letter

ROUNDS = 9
BAR = 1.5
STAGES = {
    "body_tree": "Markdown and cleaning",
    "dress": "dressing for mail clients",
    "body_text": "text part",
    "fill": "Jinja2",
    "inline": "premailer",
}


def main() -> int:
    """0 when the bar is held, else 1; prints milliseconds of wall time."""
    letter = eight_posts()
    spent: dict[str, float] = defaultdict(float)
    calls: dict[str, int] = defaultdict(int)
    for name in STAGES:
        setattr(render, name, _timed(name, getattr(render, name), spent, calls))
    rounds = [_round(letter, spent, calls) for _ in range(ROUNDS + 1)]
    print(f"{'stage':28}{'cold':>8}{'warm':>8}   ms (warm: median of {ROUNDS})")
    for key, title in {**STAGES, "all": "whole letter"}.items():
        warm = statistics.median(each[key] for each in rounds[1:])
        print(f"{title:28}{rounds[0][key]:8.1f}{warm:8.1f}")
    ratio = statistics.median(each["all"] / each["inline"] for each in rounds[1:])
    cold = rounds[0]["all"] / rounds[0]["inline"]
    print(f"whole / premailer: {cold:.2f} cold, {ratio:.2f} warm (at most {BAR})")
    print(f"premailer calls per issue: {calls['inline'] / len(rounds):g}")
    return 0 if ratio <= BAR and cold <= BAR and calls["inline"] == len(rounds) else 1


def eight_posts() -> Issue:
    """The roundup's long posts, each several times over."""
    return issue(*(ROUNDUP.sections[:3] * 3)[:8])


def _round(letter: Issue, spent: dict[str, float], calls: dict[str, int]) -> dict[str, float]:
    spent.clear()
    before = calls["inline"]
    start = time.perf_counter()
    render_letter(letter)
    spent["all"] = time.perf_counter() - start
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
