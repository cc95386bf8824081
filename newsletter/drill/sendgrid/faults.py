"""The ways in which the SendGrid emulator can be told to misbehave, one per request."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """A request's fate. Those whose name begins with `accept` take the letters, the others do not."""

    ACCEPT = "accept"
    ACCEPT_WITHOUT_ID = "accept_without_id"
    """202 without an X-Message-Id."""
    ACCEPT_THEN_HANG = "accept_then_hang"
    ACCEPT_THEN_CLOSE = "accept_then_close"
    """The connection ends where the answer should begin."""
    ACCEPT_THEN_500 = "accept_then_500"
    ACCEPT_THEN_SHORT_BODY = "accept_then_short_body"
    """A 202 whose body ends before its Content-Length."""
    ACCEPT_THEN_PARTIAL_STATUS = "accept_then_partial_status"
    """`HTTP/1.1 202 Acc` and the end."""
    ACCEPT_THEN_GARBAGE = "accept_then_garbage"
    ACCEPT_THEN_DRIP = "accept_then_drip"
    """The answer comes byte by byte, for ever."""
    ACCEPT_THEN_NONSENSE = "accept_then_nonsense"
    """The right status with a body that means nothing: `value`, or a list."""
    HANG_BEFORE_READING = "hang_before_reading"
    CLOSE_BEFORE_READING = "close_before_reading"
    """The head of the request is read, then the connection is reset."""
    REFUSE_BEFORE_READING = "refuse_before_reading"
    """413 as soon as the head is read, then the connection is closed."""
    THROTTLE = "throttle"
    """429 with X-RateLimit-Reset: `value`."""
    THROTTLE_RETRY_AFTER = "throttle_retry_after"
    """429 with Retry-After: `value`."""
    THROTTLE_PLAIN = "throttle_plain"
    REFUSE = "refuse"
    """400 about the request as a whole."""
    REFUSE_RECIPIENT = "refuse_recipient"
    """400 that names the recipient at place `value`, and their address."""
    STATUS = "status"
    """The status `value` with SendGrid's form of an error body."""
    REDIRECT = "redirect"
    """302 to another server on loopback, which counts whoever asks it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One step of a script; `value` as the kind says."""

    kind: Kind
    value: int | str = ""

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind.value, "value": self.value}


def fault(step: "Fault | Kind | str | dict[str, Any]") -> Fault:
    """The Fault that a script's step means: a kind's name, or {"kind": …, "value": …}."""
    if isinstance(step, Fault):
        return step
    if isinstance(step, dict):
        return Fault(Kind(step["kind"]), step.get("value", ""))
    return Fault(Kind(step))
