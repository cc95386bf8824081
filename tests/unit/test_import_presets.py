"""Exports of other programs, told by their headers: who is in, who is out, and what is taken along.

The headers are those of the programs' exports as of November 2026; the people are invented.
"""

import io
from datetime import UTC, datetime

import pytest

from newsletter.content.importpresets import PLAIN, PRESET_NAMES, PRESETS, preset_named
from newsletter.content.subscribercsv import SubscriberFile
from newsletter.errors import BadInput
from newsletter.models import SubscriberStatus
from newsletter.models.imports import ImportedPerson, RejectedRow

CONFIRMED, UNCONFIRMED = SubscriberStatus.CONFIRMED, SubscriberStatus.UNCONFIRMED
UNSUBSCRIBED, SUPPRESSED = SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.SUPPRESSED
MAILCHIMP = (
    '"Email Address","First Name","Last Name",Address,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,'
    "CONFIRM_IP,{extra}LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
MAILCHIMP_ROW = (
    '{who}@example.com,Ada,Writer,"1 Example Street",2,"2021-03-04 05:06:07",192.0.2.7,'
    '"2021-03-04 05:09:00",192.0.2.8,{extra}"2023-01-01 00:00:00",1,abc,,"""Berlin"",""early bird"""'
)
UNSUB_TITLES = "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,"
UNSUB_CELLS = '"2022-02-03 04:05:06",Hello,1,"NORMAL",,'
CLEAN_TITLES = "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,"
CLEAN_CELLS = '"2022-02-03 04:05:06",Hello,1,'
BEFORE = datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)

EXPORTS: dict[str, list[tuple[str, dict[str, SubscriberStatus]]]] = {
    "mailchimp": [
        (
            MAILCHIMP.format(extra="") + "\n" + MAILCHIMP_ROW.format(who="in", extra=""),
            {"in": CONFIRMED},
        ),
        (
            MAILCHIMP.format(extra=UNSUB_TITLES) + "\n" + MAILCHIMP_ROW.format(who="out", extra=UNSUB_CELLS),
            {"out": UNSUBSCRIBED},
        ),
        (
            MAILCHIMP.format(extra=CLEAN_TITLES) + "\n" + MAILCHIMP_ROW.format(who="gone", extra=CLEAN_CELLS),
            {"gone": SUPPRESSED},
        ),
    ],
    "substack": [
        (
            (
                "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
                "free@example.com,false,,other,false,2021-03-04T05:06:07.000Z,\n"
                "paying@example.com,true,2027-01-01T00:00:00.000Z,yearly,false,2021-03-04T05:06:07.000Z,\n"
                "out@example.com,true,,other,true,2021-03-04T05:06:07.000Z,\n"
            ),
            {"free": CONFIRMED, "paying": CONFIRMED, "out": UNSUBSCRIBED},
        )
    ],
    "ghost": [
        (
            (
                "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,"
                "deleted_at,labels,tiers\n"
                '1,in@example.com,Ada Writer,,true,false,,2021-03-04T05:06:07.000Z,,"Berlin,early bird",\n'
                "2,out@example.com,Bob,,false,false,,2021-03-04T05:06:07.000Z,,,free\n"
                "3,deleted@example.com,Eve,,true,false,,2021-03-04T05:06:07.000Z,2022-01-01T00:00:00.000Z,,\n"
            ),
            {"in": CONFIRMED, "out": UNSUBSCRIBED, "deleted": UNSUBSCRIBED},
        )
    ],
    "kit": [
        (
            (
                "first_name,email_address,status,created_at,tags\n"
                'Ada,in@example.com,active,2021-03-04 05:06:07 UTC,"Berlin, early bird"\n'
                "Bob,cold@example.com,cold,2021-03-04 05:06:07 UTC,\n"
                "Eve,out@example.com,cancelled,2021-03-04 05:06:07 UTC,\n"
                "Eve,new@example.com,unconfirmed,2021-03-04 05:06:07 UTC,\n"
                "Eve,dead@example.com,bounced,2021-03-04 05:06:07 UTC,\n"
                "Eve,angry@example.com,complained,2021-03-04 05:06:07 UTC,\n"
                "Eve,idle@example.com,inactive,2021-03-04 05:06:07 UTC,\n"
            ),
            {
                "in": CONFIRMED,
                "cold": CONFIRMED,
                "out": UNSUBSCRIBED,
                "new": UNCONFIRMED,
                "dead": SUPPRESSED,
                "angry": SUPPRESSED,
                "idle": UNSUBSCRIBED,
            },
        )
    ],
    "buttondown": [
        (
            (
                "email_address,notes,metadata,tags,creation_date,type,source,ip_address\n"
                'in@example.com,,{},"Berlin,early bird",2021-03-04T05:06:07Z,regular,api,192.0.2.7\n'
                "paying@example.com,,{},,2021-03-04T05:06:07Z,premium,,\n"
                "given@example.com,,{},,2021-03-04T05:06:07Z,gifted,,\n"
                "new@example.com,,{},,2021-03-04T05:06:07Z,unactivated,,\n"
                "out@example.com,,{},,2021-03-04T05:06:07Z,unsubscribed,,\n"
                "gone@example.com,,{},,2021-03-04T05:06:07Z,removed,,\n"
                "dead@example.com,,{},,2021-03-04T05:06:07Z,undeliverable,,\n"
                "robot@example.com,,{},,2021-03-04T05:06:07Z,spammy,,\n"
                "angry@example.com,,{},,2021-03-04T05:06:07Z,complained,,\n"
                "blocked@example.com,,{},,2021-03-04T05:06:07Z,blocked,,\n"
            ),
            {
                "in": CONFIRMED,
                "paying": CONFIRMED,
                "given": CONFIRMED,
                "new": UNCONFIRMED,
                "out": UNSUBSCRIBED,
                "gone": UNSUBSCRIBED,
                "dead": SUPPRESSED,
                "robot": SUPPRESSED,
                "angry": SUPPRESSED,
                "blocked": SUPPRESSED,
            },
        )
    ],
    "beehiiv": [
        (
            (
                "Subscriber ID,Email,Status,Subscription Tier,Created At,UTM Source,Tags\n"
                'a,in@example.com,active,free,2021-03-04 05:06:07 UTC,twitter,"Berlin,early bird"\n'
                "b,out@example.com,inactive,free,2021-03-04 05:06:07 UTC,,\n"
                "c,new@example.com,pending,free,2021-03-04 05:06:07 UTC,,\n"
                "d,checked@example.com,validating,free,2021-03-04 05:06:07 UTC,,\n"
                "e,dead@example.com,invalid,free,2021-03-04 05:06:07 UTC,,\n"
            ),
            {
                "in": CONFIRMED,
                "out": UNSUBSCRIBED,
                "new": UNCONFIRMED,
                "checked": UNCONFIRMED,
                "dead": SUPPRESSED,
            },
        )
    ],
    "listmonk": [
        (
            (
                "uuid,email,name,attributes,status,created_at,updated_at\n"
                'x,in@example.com,Ada,"{""city"": ""Berlin, DE""}",enabled,2021-03-04T05:06:07Z,\n'
                "y,out@example.com,Bob,{},disabled,2021-03-04T05:06:07Z,\n"
                "z,never@example.com,Eve,{},blocklisted,2021-03-04T05:06:07Z,\n"
            ),
            {"in": CONFIRMED, "out": UNSUBSCRIBED, "never": SUPPRESSED},
        )
    ],
    "keila": [
        (
            (
                "Email,First name,Last name,Data,Status,External ID\n"
                'in@example.com,Ada,Writer,"{""a"": 1}",active,1\n'
                "out@example.com,Bob,,,unsubscribed,\n"
                "dead@example.com,Eve,,,unreachable,\n"
            ),
            {"in": CONFIRMED, "out": UNSUBSCRIBED, "dead": SUPPRESSED},
        )
    ],
    "broadsheet": [
        ("address,name,status\nin@example.com,Ada,confirmed\n", {"in": CONFIRMED}),
    ],
    "plain": [
        ("email,name\nin@example.com,Ada\n", {"in": CONFIRMED}),
        ("in@example.com\n", {"in": CONFIRMED}),
        ("Email,Sign-up date,Newsletter\nin@example.com,2021-03-04,weekly\n", {"in": CONFIRMED}),
    ],
}
CASES = [(name, text, people) for name, exports in EXPORTS.items() for text, people in exports]


def read(text: str, **hints: str) -> tuple[SubscriberFile, list[ImportedPerson]]:
    file = SubscriberFile(io.StringIO(text, newline=""), **hints)  # type: ignore[arg-type]
    people = []
    for row in file:
        assert not isinstance(row, RejectedRow), row
        people.append(row)
    return file, people


def test_every_preset_has_its_exports_here() -> None:
    assert set(EXPORTS) == set(PRESET_NAMES)


@pytest.mark.parametrize(("name", "text", "statuses"), CASES)
def test_an_export_is_recognised_and_everybody_has_their_status(
    name: str, text: str, statuses: dict[str, SubscriberStatus]
) -> None:
    file, people = read(text)
    assert file.preset.name == name
    assert {p.address.addr_spec.removesuffix("@example.com"): p.status for p in people} == statuses


@pytest.mark.parametrize("name", ["mailchimp", "ghost", "kit", "buttondown", "beehiiv"])
def test_tags_and_the_day_of_joining_come_along(name: str) -> None:
    person = read(EXPORTS[name][0][0])[1][0]
    assert person.tags == ("Berlin", "early bird")
    assert person.joined_at == BEFORE
    assert person.confirmed_at == (datetime(2021, 3, 4, 5, 9, tzinfo=UTC) if name == "mailchimp" else BEFORE)


@pytest.mark.parametrize("name", ["substack", "listmonk"])
def test_the_day_of_joining_comes_along(name: str) -> None:
    assert {person.joined_at for person in read(EXPORTS[name][0][0])[1]} == {BEFORE}


def test_mailchimps_proof_of_consent_is_kept() -> None:
    person = read(EXPORTS["mailchimp"][0][0])[1][0]
    assert person.consent == (
        "OPTIN_TIME 2021-03-04 05:06:07, OPTIN_IP 192.0.2.7,"
        " CONFIRM_TIME 2021-03-04 05:09:00, CONFIRM_IP 192.0.2.8"
    )


def test_when_and_why_somebody_left_mailchimp_is_kept() -> None:
    out, gone = (read(EXPORTS["mailchimp"][place][0])[1][0] for place in (1, 2))
    assert out.unsubscribed_at == datetime(2022, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert gone.reason == "cleaned"


def test_an_unsubscribed_file_of_mailchimp_is_one_even_where_its_times_are_empty() -> None:
    text = f"Email Address,LEID,EUID,{UNSUB_TITLES}TAGS\nout@example.com,1,a,,,,,,\n"
    assert read(text)[1][0].status is UNSUBSCRIBED


@pytest.mark.parametrize(
    ("file_name", "status"),
    [
        ("subscribed_email_audience_export_1a2b.csv", CONFIRMED),
        ("unsubscribed_email_audience_export_1a2b.csv", UNSUBSCRIBED),
        ("nonsubscribed_email_audience_export_1a2b.csv", UNSUBSCRIBED),
        ("cleaned_email_audience_export_1a2b.csv", SUPPRESSED),
    ],
)
def test_the_name_of_a_mailchimp_file_tells_its_kind_too(file_name: str, status: SubscriberStatus) -> None:
    assert read(EXPORTS["mailchimp"][0][0], file_name=file_name)[1][0].status is status


def test_the_name_of_another_programs_file_tells_nothing() -> None:
    assert read("email\nin@example.com\n", file_name="unsubscribed.csv")[1][0].status is CONFIRMED


def test_a_preset_can_be_named_for_a_header_that_is_not_recognised() -> None:
    text = "email,status\nin@example.com,cold\n"
    file = SubscriberFile(io.StringIO(text))
    assert [type(row) for row in file] == [RejectedRow]
    named = SubscriberFile(io.StringIO(text), preset=preset_named("Kit"))
    assert [row.status for row in named if isinstance(row, ImportedPerson)] == [CONFIRMED]


def test_a_preset_that_does_not_exist_is_told_with_the_nearest() -> None:
    with pytest.raises(BadInput, match="mailchimp"):
        preset_named("mailchip")
    assert preset_named("plain") is PLAIN


def test_presets_say_no_word_that_the_common_ones_say_the_same() -> None:
    from newsletter.content.importwords import STATUS_OF

    for preset in PRESETS:
        assert not [word for word, status in preset.words.items() if STATUS_OF.get(word) is status]
