"""The sign-up form as plain HTML, for the author's own site."""

from collections.abc import Sequence
from html import escape

from newsletter.config.settings import TopicSettings
from newsletter.content.phrases import direction_of

_FIELD = """\
  <p><label>{label}<br>
  <input type="{kind}" name="{name}" maxlength="{longest}"{more}></label></p>"""
_CHOICE = '  <p><label><input type="checkbox" name="topic" value="{tag}"> <bdi>{title}</bdi></label></p>'
_TRAP = """\
  <p aria-hidden="true" style="position:absolute;width:1px;height:1px;margin:0;overflow:hidden;
  clip-path:inset(50%);white-space:nowrap"><label>Website
  <input type="text" name="website" tabindex="-1" autocomplete="off"></label></p>"""
"""Clipped as the pages' own `.trap` is. Put aside to the left it would widen a page from right to left."""


def sign_up_form(
    *,
    action: str,
    address: str,
    your_name: str,
    consent: str,
    privacy: str,
    privacy_url: str,
    button: str,
    language: str,
    topics: Sequence[TopicSettings],
) -> str:
    """A form that posts to `action` and needs no script; its last field is a trap for robots. Beside the
    consent stands the link `privacy` when there is a `privacy_url`."""
    policy = f' <a href="{escape(privacy_url)}" rel="noopener">{escape(privacy)}</a>' if privacy_url else ""
    spoken = f'lang="{language}" dir="{direction_of(language)}"'
    lines = [
        f'<form method="post" action="{escape(action)}" accept-charset="utf-8" {spoken}>',
        _FIELD.format(
            label=escape(address),
            kind="email",
            name="email",
            longest=254,
            more=' dir="ltr" autocomplete="email" required',
        ),
        _FIELD.format(
            label=escape(your_name),
            kind="text",
            name="name",
            longest=100,
            more=' dir="auto" autocomplete="name"',
        ),
        *(_CHOICE.format(tag=escape(topic.tag), title=escape(topic.title)) for topic in topics),
        _TRAP,
        f'  <input type="hidden" name="language" value="{language}">',
        f"  <p>{escape(consent)}{policy}</p>",
        f'  <p><button type="submit">{escape(button)}</button></p>',
        "</form>",
    ]
    return "\n".join(lines) + "\n"
