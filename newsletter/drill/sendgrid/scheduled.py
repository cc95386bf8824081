"""Scheduled sends: ids of batches, and what was told to be cancelled or paused before its time.

Source: SendGrid's pages “Cancel or pause a scheduled send” and “Mail Batch” (January 2026). The
emulator keeps no promise that SendGrid does not make: a cancel that comes later than ten minutes
before `send_at` has no effect.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from newsletter.drill.sendgrid.answers import Answer, Call, Route, error, nothing, ok, route
from newsletter.drill.sendgrid.rules import Complaint

GUARANTEED = timedelta(minutes=10)
"""A cancel is only good when it comes so long before `send_at`."""
LONGEST_AHEAD = timedelta(hours=72)
"""Of `send_at`; what is paused for longer is discarded."""
MOST_OPEN = 100
"""Batches that may be cancelled or paused at a time."""
STATUSES = ("pause", "cancel")


@dataclass(frozen=True, slots=True)
class Order:
    """What was told of a batch, and when."""

    status: str
    at: datetime


class Schedule:
    """The batches that were made and the orders in force; the emulator's lock is held around it."""

    def __init__(self, now: Callable[[], datetime], mail_due: Callable[[], None]) -> None:
        self._now = now
        self._mail_due = mail_due
        """What was due before an order comes is not changed by it."""
        self._batches: set[str] = set()
        self._orders: dict[str, Order] = {}

    def routes(self) -> list[Route]:
        one, scope = "/v3/user/scheduled_sends/([^/]+)", "user.scheduled_sends."
        return [
            route("POST", "/v3/mail/batch", "mail.batch.create", self._make),
            route("GET", "/v3/mail/batch/([^/]+)", "mail.batch.read", self._validate),
            route("POST", "/v3/user/scheduled_sends", scope + "create", self._order),
            route("GET", "/v3/user/scheduled_sends", scope + "read", self._list),
            route("GET", one, scope + "read", self._list),
            route("PATCH", one, scope + "update", self._change),
            route("DELETE", one, scope + "delete", self._lift),
        ]

    def complaints(self, request: dict[str, Any]) -> list[Complaint]:
        """What is wrong with the `batch_id` and `send_at` of a mail/send."""
        found: list[Complaint] = []
        batch, send_at = request.get("batch_id"), request.get("send_at")
        if batch is not None and batch not in self._batches:
            found.append(("batch_id", "The batch id is not valid."))
        if send_at is None:
            return found
        if not isinstance(send_at, int) or isinstance(send_at, bool):
            found.append(("send_at", "The send_at parameter must be an integer."))
        elif send_at > (self._now() + LONGEST_AHEAD).timestamp():
            found.append(("send_at", "Scheduling more than 72 hours in advance is forbidden."))
        return found

    def order_in_force(self, batch: str, send_at: datetime) -> str:
        """`cancel`, `pause` or nothing: what holds for mail of this batch that is to go at `send_at`."""
        order = self._orders.get(batch)
        return order.status if order and order.at <= send_at - GUARANTEED else ""

    def _make(self, _call: Call) -> Answer:
        batch = secrets.token_urlsafe(24)
        self._batches.add(batch)
        return ok({"batch_id": batch}, 201)

    def _validate(self, call: Call) -> Answer:
        known = call.names[0] in self._batches
        return ok({"batch_id": call.names[0]}) if known else error(400, "invalid batch id", "batch_id")

    def _order(self, call: Call) -> Answer:
        self._mail_due()
        content = call.body if isinstance(call.body, dict) else {}
        batch, status = str(content.get("batch_id")), str(content.get("status"))
        if batch not in self._batches:
            return error(400, "invalid batch id", "batch_id")
        if status not in STATUSES:
            return error(400, "status must be pause or cancel", "status")
        if batch in self._orders:
            return error(400, "a status update already exists for this batch id", "batch_id")
        if len(self._orders) >= MOST_OPEN:
            return error(400, "the maximum number of cancels and pauses is reached")
        self._orders[batch] = Order(status, self._now())
        return ok({"batch_id": batch, "status": status}, 201)

    def _list(self, call: Call) -> Answer:
        chosen = {name: self._orders[name] for name in call.names or self._orders if name in self._orders}
        return ok([{"batch_id": batch, "status": order.status} for batch, order in chosen.items()])

    def _change(self, call: Call) -> Answer:
        self._mail_due()
        status = call.body.get("status") if isinstance(call.body, dict) else None
        if call.names[0] not in self._orders:
            return error(404, "no status update exists for this batch id")
        if status not in STATUSES:
            return error(400, "status must be pause or cancel", "status")
        self._orders[call.names[0]] = Order(str(status), self._now())
        return nothing()

    def _lift(self, call: Call) -> Answer:
        self._mail_due()
        if self._orders.pop(call.names[0], None) is None:
            return error(404, "no status update exists for this batch id")
        return nothing()
