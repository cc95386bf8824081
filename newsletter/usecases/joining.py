"""Signing up: who may ask how often, and what is kept of it. Pure but for the stores it is given."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta

from newsletter.content.addresses import address_key
from newsletter.models import Address, Consent, Limit
from newsletter.ports import Joining

DAY = 86_400
HOUR = 3_600
PER_ADDRESS_A_DAY = 1
PER_ADDRESS_UNTIL_CONFIRMED = 3
"""Mails to one address in the days that an unconfirmed row lives (peers: listmonk #3229)."""
PER_CLIENT_AN_HOUR = 10
PER_DOMAIN_AN_HOUR = 200
OVERALL_AN_HOUR = 2_000
UNCONFIRMED_FOR = timedelta(days=7)
"""An unconfirmed row is forgotten so long after its newest wish."""


def sign_up(
    address: Address,
    step: Consent,
    *,
    client: str,
    language: str,
    tags: Sequence[str],
    key: bytes,
    joining: Joining,
) -> None:
    """None, whoever asks and whoever is asked for: nobody learns from it who is on the list.

    Beyond a limit nothing is kept and nobody is mailed.
    """
    limits = limits_of(address, client, key)
    joining.request(address, step, language=language, tags=tags, mail=True, limits=limits)


def limits_of(address: Address, client: str, key: bytes) -> list[Limit]:
    """What this wish counts for; buckets are keyed hashes, so that nobody is named in them.

    `client` is what is counted as one visitor; empty when it is not known.
    """
    whole = address_key(address.addr_spec)
    domain = whole.rpartition("@")[2]
    limits = [
        Limit(bucket=bucket_of(key, "address", whole), count=PER_ADDRESS_A_DAY, seconds=DAY),
        Limit(
            bucket=bucket_of(key, "address", whole),
            count=PER_ADDRESS_UNTIL_CONFIRMED,
            seconds=int(UNCONFIRMED_FOR.total_seconds()),
        ),
        Limit(bucket=bucket_of(key, "domain", domain), count=PER_DOMAIN_AN_HOUR, seconds=HOUR),
        Limit(bucket=bucket_of(key, "all", ""), count=OVERALL_AN_HOUR, seconds=HOUR),
    ]
    if client:
        limits.append(Limit(bucket=bucket_of(key, "client", client), count=PER_CLIENT_AN_HOUR, seconds=HOUR))
    return limits


def bucket_of(key: bytes, kind: str, value: str) -> str:
    return hmac.new(key, f"limit:{kind}:{value}".encode(), hashlib.sha256).hexdigest()[:32]
