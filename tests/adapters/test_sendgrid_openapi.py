"""Requests and the emulator's rules against SendGrid's own description, where a copy is at hand."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from newsletter.drill.sendgrid.emulator import KEY, SendGridEmulator
from newsletter.drill.sendgrid.rules import complaints
from newsletter.providers.sendgrid import SendGridProvider
from tests.support import sendgrid_schema
from tests.support.batches import EMAIL, SENDER, batch, batch_of, email, recipient
from tests.support.sendgrid_schema import schema_complaints

pytestmark = pytest.mark.skipif(
    not sendgrid_schema.is_here(), reason="no copy of SendGrid's API description stands beside the checkout"
)


@pytest.fixture
def sendgrid() -> Iterator[SendGridEmulator]:
    with SendGridEmulator(second_judge=schema_complaints) as emulator:
        yield emulator


def submit(sendgrid: SendGridEmulator) -> Callable[..., object]:
    provider = SendGridProvider(
        api_key=KEY, base_url=sendgrid.url, timeout=30, now=lambda: datetime(2026, 11, 27, tzinfo=UTC)
    )

    def submit_and_close(*arguments: Any) -> None:
        provider.submit(*arguments)
        provider.close()

    return submit_and_close


def test_the_largest_request_is_as_described(sendgrid: SendGridEmulator) -> None:
    submit(sendgrid)(EMAIL, SENDER, batch_of(1000))
    assert len(sendgrid.copies()) == 1000


def test_strange_but_legal_requests_are_as_described(sendgrid: SendGridEmulator) -> None:
    people = batch(
        recipient(1, name="Writer, Ada; of “Ärzte”"),
        recipient(2, name="דנה לוי", merge_data={"reader_token": "<&>'\""}),
    )
    submit(sendgrid)(email(subject="סיכום 🎉"), SENDER, people)
    submit(sendgrid)(EMAIL, SENDER, batch(recipient(3, headers={})))
    assert len(sendgrid.copies()) == 3


GOOD: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "reader@example.org"}]}],
    "from": {"email": "ada@example.org"},
    "subject": "s",
    "content": [{"type": "text/plain", "value": "x"}],
}


@pytest.mark.parametrize(
    "break_it",
    [
        lambda r: r.pop("personalizations"),
        lambda r: r.pop("from"),
        lambda r: r["personalizations"][0].pop("to"),
        lambda r: r["personalizations"][0].update(to=[]),
        lambda r: r["personalizations"][0]["to"][0].pop("email"),
        lambda r: r["personalizations"][0].update(substitutions={"tag": 5}),
        lambda r: r.update(personalizations=r["personalizations"] * 1001),
        lambda r: r["content"][0].update(value=""),
        lambda r: r.update(content=[]) or r["content"].append({"type": "text/plain"}),
        lambda r: r.update(custom_args={"nl_iss": 12}),
        lambda r: r.update(categories=["same", "same"]),
        lambda r: r.update(categories=[str(n) for n in range(11)]),
        lambda r: r.update(tracking_settings={"click_tracking": {"enable": "no"}}),
    ],
)
def test_what_the_description_forbids_the_emulator_refuses(break_it: Callable[[Any], object]) -> None:
    request = deepcopy(GOOD)
    assert schema_complaints(request) == []
    assert complaints(request) == []
    break_it(request)
    assert schema_complaints(request)
    assert complaints(request)
