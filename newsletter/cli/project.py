"""`newsletter init`: a new newsletter's folder."""

from email.utils import formataddr
from pathlib import Path

import click

from newsletter.cli.common import talk
from newsletter.config.load import FILE
from newsletter.errors import BadInput

_TEMPLATE = """\
# Every setting is explained in docs/reference/settings.md.

[newsletter]
name = {name}
from = {sender}   # an address of a domain that you may send from
postal_address = "1 Example Street, 10115 Berlin"   # the law asks for it in every letter
public_url = "https://news.example.com"     # where readers reach “newsletter serve”
language = "en"
timezone = "UTC"
theme = "broadsheet"        # or "plain"; colours, fonts and a logo: [theme]
{sources}
[schedule]
send = "friday 09:00"       # or five-field cron; remove the line to send by hand only
review = "2h"               # the draft is made this long before
silence = "hold"            # you say nothing: send | hold | skip

[provider]
kind = "outbox"             # letters become files in data/outbox; “sendgrid” mails them
"""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--feed", "feeds", multiple=True, metavar="URL", help="A feed to gather from.")
@click.option("--name", default="My Newsletter", show_default=True, help="The newsletter's name.")
def init(folder: Path, feeds: tuple[str, ...], name: str) -> None:
    """Make a newsletter's folder DIR with its settings; nothing that is there is overwritten."""
    settings = folder / FILE
    if settings.exists():
        raise BadInput("is there already", where=str(settings), remedy="choose another folder")
    if len(name.splitlines()) != 1:
        raise BadInput("the newsletter's name is not one line of text", remedy='write --name "My Newsletter"')
    for feed in feeds:
        if not feed.startswith(("http://", "https://")):
            raise BadInput(f"“{feed}” is no http or https address", remedy="name the feed's URL")
    tables = [f"\n[[sources]]\nurl = {_toml(feed)}\n" for feed in feeds]
    if not tables:
        tables = ['\n[[sources]]\nfolder = "posts"            # or url = "https://…/feed.xml"\n']
        (folder / "posts").mkdir(parents=True, exist_ok=True)
    (folder / "issues").mkdir(parents=True, exist_ok=True)
    text = _TEMPLATE.format(
        name=_toml(name),
        sender=_toml(formataddr((name, "news@example.com"))),
        sources="".join(tables),
    )
    settings.write_text(text, encoding="utf-8")
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("/data/\n/issues/.newsletter.mark\n.env\n", encoding="utf-8")
    talk(f"Now edit {settings}, then: newsletter -C {folder} gather")
    click.echo(settings)


def _toml(text: str) -> str:
    """The text as a TOML basic string."""
    escaped = "".join(
        f"\\u{ord(c):04x}" if ord(c) < 0x20 or c in '"\\' or ord(c) == 0x7F else c for c in text
    )
    return f'"{escaped}"'
