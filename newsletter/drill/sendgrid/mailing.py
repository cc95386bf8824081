"""What the emulated SendGrid accepted, and what became of it: mailed, still to be mailed, or called back."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from newsletter.drill.sendgrid.scheduled import LONGEST_AHEAD, Schedule


class Fate(StrEnum):
    MAILED = "mailed"
    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"


class Copy(NamedTuple):
    """One letter accepted for one address."""

    issue: str
    attempt: str
    delivery: str
    address: str
    message_id: str
    fate: str = Fate.MAILED


@dataclass(kw_only=True, slots=True)
class Accepted:
    """One accepted request; its people share one fate."""

    message_id: str
    at: datetime
    sender: str
    subject: str
    categories: list[str]
    batch_id: str
    send_at: datetime | None
    people: list[tuple[str, dict[str, str]]]
    """(address, custom arguments)"""
    fate: Fate = Fate.MAILED
    mailed_at: datetime | None = None

    def copies(self) -> Iterator[Copy]:
        for address, arguments in self.people:
            yield Copy(
                issue=arguments.get("nl_iss", ""),
                attempt=arguments.get("nl_att", ""),
                delivery=arguments.get("nl_rid", ""),
                address=address,
                message_id=self.message_id,
                fate=self.fate,
            )

    def message(self, place: int) -> str:
        """The `sg_message_id` of the person at this place; before its first dot stands the request's id."""
        return f"{self.message_id}.recvd-7d9f6c5b8-x2lqp-1-6A1F00D0-{place:X}.0"


@dataclass(frozen=True, slots=True)
class Received:
    """A letter as its reader would get it: substitutions made, headers merged."""

    address: str
    name: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    custom_args: dict[str, str]


class Mailing:
    """All accepted requests in their order; the emulator's lock is held around it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.accepted: list[Accepted] = []
        self.schedule = Schedule(now, self.mail_due)
        self._now = now
        self._waiting: list[Accepted] = []

    def accept(self, request: dict[str, Any], message_id: str) -> Accepted:
        """The request as it is kept; mailed at once unless it names a time to come."""
        send_at = datetime.fromtimestamp(request["send_at"], UTC) if "send_at" in request else None
        root = request.get("custom_args", {})
        now = self._now()
        whole = Accepted(
            message_id=message_id,
            at=now,
            sender=request["from"]["email"],
            subject=request["subject"],
            categories=request.get("categories", []),
            batch_id=request.get("batch_id", ""),
            send_at=send_at,
            people=[
                (mailbox["email"], root | person.get("custom_args", {}))
                for person in request["personalizations"]
                for kind in ("to", "cc", "bcc")
                for mailbox in person.get(kind, ())
            ],
        )
        self.accepted.append(whole)
        if send_at and send_at > now:
            whole.fate = Fate.SCHEDULED
            self._waiting.append(whole)
        else:
            whole.mailed_at = now
        return whole

    def mail_due(self) -> None:
        """None; whatever had its time by now is mailed, or called back in time."""
        now = self._now()
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            assert request.send_at is not None  # noqa: S101 - only such are kept waiting
            order = self.schedule.order_in_force(request.batch_id, request.send_at)
            expired = now > request.send_at + LONGEST_AHEAD
            if now < request.send_at or (order == "pause" and not expired):
                self._waiting.append(request)
            elif order:
                request.fate = Fate.CANCELLED
            else:
                request.fate = Fate.MAILED
                request.mailed_at = request.send_at

    def copies(self, *fates: Fate) -> list[Copy]:
        self.mail_due()
        return [copy for request in self.accepted if request.fate in fates for copy in request.copies()]


def new_message_id() -> str:
    return secrets.token_urlsafe(16)


def received(body: dict[str, Any], person: dict[str, Any]) -> Received:
    """What this person of an accepted request gets."""

    def fill(text: str) -> str:
        for tag, value in person.get("substitutions", {}).items():
            text = text.replace(tag, value)
        return text

    content = {part["type"]: fill(part["value"]) for part in body["content"]}
    return Received(
        address=person["to"][0]["email"],
        name=person["to"][0].get("name", ""),
        subject=fill(body["subject"]),
        text=content.get("text/plain", ""),
        html=content.get("text/html", ""),
        headers=body.get("headers", {}) | person.get("headers", {}),
        custom_args=body.get("custom_args", {}) | person.get("custom_args", {}),
    )
