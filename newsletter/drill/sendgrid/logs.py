"""The Email Logs of the emulated SendGrid: a search by query, and all that is known of one message.

Source: SendGrid's OpenAPI description, `tsg_logs_v3.json` (January 2026). Custom arguments stand in
an object of their own here, unlike in the events that are posted.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from newsletter.drill.sendgrid.answers import Answer, Call, Route, error, ok, route
from newsletter.drill.sendgrid.mailing import Accepted, Fate, Mailing

_CONDITION = re.compile(
    r"(?P<field>[a-z_]+)\s*(?P<operator>>=|<=|=|>|<|\bIN\b)\s*"
    r"(?:'(?P<text>[^']*)'|\((?P<list>\s*'[^']*'(?:\s*,\s*'[^']*')*\s*)\)|TIMESTAMP \"(?P<time>[^\"]*)\")"
)
_OPERATORS = {
    "sg_message_id": ("=",),
    "subject": ("=",),
    "to_email": ("=",),
    "status": ("IN",),
    "reason": ("=",),
    "categories": ("IN",),
    "sg_message_id_created_at": (">", "<", ">=", "<="),
}
_COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


@dataclass(frozen=True, slots=True)
class Message:
    """One person's message of an accepted request."""

    request: Accepted
    place: int

    @property
    def id(self) -> str:
        return self.request.message(self.place)

    @property
    def address(self) -> str:
        return self.request.people[self.place][0]

    @property
    def status(self) -> str:
        if self.request.fate is Fate.SCHEDULED:
            return "processed"
        return "dropped" if self.request.fate is Fate.CANCELLED else "delivered"

    def summary(self) -> dict[str, Any]:
        return {
            "from_email": self.request.sender,
            "sg_message_id": self.id,
            "subject": self.request.subject,
            "to_email": self.address,
            "status": self.status,
            "sg_message_id_created_at": f"{self.request.at:%Y-%m-%dT%H:%M:%SZ}",
        }


class Logs:
    """Searches over what was accepted; the emulator's lock is held around it."""

    def __init__(self, mailing: Mailing) -> None:
        self._mailing = mailing

    def routes(self) -> list[Route]:
        return [
            route("POST", "/v3/logs", "email_logs.read", self._search),
            route("GET", "/v3/logs/([^/]+)", "email_logs.read", self._details),
        ]

    def _messages(self) -> Iterator[Message]:
        """The newest first."""
        self._mailing.mail_due()
        for request in reversed(self._mailing.accepted):
            yield from (Message(request, place) for place in range(len(request.people)))

    def _search(self, call: Call) -> Answer:
        content = call.body if isinstance(call.body, dict) else {}
        limit = content.get("limit", 10)
        if not isinstance(limit, int) or not 1 <= limit <= 1000:
            return error(400, "limit must be between 1 and 1000", "limit")
        try:
            matches = _conditions(str(content.get("query", "")))
        except ValueError as problem:
            return error(400, f"invalid query: {problem}", "query")
        found: list[dict[str, Any]] = []
        for message in self._messages():
            if all(match(message) for match in matches):
                found.append(message.summary())
            if len(found) == limit:
                break
        return ok({"messages": found})

    def _details(self, call: Call) -> Answer:
        for message in self._messages():
            if message.id == call.names[0]:
                request = message.request
                custom_args = request.people[message.place][1]
                details = {"api_key_id": "emulator", "client_ip": "127.0.0.1", "category": request.categories}
                events = list(_events(message))
                return ok(message.summary() | details | {"custom_args": custom_args, "events": events})
        return error(404, "message not found")


def _events(message: Message) -> Iterator[dict[str, Any]]:
    request = message.request
    common = {"email": message.address, "sg_message_id": message.id}
    yield {
        "event": "received",
        "recv_msgid": request.message_id,
        "timestamp": int(request.at.timestamp()),
        "recipient_count": len(request.people),
    }
    if request.fate is Fate.CANCELLED and request.send_at:
        yield common | {"event": "cancel_drop", "timestamp": int(request.send_at.timestamp())}
    elif request.mailed_at:
        for event in ("processed", "delivered"):
            yield common | {"event": event, "timestamp": int(request.mailed_at.timestamp())}


def _conditions(query: str) -> list[Callable[[Message], bool]]:
    """What a message must meet. Raises ValueError for what the query language lacks."""
    found = []
    rest = query.strip()
    while rest:
        condition = _CONDITION.match(rest)
        if not condition:
            raise ValueError(f"not a condition: {rest[:40]}")
        if condition["operator"] not in _OPERATORS.get(condition["field"], ()):
            raise ValueError(f"{condition['field']} does not take {condition['operator']}")
        found.append(_match(condition))
        rest = rest[condition.end() :]
        if rest:
            conjunction = re.match(r"\s+AND\s+(?=\S)", rest)
            if not conjunction:
                raise ValueError(f"AND was expected: {rest[:40]}")
            rest = rest[conjunction.end() :]
    return found


def _match(condition: re.Match[str]) -> Callable[[Message], bool]:
    field, operator = condition["field"], condition["operator"]
    if field == "sg_message_id_created_at":
        if condition["time"] is None:
            raise ValueError(f"{field} wants a TIMESTAMP")
        moment = datetime.fromisoformat(condition["time"])
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return lambda message: _COMPARE[operator](message.request.at, moment)
    if operator == "IN":
        if condition["list"] is None:
            raise ValueError(f"{field} wants a list")
        wanted = set(re.findall(r"'([^']*)'", condition["list"]))
        if field == "status":
            return lambda message: message.status in wanted
        return lambda message: bool(wanted.intersection(message.request.categories))
    if condition["text"] is None:
        raise ValueError(f"{field} wants a text")
    text = condition["text"]
    if field == "to_email":
        return lambda message: message.address.lower() == text.lower()
    return lambda message: message.summary().get(field) == text
