"""What every provider under the entry points `newsletter.providers` promises: see ports.Provider.

A new provider needs a case in CASES: how to make it, how to read what it delivered, and how to make
it fail in each of the ways in which it can.
"""

import logging
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from newsletter.config.settings import (
    NewsletterSettings,
    OutboxSettings,
    ProviderSettings,
    Secrets,
    SendGridSettings,
    Settings,
    SmtpSettings,
)
from newsletter.drill.sendgrid.emulator import KEY, Received, SendGridEmulator
from newsletter.drill.sendgrid.faults import Fault, Kind
from newsletter.errors import (
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RecipientsRefused,
    SubmissionUncertain,
)
from newsletter.models import IssueId, SendStatus
from newsletter.ports import Provider
from newsletter.providers import GROUP, make_provider
from tests.support.batches import EMAIL, PLACEHOLDER, SENDER, UNSUBSCRIBE, batch, batch_of, email, recipient
from tests.support.clock import FakeClock
from tests.support.mailservers import OFFER, ToldServer

REGISTERED = sorted(point.name for point in entry_points(group=GROUP))


@dataclass(frozen=True, kw_only=True)
class Case:
    """One provider under test, made from settings as the program makes it."""

    provider: Provider
    delivered: Callable[[], list[Received]]
    failures: Mapping[type[ProviderError], Callable[[], None]]
    """For each error that this provider can be brought to raise: what makes the next submit raise it."""
    mend: Callable[[], None] = lambda: None
    """Undoes a failure that would last."""
    secrets: list[str] = field(default_factory=list)


def settings(project: Path, provider: ProviderSettings, secrets: Secrets) -> Settings:
    return Settings(
        project=project,
        newsletter=NewsletterSettings(
            name="The Friday Roundup",
            sender="Ada Writer <ada@news.example.com>",
            postal_address="1 Example Street",
            public_url="https://news.example.com",
        ),
        provider=provider,
        secrets=secrets,
    )


@contextmanager
def outbox(project: Path) -> Iterator[Case]:
    folder = project / "data" / "outbox"
    provider = make_provider(
        settings(
            project, ProviderSettings(kind="outbox", outbox=OutboxSettings(folder="data/outbox")), Secrets()
        ),
        FakeClock(),
    )

    def block() -> None:
        folder.parent.mkdir(exist_ok=True)
        folder.write_text("a file where the folder should be")

    yield Case(
        provider=provider,
        delivered=lambda: [
            read_letter(path.read_bytes()) for path in sorted(folder.glob("*/*.eml"), key=place_of)
        ],
        failures={ProviderUnavailable: block},
        mend=folder.unlink,
    )


@contextmanager
def sendgrid(project: Path) -> Iterator[Case]:
    with SendGridEmulator() as emulator:
        provider = make_provider(
            settings(
                project,
                ProviderSettings(
                    kind="sendgrid", sendgrid=SendGridSettings(base_url=emulator.url, timeout=5)
                ),
                Secrets(sendgrid_api_key=KEY),
            ),
            FakeClock(),
        )
        yield Case(
            provider=provider,
            delivered=emulator.received,
            failures={
                ProviderUnavailable: lambda: emulator.script(Kind.THROTTLE_PLAIN),
                ProviderRefused: lambda: emulator.script(Kind.REFUSE),
                RecipientsRefused: lambda: emulator.script(Fault(Kind.REFUSE_RECIPIENT, 1)),
                SubmissionUncertain: lambda: emulator.script(Kind.ACCEPT_THEN_CLOSE),
            },
            secrets=[KEY],
        )
        provider.close()


@contextmanager
def smtp(project: Path) -> Iterator[Case]:
    with ToldServer(*OFFER, "AUTH PLAIN") as server:
        provider = make_provider(
            settings(
                project,
                ProviderSettings(
                    kind="smtp",
                    smtp=SmtpSettings(
                        host="127.0.0.1", port=server.port, encryption="none", username="ada", timeout=5
                    ),
                ),
                Secrets(smtp_password="the-password"),
            ),
            FakeClock(),
        )
        yield Case(
            provider=provider,
            delivered=lambda: [read_letter(letter) for letter in server.taken],
            failures={
                ProviderUnavailable: lambda: server.say("MAIL", b"451 <reader1@example.org> later"),
                ProviderRefused: lambda: server.say("MAIL", b"550 not from you, token-of-1@x"),
            },
            secrets=["the-password", b64encode(b"\0ada\0the-password").decode()],
        )
        provider.close()


CASES: dict[str, Callable[[Path], AbstractContextManager[Case]]] = {
    "outbox": outbox,
    "sendgrid": sendgrid,
    "smtp": smtp,
}


def place_of(path: Path) -> int:
    return int(path.stem.rpartition(".")[2])


def read_letter(octets: bytes) -> Received:
    """A whole message as its reader would get it."""
    message = message_from_bytes(octets, policy=policy.default)
    assert isinstance(message, EmailMessage)
    mailbox = message["To"].addresses[0]
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    return Received(
        address=mailbox.addr_spec,
        name=mailbox.display_name,
        subject=message["Subject"],
        text=text.get_content().replace("\r\n", "\n"),
        html=html.get_content().replace("\r\n", "\n") if html else "",
        headers={name: str(value) for name, value in message.items()},
        custom_args={},
    )


@pytest.fixture(params=REGISTERED)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    if request.param not in CASES:
        pytest.fail(f"the provider {request.param} has no case in CASES")
    with CASES[request.param](tmp_path) as made:
        yield made


def test_every_registered_provider_has_a_case_and_every_case_is_registered() -> None:
    assert sorted(CASES) == REGISTERED


def test_every_registered_provider_has_a_section_on_its_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "providers.md").read_text(encoding="utf-8")
    assert set(REGISTERED) <= {line[3:].strip() for line in page.splitlines() if line.startswith("## ")}


@pytest.mark.parametrize("count", [1, 2, "max"])
def test_there_is_one_outcome_per_recipient_in_order(case: Case, count: int | str) -> None:
    whole = batch_of(case.provider.max_recipients if count == "max" else int(count))
    outcomes = case.provider.submit(EMAIL, SENDER, whole)
    assert [outcome.delivery_id for outcome in outcomes] == [r.delivery_id for r in whole.recipients]
    assert {outcome.status for outcome in outcomes} == {SendStatus.SUBMITTED}
    assert [letter.address for letter in case.delivered()] == [
        person.address.addr_spec for person in whole.recipients
    ]


def test_an_empty_batch_has_no_outcomes(case: Case) -> None:
    assert list(case.provider.submit(EMAIL, SENDER, batch())) == []
    assert case.delivered() == []


def test_the_values_of_a_recipient_arrive_only_where_they_were_put(case: Case) -> None:
    case.provider.submit(EMAIL, SENDER, batch_of(3))
    for place, letter in enumerate(case.delivered(), start=1):
        assert letter.text.strip() == f"Good morning & hello.\n\nLeave: {UNSUBSCRIBE}token-of-{place}"
        assert letter.html.strip() == EMAIL.html.replace(
            EMAIL.merge_fields[0].placeholder, f"token-of-{place}"
        )


@pytest.mark.parametrize(
    "value",
    ["{{7*7}}", "-unsub-", "%recipient.x%", "*|FNAME|*", r"\1\n", 'a&b"<b>x</b>', "O'Hara", "שלום 👋"],
)
def test_a_hostile_value_arrives_literally_and_harmless(case: Case, value: str) -> None:
    case.provider.submit(EMAIL, SENDER, batch(recipient(1, merge_data={"reader_token": value}), recipient(2)))
    first, second = case.delivered()
    assert first.text.strip().endswith(UNSUBSCRIBE + value)
    assert "<b>" not in first.html
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert escaped.replace('"', "&quot;").replace("'", "&#x27;") in first.html
    assert "token-of-2" in second.html
    assert "token-of-2" in second.text


def test_a_letter_without_html_is_its_text_alone_and_the_next_one_is_whole_again(case: Case) -> None:
    text_alone = EMAIL.text_alone
    case.provider.submit(text_alone, SENDER, batch(recipient(1), attempt="a" * 32))
    case.provider.submit(EMAIL, SENDER, batch(recipient(2), attempt="b" * 32))
    case.provider.submit(text_alone, SENDER, batch(recipient(3), attempt="c" * 32))
    got = {letter.address: letter for letter in case.delivered()}
    assert [bool(got[f"reader{place}@example.org"].html) for place in (1, 2, 3)] == [False, True, False]
    for place in (1, 2, 3):
        text = got[f"reader{place}@example.org"].text
        assert text.rstrip() == EMAIL.text.replace(PLACEHOLDER, f"token-of-{place}").rstrip()


def test_personal_and_common_headers_arrive(case: Case) -> None:
    case.provider.submit(EMAIL, SENDER, batch_of(2))
    for place, letter in enumerate(case.delivered(), start=1):
        assert letter.headers["List-Unsubscribe"] == f"<{UNSUBSCRIBE}token-of-{place}>"
        assert letter.headers["Message-ID"] == f"<i2026-11-27.{place}@news.example.com>"
        assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert letter.headers["List-Id"] == "The Friday Roundup <friday.news.example.com>"


@pytest.mark.parametrize("name", ["", "Zoë Müller", "王小明", "דנה לוי", "Ada “the Pen” O'Hara 👩‍💻"])
def test_names_of_all_scripts_arrive(case: Case, name: str) -> None:
    case.provider.submit(EMAIL, SENDER, batch(recipient(1, name=name)))
    assert [letter.name for letter in case.delivered()] == [name]


@pytest.mark.parametrize(
    "name", ["Writer, Ada; Eve <eve@example.org>", "Ada\r\nBcc: eve@example.org", "Ada\0"]
)
def test_a_name_that_holds_more_than_a_name_brings_no_second_recipient_or_header(
    case: Case, name: str
) -> None:
    with suppress(RecipientsRefused):  # refusing such a person is as good as writing the name harmlessly
        case.provider.submit(EMAIL, SENDER, batch(recipient(1, name=name)))
    for letter in case.delivered():
        assert letter.address == "reader1@example.org"
        assert "Bcc" not in letter.headers
        assert not set("\r\n\0") & set(letter.name)


@pytest.mark.parametrize(
    "subject", ["סיכום יום שישי — גיליון 12", "Re: =?utf-8?q?x?= #5", "日本語の件名 🎉" * 8]
)
def test_subjects_of_all_scripts_arrive(case: Case, subject: str) -> None:
    case.provider.submit(email(subject=subject), SENDER, batch_of(1))
    assert [letter.subject for letter in case.delivered()] == [subject]


@pytest.mark.parametrize(
    "wrong",
    [
        {"X-Note": "one\r\nBcc: eve@example.org"},
        {"X-Note\r\nBcc": "eve@example.org"},
        {"X-Note": "nul\0"},
        {"X Note": "space in the name"},
    ],
)
def test_a_header_that_is_more_than_one_header_stops_the_batch(case: Case, wrong: dict[str, str]) -> None:
    good = recipient(1, headers=dict.fromkeys(wrong, "good"))
    with pytest.raises(ProviderRefused):
        case.provider.submit(EMAIL, SENDER, batch(good, recipient(2, headers=wrong)))
    assert case.delivered() == []


def test_an_address_that_no_mail_can_reach_is_refused_by_name_and_nothing_is_sent(case: Case) -> None:
    with pytest.raises(RecipientsRefused) as caught:
        case.provider.submit(
            EMAIL, SENDER, batch(recipient(1), recipient(2, addr_spec="zoë\r\n@example.org"), recipient(3))
        )
    assert [outcome.delivery_id for outcome in caught.value.rejected] == [recipient(2).delivery_id]
    assert {outcome.status for outcome in caught.value.rejected} == {SendStatus.REJECTED}
    assert case.delivered() == []


def test_each_failure_says_what_may_be_done_and_tells_no_secret(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    whole = batch_of(3)
    assert case.failures
    for kind, fail in case.failures.items():
        fail()
        with pytest.raises(kind) as caught:
            case.provider.submit(EMAIL, SENDER, whole)
        assert type(caught.value) is kind
        if isinstance(caught.value, RecipientsRefused):
            assert [o.delivery_id for o in caught.value.rejected] == [whole.recipients[1].delivery_id]
        told = "".join((str(caught.value), repr(caught.value), caplog.text, repr(vars(caught.value))))
        for secret in (*case.secrets, "reader1@", "reader2@", "token-of-"):
            assert secret not in told


def test_a_good_run_logs_neither_secret_nor_address(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    case.provider.submit(EMAIL, SENDER, batch_of(2))
    for secret in (*case.secrets, "reader1@", "token-of-", "Good morning"):
        assert secret not in caplog.text
        assert secret not in repr(case.provider)


def test_a_submit_after_a_failure_works(case: Case) -> None:
    for kind, fail in case.failures.items():
        fail()
        with pytest.raises(kind):
            case.provider.submit(EMAIL, SENDER, batch_of(2))
        case.mend()
        assert len(case.provider.submit(EMAIL, SENDER, batch_of(1))) == 1


def test_closing_twice_is_harmless(case: Case) -> None:
    case.provider.submit(EMAIL, SENDER, batch_of(1))
    case.provider.close()
    case.provider.close()


def test_issues_after_one_another_keep_their_own_words(case: Case) -> None:
    case.provider.submit(EMAIL, SENDER, batch(recipient(1)))
    other = email(subject="Another", issue_id=IssueId(EMAIL.issue_id))
    case.provider.submit(other, SENDER, batch(recipient(2)))
    assert [letter.subject for letter in case.delivered()] == ["The Friday Roundup", "Another"]
