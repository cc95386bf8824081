"""The sign-up form as plain HTML, for the author's own site."""

from collections.abc import Sequence
from html import escape

from newsletter.config.settings import TopicSettings

_FIELD = """\
  <p><label>{label}<br>
  <input type="{kind}" name="{name}" maxlength="{longest}"{more}></label></p>"""
_CHOICE = '  <p><label><input type="checkbox" name="topic" value="{tag}"> {title}</label></p>'
_TRAP = """\
  <p style="position:absolute;left:-9999px" aria-hidden="true"><label>Website
  <input type="text" name="website" tabindex="-1" autocomplete="off"></label></p>"""


def sign_up_form(
    *,
    action: str,
    address: str,
    your_name: str,
    consent: str,
    button: str,
    language: str,
    topics: Sequence[TopicSettings],
) -> str:
    """A form that posts to `action` and needs no script; its last field is a trap for robots."""
    lines = [
        f'<form method="post" action="{escape(action)}" accept-charset="utf-8" lang="{language}">',
        _FIELD.format(
            label=escape(address),
            kind="email",
            name="email",
            longest=254,
            more=' autocomplete="email" required',
        ),
        _FIELD.format(
            label=escape(your_name), kind="text", name="name", longest=100, more=' autocomplete="name"'
        ),
        *(_CHOICE.format(tag=escape(topic.tag), title=escape(topic.title)) for topic in topics),
        _TRAP,
        f'  <input type="hidden" name="language" value="{language}">',
        f"  <p>{escape(consent)}</p>",
        f'  <p><button type="submit">{escape(button)}</button></p>',
        "</form>",
    ]
    return "\n".join(lines) + "\n"
