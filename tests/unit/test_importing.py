"""Import and export of subscribers: every dialect of CSV, and no row that stops the others."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content import subscribercsv
from newsletter.content.addresses import address_key, make_address
from newsletter.errors import BadAddress, BadInput
from newsletter.models import Address, Subscriber, SubscriberId, SubscriberStatus
from newsletter.usecases.importing import ImportReport, export_csv, import_csv
from newsletter.usecases.subscribe import add_subscriber

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
CONFIRMED, UNCONFIRMED = SubscriberStatus.CONFIRMED, SubscriberStatus.UNCONFIRMED
UNSUBSCRIBED, SUPPRESSED = SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.SUPPRESSED


class MemoryStore:
    """The part of a SubscriberStore that an import needs, in a dictionary."""

    def __init__(self) -> None:
        self.people: dict[str, Subscriber] = {}

    def add(
        self, address: Address, *, status: SubscriberStatus, consent_source: str, now: datetime
    ) -> tuple[Subscriber, bool]:
        key = address_key(address.addr_spec)
        if key in self.people:
            return self.people[key], False
        self.people[key] = Subscriber(
            id=SubscriberId(len(self.people) + 1),
            address=address,
            status=status,
            created_at=now,
            consent_source=consent_source,
        )
        return self.people[key], True

    def import_rows(
        self, rows: Iterable[tuple[Address, SubscriberStatus]], *, consent_source: str, now: datetime
    ) -> tuple[int, int]:
        before = dict(self.people)
        try:
            new = [
                self.add(address, status=status, consent_source=consent_source, now=now)[1]
                for address, status in rows
            ]
        except BaseException:
            self.people = before
            raise
        return sum(new), len(new) - sum(new)

    def get(self, subscriber_id: SubscriberId) -> Subscriber | None:
        raise NotImplementedError

    def place(self, subscriber_id: SubscriberId) -> int:
        raise NotImplementedError

    def find(self, addr_spec: str) -> Subscriber | None:
        return self.people.get(address_key(addr_spec))

    def list(self, *statuses: SubscriberStatus) -> Iterator[Subscriber]:
        return iter(self.people.values())

    def count(self) -> dict[SubscriberStatus, int]:
        raise NotImplementedError

    def unsubscribe(self, subscriber_id: SubscriberId, now: datetime) -> bool:
        raise NotImplementedError


def imported(
    text: str | bytes, store: MemoryStore | None = None
) -> tuple[ImportReport, list[tuple[str, str, str]]]:
    """The report, and who is on the list afterwards."""
    store = store or MemoryStore()
    data = text.encode("utf-8") if isinstance(text, str) else text
    report = import_csv(io.BytesIO(data), store, consent_source="import people.csv", now=NOW)
    people = [(p.address.addr_spec, p.address.display_name, p.status.value) for p in store.people.values()]
    return report, people


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
        '"bob@example.com",Bob,"","Cleaned"',
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
    report, people = imported("\ufeff" + line_end.join(DIALECTS[dialect]))
    assert people == [ADA, BOB]
    assert report == ImportReport(added=2, known=0, rejected=())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_unicode_encoding_is_read(encoding: str) -> None:
    assert imported("email;name\nzoe@example.com;Zoë ☂\n".encode(encoding))[1] == [
        ("zoe@example.com", "Zoë ☂", "confirmed")
    ]


def test_a_list_of_addresses_needs_no_header() -> None:
    _, people = imported("ada@example.com\nBob B. <bob@example.com>\n")
    assert people == [("ada@example.com", "", "confirmed"), ("bob@example.com", "Bob B.", "confirmed")]


@pytest.mark.parametrize("text", ["name,status\nAda,active\n", "Ada Writer\n", "42\n"])
def test_a_file_without_addresses_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no column of addresses") as caught:
        imported(text)
    assert caught.value.remedy


def test_an_empty_file_imports_nobody() -> None:
    assert imported("")[0] == imported("email,name\n")[0] == ImportReport(added=0, known=0, rejected=())


# --- status ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("", CONFIRMED),
        ("Subscribed", CONFIRMED),
        ("ACTIVE", CONFIRMED),
        ("confirmed", CONFIRMED),
        ("enabled", CONFIRMED),
        ("unconfirmed", UNCONFIRMED),
        ("Pending", UNCONFIRMED),
        ("unsubscribed", UNSUBSCRIBED),
        ("Inactive", UNSUBSCRIBED),
        ("opted out", UNSUBSCRIBED),
        ("Opted-Out", UNSUBSCRIBED),
        ("cleaned", UNSUBSCRIBED),
        ("non-subscribed", UNSUBSCRIBED),
        ("bounced", SUPPRESSED),
        ("complained", SUPPRESSED),
        ("blocked", SUPPRESSED),
        ("suppressed", SUPPRESSED),
        ("blocklisted", SUPPRESSED),
    ],
)
def test_a_status_is_read_in_everybodys_words(word: str, status: SubscriberStatus) -> None:
    assert imported(f"email,status\nada@example.com,{word}\n")[1] == [("ada@example.com", "", status.value)]


@pytest.mark.parametrize("word", ["deactivated?", "actve", "in-active-ish", "2026-01-01", "subscribed "[:-2]])
def test_a_status_nobody_knows_is_never_taken_for_consent(word: str) -> None:
    report, people = imported(f"email,status\nada@example.com,{word}\nbob@example.com,active\n")
    assert people == [("bob@example.com", "", "confirmed")]
    assert [(row.line, "status" in row.reason) for row in report.rejected] == [(2, True)]


def test_the_strictest_of_two_statuses_counts() -> None:
    _, people = imported(
        "email,status,subscribed,email_disabled\nada@example.com,active,no,\nb@example.com,bounced,yes,true\n"
    )
    assert [status for _, _, status in people] == ["unsubscribed", "suppressed"]


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
    report, people = imported(text)
    assert len(people) == 302
    assert [(rejected.line, reason in rejected.reason) for rejected in report.rejected] == [(3, True)]
    assert "example" not in report.rejected[0].reason


def test_a_row_that_is_not_utf8_is_rejected_alone() -> None:
    report, people = imported(
        "email,name\nzoe@example.com,Zoë\n".encode("latin-1") + b"bob@example.com,Bob\n"
    )
    assert people == [("bob@example.com", "Bob", "confirmed")]
    assert [(row.line, "UTF-8" in row.reason) for row in report.rejected] == [(2, True)]


def test_a_quotation_mark_inside_a_name_is_only_that() -> None:
    assert imported('email,name\nada@example.com,Ada 5" Writer\nbob@example.com,Bob\n')[1] == [
        ("ada@example.com", 'Ada 5" Writer', "confirmed"),
        ("bob@example.com", "Bob", "confirmed"),
    ]


def test_one_address_in_several_writings_is_one_person() -> None:
    writings = [
        "ada@example.com",
        "ADA@Example.COM",
        " ada@example.com ",
        "\u00a0ada@example.com",
        "a\u200bda@example.com",
    ]
    report, people = imported("\n".join(["email", *writings]))
    assert len(people) == 1
    assert (report.added, report.known, report.rejected) == (1, 4, ())


def test_too_many_rows_are_refused_and_nobody_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribercsv, "MAX_ROWS", 5)
    store = MemoryStore()
    with pytest.raises(BadInput, match="more than 5 rows"):
        imported("".join(f"a{n}@example.com\n" for n in range(9)), store)
    assert store.people == {}


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
    assert rows[0] == ["address", "name", "status"]
    assert rows[1] == ["'+ada@example.com", f"'{name}", "confirmed"]


NAMES = st.text(max_size=12) | st.lists(st.sampled_from([*"'=+-@\",;\\ ", "Ada", "é"]), max_size=8).map(
    "".join
)
LOCAL_PARTS = st.from_regex(r"[a-z0-9+=_'-]{1,12}", fullmatch=True)


@settings(max_examples=150)
@given(st.lists(st.tuples(LOCAL_PARTS, NAMES, st.sampled_from(SubscriberStatus)), max_size=5))
def test_an_export_is_imported_as_it_was(people: list[tuple[str, str, SubscriberStatus]]) -> None:
    store = MemoryStore()
    for local, name, status in people:
        try:
            address = make_address(f"{local}@example.com", name)
        except BadAddress:
            continue
        store.add(address, status=status, consent_source="", now=NOW)
    before = [(p.address.addr_spec, p.address.display_name, p.status.value) for p in store.people.values()]
    report, after = imported("".join(export_csv(store.people.values())))
    assert after == before
    assert report.rejected == ()


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(['"', ",", ";", "\n", "\r\n", "\0", "a@example.com", "x", "=", "\udc80"]), max_size=25
    )
)
def test_no_file_is_too_broken_to_be_reported(parts: list[str]) -> None:
    data = "".join(parts).encode("utf-8", "surrogateescape")
    report, people = imported(b"email,name\n" + data)
    lines = data.count(b"\n") + data.count(b"\r") + 2
    assert report.added == len(people)
    assert report.added + report.known + len(report.rejected) <= lines
    assert [row.line for row in report.rejected] == sorted({row.line for row in report.rejected})


# --- one by one --------------------------------------------------------------------------------


def test_a_person_is_added_once_and_stays_as_they_are() -> None:
    store = MemoryStore()
    person, is_new = add_subscriber("Ada <ada@example.com>", store, consent_source="asked me", now=NOW)
    assert (is_new, person.status, person.consent_source) == (True, CONFIRMED, "asked me")
    assert add_subscriber("ADA@example.com", store, consent_source="again", now=NOW) == (person, False)
    with pytest.raises(BadAddress):
        add_subscriber("ada", store, consent_source="", now=NOW)
