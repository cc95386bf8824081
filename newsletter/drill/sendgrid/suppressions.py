"""The suppression lists of the emulated SendGrid.

Source: SendGrid's OpenAPI description (twilio/sendgrid-oai, January 2026): lists are read by
`start_time`, `end_time`, `limit` and `offset`, the newest entry first, at most 500 at a time.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from newsletter.drill.sendgrid.answers import Answer, Call, Route, error, ok, route

LISTS = ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes")
MOST = 500


class Suppressions:
    """What is on the lists; safe to use from any thread."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._lists: dict[str, list[dict[str, Any]]] = {name: [] for name in LISTS}

    def put(self, name: str, address: str, created: datetime) -> None:
        """None; the address is on the list `name`."""
        entry: dict[str, Any] = {"created": int(created.timestamp()), "email": address}
        if name != "unsubscribes":
            entry |= {"reason": "550 5.1.1 no such user", "status": "5.1.1"}
        with self._lock:
            self._lists[name].append(entry)

    def on(self, name: str) -> list[str]:
        """The addresses on the list, in the order in which they came."""
        with self._lock:
            return [entry["email"] for entry in self._lists[name]]

    def routes(self) -> list[Route]:
        names = "|".join(LISTS)
        return [
            route("GET", f"/v3/suppression/({names})", "suppression.read", self._page),
            route("POST", "/v3/asm/suppressions/global", "asm.suppressions.global.create", self._add_global),
        ]

    def _page(self, call: Call) -> Answer:
        wanted = {"start_time": 0, "end_time": 2**32, "limit": MOST, "offset": 0}
        try:
            wanted |= {name: int(value) for name, value in call.query.items() if name in wanted}
        except ValueError:
            return error(400, "not a number")
        if not 1 <= wanted["limit"] <= MOST or wanted["offset"] < 0:
            return error(400, "limit or offset out of range", "limit")
        with self._lock:
            entries = [
                entry
                for entry in self._lists[call.names[0]]
                if wanted["start_time"] <= entry["created"] <= wanted["end_time"]
            ]
        entries.sort(key=lambda entry: entry["created"], reverse=True)
        return ok(entries[wanted["offset"] :][: wanted["limit"]])

    def _add_global(self, call: Call) -> Answer:
        addresses = call.body.get("recipient_emails") if isinstance(call.body, dict) else None
        if not isinstance(addresses, list) or not all(isinstance(each, str) for each in addresses):
            return error(400, "recipient_emails is required", "recipient_emails")
        known = set(self.on("unsubscribes"))
        for address in addresses:
            if address not in known:
                self.put("unsubscribes", address, self._now())
        return ok({"recipient_emails": addresses}, 201)
