"""broadsheet: gather posts into an issue, review it, and mail it to every subscriber once."""

__version__ = "0.1.0"
