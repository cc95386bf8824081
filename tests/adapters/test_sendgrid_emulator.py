"""The emulated SendGrid keeps its promises, and no others: what evidence and events are tested against."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from sendgrid.helpers.eventwebhook import EventWebhook

from newsletter.drill.sendgrid.emulator import KEY, SendGridEmulator
from newsletter.drill.sendgrid.process import EmulatorProcess
from newsletter.drill.sendgrid.webhook import SIGNATURE, TIMESTAMP, disorder
from tests.support.clock import FakeClock

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sendgrid(clock: FakeClock) -> Iterator[SendGridEmulator]:
    with SendGridEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
def ask(sendgrid: SendGridEmulator) -> Ask:
    """A request with the key, and the decoded answer."""

    def ask_(method: str, path: str, content: object = None) -> tuple[int, Any]:
        with closing(HTTPConnection(urlsplit(sendgrid.url).netloc, timeout=5)) as connection:
            body = json.dumps(content) if content is not None else None
            headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            octets = answer.read()
            return answer.status, json.loads(octets) if octets else None

    return ask_


def request(*addresses: str, attempt: str = "a1", **more: Any) -> dict[str, object]:
    """The body of a mail/send."""
    people = [
        {"to": [{"email": a}], "custom_args": {"nl_rid": f"i.{n}", "nl_att": attempt}}
        for n, a in enumerate(addresses, 1)
    ]
    return {
        "personalizations": people,
        "from": {"email": "ada@news.example.com"},
        "subject": "Hello",
        "content": [{"type": "text/plain", "value": "Hello"}],
        "custom_args": {"nl_iss": "i"},
        "categories": ["nl-iss-i"],
        **more,
    }


def schedule(ask: Ask, clock: FakeClock, *, minutes: float = 20) -> str:
    """The batch id of a letter to one reader that is accepted, and mailed so much later."""
    _, made = ask("POST", "/v3/mail/batch")
    send_at = int((clock.now() + timedelta(minutes=minutes)).timestamp())
    body = request("one@example.org", batch_id=made["batch_id"], send_at=send_at)
    assert ask("POST", "/v3/mail/send", body)[0] == 202
    return str(made["batch_id"])


# --- scheduled sends ------------------------------------------------------------------------------


def test_a_scheduled_letter_is_mailed_at_its_time(
    sendgrid: SendGridEmulator, ask: Ask, clock: FakeClock
) -> None:
    schedule(ask, clock)
    assert [copy.fate for copy in sendgrid.copies()] == ["scheduled"]
    assert sendgrid.events() == []
    clock.advance(minutes=20)
    assert [copy.fate for copy in sendgrid.copies()] == ["mailed"]
    assert {event["timestamp"] // 60 for event in sendgrid.events()} == {clock.now().timestamp() // 60}


@pytest.mark.parametrize(
    ("minutes_later", "called_back"), [(0, True), (10, True), (10.1, False), (25, False)]
)
def test_a_cancel_is_good_until_ten_minutes_before(
    sendgrid: SendGridEmulator, ask: Ask, clock: FakeClock, minutes_later: float, called_back: bool
) -> None:
    batch = schedule(ask, clock)
    clock.advance(minutes=minutes_later)
    assert ask("POST", "/v3/user/scheduled_sends", {"batch_id": batch, "status": "cancel"})[0] == 201
    clock.advance(minutes=30)
    assert (len(sendgrid.copies()), len(sendgrid.cancelled())) == ((0, 1) if called_back else (1, 0))
    assert bool(sendgrid.events()) is not called_back


def test_a_second_order_is_refused_and_one_that_is_lifted_has_no_effect(
    sendgrid: SendGridEmulator, ask: Ask, clock: FakeClock
) -> None:
    batch = schedule(ask, clock)
    order = {"batch_id": batch, "status": "cancel"}
    assert ask("POST", "/v3/user/scheduled_sends", order) == (201, order)
    assert ask("POST", "/v3/user/scheduled_sends", order)[0] == 400
    assert ask("GET", f"/v3/user/scheduled_sends/{batch}") == (200, [order])
    assert ask("PATCH", f"/v3/user/scheduled_sends/{batch}", {"status": "pause"})[0] == 204
    assert ask("DELETE", f"/v3/user/scheduled_sends/{batch}")[0] == 204
    assert ask("GET", "/v3/user/scheduled_sends") == (200, [])
    clock.advance(minutes=20)
    assert len(sendgrid.copies()) == 1


def test_no_more_than_a_hundred_orders_stand_at_a_time(ask: Ask) -> None:
    statuses = Counter[int]()
    for _ in range(101):
        _, made = ask("POST", "/v3/mail/batch")
        order = {"batch_id": made["batch_id"], "status": "cancel"}
        statuses[ask("POST", "/v3/user/scheduled_sends", order)[0]] += 1
    assert statuses == {201: 100, 400: 1}


@pytest.mark.parametrize(
    "more", [{"batch_id": "made up"}, {"send_at": "soon"}, {"send_at": 32503680000}], ids=str
)
def test_a_batch_that_was_never_made_and_a_time_far_ahead_are_refused(
    sendgrid: SendGridEmulator, ask: Ask, more: dict[str, Any]
) -> None:
    status, answer = ask("POST", "/v3/mail/send", request("one@example.org", **more))
    assert (status, answer["errors"][0]["field"]) == (400, next(iter(more)))
    assert sendgrid.copies() == []


# --- logs -----------------------------------------------------------------------------------------


def test_the_logs_find_a_message_and_tell_its_custom_arguments(ask: Ask, clock: FakeClock) -> None:
    ask("POST", "/v3/mail/send", request("one@example.org", "two@example.org"))
    clock.advance(hours=2)
    ask("POST", "/v3/mail/send", request("two@example.org", attempt="a2"))
    query = (
        "categories IN ('other', 'nl-iss-i') AND to_email = 'two@example.org'"
        ' AND sg_message_id_created_at < TIMESTAMP "2026-11-27T09:00:00Z"'
    )
    status, found = ask("POST", "/v3/logs", {"query": query, "limit": 5})
    assert status == 200
    [message] = found["messages"]
    assert (message["to_email"], message["status"]) == ("two@example.org", "delivered")
    status, details = ask("GET", f"/v3/logs/{message['sg_message_id']}")
    assert details["custom_args"] == {"nl_iss": "i", "nl_rid": "i.2", "nl_att": "a1"}
    assert [event["event"] for event in details["events"]] == ["received", "processed", "delivered"]


@pytest.mark.parametrize(
    "query",
    ["to_email IN ('x')", "categories = 'x'", "(subject = 'x')", "subject = 'x' OR subject = 'y'", "limit"],
)
def test_the_logs_refuse_what_their_language_lacks(ask: Ask, query: str) -> None:
    assert ask("POST", "/v3/logs", {"query": query})[0] == 400
    assert ask("POST", "/v3/logs", {"query": "", "limit": 1001})[0] == 400


@pytest.mark.parametrize("path", ["/v3/logs", "/v3/mail/batch"])
def test_a_key_without_the_scope_is_told_so(sendgrid: SendGridEmulator, ask: Ask, path: str) -> None:
    sendgrid.scopes = ["mail.send"]
    assert ask("POST", path, {"query": ""})[0] == 403


# --- events ---------------------------------------------------------------------------------------


@contextmanager
def listener() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A URL, and what is posted to it."""
    taken: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/webhooks/sendgrid", taken
        server.shutdown()
        thread.join()


def test_events_are_signed_as_the_official_client_verifies_them(sendgrid: SendGridEmulator, ask: Ask) -> None:
    ask("POST", "/v3/mail/send", request(*(f"r{n}@example.org" for n in range(150))))
    sendgrid.webhook.becomes("R7@example.org", "processed", "bounce")
    with listener() as (url, taken):
        assert sendgrid.post_events(url, seed=1, times=2, renamed=True, parallel=3) == {204: len(taken)}
    verifier = EventWebhook(sendgrid.webhook.public_key)
    for headers, body in taken:
        assert verifier.verify_signature(body.decode(), headers[SIGNATURE], headers[TIMESTAMP])
        assert not verifier.verify_signature(body.decode() + " ", headers[SIGNATURE], headers[TIMESTAMP])
    events = [event for _, body in taken for event in json.loads(body)]
    kinds = {event["event"] for event in events if event["email"] == "r7@example.org"}
    assert kinds == {"processed", "bounce"}
    assert {event["nl_att"] for event in events} == {"a1"}
    assert len(events) > 300
    assert len({(event["sg_message_id"], event["event"]) for event in events}) == 300


def test_disorder_repeats_shuffles_and_holds_back() -> None:
    events = [{"sg_event_id": str(n), "n": n} for n in range(200)]
    brought = disorder(events, seed=3, times=3, held_back=0.5)
    assert brought == disorder(events, seed=3, times=3, held_back=0.5)
    numbers = [event["n"] for event in brought]
    assert numbers != sorted(numbers)
    assert 50 < len(set(numbers)) < 150 < len(numbers) * 2
    assert {event["sg_event_id"] for event in brought} == {str(n) for n in numbers}


# --- in a process of its own ----------------------------------------------------------------------


def test_an_emulator_in_another_process_can_be_told_the_time() -> None:
    with EmulatorProcess() as sendgrid:
        sendgrid.becomes("one@example.org", "processed", "spamreport")
        sendgrid.script("throttle_plain", path="/v3/mail/batch")
        netloc = urlsplit(sendgrid.url).netloc
        with closing(HTTPConnection(netloc, timeout=5)) as connection:
            headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
            connection.request("POST", "/v3/mail/batch", headers=headers)
            with connection.getresponse() as answer:
                answer.read()  # else its body stands before the next answer
                assert answer.status == 429
            connection.request("POST", "/v3/mail/send", json.dumps(request("one@example.org")), headers)
            with connection.getresponse() as answer:
                assert answer.status == 202
        sendgrid.advance(hours=1)
        with listener() as (url, taken):
            assert sendgrid.post_events(url) == {204: 1}
        assert {event["event"] for event in json.loads(taken[0][1])} == {"processed", "spamreport"}
        assert sendgrid.cancelled() == []
        assert [copy.address for copy in sendgrid.copies()] == ["one@example.org"]
