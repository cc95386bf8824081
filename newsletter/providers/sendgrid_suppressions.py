"""SendGrid's suppressions: https://www.twilio.com/docs/sendgrid/api-reference/bounces-api and its siblings.

Its blocks are left out: they are about one letter each, and SendGrid goes on writing to the address.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec

from newsletter.errors import ProviderError, ProviderRefused, ProviderUnavailable, SubmissionUncertain
from newsletter.models import Suppression, SuppressionReason
from newsletter.providers.connection import Answer, KeptConnection

PAGE = 200
"""Entries of one answer; SendGrid gives up to 500, whose reasons may be longer than we read."""
_LISTS = {
    SuppressionReason.BOUNCED: "bounces",
    SuppressionReason.INVALID: "invalid_emails",
    SuppressionReason.COMPLAINED: "spam_reports",
    SuppressionReason.UNSUBSCRIBED: "unsubscribes",
}
_ADDRESS = re.compile(r"[!-~]{1,64}@[!-~]{1,255}", re.ASCII)


class SendGridSuppressions:
    """The SuppressionList of one account."""

    name = "sendgrid"
    reasons = tuple(_LISTS)

    def __init__(self, connection: KeptConnection) -> None:
        self._connection = connection

    def page(
        self, reason: SuppressionReason, since: datetime, until: datetime, *, offset: int
    ) -> tuple[Sequence[Suppression], bool]:
        wanted = {
            "start_time": int(since.timestamp()),
            "end_time": int(until.timestamp()),
            "limit": PAGE,
            "offset": offset,
        }
        answer = self._ask("GET", f"/v3/suppression/{_LISTS[reason]}?{urlencode(wanted)}")
        try:
            entries = msgspec.json.decode(answer.body, type=list[dict[str, Any]])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ProviderUnavailable("SendGrid's list of suppressions cannot be read") from error
        return [found for entry in entries if (found := _entry(entry, reason))], len(entries) >= PAGE

    def suppress(self, addresses: Sequence[str]) -> None:
        body = msgspec.json.encode({"recipient_emails": list(addresses)})
        self._ask("POST", "/v3/asm/suppressions/global", body)

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, target: str, body: bytes | None = None) -> Answer:
        """The answer of success. Asking again is harmless, so that no answer is the same as none yet."""
        headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {})
        try:
            answer = self._connection.request(method, target, headers=headers, body=body)
        except SubmissionUncertain as error:
            raise ProviderUnavailable(str(error)) from error
        if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            raise _refusal(answer.status)
        return answer


def _entry(fields: dict[str, Any], reason: SuppressionReason) -> Suppression | None:
    """The entry; None when it has no address or no time."""
    addr_spec, created = fields.get("email"), fields.get("created")
    if not (isinstance(addr_spec, str) and _ADDRESS.fullmatch(addr_spec)):
        return None
    if not isinstance(created, int) or not 0 <= created < 2**32:
        return None
    return Suppression(addr_spec=addr_spec, reason=reason, created_at=datetime.fromtimestamp(created, UTC))


def _refusal(status: int) -> ProviderError:
    text = f"SendGrid answered {status} about its suppressions"
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return ProviderRefused(
            text, remedy="give the API key read access (to push, full access) to Suppressions"
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        return ProviderRefused(text, remedy="check base_url in [provider.sendgrid]")
    return ProviderUnavailable(text)
