"""The programs whose exports are recognised by their headers: one entry each.

An entry says what is particular to a program; `importwords` says what is common. Sources: exports of
the programs and their help pages as of November 2026, see `docs/howto/import.md`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from newsletter.content.importwords import Field
from newsletter.errors import BadInput, did_you_mean
from newsletter.models import SubscriberStatus

_CONFIRMED, _UNCONFIRMED = SubscriberStatus.CONFIRMED, SubscriberStatus.UNCONFIRMED
_UNSUBSCRIBED, _SUPPRESSED = SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.SUPPRESSED


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """What one program's exports look like; all words as `plain_word` makes them."""

    name: str
    """What `--preset` calls it."""
    title: str
    signatures: tuple[frozenset[str], ...] = ()
    """Sets of header words; a file with all words of one of them is this program's."""
    columns: Mapping[Field, tuple[str, ...]] = field(default_factory=dict)
    """Words for columns that count before the common ones."""
    words: Mapping[str, SubscriberStatus] = field(default_factory=dict)
    """Words for statuses that the common ones lack, or mean otherwise."""
    kinds: Mapping[str, tuple[SubscriberStatus, str]] = field(default_factory=dict)
    """Header words that only a file about people in this state has, and the reason to keep."""
    file_names: Mapping[str, tuple[SubscriberStatus, str]] = field(default_factory=dict)
    """The same by how the file's name begins."""


PLAIN = Preset(name="plain", title="a plain list")

OWN = Preset(
    name="broadsheet",
    title="Broadsheet",
    signatures=(frozenset({"address", "name", "status"}),),
    columns={
        Field.ADDRESS: ("address",),
        Field.JOINED: ("joined",),
        Field.CONFIRMED: ("confirmed",),
        Field.LEFT: ("left",),
        Field.CONSENT: ("consent",),
    },
)

PRESETS: tuple[Preset, ...] = (
    OWN,
    Preset(
        name="mailchimp",
        title="Mailchimp",
        signatures=(
            frozenset({"emailaddress", "leid", "euid"}),
            frozenset({"emailaddress", "memberrating"}),
            frozenset({"emailaddress", "optintime"}),
            frozenset({"emailaddress", "unsubtime"}),
            frozenset({"emailaddress", "cleantime"}),
        ),
        columns={
            Field.ADDRESS: ("emailaddress",),
            Field.JOINED: ("optintime", "confirmtime"),
            Field.CONFIRMED: ("confirmtime", "optintime"),
            Field.LEFT: ("unsubtime", "cleantime"),
            Field.CONSENT: ("optintime", "optinip", "confirmtime", "confirmip"),
        },
        words={"transactional": _UNSUBSCRIBED},
        kinds={"unsubtime": (_UNSUBSCRIBED, ""), "cleantime": (_SUPPRESSED, "cleaned")},
        file_names={
            "unsubscribed": (_UNSUBSCRIBED, ""),
            "nonsubscribed": (_UNSUBSCRIBED, ""),
            "cleaned": (_SUPPRESSED, "cleaned"),
        },
    ),
    Preset(
        name="substack",
        title="Substack",
        signatures=(
            frozenset({"email", "activesubscription"}),
            frozenset({"email", "emaildisabled"}),
        ),
        # `active_subscription` tells who pays, not who reads.
        columns={Field.ENDED: ("emaildisabled",), Field.JOINED: ("createdat",)},
    ),
    Preset(
        name="ghost",
        title="Ghost",
        signatures=(frozenset({"email", "subscribedtoemails"}),),
        columns={
            Field.STATUS: ("subscribedtoemails",),
            Field.ENDED: ("deletedat",),
            Field.LEFT: ("deletedat",),
            Field.TAGS: ("labels",),
            Field.JOINED: ("createdat",),
        },
    ),
    Preset(
        name="buttondown",
        title="Buttondown",
        signatures=(
            frozenset({"email", "subscribertype"}),
            frozenset({"emailaddress", "creationdate"}),
            frozenset({"email", "creationdate"}),
            frozenset({"emailaddress", "type", "tags", "metadata"}),
        ),
        columns={
            Field.ADDRESS: ("emailaddress", "email"),
            Field.STATUS: ("type", "subscribertype"),
            Field.ENDED: ("unsubscriptiondate",),
            Field.LEFT: ("unsubscriptiondate",),
            Field.JOINED: ("creationdate",),
            Field.CONSENT: ("source", "ipaddress", "referrerurl"),
        },
        words={
            **dict.fromkeys(
                (
                    *("regular", "premium", "gifted", "trialed", "unpaid"),
                    *("churning", "churned", "pastdue", "paused"),
                ),
                _CONFIRMED,
            ),
            "unactivated": _UNCONFIRMED,
            **dict.fromkeys(("spammy", "malicious"), _SUPPRESSED),
        },
    ),
    Preset(
        name="beehiiv",
        title="beehiiv",
        signatures=(
            frozenset({"email", "status", "subscriptiontier"}),
            frozenset({"email", "status", "utmsource"}),
            frozenset({"email", "status", "acquisitionsource"}),
        ),
        columns={
            Field.JOINED: ("createdat", "subscribedat", "created"),
            Field.CONSENT: ("acquisitionsource", "utmsource", "referringsite"),
        },
        words={"validating": _UNCONFIRMED, "needsattention": _UNCONFIRMED},
    ),
    Preset(
        name="listmonk",
        title="listmonk",
        signatures=(frozenset({"email", "attributes", "status"}),),
    ),
    Preset(
        name="keila",
        title="Keila",
        signatures=(frozenset({"email", "data", "externalid"}), frozenset({"email", "data", "status"})),
    ),
    Preset(
        name="kit",
        title="Kit",
        signatures=(
            frozenset({"firstname", "emailaddress", "createdat"}),
            frozenset({"firstname", "email", "createdat", "state"}),
            frozenset({"subscriberid", "firstname", "emailaddress"}),
        ),
        columns={
            Field.ADDRESS: ("emailaddress", "email"),
            Field.STATUS: ("status", "state"),
            Field.JOINED: ("createdat", "subscribedat"),
            Field.CONSENT: ("referrer", "sourcename"),
        },
        words={"cold": _CONFIRMED},
    ),
)
"""Those that are told more surely come first."""

PRESET_NAMES = (*(preset.name for preset in PRESETS), PLAIN.name)


def find_preset(headers: Collection[str]) -> Preset:
    """The program whose export has these header words; PLAIN when none is recognised."""
    words = frozenset(headers)
    for preset in PRESETS:
        if any(signature <= words for signature in preset.signatures):
            return preset
    return PLAIN


def preset_named(name: str) -> Preset:
    """The entry of this name. Raises BadInput."""
    for preset in (*PRESETS, PLAIN):
        if preset.name == name.casefold():
            return preset
    raise BadInput(f"there is no preset “{name}”", remedy=did_you_mean(name, PRESET_NAMES))
