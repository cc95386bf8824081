"""What SendGrid can tell of a request whose answer never came, and how a request is called back.

Sources: SendGrid's pages “Cancel or pause a scheduled send” and “Mail Batch”, and its OpenAPI
description of the Email Logs, `tsg_logs_v3.json` (all January 2026). A request with a batch id and
a time can be called back until ten minutes before that time. The logs tell the custom arguments of a
message, among them the attempt; which plans and keys may read them is not published.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import msgspec
from python_http_client.client import Client, Response

from newsletter import faults
from newsletter.errors import ProviderRefused, ProviderUnavailable, SubmissionUncertain
from newsletter.models import Batch, Delivery, OpenAttempt, Verdict
from newsletter.providers.connection import MAX_TIMEOUT
from newsletter.providers.sendgrid_answers import seconds_to_wait
from newsletter.providers.sendgrid_payload import category

SURELY_BEFORE = timedelta(minutes=11, seconds=MAX_TIMEOUT)
"""A request is called back only when so much time is left: SendGrid's ten minutes, the longest that
the call itself may be under way, and a minute by which clocks may differ. So a cancel that is found
later was always made in time.
"""
ASKED = 3
"""Recipients whom the logs are asked for: a request is accepted or refused as a whole."""
MESSAGES = 5
"""Messages of one recipient that are looked at; an issue has one for each request made for them."""
AROUND = timedelta(days=1)
"""The logs are searched so long before and after the request, lest a clock that was wrong hide it."""
LONGEST_KEPT = timedelta(days=30)
"""The logs hold no older messages on any plan."""
_ID = re.compile(r"[\w-][\w.-]{0,199}", re.ASCII)
"""Batch ids and message ids that can stand in a path."""
_PLAIN = re.compile(r"[\w.%+=~^-]+@[\w.-]+", re.ASCII)
"""Addresses that the query language, which has no escapes, can hold."""
_CANCEL = "cancel"
T = TypeVar("T")


class _Order(msgspec.Struct):
    batch_id: str = ""
    status: str = ""


class _Message(msgspec.Struct):
    sg_message_id: str = ""


class _Found(msgspec.Struct):
    messages: list[_Message] = []


class _Event(msgspec.Struct):
    event: str = ""


class _Details(msgspec.Struct):
    custom_args: dict[str, Any] | None = None
    events: list[_Event] | None = None


class SendGridEvidence:
    """The facets Evidence and Cancelable of the provider, over its client."""

    def __init__(self, client: Client, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now

    def new_cancel_id(self) -> str:
        """The id of a new batch. Whatever fails, no letter was handed over.

        Raises ProviderUnavailable, or ProviderRefused when the key lacks the scope.
        """
        answer = self._ask(self._client.mail.batch.post, request_body=b"")
        if answer.status_code in {401, 403}:
            raise ProviderRefused(
                f"SendGrid gives this key no batch id ({answer.status_code})",
                remedy="check SENDGRID_API_KEY and its scope mail.batch.create, or set certainty “evidence”",
            )
        batch = _decoded(answer.body, _Order).batch_id if answer.status_code == 201 else ""
        if not _ID.fullmatch(batch):
            raise ProviderUnavailable(f"SendGrid answered {answer.status_code} without a batch id")
        return batch

    def verdict(self, attempt: OpenAttempt) -> tuple[Verdict, str]:
        """As ports.Evidence says, with at most eighteen requests."""
        words = ""
        if attempt.cancel_id and attempt.send_at:
            verdict, words = self._call_back(attempt.cancel_id, attempt.send_at)
            if verdict is Verdict.VOID:
                return verdict, words
        verdict, found = self._search(attempt)
        return verdict, "; ".join(filter(None, (words, found)))

    def _call_back(self, cancel_id: str, send_at: datetime) -> tuple[Verdict, str]:
        """VOID when SendGrid holds the batch as cancelled, which only this program tells it."""
        if not _ID.fullmatch(cancel_id):
            return Verdict.SILENT, "its batch id is none"
        cancelled, present = self._is_cancelled(cancel_id)
        if cancelled:
            return Verdict.VOID, "SendGrid holds it as called back"
        left = send_at - present
        if left < SURELY_BEFORE:
            return Verdict.SILENT, "too late to call it back"
        order = msgspec.json.encode({"batch_id": cancel_id, "status": _CANCEL})
        faults.point("before-cancel")
        answer = self._ask(self._client.user.scheduled_sends.post, request_body=order)
        faults.point("after-cancel")
        if answer.status_code == 201 or self._is_cancelled(cancel_id)[0]:
            return Verdict.VOID, f"called back {left // timedelta(minutes=1)} minutes before its time"
        return Verdict.SILENT, f"SendGrid did not call it back ({answer.status_code})"

    def _is_cancelled(self, cancel_id: str) -> tuple[bool, datetime]:
        """Whether SendGrid holds the batch as cancelled, and the later of its clock and ours."""
        answer = self._ask(self._client.user.scheduled_sends._(cancel_id).get)
        orders = _decoded(answer.body, list[_Order]) if answer.status_code == 200 else []
        present = max(self._now(), _date(answer) or self._now())
        return any(order.batch_id == cancel_id and order.status == _CANCEL for order in orders), present

    def _search(self, attempt: OpenAttempt) -> tuple[Verdict, str]:
        """ACCEPTED when the logs hold a message of the attempt."""
        found = ""
        for delivery in _asked_for(attempt):
            wanted = {"query": _query(attempt, delivery.address.addr_spec), "limit": MESSAGES}
            answer = self._ask(self._client.logs.post, request_body=msgspec.json.encode(wanted))
            if answer.status_code in {401, 403}:
                return Verdict.SILENT, f"this key may not read SendGrid's logs ({answer.status_code})"
            if answer.status_code != 200:
                return Verdict.SILENT, f"SendGrid's logs took no question ({answer.status_code})"
            messages = _decoded(answer.body, _Found).messages[:MESSAGES]
            found = next((m.sg_message_id for m in messages if self._is_of(m, attempt, delivery)), "")
            if bool(found) is not attempt.restored:  # of a restored one all must be there, else any
                break
        if found:
            return Verdict.ACCEPTED, f"SendGrid's logs hold {found.partition('.')[0]}"
        return Verdict.SILENT, "SendGrid's logs hold nothing of it"

    def _is_of(self, message: _Message, attempt: OpenAttempt, delivery: Delivery) -> bool:
        """Whether this message went out by the attempt, to this delivery."""
        if not _ID.fullmatch(message.sg_message_id):
            return False
        answer = self._ask(self._client.logs._(message.sg_message_id).get)
        if answer.status_code != 200:
            return False
        details = _decoded(answer.body, _Details)
        arguments = details.custom_args or {}
        if any(event.event == "cancel_drop" for event in details.events or ()):
            return False
        if attempt.restored:
            return (arguments.get("nl_iss"), arguments.get("nl_rid")) == (attempt.issue_id, delivery.id)
        return arguments.get("nl_att") == attempt.id

    def _ask(self, request: Callable[..., Response], **content: bytes) -> Response:
        """The answer, when it is SendGrid's own word. Asking again is harmless.

        Raises ProviderUnavailable when it is none, or no answer came.
        """
        try:
            answer = request(**content)
        except SubmissionUncertain as error:
            raise ProviderUnavailable(error.message) from error
        if answer.status_code == 429:
            wait = seconds_to_wait(answer.headers, self._now())
            raise ProviderUnavailable("SendGrid asks for a pause (429)", retry_after=wait)
        if answer.status_code not in {200, 201, 204, 400, 401, 403, 404}:
            raise ProviderUnavailable(f"SendGrid answered {answer.status_code}")
        return answer


def require_time(batch: Batch, now: datetime) -> None:
    """None. Raises ProviderUnavailable for a request that could be called back no more if it went now.

    So it is when a sender slept between its claim and its request, which was given up meanwhile.
    """
    if batch.send_at is not None and batch.send_at - now < SURELY_BEFORE:
        raise ProviderUnavailable("the request was held up for so long that it could not be called back")


def _asked_for(attempt: OpenAttempt) -> Sequence[Delivery]:
    """The first, the last and one between of those whose address a query can hold.

    Nobody, when that leaves an end out whose silence would count.
    """
    if not attempt.deliveries:
        return []
    plain = [person for person in attempt.deliveries if _PLAIN.fullmatch(person.address.addr_spec)]
    asked = plain if len(plain) <= ASKED else [plain[0], plain[len(plain) // 2], plain[-1]]
    ends = {attempt.deliveries[0].id, attempt.deliveries[-1].id}
    return [] if attempt.restored and not ends <= {person.id for person in asked} else asked


def _query(attempt: OpenAttempt, addr_spec: str) -> str:
    since, until = attempt.started_at - AROUND, attempt.started_at + AROUND
    if attempt.restored:
        since -= LONGEST_KEPT
    return " AND ".join(
        (
            f"to_email = '{addr_spec}'",
            f"categories IN ('{category(attempt.issue_id)}')",
            f'sg_message_id_created_at > TIMESTAMP "{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"',
            f'sg_message_id_created_at < TIMESTAMP "{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"',
        )
    )


def _date(answer: Response) -> datetime | None:
    """The instant in the answer's Date header (RFC 9110 §6.6.1), None when there is none."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _decoded(body: bytes, kind: type[T]) -> T:
    """The body of an answer. Raises ProviderUnavailable when it cannot be read so."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderUnavailable("an answer of SendGrid's cannot be read") from error
