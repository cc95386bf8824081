"""Import and export of subscribers: every dialect of CSV, and no row that stops the others."""

import csv
import io
import json
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from newsletter.content import subscribercsv
from newsletter.content.addresses import make_address
from newsletter.content.importcells import (
    UNREAD,
    clean_tag,
    from_windows,
    join_tags,
    read_language,
    read_moment,
    read_tags,
)
from newsletter.content.subscribercsv import SubscriberFile
from newsletter.errors import BadAddress, BadInput
from newsletter.models import Address, Subscriber, SubscriberId, SubscriberStatus
from newsletter.models.imports import ImportedPerson as Person
from newsletter.models.imports import RejectedRow
from newsletter.usecases.importing import export_csv, export_json

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
CONFIRMED, UNCONFIRMED = SubscriberStatus.CONFIRMED, SubscriberStatus.UNCONFIRMED
UNSUBSCRIBED, SUPPRESSED = SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.SUPPRESSED


def read(text: str, *, file_name: str = "") -> tuple[SubscriberFile, list[Person], list[RejectedRow]]:
    """The file, its people, and its rejected rows."""
    file = SubscriberFile(io.StringIO(text, newline=""), file_name=file_name)
    rows = list(file)
    people = [row for row in rows if isinstance(row, Person)]
    return file, people, [row for row in rows if isinstance(row, RejectedRow)]


def told(people: Iterable[Person]) -> list[tuple[str, str, str]]:
    """What the first lists know of people: address, name and status."""
    return [(p.address.addr_spec, p.address.display_name, p.status.value) for p in people]


# --- dialects ----------------------------------------------------------------------------------

ADA = ("ada@example.com", "Ada Writer", "confirmed")
BOB = ("bob@example.com", "Bob", "unsubscribed")


DIALECTS = {
    "its own": [
        "address,name,status",
        "ada@example.com,Ada Writer,confirmed",
        "bob@example.com,Bob,unsubscribed",
    ],
    "no header": ["ada@example.com,Ada Writer,confirmed", "bob@example.com,Bob,unsubscribed"],
    "semicolons": ["Name;E-Mail;Status", "Ada Writer;ada@example.com;active", "Bob;bob@example.com;inactive"],
    "Excel's separator line": [
        "sep=;",
        "Email;Name;Status",
        "ada@example.com;Ada Writer",
        "bob@example.com;Bob;no",
    ],
    "tabs": ["status\temail\tname", "active\tada@example.com\tAda Writer", "opted out\tbob@example.com\tBob"],
    "Mailchimp": [
        '"Email Address","First Name","Last Name",STATUS',
        '"ada@example.com","Ada","Writer",""',
        '"bob@example.com",Bob,"","Unsubscribed"',
    ],
    "Substack": [
        "email,active_subscription,expiry,name,email_disabled",
        "ada@example.com,true,,Ada Writer,false",
        "bob@example.com,false,,Bob,true",
    ],
    "Ghost": [
        "id,email,name,note,subscribed_to_emails,labels",
        "1,ada@example.com,Ada Writer,,true,",
        "2,bob@example.com,Bob,,false,",
    ],
    "Kit": [
        "first_name,email_address,status",
        "Ada Writer,ada@example.com,active",
        "Bob,bob@example.com,cancelled",
    ],
    "listmonk": [
        "uuid,email,name,attributes,status",
        'x,ada@example.com,Ada Writer,"{""city"": ""Berlin, DE""}",enabled',
        "y,bob@example.com,Bob,{},disabled",
    ],
    "Keila": [
        "Email,First name,Last name,Data,Status,External ID",
        "ada@example.com,Ada,Writer,,active,",
        "bob@example.com,Bob,,,unsubscribed,",
    ],
    "line ends in a cell": [
        "email,note,name,status",
        'ada@example.com,"two',
        "",
        'lines, and ""more""",Ada Writer,',
        "bob@example.com,,Bob,removed",
    ],
    "blank lines": [
        "",
        "email,name,status",
        " ",
        "ada@example.com,Ada Writer,",
        "",
        "bob@example.com,Bob,0",
        "",
    ],
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_read(dialect: str, line_end: str) -> None:
    _, people, rejected = read(line_end.join(DIALECTS[dialect]))
    assert told(people) == [ADA, BOB]
    assert rejected == []


def test_a_list_of_addresses_needs_no_header() -> None:
    _, people, _ = read("ada@example.com\nBob B. <bob@example.com>\n")
    assert told(people) == [("ada@example.com", "", "confirmed"), ("bob@example.com", "Bob B.", "confirmed")]


def test_rows_of_blanks_are_passed_over() -> None:
    _, people, rejected = read('email,name\n,\n" ","\u00a0"\nada@example.com,\n,,,,\n')
    assert [person.line for person in people] == [4]
    assert rejected == []


@pytest.mark.parametrize("text", ["name,status\nAda,active\n", "Ada Writer\n", "42\n"])
def test_a_file_without_addresses_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no column of addresses") as caught:
        read(text)
    assert caught.value.remedy


def test_an_empty_file_imports_nobody() -> None:
    assert read("")[1:] == read("email,name\n")[1:] == ([], [])


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("E-Mail;Vorname;Name;Angemeldet am", "ada@example.com;Ada;Writer;27.11.2024"),
        ("Adresse e-mail;Prénom;Nom;Date d’inscription", "ada@example.com;Ada;Writer;2024-11-27"),
        (
            "Correo electrónico;Nombre;Apellidos;Fecha de suscripción",
            "ada@example.com;Ada;Writer;2024-11-27",
        ),
        ("Електронна пошта;Ім’я;Дата підписки", "ada@example.com;Ada Writer;27.11.2024"),
        ("البريد الإلكتروني;الاسم;تاريخ الاشتراك", "ada@example.com;Ada Writer;2024-11-27"),
        ("דוא״ל;שם פרטי;שם משפחה;תאריך הרשמה", "ada@example.com;Ada;Writer;2024-11-27"),
        ("メールアドレス;お名前;登録日", "ada@example.com;Ada Writer;2024-11-27"),
        ("Name;Address;Email;Joined", "Ada Writer;1 Example Street;ada@example.com;2024-11-27"),
    ],
)
def test_headers_are_read_in_every_language(header: str, row: str) -> None:
    for text in (header, unicodedata.normalize("NFD", header)):
        _, people, rejected = read(f"{text}\n{row}\n")
        assert told(people) == [ADA], rejected
        assert people[0].joined_at == people[0].confirmed_at == datetime(2024, 11, 27, tzinfo=UTC)


# --- status ------------------------------------------------------------------------------------

TRUTH = {
    CONFIRMED: """
        |Subscribed|ACTIVE|confirmed|enabled|true|TRUE|yes|Y|1|on|ja|aktiv|Bestätigt|oui|abonné|sí|activo
        |так|активний|نعم|مشترك|כן|מנוי|はい|登録済み
    """,
    UNCONFIRMED: """
        unconfirmed|Pending|not confirmed|Not-Confirmed|waiting|ausstehend|en attente|pendiente|очікує|معلق
        |ממתין|未確認
    """,
    UNSUBSCRIBED: """
        unsubscribed|Inactive|INACTIVE|opted out|Opted-Out|non-subscribed|not subscribed|nonsubscribed
        |archived|cancelled|Canceled|disabled|removed|deleted|false|FALSE|no|N|0|off|abgemeldet|inaktiv|nein
        |désabonné|inactif|non|baja|dado de baja|inactivo|відписаний|неактивний|ні|غير مشترك|لا|הוסר|לא פעיל
        |לא|退会|いいえ
    """,
    SUPPRESSED: """
        cleaned|Cleaned|bounced|hard bounced|complained|spam|blocked|suppressed|blocklisted|blacklisted|banned
        |unreachable|undeliverable|invalid|gesperrt|bloqué|bloqueado|заблокований|محظور|חסום|ブロック
    """,
}
WORDS = [
    (word.strip(), status) for status, words in TRUTH.items() for word in words.replace("\n", "").split("|")
]


@pytest.mark.parametrize(("word", "status"), WORDS)
def test_a_status_is_read_in_everybodys_words(word: str, status: SubscriberStatus) -> None:
    for text in (word, f" {word}\u00a0", word.upper()):
        _, people, rejected = read(f'email,status\nada@example.com,"{text}"\n')
        assert told(people) == [("ada@example.com", "", status.value)], rejected


@pytest.mark.parametrize(
    ("column", "cell", "status"),
    [
        ("email_disabled", "true", UNSUBSCRIBED),
        ("email_disabled", "false", CONFIRMED),
        ("Unsubscribed", "TRUE", UNSUBSCRIBED),
        ("Unsubscribed", "No", CONFIRMED),
        ("Unsubscribed at", "2024-01-02", UNSUBSCRIBED),
        ("Unsubscribed at", "", CONFIRMED),
        ("subscribed", "false", UNSUBSCRIBED),
        ("subscribed_to_emails", "0", UNSUBSCRIBED),
        ("subscribed_to_emails", "1", CONFIRMED),
        ("opt-out", "x", UNSUBSCRIBED),
    ],
)
def test_a_column_may_be_true_either_way_round(column: str, cell: str, status: SubscriberStatus) -> None:
    assert told(read(f"email,{column}\nada@example.com,{cell}\n")[1]) == [
        ("ada@example.com", "", status.value)
    ]


@pytest.mark.parametrize("word", ["deactivated?", "actve", "in-active-ish", "2026-01-01", "subscribed "[:-2]])
def test_a_status_nobody_knows_is_never_taken_for_consent(word: str) -> None:
    _, people, rejected = read(f"email,status\nada@example.com,{word}\nbob@example.com,active\n")
    assert told(people) == [("bob@example.com", "", "confirmed")]
    assert [(row.line, "status" in row.reason) for row in rejected] == [(2, True)]


def test_a_state_is_a_status_only_where_nothing_else_is() -> None:
    assert told(read("email,state\nada@example.com,cancelled\n")[1])[0][2] == "unsubscribed"
    assert told(read("email,state,status\nada@example.com,CA,active\n")[1])[0][2] == "confirmed"


def test_the_strictest_of_two_statuses_counts() -> None:
    _, people, _ = read(
        "email,status,subscribed,email_disabled\nada@example.com,active,no,\nb@example.com,bounced,yes,true\n"
    )
    assert [person.status for person in people] == [UNSUBSCRIBED, SUPPRESSED]
    assert [person.reason for person in people] == ["", "bounced"]


# --- bad rows ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("not an address,X", "not an address"),
        (",X", "empty"),
        ("a@localhost,X", "not an address"),
        ("josé@example.com,X", "not an address"),
        ("x@example.com,a\0b", "NUL"),
        (f"x@example.com,{'n' * 101}", "name is longer"),
        (f"x@example.com,{'n' * 70_000}", "longer than 65,536"),
        (f"{'x' * 70_000}", "longer than 65,536"),
        ('x@example.com,"never closed', "quotation marks"),
        ('x@example.com,"closed" twice"', "quotation marks"),
        ("x@example.com,Ada\x1b[0m", "control characters"),
    ],
)
def test_one_bad_row_never_stops_the_others(row: str, reason: str) -> None:
    text = f"email,name\nada@example.com,Ada\n{row}\nbob@example.com,Bob\n" + "".join(
        f"c{n}@example.com,\n" for n in range(300)
    )
    _, people, rejected = read(text)
    assert len(people) == 302
    assert [(each.line, reason in each.reason) for each in rejected] == [(3, True)]
    assert "example" not in rejected[0].reason
    assert rejected[0].cells


def test_a_quotation_mark_inside_a_name_is_only_that() -> None:
    assert told(read('email,name\nada@example.com,Ada 5" Writer\nbob@example.com,Bob\n')[1]) == [
        ("ada@example.com", 'Ada 5" Writer', "confirmed"),
        ("bob@example.com", "Bob", "confirmed"),
    ]


@pytest.mark.parametrize(
    ("line", "read_as"),
    [
        ("Zoë".encode("cp1252"), "Zoë"),
        ("“Zoë” – 5 €".encode("cp1252"), "“Zoë” – 5 €"),
        ("Zoë".encode(), "Zoë"),
        ("Zoë ".encode() + b"\xeb", None),  # UTF-8, of which a part is broken
        (b"\x81", None),  # no letter in Windows-1252
    ],
)
def test_what_is_no_utf8_is_read_as_windows_wrote_it(line: bytes, read_as: str | None) -> None:
    text = line.decode("utf-8", "surrogateescape")
    assert from_windows(text) == (text if read_as is None else read_as)


# --- cells -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("", ()),
        ("berlin", ("berlin",)),
        (" vip , berlin,vip,", ("berlin", "vip")),
        ('"Berlin, DE","vip"', ("Berlin, DE", "vip")),
        ("vip;berlin", ("berlin", "vip")),
        ("vip|berlin", ("berlin", "vip")),
        ('["vip", "berlin"]', ("berlin", "vip")),
        ("[vip", ("[vip",)),
        ("[" * 5000, ("[" * 100,)),
        ("two\nlines", ("two lines",)),
    ],
)
def test_tags_are_read_as_others_write_them(cell: str, tags: tuple[str, ...]) -> None:
    assert read_tags(cell) == tags


@given(st.lists(st.text(max_size=12).map(clean_tag).filter(bool), max_size=5))
def test_tags_are_read_back(tags: list[str]) -> None:
    assert read_tags(join_tags(tags)) == tuple(sorted(set(tags)))


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2024-11-27 10:20:30", datetime(2024, 11, 27, 10, 20, 30, tzinfo=UTC)),
        ("2024-11-27 10:20:30 UTC", datetime(2024, 11, 27, 10, 20, 30, tzinfo=UTC)),
        ("2024-11-27T10:20:30.123Z", datetime(2024, 11, 27, 10, 20, 30, 123000, tzinfo=UTC)),
        ("2024-11-27T10:20:30+02:00", datetime(2024, 11, 27, 8, 20, 30, tzinfo=UTC)),
        ("2024-11-27", datetime(2024, 11, 27, tzinfo=UTC)),
        ("7.1.2024", datetime(2024, 1, 7, tzinfo=UTC)),
        ("7.1.2024 10:20", datetime(2024, 1, 7, 10, 20, tzinfo=UTC)),
        ("", None),
        ("0000-00-00 00:00:00", None),
        ("11/12/2024", UNREAD),
        ("yesterday", UNREAD),
        ("0001-01-01", UNREAD),
        ("9999-12-31T23:59:59-23:59", UNREAD),
    ],
)
def test_dates_are_read_only_when_they_are_sure(cell: str, moment: datetime | None) -> None:
    assert read_moment(cell) == moment


def test_a_date_that_cannot_be_read_is_counted_and_costs_nothing_else() -> None:
    file, people, _ = read("email,joined\nada@example.com,11/12/2024\n")
    assert (people[0].joined_at, file.unread_dates) == (None, 1)


@pytest.mark.parametrize(
    ("cell", "language"), [("de", "de"), ("DE_at", "de-at"), ("pt-BR", "pt-BR"), ("German", ""), ("x", "")]
)
def test_a_language_is_a_tag_or_nothing(cell: str, language: str) -> None:
    assert read_language(cell) == language


def test_excels_way_to_keep_text_is_undone() -> None:
    assert told(read('email,name\nada@example.com,"=""Ada Writer"""\n')[1]) == [ADA]


# --- export ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "''@x"])
def test_no_exported_cell_is_a_formula(name: str) -> None:
    person = Subscriber(
        id=SubscriberId(1),
        address=Address(addr_spec="+ada@example.com", display_name=name),
        status=CONFIRMED,
        created_at=NOW,
    )
    rows = list(csv.reader(export_csv([person])))
    assert rows[0][:3] == ["address", "name", "status"]
    assert rows[1][:3] == ["'+ada@example.com", f"'{name}", "confirmed"]


NAMES = st.text(max_size=12) | st.lists(st.sampled_from([*"'=+-@\",;\\ ", "Ada", "é"]), max_size=8).map(
    "".join
)
LOCAL_PARTS = st.from_regex(r"[a-z0-9+=_'-]{1,12}", fullmatch=True)


MOMENTS = st.datetimes(
    datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2100-01-01"), timezones=st.just(UTC)
)
TAGS = st.lists(NAMES.map(clean_tag).filter(bool), max_size=3).map(lambda tags: tuple(sorted(set(tags))))


@st.composite
def subscribers(draw: st.DrawFn) -> Subscriber:
    """Somebody as the list may have them."""
    status = draw(st.sampled_from(SubscriberStatus))
    try:
        address = make_address(f"{draw(LOCAL_PARTS)}@example.com", draw(NAMES))
    except BadAddress:
        reject()
    return Subscriber(
        id=SubscriberId(1),
        address=address,
        status=status,
        created_at=draw(MOMENTS),
        confirmed_at=draw(MOMENTS) if status is CONFIRMED else draw(st.none() | MOMENTS),
        unsubscribed_at=draw(MOMENTS) if status is UNSUBSCRIBED else draw(st.none() | MOMENTS),
        suppressed_reason=draw(st.sampled_from(["bounced", "=1+1"])) if status is SUPPRESSED else "",
        language=draw(st.sampled_from(["", "de", "pt-BR", "zh-Hant-TW"])),
        text_only=draw(st.booleans()),
        paused_until=draw(st.none() | MOMENTS),
        tags=draw(TAGS),
        consent_source=draw(NAMES).strip(),
    )


@settings(max_examples=150)
@given(st.lists(subscribers(), max_size=5))
def test_an_export_is_read_as_it_was_written(people: list[Subscriber]) -> None:
    _, found, rejected = read("".join(export_csv(people)))
    assert rejected == []
    assert [person.address for person in found] == [person.address for person in people]
    for person, each in zip(people, found, strict=True):
        assert (each.status, each.tags, each.language) == (person.status, person.tags, person.language)
        assert (each.joined_at, each.confirmed_at) == (person.created_at, person.confirmed_at)
        assert (each.unsubscribed_at, each.paused_until) == (person.unsubscribed_at, person.paused_until)
        assert (each.reason, each.text_only) == (person.suppressed_reason, person.text_only)


@given(st.lists(subscribers(), max_size=3))
def test_an_export_in_json_is_one_array(people: list[Subscriber]) -> None:
    found = json.loads("".join(export_json(people)))
    assert [(each["address"], each["status"], tuple(each["tags"])) for each in found] == [
        (person.address.addr_spec, person.status, person.tags) for person in people
    ]


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(['"', ",", ";", "\n", "\r\n", "\0", "a@example.com", "x", "=", "\udc80"]), max_size=25
    )
)
def test_no_file_is_too_broken_to_be_reported(parts: list[str]) -> None:
    data = "email,name\n" + "".join(parts)
    _, people, rejected = read(data)
    lines = data.count("\n") + data.count("\r") + 1
    assert len(people) + len(rejected) <= lines
    assert [row.line for row in rejected] == sorted({row.line for row in rejected})


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribercsv, "MAX_ROWS", 5)
    assert len(read("email\n" + "".join(f"a{n}@example.com\n" for n in range(5)))[1]) == 5
    with pytest.raises(BadInput, match="more than 5 rows"):
        read("".join(f"a{n}@example.com\n" for n in range(9)))
