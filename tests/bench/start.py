"""`./run bench start`: CPU seconds of `newsletter --help` and of a command that opens the database."""

import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 7


def main() -> None:
    """Prints the medians."""
    root = Path(__file__).parents[2]
    for words in (("--help",), ("next",), ("status",)):
        spent = statistics.median(_cpu_seconds(root, words) for _ in range(ROUNDS))
        print(f"newsletter {' '.join(words):8} {spent:.3f} s of CPU (median of {ROUNDS})")


def _cpu_seconds(project: Path, words: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "newsletter", "-C", str(project), *words]
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    main()
