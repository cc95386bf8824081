"""What `./run bench send` runs in processes of their own: each prints one Measured as JSON.

python -m tests.bench.senders prepare FOLDER RECIPIENTS ISSUES
python -m tests.bench.senders real FOLDER SINK CONNECTIONS [ISSUE]
python -m tests.bench.senders lean FOLDER SINK RECIPIENTS
python -m tests.bench.senders official|kept FOLDER SINK REQUESTS
"""

import http.client
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch
from urllib.parse import urlsplit

import msgspec

from newsletter.content.links import token_maker
from newsletter.content.tokens import Keyring
from newsletter.models import (
    Address,
    AttemptId,
    Batch,
    BatchId,
    Deliveries,
    DeliveryId,
    FrozenIssue,
    IssueId,
    SubscriberId,
    SubscriberStatus,
)
from newsletter.ports import Ledger
from newsletter.store import claims
from newsletter.wiring import App, open_app
from tests.bench.measure import Measured, Spent, SpentBy, Stopwatch
from tests.support.project import make_project

BATCH = 1000
API_KEY = "SG.bench.bench"
READING = ("_people", "as_deliveries")
"""The functions of store/claims.py that read whom a batch is for."""


def prepare(folder: str, recipients: str, issues: str) -> Measured:
    """A project with that many subscribers and issues, all frozen; the figures are of the first freeze."""
    project = make_project(Path(folder))
    text = project.settings.read_text(encoding="utf-8").replace("outbox", "sendgrid")
    project.settings.write_text(text, encoding="utf-8")
    with open_app(project.folder, {"SENDGRID_API_KEY": API_KEY}) as app:
        app.subscribers.import_rows(
            _people(int(recipients)), consent_source="bench", now=datetime(2026, 1, 1, tzinfo=UTC)
        )
        gathered = app.gather(slot=None)
        assert gathered.issue is not None
        first = gathered.issue.id
        with closing(app.provider()) as provider:
            watch = Stopwatch()
            app.freeze(first, provider)
            measured = watch.measured(int(recipients))
            for number in range(1, int(issues)):
                again = IssueId(f"{first}-again-{number}")
                app.files.create(again, app.files.read(first))
                app.adopt(again)
                app.freeze(again, provider)
        return measured


def real(folder: str, sink: str, connections: str, issue: str = "") -> Measured:
    """The sending story on the frozen issue."""
    reading: dict[str, Any] = {name: Spent(getattr(claims, name)) for name in READING}
    with _opened(folder, sink, connections) as app, patch.multiple(claims, **reading):
        issue_id = IssueId(issue) if issue else app.issues.list()[0].id
        app.provider().close()  # imported before the clock starts, as in the lean loop
        ledger = SpentBy(app.ledger)
        watch = Stopwatch()
        report = replace(app, ledger=cast("Ledger", ledger)).send(issue_id)
        assert report.progress.submitted == report.progress.audience
        return watch.measured(
            report.progress.audience,
            ledger=ledger.spent,
            reading=sum(part.seconds for part in reading.values()),
        )


def lean(folder: str, sink: str, recipients: str) -> Measured:
    """As little as a sender of that letter can do: tokens, joins, POST, 202."""
    with _opened(folder, sink) as app:
        email = _frozen(app).email
    kinds = {"text/plain": email.text, "text/html": email.html}
    content = [{"type": kind, "value": value} for kind, value in kinds.items()]
    place = urlsplit(sink)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    token_of = token_maker(Keyring(keys={1: bytes(32)}))
    tail = json.dumps({"subject": email.subject, "content": content})[1:].encode()
    watch = Stopwatch()
    for first in range(0, int(recipients), BATCH):
        parts = []
        for number in range(first, first + BATCH):
            token = token_of(SubscriberId(number))
            parts.append(
                f'{{"to":[{{"email":"reader{number}@example.org"}}],"headers":{{"List-Unsubscribe":'
                f'"<https://news.example.com/u/{token}>","Message-ID":"<i2026-11-27.{number}@news.example'
                f'.com>"}},"substitutions":{{"nl0123456789":"{token}"}},"custom_args":{{"nl_rid":'
                f'"2026-11-27.{number}","nl_att":"0123456789abcdef0123456789abcdef"}}}}'
            )
        body = b'{"personalizations":[' + ",".join(parts).encode() + b"]," + tail
        connection.request(
            "POST", "/v3/mail/send", body, {"Authorization": "Bearer x", "Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 202
    return watch.measured(int(recipients))


def official(folder: str, sink: str, requests: str) -> Measured:
    """The official client as it is, given each request as the dicts that it encodes."""
    from sendgrid.sendgrid import SendGridAPIClient

    frozen, batches = _batches(folder, sink, int(requests))
    client = SendGridAPIClient(api_key=API_KEY, host=sink)
    watch = Stopwatch()
    for batch in batches:
        request = {
            "personalizations": [
                {
                    "to": [{"email": person.address.addr_spec}],
                    "headers": dict(person.headers),
                    "substitutions": {
                        field.placeholder: person.merge_data[field.name]
                        for field in frozen.email.merge_fields
                    },
                    "custom_args": {"nl_rid": person.delivery_id, "nl_att": batch.attempt},
                }
                for person in batch.recipients
            ],
            "from": {"email": frozen.sender.address.addr_spec},
            "subject": frozen.email.subject,
            "content": [
                {"type": "text/plain", "value": frozen.email.text},
                {"type": "text/html", "value": frozen.email.html},
            ],
        }
        assert client.client.mail.send.post(request_body=request).status_code == 202
    return watch.measured(int(requests) * BATCH)


def kept(folder: str, sink: str, requests: str) -> Measured:
    """The official client over a connection that is kept, given each request encoded: our provider."""
    frozen, batches = _batches(folder, sink, int(requests))
    with _opened(folder, sink) as app, closing(app.provider()) as provider:
        watch = Stopwatch()
        for batch in batches:
            assert len(provider.submit(frozen.email, frozen.sender, batch)) == BATCH
        return watch.measured(int(requests) * BATCH)


CHILDREN: dict[str, Callable[..., Measured]] = {
    child.__name__: child for child in (prepare, real, lean, official, kept)
}


def _opened(folder: str, sink: str, connections: str = "1") -> AbstractContextManager[App]:
    environment = {
        "SENDGRID_API_KEY": API_KEY,
        "NEWSLETTER_PROVIDER__SENDGRID__BASE_URL": sink,
        "NEWSLETTER_PROVIDER__CONNECTIONS": connections,
    }
    return open_app(Path(folder), environment)


def _frozen(app: App) -> FrozenIssue:
    frozen = app.ledger.frozen(app.issues.list()[0].id)
    assert frozen is not None
    return frozen


def _batches(folder: str, sink: str, count: int) -> tuple[FrozenIssue, list[Batch]]:
    """The frozen letter with batches that are in no ledger."""
    with _opened(folder, sink) as app:
        frozen = _frozen(app)
        personalise = app.personaliser(frozen.email).recipients
    issue_id = frozen.email.issue_id
    attempt = AttemptId("0123456789abcdef0123456789abcdef")
    return frozen, [
        Batch(
            id=BatchId(number),
            issue_id=issue_id,
            attempt=attempt,
            recipients=personalise(_deliveries(issue_id, range(number * BATCH, (number + 1) * BATCH))),
        )
        for number in range(count)
    ]


def _deliveries(issue_id: IssueId, numbers: Sequence[int]) -> Deliveries:
    return Deliveries(
        ids=[DeliveryId(f"{issue_id}.{number}") for number in numbers],
        subscriber_ids=[SubscriberId(number) for number in numbers],
        addr_specs=[f"reader{number}@example.org" for number in numbers],
        display_names=[""] * len(numbers),
    )


def _people(count: int) -> Iterator[tuple[Address, SubscriberStatus]]:
    for number in range(count):
        yield Address(addr_spec=f"reader{number}@example.org"), SubscriberStatus.CONFIRMED


if __name__ == "__main__":
    kind, *words = sys.argv[1:]
    print(msgspec.json.encode(CHILDREN[kind](*words)).decode())
