"""What the author puts on their own site for readers."""

import click

from newsletter.cli.common import opened
from newsletter.web.phrases import LANGUAGES


@click.command()
@click.option("--language", type=click.Choice(LANGUAGES), help="Default: the newsletter's.")
@click.pass_context
def form(ctx: click.Context, language: str | None) -> None:
    """Write the sign-up form as plain HTML, to be pasted into a site."""
    from newsletter.content.signupform import sign_up_form
    from newsletter.web.phrases import in_language, spoken
    from newsletter.web.phrases.joining import JOINING

    with opened(ctx) as app:
        newsletter, readers = app.settings.newsletter, app.settings.readers
    language = language or spoken(newsletter.language)
    words = in_language(JOINING, language)
    click.echo(
        sign_up_form(
            action=f"{newsletter.public_url.rstrip('/')}/subscribe",
            address=words.address,
            your_name=f"{words.your_name} ({words.optional})",
            consent=readers.consent or words.consent.format(name=newsletter.name),
            privacy=words.privacy,
            privacy_url=readers.privacy_url,
            button=words.button,
            language=language,
            topics=readers.topics,
        ),
        nl=False,
    )
