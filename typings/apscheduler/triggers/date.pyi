from datetime import tzinfo

from apscheduler.triggers.base import BaseTrigger

class DateTrigger(BaseTrigger):
    def __init__(self, *, timezone: tzinfo) -> None: ...
