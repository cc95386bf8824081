"""Bounds for those who connect and ask nothing: how long they may wait, and how many there may be.

uvicorn has neither: its time-out begins only after an answer. Without them a few hundred silent
connections take every file that the process may open, and the schedule stops with the pages.
"""

import asyncio
import logging
import sys
from dataclasses import dataclass, field
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger("newsletter.pages")

HEAD_WITHIN = 15.0
"""Seconds for a request's first line and headers, from the connection or the last answer on."""
BODY_WITHIN = 40.0
"""Seconds for its body; longer than the pages' own (`forms.BODY_WITHIN`), which answer 408."""
ANSWER_WITHIN = 120.0
"""Seconds for our answer, some of which waits for the database."""
TAKEN_WITHIN = 60.0
"""Seconds that a client has, after any of these, to take what is still on its way to it."""
MOST = 1_000
"""Connections at a time, where the system allows the files for them."""
FILES = 4_096
"""Open files that are asked of the system: `MOST`, what is just being accepted, and plenty for the rest."""
OWN_FILES = 128
"""Files kept for the databases, locks, letters, feeds and the provider."""
TOLD_EVERY = 60.0
"""Seconds between two lines of the log about a crowd."""


@dataclass(kw_only=True, eq=False)
class Crowd:
    """The connections of one server."""

    most: int
    waiting: dict["Connection", None] = field(default_factory=dict)
    """Those without a whole request, the longest waiting first."""
    told: float = -TOLD_EVERY
    """When the log was last told, by the event loop's clock."""

    @property
    def backlog(self) -> int:
        """How many are accepted at once: asyncio may hold four times as many before we can close one."""
        return max(1, self.most // 8)

    def make_room(self, newcomer: "Connection", now: float) -> None:
        """None; one connection too many has ended: the longest waiting, or this one when all others are
        being answered."""
        ended = next(iter(self.waiting), newcomer)
        self.waiting.pop(ended, None)
        ended.transport.abort()
        if now - self.told >= TOLD_EVERY:
            self.told = now
            log.warning("more than %d connections at a time; those that ask nothing are closed", self.most)

    def protocol(self) -> type[H11Protocol]:
        """The class of its connections, for uvicorn."""
        return cast("type[H11Protocol]", type("BoundConnection", (Connection,), {"crowd": self}))


def make_crowd() -> Crowd:
    """The crowd that this process can bear; its limit of open files is raised to FILES where it may be."""
    return Crowd(most=max(1, min(MOST, (_files() - OWN_FILES) // 2)))


def _files() -> int:
    """How many files this process may open."""
    if sys.platform == "win32":
        return FILES
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return FILES
    wanted = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


class Connection(H11Protocol):
    """A client's connection, which ends when the client keeps us waiting."""

    crowd: Crowd
    _stage: object = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.crowd.most:
            self.crowd.make_room(self, self.loop.time())
        self._follow()

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except h11.LocalProtocolError:  # garbage after a request that we are answering, or have answered
            self.transport.abort()
        self._follow()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._follow()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.crowd.waiting.pop(self, None)
        if self._timer:
            self._timer.cancel()

    def _follow(self) -> None:
        """None; each stage of a request has its time, whatever trickles in during it."""
        state = self.conn.their_state
        if self.transport.is_closing() or (state, self.cycle) == self._stage:
            return
        self._stage = (state, self.cycle)
        if state in {h11.IDLE, h11.SEND_BODY}:
            self.crowd.waiting.setdefault(self)
        else:
            self.crowd.waiting.pop(self, None)
        if self._timer:
            self._timer.cancel()
        seconds = {h11.IDLE: HEAD_WITHIN, h11.SEND_BODY: BODY_WITHIN}.get(state, ANSWER_WITHIN)
        self._timer = self.loop.call_later(seconds, self._end)

    def _end(self) -> None:
        """None; the connection is closed, at the latest when the client has not taken its answer in time."""
        self.transport.close()
        self._timer = self.loop.call_later(TAKEN_WITHIN, self.transport.abort)
