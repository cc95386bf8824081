"""What must hold of settings beyond their types."""

import ipaddress
import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter.config.places import Places, SettingPath
from newsletter.config.rates import parse_rate
from newsletter.config.settings import (
    LANGUAGE_TAG,
    TAG,
    HttpSettings,
    NewsletterSettings,
    SendingSettings,
    Settings,
    SourceSettings,
)
from newsletter.config.theme import faults, theme_names
from newsletter.errors import BadSetting, did_you_mean


def check_rules(settings: Settings, places: Places) -> None:
    """None. Raises BadSetting for the first rule that is broken."""
    _check_newsletter(settings.newsletter, places)
    if settings.newsletter.theme not in (themes := theme_names(settings.project)):
        raise BadSetting(
            f"there is no theme “{settings.newsletter.theme}”",
            where=places.where(("newsletter", "theme")),
            remedy=did_you_mean(settings.newsletter.theme, themes),
        )
    _check_sources(settings.sources, places)
    for name, most in {"connections": 8, "batch_size": 1000}.items():
        if not 1 <= getattr(settings.provider, name) <= most:
            raise places.wrong(("provider", name), f"must be between 1 and {most}")
    for setting, what in faults(settings.theme):
        raise places.wrong(("theme", *setting.split(".")), what)
    _check_sending(settings.sending, places)
    _check_web(settings, places)
    _check_http(settings.http, places)


def _check_newsletter(newsletter: NewsletterSettings, places: Places) -> None:
    needed = {
        "name": newsletter.name,
        "from": newsletter.sender,
        "postal_address": newsletter.postal_address,
        "public_url": newsletter.public_url,
    }
    for key, value in needed.items():
        if not value.strip():
            raise places.wrong(("newsletter", key), "is empty")
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*[^\s/?#])?/?", newsletter.public_url):
        raise places.wrong(
            ("newsletter", "public_url"), "must be an address such as https://news.example.com"
        )
    for key in ("name", "preheader"):
        if len(getattr(newsletter, key).splitlines()) > 1:
            raise places.wrong(("newsletter", key), "must be one line of text")
    if not LANGUAGE_TAG.fullmatch(newsletter.language):
        raise places.wrong(("newsletter", "language"), "must be a language tag such as “en” or “pt-BR”")
    try:
        ZoneInfo(newsletter.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSetting(
            f"“{newsletter.timezone}” is no time zone",
            where=places.where(("newsletter", "timezone")),
            remedy="use an IANA name such as Europe/Berlin",
        ) from error


def _check_sources(sources: Sequence[SourceSettings], places: Places) -> None:
    for index, source in enumerate(sources):
        here = ("sources", str(index))
        if bool(source.url) == bool(source.folder):
            key = "url" if source.url else "folder"
            raise places.wrong((*here, key), "must be given, or the other of “url” and “folder”, not both")
        if source.max_posts < 1:
            raise places.wrong((*here, "max_posts"), "must be 1 or more")


def _check_sending(sending: SendingSettings, places: Places) -> None:
    if sending.rate and parse_rate(sending.rate) is None:
        raise places.wrong(("sending", "rate"), "must be a number per span such as “14/second” or “600/hour”")
    for name in ("canary", "error_budget", "max_bounced", "max_complained"):
        if not 0 <= getattr(sending, name) <= 1:
            raise places.wrong(("sending", name), "must be a share between 0 and 1, such as 0.05")
    if any(cap < 1 for cap in sending.warm_up):
        raise places.wrong(("sending", "warm_up"), "must be numbers of recipients, each 1 or more")
    if sending.soft_bounces < 1:
        raise places.wrong(("sending", "soft_bounces"), "must be 1 or more")


def _check_web(settings: Settings, places: Places) -> None:
    """None; the tables `[readers]` and `[web]` keep their rules."""
    for index, topic in enumerate(settings.readers.topics):
        if not TAG.fullmatch(topic.tag):
            raise places.wrong(("readers", "topics", str(index), "tag"), "must be one word")
    for origin in settings.readers.form_origins:
        if not re.fullmatch(r"https?://[^\s/?#]+", origin):
            raise places.wrong(("readers", "form_origins"), "must be sites such as https://blog.example.com")
    _check_networks(settings.web.trusted_proxies, ("web", "trusted_proxies"), places)


def _check_http(http: HttpSettings, places: Places) -> None:
    _check_networks(http.allow_private, ("http", "allow_private"), places)
    if not all(0 < port < 65536 for port in http.allow_ports):
        raise places.wrong(("http", "allow_ports"), "must be numbers between 1 and 65535")


def _check_networks(networks: Sequence[str], path: SettingPath, places: Places) -> None:
    for network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise BadSetting(
                f"“{network}” is no address or network",
                where=places.where(path),
                remedy="write one such as 127.0.0.1 or 10.0.0.0/8",
            ) from error
