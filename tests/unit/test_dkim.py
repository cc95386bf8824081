"""Signatures, verified by another implementation (dkimpy)."""

from base64 import b64encode
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content.mime import Skeleton
from newsletter.errors import BadSetting
from newsletter.providers.dkim import SIGNED, DkimSigner
from tests.support.batches import EMAIL, SENDER, email, recipient

NOW = datetime(2024, 11, 27, 8, tzinfo=UTC)
"""Long past: dkimpy looks at the real clock, and refuses signatures of the future."""
RSA_KEY = generate_private_key(public_exponent=65537, key_size=2048)
ED25519_KEY = Ed25519PrivateKey.generate()


def pem(key: RSAPrivateKey | Ed25519PrivateKey, protection: KeySerializationEncryption | None = None) -> str:
    octets = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection or NoEncryption())
    return octets.decode("ascii")


def record(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    """The key's TXT record (RFC 6376 §3.6.1, RFC 8463 §3)."""
    public = key.public_key()
    if isinstance(key, RSAPrivateKey):
        octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b"v=DKIM1; k=rsa; p=" + b64encode(octets)
    return b"v=DKIM1; k=ed25519; p=" + b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw))


def verified(message: bytes, key: RSAPrivateKey | Ed25519PrivateKey = RSA_KEY) -> bool:
    asked = []

    def look_up(name: bytes, **_options: object) -> bytes:
        asked.append(name)
        return record(key)

    answer = dkim.verify(message, minkey=1024, dnsfunc=look_up)
    assert asked == [b"s1._domainkey.example.com."]
    return answer


def signed(
    key: RSAPrivateKey | Ed25519PrivateKey = RSA_KEY, *, subject: str = "News", name: str = ""
) -> bytes:
    skeleton, to = Skeleton(email(subject=subject), SENDER), recipient(1, name=name)
    head, body = skeleton.head(to, date=NOW), skeleton.body(to)
    signer = DkimSigner(domain="example.com", selector="s1", private_key=pem(key))
    return signer.signature(head, body, now=NOW) + head + b"\r\n" + body


@pytest.mark.parametrize("key", [RSA_KEY, ED25519_KEY], ids=["rsa", "ed25519"])
def test_another_implementation_verifies_the_signature(key: RSAPrivateKey | Ed25519PrivateKey) -> None:
    assert verified(signed(key), key)


@settings(max_examples=25, deadline=None)
@given(text=st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200))
def test_any_subject_and_name_are_signed_as_they_are_written(text: str) -> None:
    message = signed(ED25519_KEY, subject=text, name=" ".join(text.split())[:100])
    assert verified(message, ED25519_KEY)
    assert all(len(line) <= 78 for line in message.partition(b"From:")[0].split(b"\r\n"))


@pytest.mark.parametrize("header", SIGNED)
def test_no_signed_header_can_be_changed(header: bytes) -> None:
    message = signed()
    assert not verified(message.replace(b"\r\n" + header + b": ", b"\r\n" + header + b": x", 1))


def test_neither_a_word_nor_a_second_sender_can_be_added() -> None:
    message = signed()
    assert not verified(message.replace(b"Good morning", b"Good evening", 1))
    assert not verified(message + b"more\r\n")
    assert not verified(b"From: eve@example.org\r\n" + message)


def test_servers_may_fold_a_header_anew_and_add_their_own() -> None:
    message = signed()
    assert verified(b"Received: from a by b\r\n" + message)
    assert verified(message.replace(b"Subject: News", b"Subject:\r\n\tNews"))


def test_a_letter_without_a_reply_to_has_none_signed() -> None:
    signer = DkimSigner(domain="example.com", selector="s1", private_key=pem(RSA_KEY))
    message = b"From: a@example.com\r\n"
    line = signer.signature(message, b"x\r\n", now=NOW)
    assert b"h=From:From;" in line
    assert verified(line + message + b"\r\nx\r\n")


def test_a_key_from_one_line_of_a_dotenv_file_is_read() -> None:
    one_line = pem(RSA_KEY).replace("\n", "\\n")
    signer = DkimSigner(domain="example.com", selector="s1", private_key=one_line)
    assert signer.signature(b"From: a@example.com\r\n", b"x\r\n", now=NOW)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "there is no key"),
        ("secret-words", "no private key in PEM form"),
        (record(RSA_KEY).decode(), "no private key in PEM form"),
        (pem(RSA_KEY, BestAvailableEncryption(b"x")), "locked with a password"),
        (
            generate_ec_key(SECP256R1())
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            .decode(),
            "neither an RSA nor an Ed25519 key",
        ),
    ],
)
def test_a_key_that_cannot_sign_is_one_clear_line_without_the_key(key: str, words: str) -> None:
    with pytest.raises(BadSetting, match=f"DKIM_PRIVATE_KEY.*{words}.*openssl") as caught:
        DkimSigner(domain="example.com", selector="s1", private_key=key)
    assert "secret-words" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("domain", "selector"),
    [("example.com", ""), ("example.com", "s 1"), ("exämple.com", "s1"), ("a; b=", "s1")],
)
def test_a_name_that_no_dns_holds_is_refused(domain: str, selector: str) -> None:
    with pytest.raises(BadSetting, match=r"\[provider.smtp.dkim\].*<selector>._domainkey.<domain>"):
        DkimSigner(domain=domain, selector=selector, private_key=pem(ED25519_KEY))


def test_the_letter_of_the_tests_has_every_header_that_is_signed() -> None:
    head = Skeleton(EMAIL, SENDER).head(recipient(1), date=NOW)
    assert all(b"\r\n" + name + b": " in b"\r\n" + head for name in SIGNED)
