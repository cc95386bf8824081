"""`newsletter demo`: the real commands, one after the other, on a sample blog or on any feed."""

import os
import shlex
import shutil
import subprocess
import sys
from contextlib import nullcontext
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import click

from newsletter.cli.common import talk
from newsletter.errors import BadInput, NewsletterError

MARK = ".made-by-newsletter-demo"
SUBSCRIBERS = (
    "Noor Aziz <noor@example.org>",
    "Søren Østergård <soren@example.org>",
    "reader@example.net",
)


@click.command()
@click.option("--feed", metavar="URL", help="Gather from this feed instead of the sample blog.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"))
def demo(feed: str | None, folder: Path) -> None:
    """Gather, check, preview and send a sample issue to three sample subscribers.

    Nothing leaves this machine: the letters become files. FOLDER (default: demo) is made anew.
    """
    from newsletter.cli.demo.blog import NAME, serve_blog
    from newsletter.wiring import SystemClock

    _make_room(folder)
    with nullcontext(feed) if feed else serve_blog(SystemClock().now()) as url:
        run = _Runner(folder, allow_private=_own_addresses(url))
        run("init", str(folder), "--name", NAME if not feed else "Demo", "--feed", url, at_home=False)
        (folder / MARK).touch()
        issue_file = run("gather", *(["--since", "2000-01-01"] if feed else []))
        if not issue_file:
            raise NewsletterError(f"{url} has no post to show", remedy="try another feed")
        issue = Path(issue_file).stem
        run("check", issue, "--offline")
        page = run("preview", issue, "--out", str(folder.resolve() / "data" / "preview" / issue))
        run("subscribers", "add", *SUBSCRIBERS)
        run("send", issue, "--yes")
        run("status")
        run("prove", issue)
    talk("")
    click.echo(f"The issue file:    {folder / issue_file}")
    click.echo(f"The preview page:  {page}")
    click.echo(f"The letters:       {folder / 'data' / 'outbox' / issue}/*.eml")


class _Runner:
    """Runs a command of this program in the demo's folder, shows it, and gives its last line."""

    def __init__(self, folder: Path, *, allow_private: str) -> None:
        self._folder = folder
        self._environment = dict(os.environ)
        if allow_private:
            self._environment["NEWSLETTER_HTTP__ALLOW_PRIVATE"] = allow_private

    def __call__(self, *words: str, at_home: bool = True) -> str:
        arguments = [*(["-C", str(self._folder)] if at_home else []), *words]
        talk(f"\n$ newsletter {shlex.join(arguments)}")
        process = subprocess.run(
            [sys.executable, "-m", "newsletter", *arguments],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        talk(process.stdout.rstrip())
        if process.returncode:
            sys.exit(process.returncode)
        return (process.stdout.splitlines() or [""])[-1]


def _own_addresses(url: str) -> str:
    """The private addresses that the feed named by hand is on, as the setting `http.allow_private`."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return "127.0.0.1,::1"
    try:
        return host if not ip_address(host).is_global else ""
    except ValueError:
        return ""


def _make_room(folder: Path) -> None:
    """Take away an earlier demo; anything else is left alone."""
    if not folder.exists():
        return
    if not (folder / MARK).exists():
        raise BadInput("is there already and is no demo", where=str(folder), remedy="name another folder")
    shutil.rmtree(folder)
