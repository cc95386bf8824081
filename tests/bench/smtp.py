"""`./run bench smtp`: letters a second to Postfix's smtp-sink, over 1, 4 and 8 connections.

The provider against two bounds of the same run: one `EmailMessage` per recipient through smtplib, and a
loop that pipelines constant octets over a bare socket. Then what a DKIM signature adds to a letter.
"""

import argparse
import smtplib
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from newsletter.content.links import Personaliser, sender_for
from newsletter.content.mime import Skeleton, merge
from newsletter.content.tokens import Keyring
from newsletter.models import (
    Address,
    AttemptId,
    Batch,
    BatchId,
    Deliveries,
    Delivery,
    DeliveryId,
    Recipient,
    Recipients,
    SendStatus,
    SubscriberId,
)
from newsletter.providers.dkim import DkimSigner
from newsletter.providers.smtp import MAX_RECIPIENTS, SmtpProvider
from newsletter.providers.smtp_session import Server
from tests.support.clock import FakeClock
from tests.support.letters import KEY, NEWSLETTER, ROUNDUP, issue, render
from tests.support.smtpsink import MISSING, SMTP_SINK, running_smtp_sink

CONNECTIONS = (1, 4, 8)
ROUNDS = 3
TIMES = 15
"""As fast as EmailMessage and smtplib, at least."""
SHARE = 0.75
"""Of the bare loop's rate."""
DKIM_MS = 0.6
LETTERS, SLOW_LETTERS = 1600, 80
"""In one measurement, over all connections."""
NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
EMAIL = render(issue(*ROUNDUP.sections * 5, subject=ROUNDUP.subject))
SENDER = sender_for(NEWSLETTER)
PERSONALISER = Personaliser(NEWSLETTER, Keyring(keys={1: KEY}), EMAIL)


def recipients(numbers: Iterable[int]) -> Recipients:
    return PERSONALISER.recipients(
        Deliveries.of(
            Delivery(
                id=DeliveryId(f"{EMAIL.issue_id}.{number}"),
                subscriber_id=SubscriberId(number),
                address=Address(addr_spec=f"reader{number}@example.org", display_name=f"Reader {number}"),
            )
            for number in numbers
        )
    )


def recipient(number: int) -> Recipient:
    return recipients([number])[0]


# --- three ways to mail so many letters over one connection ------------------------------------


def as_newsletter(port: int, count: int) -> None:
    server = Server(host="127.0.0.1", port=port, encryption="none", hello="sender.test")
    with closing(SmtpProvider(server, timeout=60, clock=FakeClock())) as provider:
        for first in range(0, count, MAX_RECIPIENTS):
            people = recipients(range(first, min(first + MAX_RECIPIENTS, count)))
            batch = Batch(
                id=BatchId(1), issue_id=EMAIL.issue_id, attempt=AttemptId("0" * 32), recipients=people
            )
            outcomes = provider.submit(EMAIL, SENDER, batch)
            assert {outcome.status for outcome in outcomes} == {SendStatus.SUBMITTED}


def as_email_messages(port: int, count: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="sender.test") as server:
        for number in range(count):
            refused = server.send_message(email_message(recipient(number)))
            assert refused == {}


def as_constant_octets(port: int, count: int) -> None:
    skeleton = Skeleton(EMAIL, SENDER)
    letter = skeleton.head(recipient(1), date=NOW) + b"\r\n" + skeleton.body(recipient(1)) + b".\r\n"
    envelope = b"MAIL FROM:<ada@news.example.com>\r\nRCPT TO:<reader1@example.org>\r\nDATA\r\n"
    with socket.create_connection(("127.0.0.1", port)) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _read(server, 1)
        server.sendall(b"HELO sender.test\r\n")
        _read(server, 1)
        for _ in range(count):
            server.sendall(envelope)
            _read(server, 3)
            server.sendall(letter)
            _read(server, 1)


def _read(server: socket.socket, replies: int) -> None:
    answer = b""
    while answer.count(b"\n") < replies:
        answer += server.recv(4096)
    assert b"\r\n5" not in answer
    assert answer[:1] in {b"2", b"3"}


def email_message(to: Recipient) -> EmailMessage:
    page, text = merge(EMAIL, to)
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f"{SENDER.address.display_name} <{SENDER.address.addr_spec}>"
    message["To"] = f"{to.address.display_name} <{to.address.addr_spec}>"
    message["Subject"] = EMAIL.subject
    message["Date"] = NOW
    for name, value in {**SENDER.headers, **to.headers}.items():
        message[name] = value
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    return message


# --- measuring ---------------------------------------------------------------------------------


@dataclass(kw_only=True, slots=True)
class Way:
    """One way to mail letters, with its best rate per number of connections."""

    name: str
    mail: Callable[[int, int], None]
    letters: int
    rates: dict[int, float] = field(default_factory=dict)
    cpu_ms: dict[int, float] = field(default_factory=dict)

    def measure(self, port: int, connections: int) -> None:
        each = self.letters // connections
        started, cpu = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(connections) as pool:
            for done in [pool.submit(self.mail, port, each) for _ in range(connections)]:
                done.result()
        rate = each * connections / (time.perf_counter() - started)
        if rate > self.rates.get(connections, 0.0):
            self.rates[connections] = rate
            self.cpu_ms[connections] = (time.process_time() - cpu) / (each * connections) * 1000


def main() -> int:
    """Prints the figures; 1 when a bound is missed."""
    argparse.ArgumentParser(prog="./run bench smtp", description=__doc__).parse_args()
    if SMTP_SINK is None:
        print(MISSING)
        return 1
    ours = Way(name="newsletter", mail=as_newsletter, letters=LETTERS)
    bare = Way(name="constant octets", mail=as_constant_octets, letters=LETTERS)
    plain = Way(name="EmailMessage + smtplib", mail=as_email_messages, letters=SLOW_LETTERS)
    with running_smtp_sink() as port:
        for _ in range(ROUNDS):
            for connections in CONNECTIONS:
                for way in (ours, bare, plain):
                    way.measure(port, connections)
    size = len(whole_letter())
    print(f"letter of {size / 1000:.0f} kB; letters a second (CPU ms each) over so many connections:")
    for way in (plain, bare, ours):
        cells = (f"{n}: {way.rates[n]:7,.0f} ({way.cpu_ms[n]:5.2f})" for n in CONNECTIONS)
        print(f"  {way.name:23}", "   ".join(cells))
    most = ", ".join(f"{n}: {bare.rates[n] / plain.rates[n]:.1f}" for n in CONNECTIONS)
    print(f"times EmailMessage that the wire itself allows, as constant octets show: {most}")
    bounds = [
        *(
            _bound(f"times EmailMessage, {n} connections", ours.rates[n] / plain.rates[n], TIMES)
            for n in CONNECTIONS
        ),
        *(
            _bound(f"share of constant octets, {n} connections", ours.rates[n] / bare.rates[n], SHARE)
            for n in CONNECTIONS
        ),
        _bound("parts equal to EmailMessage's", float(reads_alike()), 1),
        *_dkim(),
    ]
    return int(not all(bounds))


def _bound(name: str, value: float, least: float) -> bool:
    print(f"{name}: {value:.2f} (bound {least}){'' if value >= least else '  MISSED'}")
    return value >= least


def _dkim() -> Iterator[bool]:
    """What a signature costs, in CPU of this thread."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    signer = DkimSigner(domain="example.com", selector="s1", private_key=pem)
    skeleton = Skeleton(EMAIL, SENDER)
    head, body = skeleton.head(recipient(1), date=NOW), skeleton.body(recipient(1))
    signer.signature(head, body, now=NOW)
    began = time.thread_time()
    for _ in range(500):
        signer.signature(head, body, now=NOW)
    each = (time.thread_time() - began) / 500 * 1000
    print(f"DKIM, RSA of 2048 bits: {each:.2f} ms a letter (bound {DKIM_MS})")
    yield each <= DKIM_MS


def whole_letter() -> bytes:
    skeleton = Skeleton(EMAIL, SENDER)
    return skeleton.head(recipient(1), date=NOW) + b"\r\n" + skeleton.body(recipient(1))


def reads_alike() -> bool:
    """Whether both parts of our letter read as those of the EmailMessage of the same reader."""
    ours = message_from_bytes(whole_letter(), policy=policy.default)
    theirs = message_from_bytes(email_message(recipient(1)).as_bytes(), policy=policy.default)
    return [_part(ours, kind) for kind in ("plain", "html")] == [
        _part(theirs, kind) for kind in ("plain", "html")
    ]


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


if __name__ == "__main__":
    sys.exit(main())
