from collections.abc import Callable
from datetime import tzinfo

from apscheduler.events import JobExecutionEvent
from apscheduler.triggers.base import BaseTrigger

class BackgroundScheduler:
    def __init__(self, *, timezone: tzinfo) -> None: ...
    def add_job(
        self,
        func: Callable[[], None],
        trigger: BaseTrigger,
        *,
        id: str,
        misfire_grace_time: int | None,
        coalesce: bool,
        max_instances: int,
    ) -> object: ...
    def add_listener(self, callback: Callable[[JobExecutionEvent], None], mask: int) -> None: ...
    def start(self) -> None: ...
    def shutdown(self, wait: bool = True) -> None: ...
