"""Letters as octets: what is written is what a mail program reads back."""

import email.message
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from newsletter.content.headers import headers_for
from newsletter.content.mime import Skeleton, merge, to_bytes
from newsletter.errors import BadAddress, BadInput
from newsletter.models import Address, DeliveryId, IssueId, MergeField, Recipient, RenderedEmail, Sender

DATE = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
HEADERS = [
    "From", "To", "Reply-To", "Subject", "Date", "List-Id", "List-Unsubscribe-Post",
    "List-Unsubscribe", "Message-ID", "MIME-Version", "Content-Type",
]  # fmt: skip
text_without_controls = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300)
names = text_without_controls.map(lambda text: " ".join(text.split())[:100].strip())


def letter(**changes: str) -> RenderedEmail:
    values = {"subject": "Five stories", "html": "<p>Hello</p>", "text": "Hello\n", **changes}
    return RenderedEmail(
        issue_id=IssueId("i"),
        preheader="",
        merge_fields=(MergeField(name="reader_token", placeholder="nlPLACE"),),
        sha256="a" * 64,
        **values,
    )


def sender(name: str = "Ada Writer", reply_to: Address | None = None) -> Sender:
    return Sender(
        address=Address(addr_spec="ada@news.example.com", display_name=name),
        reply_to=reply_to or Address(addr_spec="desk@example.com", display_name=name),
        headers={
            "List-Id": "News <n.example.com>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def recipient(name: str = "Bob", addr_spec: str = "bob@example.org", token: str = "TOKEN") -> Recipient:
    return Recipient(
        delivery_id=DeliveryId("i.1"),
        address=Address(addr_spec=addr_spec, display_name=name),
        merge_data={"reader_token": token},
        headers={
            "List-Unsubscribe": f"<https://news.example.com/u/{token}>",
            "Message-ID": "<i1@news.example.com>",
        },
    )


def parsed(octets: bytes) -> EmailMessage:
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def raw_header(octets: bytes, name: str) -> str:
    """The header decoded as RFC 2047 says; the newer parser puts spaces between the words of a name."""
    value = email.message_from_bytes(octets)[name]
    return str(make_header(decode_header(value.replace("\r\n ", " "))))


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@settings(max_examples=60, deadline=None)
@given(subject=text_without_controls, name=names, to=names)
def test_any_unicode_gives_exactly_the_expected_headers(subject: str, name: str, to: str) -> None:
    octets = to_bytes(letter(subject=subject), sender(name), recipient(to), date=DATE)
    message = parsed(octets)
    assert message.keys() == HEADERS
    assert message.defects == []
    assert message["Subject"] == subject
    for header, words, addr_spec in (("From", name, "ada@news.example.com"), ("To", to, "bob@example.org")):
        assert [mailbox.addr_spec for mailbox in message[header].addresses] == [addr_spec]
        assert message[header].addresses[0].display_name.replace(" ", "") == words.replace(" ", "")
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))
    assert all(len(word) <= 75 for word in re.findall(rb"=\?[^ \r\n]*\?=", octets.partition(b"\r\n\r\n")[0]))


@given(st.text("ab é霧=?", max_size=200))
def test_a_subject_is_folded_without_loss(subject: str) -> None:
    octets = to_bytes(letter(subject=subject), sender(), recipient(), date=DATE)
    assert parsed(octets)["Subject"] == subject
    lines = octets.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(len(line) <= 78 or b" " not in line.partition(b": ")[2].strip() for line in lines)


def test_a_long_plain_subject_needs_no_encoding() -> None:
    octets = to_bytes(letter(subject="many plain words " * 10 + "end"), sender(), recipient(), date=DATE)
    assert b"=?" not in octets.partition(b"\r\n\r\n")[0]


def test_a_long_name_is_decoded_whole() -> None:
    name = "Ädä Wrïter 漢字 " * 6 + "end"
    octets = to_bytes(letter(), sender(name), recipient(), date=DATE)
    assert raw_header(octets, "From") == f"{name} <ada@news.example.com>"


@settings(max_examples=40, deadline=None)
@given(html=text_without_controls.filter(bool), text=text_without_controls)
def test_both_parts_arrive_as_they_were(html: str, text: str) -> None:
    octets = to_bytes(letter(html=html, text=text), sender(), recipient(), date=DATE)
    message = parsed(octets)
    assert part(message, "html").rstrip("\n") == html
    assert part(message, "plain").rstrip("\n") == text
    assert octets.isascii()
    assert all(len(line) <= 76 for line in octets.partition(b"\r\n\r\n")[2].split(b"\r\n"))


def test_the_text_part_stands_first_and_holds_the_personal_values() -> None:
    email_ = letter(html='<a href="https://x.example/u/nlPLACE">Bye</a>', text="https://x.example/u/nlPLACE")
    message = parsed(to_bytes(email_, sender(), recipient(token="ab-_9"), date=DATE))
    assert [each.get_content_type() for each in message.iter_parts()] == ["text/plain", "text/html"]
    assert part(message, "plain") == "https://x.example/u/ab-_9\n"
    assert part(message, "html") == '<a href="https://x.example/u/ab-_9">Bye</a>\n'


def test_a_letter_without_html_is_one_plain_part_with_the_personal_values() -> None:
    whole = letter(html="<p>nlPLACE</p>", text="Stay: nlPLACE")
    octets = to_bytes(whole.text_alone, sender(), recipient(token="ab-_9"), date=DATE)
    message = parsed(octets)
    assert message.get_content_type() == "text/plain"
    assert message.get_content() == "Stay: ab-_9\r\n"
    assert b"html" not in octets
    assert whole.text_alone.sha256 == whole.sha256


def test_a_value_is_escaped_in_html_only() -> None:
    email_ = letter(html="<p>nlPLACE</p>", text="nlPLACE")
    message = parsed(to_bytes(email_, sender(), recipient(token="{{7*7}} <b>"), date=DATE))
    assert part(message, "plain") == "{{7*7}} <b>\n"
    assert part(message, "html") == "<p>{{7*7}} &lt;b&gt;</p>\n"


def as_the_standard_library_builds_it(email_: RenderedEmail, to: Recipient) -> EmailMessage:
    """The message without our own encoding: what ours must read like."""
    page, text = merge(email_, to)
    message = EmailMessage(policy=email.policy.SMTP)
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    return parsed(message.as_bytes())


awkward = st.sampled_from(
    [
        "nlPLACE",
        ".",
        "..",
        "\n",
        "\n.",
        "=",
        "=20",
        "From ",
        " ",
        "\t",
        "é",
        "שלום",
        "👋🏽",
        "a" * 74,
        "<&>'\"",
    ]
)
anything = st.text(st.characters(exclude_characters="\r", codec="utf-8"), max_size=9)
some_page = st.lists(awkward | st.just("x" * 300) | anything, max_size=20).map("".join)


@settings(max_examples=100, deadline=None)
@given(
    html=some_page.filter(bool), text=some_page, value=some_page.filter(lambda value: "nlPLACE" not in value)
)
def test_the_parts_read_as_those_of_an_emailmessage(html: str, text: str, value: str) -> None:
    email_, to = letter(html=html, text=text), recipient(token="t")
    to = structs.replace(to, merge_data={"reader_token": value})
    octets = to_bytes(email_, sender(), to, date=DATE)
    ours, theirs = parsed(octets), as_the_standard_library_builds_it(email_, to)
    for kind in ("plain", "html"):
        assert part(ours, kind).rstrip("\n") == part(theirs, kind).rstrip("\n")
    assert ours.defects == []
    body = octets.partition(b"\r\n\r\n")[2]
    assert body.isascii()
    lines = body.split(b"\r\n")
    assert not [
        line for line in lines if len(line) > 76 or line.startswith((b".", b"From ")) or b"\n" in line
    ]


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n"])
def test_any_line_end_in_a_letter_or_value_is_written_as_crlf(newline: str) -> None:
    email_ = letter(html=f"a{newline}nlPLACE", text=f"a{newline}nlPLACE")
    to = structs.replace(recipient(), merge_data={"reader_token": f"b{newline}c"})
    octets = to_bytes(email_, sender(), to, date=DATE)
    assert part(parsed(octets), "plain") == "a\nb\nc\n"
    assert re.search(rb"[^\r]\n|\r[^\n]", octets) is None


def test_a_value_that_looks_like_another_placeholder_is_left_alone() -> None:
    fields = (MergeField(name="one", placeholder="nlONE"), MergeField(name="two", placeholder="nlTWO"))
    email_ = replace(letter(html="nlONE nlTWO", text="nlTWOnlONE"), merge_fields=fields)
    to = structs.replace(recipient(), merge_data={"one": "nlTWO", "two": "2"})
    message = parsed(to_bytes(email_, sender(), to, date=DATE))
    assert part(message, "html") == "nlTWO 2\n"
    assert part(message, "plain") == "2nlTWO\n"


def test_a_mailbox_beyond_ascii_is_written_only_where_the_server_takes_it() -> None:
    skeleton, to = Skeleton(letter(), sender()), recipient("", "josé@example.com")
    assert "\r\nTo: josé@example.com\r\n".encode() in skeleton.head(to, date=DATE, utf8=True)
    with pytest.raises(BadAddress):
        skeleton.head(to, date=DATE)
    for wrong in ("jo sé@example.com", "josé@exämple.com", "é<x>@example.com", "é" * 130 + "@example.com"):
        with pytest.raises(BadAddress):
            skeleton.head(recipient("", wrong), date=DATE, utf8=True)


def test_links_arrive_byte_for_byte() -> None:
    links = [f"https://x.example/?a={'b' * n}&c=%20={n}.{'.' * (n % 3)}" for n in range(40, 140)]
    page = "\n".join(f'<a href="{link}">.</a>' for link in links)
    message = parsed(to_bytes(letter(html=page), sender(), recipient(), date=DATE))
    assert re.findall(r'href="([^"]*)"', part(message, "html")) == links


@pytest.mark.parametrize("length", [30, 75, 76, 200, 400])
def test_a_list_header_is_never_folded_or_encoded(length: int) -> None:
    token = "t" * (length - len("https://news.example.com/u/"))
    octets = to_bytes(letter(subject="é" * 200), sender(), recipient(token=token), date=DATE)
    lines = [line for line in octets.split(b"\r\n") if line.startswith(b"List-")]
    assert f"List-Unsubscribe: <https://news.example.com/u/{token}>".encode() in lines
    assert len(lines) == 3
    assert not any(b"=?" in line for line in lines)


@pytest.mark.parametrize(
    "character", ["\r", "\n", "\r\nBcc: x@example.org", "\0", "\x0b", "\x1b", "\x85", "\u2028"]
)
def test_control_characters_are_refused_in_every_header(character: str) -> None:
    for email_, from_, to in (
        (letter(subject=f"a{character}b"), sender(), recipient()),
        (letter(), sender(f"a{character}b"), recipient()),
        (letter(), sender(), recipient(f"a{character}b")),
        (letter(), sender(), recipient(addr_spec=f"a{character}b@example.org")),
        (letter(), sender(), recipient(token=f"a{character}b")),
    ):
        with pytest.raises(BadInput, match="control character"):
            to_bytes(email_, from_, to, date=DATE)


@pytest.mark.parametrize(
    "addr_spec", ["josé@example.com", "a@exämple.com", "a b@example.com", "a@b@c", "a", "<a@b>"]
)
def test_an_address_that_no_header_holds_is_refused_without_showing_it(addr_spec: str) -> None:
    with pytest.raises(BadAddress) as refused:
        to_bytes(letter(), sender(), recipient(addr_spec=addr_spec), date=DATE)
    assert addr_spec not in str(refused.value).split("—")[0].split()


def test_a_header_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadInput, match="List-Unsubscribe"):
        to_bytes(letter(), sender(), recipient(token="t" * 998), date=DATE)


def test_the_same_letter_is_written_the_same_twice() -> None:
    assert to_bytes(letter(), sender(), recipient(), date=DATE) == to_bytes(
        letter(), sender(), recipient(), date=DATE
    )


def test_the_headers_are_shown_decoded_and_in_order() -> None:
    headers = headers_for(letter(subject="Ünï"), sender("Ada, W."), recipient("Bób"))
    assert list(headers) == [name for name in HEADERS if name not in {"Date", "MIME-Version", "Content-Type"}]
    assert headers["From"] == '"Ada, W." <ada@news.example.com>'
    assert headers["To"] == "Bób <bob@example.org>"
    assert headers["Subject"] == "Ünï"
