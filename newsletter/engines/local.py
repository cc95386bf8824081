"""The doorbell of `newsletter serve`: APScheduler in this process, as a ticker and nothing else.

Nothing is persisted and a tick carries no time: what is due is the database's to say, so a tick
that is late, left out or doubled costs nothing. APScheduler's own calendar and job stores stay
unused: its cron counts weekdays from Monday, and two processes on one store both fire.
"""

import logging
from collections.abc import Callable
from datetime import UTC
from threading import Lock
from typing import TYPE_CHECKING

from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from apscheduler.events import JobExecutionEvent
    from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)


class LocalEngine:
    """Calls a tick at once and then every `interval` seconds, from a thread, one at a time.

    `patience` is how many seconds `stop` waits for a running tick: more than one request may take.
    """

    def __init__(self, *, interval: float = 30.0, patience: float = 60.0) -> None:
        self._interval = interval
        self._patience = patience
        self._ticking = Lock()
        self._stopping = False
        self._scheduler: BackgroundScheduler | None = None

    def start(self, tick: Callable[[], None]) -> None:
        """None, at once; an error of a tick is logged and the next one comes all the same."""
        from apscheduler.events import EVENT_JOB_ERROR
        from apscheduler.schedulers.background import BackgroundScheduler
        from apscheduler.triggers.combining import OrTrigger
        from apscheduler.triggers.date import DateTrigger
        from apscheduler.triggers.interval import IntervalTrigger

        def guarded() -> None:
            with self._ticking:
                if not self._stopping:
                    tick()

        # It would log each error a second time, and warn of every tick that a long send leaves out.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._stopping = False
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._scheduler.add_listener(_log_error, EVENT_JOB_ERROR)
        self._scheduler.add_job(
            guarded,
            OrTrigger([DateTrigger(timezone=UTC), IntervalTrigger(seconds=self._interval, timezone=UTC)]),
            id="tick",
            misfire_grace_time=None,  # the default drops a job that is a second late
            coalesce=True,
            max_instances=1,
        )
        self._scheduler.start()

    def stop(self) -> None:
        """None, when the running tick has ended or `patience` is over; no other begins."""
        if self._scheduler is None:
            return
        self._stopping = True
        if self._ticking.acquire(timeout=self._patience):
            self._ticking.release()
        else:
            log.warning("the running tick did not end within %g seconds", self._patience)
        self._scheduler.shutdown(wait=False)
        self._scheduler = None


def _log_error(event: "JobExecutionEvent") -> None:
    if isinstance(event.exception, NewsletterError):
        log.error("%s", event.exception)
    else:
        log.error("a tick failed", exc_info=event.exception)
