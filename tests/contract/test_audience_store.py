"""Audience filters over real lists: whom they mean, and that no word of one is ever SQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.content.audience import read_filter
from newsletter.models import Address, AudienceFilter, SubscriberStatus
from newsletter.models.imports import ImportedPerson, ImportSource
from newsletter.store.audience import matching, reached
from newsletter.store.engine import Database
from newsletter.store.importing import SqlImportStore
from newsletter.store.subscribers import SqlSubscriberStore
from newsletter.store.tables import subscribers

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
NEW_YEAR = datetime(2025, 12, 31, 23, tzinfo=UTC)
"""Midnight in Berlin."""
INJECTIONS = (
    "' OR '1'='1",
    "x'; DROP TABLE subscribers; --",
    '" OR ""="',
    "\\' OR 1=1 --",
    "%' UNION SELECT * FROM meta --",
    "$$ || (SELECT value FROM meta) || $$",
    ":name %(name)s ? {0}",
    "\x00",
    "*' ESCAPE '",
)


def wish(text: str, *, language: str = "en") -> AudienceFilter:
    return read_filter(text, timezone="Europe/Berlin", language=language)


@pytest.fixture
def people(database: Database) -> SqlSubscriberStore:
    """Ada, Bo, Çelik, Dora (left), Eve (pausing), Finn (a hundred years ago)."""
    rows = [
        person("ada@example.org", tags=("berlin", "New York"), language="de", joined=NEW_YEAR),
        person("bo@example.com", tags=("berlin",), language="de-AT", joined=NEW_YEAR - timedelta(seconds=1)),
        person("celik@bücher.example", language="", joined=NOW),
        person("dora@example.org", status=SubscriberStatus.UNSUBSCRIBED, tags=("berlin",)),
        person("eve@example.org", tags=("berlin",), paused=NOW + timedelta(days=1)),
        person("f_nn@example.net", tags=("100%",), language="den", paused=NOW),
    ]
    with SqlImportStore(database).staged(rows) as staged:
        staged.apply(ImportSource(file="", consent_source="the Fair of 2025"), rejected=0, now=NOW)
    return SqlSubscriberStore(database)


def person(
    addr_spec: str,
    *,
    status: SubscriberStatus = SubscriberStatus.CONFIRMED,
    tags: tuple[str, ...] = (),
    language: str = "fr",
    joined: datetime = NOW,
    paused: datetime | None = None,
) -> ImportedPerson:
    return ImportedPerson(
        line=1,
        address=Address(addr_spec=addr_spec.replace("bücher", "xn--bcher-kva")),
        status=status,
        tags=tags,
        language=language,
        joined_at=joined,
        confirmed_at=joined,
        paused_until=paused,
    )


def meant(people: SqlSubscriberStore, text: str, *, language: str = "en") -> str:
    """The initials of those whom the filter means, whatever their status."""
    found: Iterator[str] = (
        each.address.addr_spec[0] for each in people.list(where=wish(text, language=language))
    )
    return "".join(found)


@pytest.mark.parametrize(
    ("text", "initials"),
    [
        ("tag:berlin", "abde"),
        ('tag:"New York"', "a"),
        ("not tag:berlin", "cf"),
        ("tag:berlin and not email:*@example.org", "b"),
        ("tag:100%", "f"),
        ("tag:*", ""),
        ("language:de", "ab"),
        ("language:DE-at", "b"),
        ("language:en", "c"),
        ("email:ADA@example.org", "a"),
        ("email:*@example.org", "ade"),
        ("email:*@bücher.example", "c"),
        ("email:f_nn@*", "f"),
        ("email:f__n@*", ""),
        ("email:%", ""),
        ("source:*FAIR*", "abcdef"),
        ("source:fair", ""),
        ("joined = 2026-01-01", "a"),
        ("joined < 2026-01-01", "b"),
        ("joined <= 2026-01-01", "ab"),
        ("joined >= 2026-01-01", "acdef"),
        ("joined > 2026-01-01", "cdef"),
        ("not joined > 2026-01-01", "ab"),
        ("confirmed >= 1970-01-01 and tag:berlin or language:fr", "abde"),
        ("(tag:berlin or language:fr) and email:a*", "a"),
    ],
)
def test_a_filter_means_whom_it_says(people: SqlSubscriberStore, text: str, initials: str) -> None:
    assert meant(people, text) == initials


def test_who_chose_no_language_has_the_newsletters(people: SqlSubscriberStore) -> None:
    assert meant(people, "language:de", language="de-DE") == "abc"
    assert meant(people, "not language:de", language="de-DE") == "def"


def test_a_letter_reaches_who_is_confirmed_and_does_not_pause(people: SqlSubscriberStore) -> None:
    assert people.reach(NOW) == 4
    assert people.reach(NOW, wish("tag:berlin")) == 2
    assert people.reach(NOW + timedelta(days=1), wish("tag:berlin")) == 3
    ada, eve = people.find("ada@example.org"), people.find("eve@example.org")
    assert ada
    assert eve
    assert (people.place(ada.id, NOW), people.place(eve.id, NOW)) == (1, 0)
    assert people.place(eve.id, NOW + timedelta(days=2), wish("tag:berlin")) == 3


def test_tags_are_given_taken_and_counted(people: SqlSubscriberStore) -> None:
    ada = people.find("ada@example.org")
    assert ada
    assert ada.tags == ("New York", "berlin")
    assert [people.tag(ada.id, "harbour") for _ in range(2)] == [True, False]
    assert [people.untag(ada.id, "New York") for _ in range(2)] == [True, False]
    again = people.get(ada.id)
    assert again
    assert again.tags == ("berlin", "harbour")
    assert people.tags() == {"100%": 1, "berlin": 4, "harbour": 1}


@pytest.mark.parametrize("words", INJECTIONS)
@pytest.mark.parametrize("trait", ["tag", "email", "source"])
def test_no_word_of_a_filter_is_ever_part_of_a_statement(trait: str, words: str) -> None:
    quoted = words.replace("\\", r"\\").replace('"', r"\"")
    chosen = wish(f'{trait}:"{quoted}" or not joined > 2026-02-03')
    for dialect in (sqlite.dialect(), postgresql.dialect()):  # type: ignore[no-untyped-call]
        compiled = select(subscribers).where(reached(NOW, chosen)).compile(dialect=dialect)
        assert words not in str(compiled)
        assert "2026" not in str(compiled)
        assert any(value for value in compiled.params.values())
    assert "OR 1=1" not in str(matching(chosen))


def test_words_that_look_like_sql_mean_nobody(people: SqlSubscriberStore) -> None:
    for words in INJECTIONS[:-2]:
        quoted = words.replace("\\", r"\\").replace('"', r"\"")
        assert meant(people, f'tag:"{quoted}" or source:"{quoted}"') == ""
    assert people.reach(NOW) == 4
