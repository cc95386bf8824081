"""From the settings to a provider."""

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

import newsletter.providers
from newsletter.config.settings import NewsletterSettings, ProviderSettings, Secrets, Settings
from newsletter.errors import BadSetting
from newsletter.providers import GROUP, make_provider
from newsletter.providers.outbox import OutboxProvider
from newsletter.providers.sendgrid import SendGridProvider
from tests.support.clock import FakeClock


def settings(kind: str, key: str = "") -> Settings:
    return Settings(
        project=Path("/nowhere"),
        newsletter=NewsletterSettings(
            name="N", sender="ada@example.org", postal_address="1 Street", public_url="https://example.org"
        ),
        provider=ProviderSettings(kind=kind),
        secrets=Secrets(sendgrid_api_key=key),
    )


def test_the_kind_names_the_provider() -> None:
    assert isinstance(make_provider(settings("outbox"), FakeClock()), OutboxProvider)
    assert isinstance(make_provider(settings("sendgrid", "SG.key"), FakeClock()), SendGridProvider)


def test_an_unknown_kind_names_those_that_are_known() -> None:
    with pytest.raises(BadSetting, match=r"no provider “pigeon”.*known here: .*outbox, sendgrid"):
        make_provider(settings("pigeon"), FakeClock())


def test_sendgrid_without_a_key_says_where_to_put_it() -> None:
    with pytest.raises(BadSetting, match=r"SENDGRID_API_KEY.*environment or in \.env"):
        make_provider(settings("sendgrid"), FakeClock())


def test_a_provider_whose_package_is_broken_is_a_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("broken", "no.such.module:Provider", GROUP)
    monkeypatch.setattr(newsletter.providers, "entry_points", lambda group: EntryPoints([broken]))
    with pytest.raises(BadSetting, match="“broken” cannot be loaded"):
        make_provider(settings("broken"), FakeClock())


def test_only_the_provider_in_use_is_imported() -> None:
    program = (
        "import sys, newsletter.providers, newsletter.providers.outbox\n"
        "sys.exit(any(name in sys.modules for name in ('sendgrid', 'python_http_client')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
