"""The only place that names concrete classes: Settings → App, the stories with their machines."""

from newsletter.wiring.app import App
from newsletter.wiring.clocks import SystemClock
from newsletter.wiring.opening import open_app

__all__ = ["App", "SystemClock", "open_app"]
