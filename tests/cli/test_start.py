"""Commands start fast: what `--help` needs is all that it loads."""

import subprocess
import sys

HEAVY = ("sqlalchemy", "premailer", "sendgrid", "jinja2", "httpx2", "feedparser", "apscheduler", "lxml")


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys; sys.argv = ['newsletter', '--help']\n"
        "from newsletter.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stderr.strip() == "[]"
    assert "gather" in result.stdout
